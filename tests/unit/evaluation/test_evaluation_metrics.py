"""The figures, on a table small enough to work by hand."""

import json

import pandas as pd
import pytest

from oorl.evaluation.metrics import by_target_table, compute_metrics

ROWS = [  # base: php 1 of 2, java 0 of 2; gepo: php 2 of 2, java 1 of 1 (one not judged)
    ("base", "a", "php", "passed"), ("base", "b", "php", "wrong_answer"),
    ("base", "a", "java", "compile_error"), ("base", "b", "java", "bad_format"),
    ("gepo", "a", "php", "passed"), ("gepo", "b", "php", "passed"),
    ("gepo", "a", "java", "passed"), ("gepo", "b", "java", "infra_error"),
]


def metrics(rows: list[tuple[str, str, str, str]]) -> dict:
    frame = pd.DataFrame(rows, columns=["model", "problem_id", "target", "status"])
    frame = frame.assign(source="python", tokens=10, passed=frame["status"] == "passed")
    return compute_metrics(frame, ["python"], ["php", "java"], samples=100, confidence=0.9, seed=1)


def test_scores_rates_and_counts() -> None:
    found = metrics(ROWS)
    base, gepo = found["models"]["base"], found["models"]["gepo"]
    assert base["pass_at_1"] == 0.25
    assert base["targets"]["php"]["pass_at_1"] == base["pairs"]["python-php"]["pass_at_1"] == 0.5
    assert base["compile_rate"] == 0.5
    assert base["format_rate"] == 0.75
    assert base["disparity"] == {"value": 0.5, "best": "php", "worst": "java"}
    assert found["disparity"] == 0.5
    assert gepo["pass_at_1"] == 1.0
    assert (gepo["asked"], gepo["infra_errors"], found["infra_errors"]) == (4, 1, 1)
    assert gepo["targets"]["java"] == {"pass_at_1": 1.0, "low": 1.0, "high": 1.0, "asked": 2,
                                       "infra_errors": 1}


def test_differences_are_paired_and_later_minus_earlier() -> None:
    found = metrics([*ROWS, *(("control", p, t, "passed") for p in "ab" for t in ("php", "java"))])
    assert set(found["differences"]) == {"gepo-base", "gepo-control", "control-base"}
    difference = found["differences"]["gepo-base"]
    # java counts on problem a alone, where the base failed: (1 - .5 + 1 - 0) / 2
    assert difference["mean"]["value"] == 0.75
    assert difference["targets"]["java"]["value"] == 1.0
    assert difference["mean"]["low"] <= 0.75 <= difference["mean"]["high"]


def test_is_json_without_nan_and_the_same_again() -> None:
    assert json.dumps(metrics(ROWS), allow_nan=False) == json.dumps(metrics(ROWS))


def test_a_model_that_was_never_judged_has_no_score() -> None:
    found = metrics([*ROWS, ("rl", "a", "php", "infra_error")])
    assert found["models"]["rl"]["pass_at_1"] is None
    assert found["models"]["rl"]["targets"] == {}
    assert found["models"]["rl"]["compile_rate"] is None
    json.dumps(found, allow_nan=False)


def test_long_table() -> None:
    table = by_target_table(metrics(ROWS))
    assert list(table.columns) == ["model", "target", "pass_at_1", "low", "high"]
    row = table[(table["model"] == "base") & (table["target"] == "php")].iloc[0]
    assert row["pass_at_1"] == pytest.approx(0.5)
