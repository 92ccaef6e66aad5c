"""The bootstrap: hand-worked scores, pairing, clusters, coverage."""

import numpy as np
import pandas as pd
import pytest

from oorl.errors import DataError
from oorl.evaluation.bootstrap import Outcomes, draws, score_difference, score_model


def table(rows: list[tuple[str, str, str, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["model", "problem_id", "source", "target", "status"])
    return frame.assign(passed=frame["status"] == "passed")


def test_macro_average_over_targets_of_the_mean_over_pairs() -> None:
    frame = table([
        # php: from python 1 of 2, from cpp 1 of 1 -> mean of pairs .75 (not 2 of 3)
        ("m", "a", "python", "php", "passed"), ("m", "b", "python", "php", "wrong_answer"),
        ("m", "a", "cpp", "php", "passed"),
        # java: 0 of 1 -> overall (.75 + 0) / 2 = .375
        ("m", "a", "python", "java", "compile_error"),
    ])
    outcomes = Outcomes.from_results(frame, ["python", "cpp"], ["php", "java"])
    scores = score_model(outcomes, "m", draws(2, 50, 0), 0.95)
    assert scores.pairs[("python", "php")].value == 0.5
    assert scores.targets["php"].value == 0.75
    assert scores.mean.value == 0.375
    assert ("cpp", "java") not in scores.pairs


def test_infrastructure_errors_are_in_no_score() -> None:
    rows = [("m", "a", "python", "php", "passed"), ("m", "b", "python", "php", "infra_error")]
    outcomes = Outcomes.from_results(table(rows), ["python"], ["php"])
    assert score_model(outcomes, "m", draws(2, 50, 0), 0.95).mean.value == 1.0
    with pytest.raises(DataError):
        Outcomes.from_results(table([rows[1]]), ["python"], ["php"])


def test_difference_uses_only_the_cells_that_both_models_have() -> None:
    frame = table([
        ("a", "p", "python", "php", "passed"), ("a", "q", "python", "php", "passed"),
        ("b", "p", "python", "php", "wrong_answer"), ("b", "q", "python", "php", "infra_error"),
    ])
    outcomes = Outcomes.from_results(frame, ["python"], ["php"])
    assert score_difference(outcomes, "a", "b", draws(2, 50, 0), 0.9).mean.value == 1.0


def test_pairing_removes_the_spread_that_models_share() -> None:
    """Two models that agree on every problem but differ by a constant: no doubt about it."""
    rng = np.random.default_rng(3)
    rows = []
    for index in range(60):
        outcome = "passed" if rng.random() < 0.5 else "wrong_answer"
        rows += [(m, f"p{index:02d}", "python", "php", outcome) for m in ("a", "b")]
    outcomes = Outcomes.from_results(table(rows), ["python"], ["php"])
    weights = draws(60, 400, 1)
    alone = score_model(outcomes, "a", weights, 0.95).mean
    paired = score_difference(outcomes, "a", "b", weights, 0.95).mean
    assert alone.high - alone.low > 0.15
    assert (paired.low, paired.value, paired.high) == (0.0, 0.0, 0.0)


def test_problems_are_the_clusters() -> None:
    """Copies of a problem's outcome in more targets add no certainty."""
    def width(targets: list[str]) -> float:
        rows = [("m", f"p{i:02d}", "python", t, "passed" if i % 2 else "wrong_answer")
                for i in range(40) for t in targets]
        outcomes = Outcomes.from_results(table(rows), ["python"], targets)
        mean = score_model(outcomes, "m", draws(40, 500, 2), 0.95).mean
        return mean.high - mean.low
    assert width(["php"]) == pytest.approx(width(["php", "java", "perl", "lua"]))


def test_same_seed_same_interval_and_draws_keep_the_sample_size() -> None:
    assert np.array_equal(draws(10, 20, 7), draws(10, 20, 7))
    assert not np.array_equal(draws(10, 20, 7), draws(10, 20, 8))
    assert (draws(10, 20, 7).sum(axis=1) == 10).all()


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(200):
        cells = (rng.random((80, 1, 2)) < 0.4).astype(float)[None]
        outcomes = Outcomes(("m",), tuple(map(str, range(80))), ("s",), ("t", "u"), cells)
        mean = score_model(outcomes, "m", draws(80, 200, int(rng.integers(1 << 30))), 0.9).mean
        covered += mean.low <= 0.4 <= mean.high
    assert 0.82 <= covered / 200 <= 0.96
