"""The ablation's table and figure, by hand-worked numbers."""

from __future__ import annotations

import pandas as pd
import pytest

from oorl.errors import DataError
from oorl.evaluation.ablation import figure, scores, summarise, table


def evaluation(**models: float) -> dict[str, object]:
    return {"models": {name: {"pass_at_1": value} for name, value in models.items()}}


def three_seeds() -> pd.DataFrame:
    found: dict[tuple[int, str], dict[str, object]] = {}
    for seed, rl, dpo, gepo in ((1, .5, .5, .6), (2, .6, .5, .8), (3, .7, .5, 1.0)):
        found[seed, "gepo"] = evaluation(base=.2, control=.4, rl=rl, gepo=gepo)
        found[seed, "dpo"] = evaluation(base=.2, control=.3, rl=rl, gepo=dpo)
    return scores(found)


def test_rows_come_from_the_right_experiment_and_model() -> None:
    found = three_seeds().pivot(index="row", columns="seed", values="pass_at_1")
    assert found.loc["RL + GEPO"].tolist() == [.6, .8, 1.0]
    assert found.loc["RL + DPO"].tolist() == [.5, .5, .5]
    assert found.loc["supervised"].tolist() == [.4, .4, .4]


def test_intervals_are_students_and_gains_are_paired_by_seed() -> None:
    summary = summarise(three_seeds())
    assert list(summary.index) == ["base", "supervised", "RL", "RL + DPO", "RL + GEPO"]
    gepo = summary.loc["RL + GEPO"]
    # Gains .1, .2, .3: mean .2, deviation .1; t(.975, 2) = 4.3027, from a table.
    half = 4.3027 * 0.1 / 3**0.5
    assert gepo["over_rl.value"] == pytest.approx(.2)
    assert gepo["over_rl.low"] == pytest.approx(.2 - half, abs=1e-5)
    assert gepo["over_rl.high"] == pytest.approx(.2 + half, abs=1e-5)
    assert gepo["pass_at_1.high"] == pytest.approx(.8 + 2 * half, abs=1e-5)
    assert summary.loc["base", "pass_at_1.low"] == pytest.approx(.2)
    assert "| RL + GEPO | 80.0 (30.3 to 129.7) | +20.0 (-4.8 to +44.8) | 3 |" in table(summary)
    assert "| RL | 60.0 (35.2 to 84.8) |  | 3 |" in table(summary)


def test_one_seed_has_no_interval_and_a_control_may_be_absent() -> None:
    found = scores({(5, "gepo"): evaluation(base=.1, rl=.2, gepo=.4),
                    (5, "dpo"): evaluation(base=.1, rl=.2, gepo=.3)})
    summary = summarise(found)
    assert table(summary).splitlines()[2:] == [
        "| base | 10.0 | -10.0 | 1 |", "| RL | 20.0 |  | 1 |",
        "| RL + DPO | 30.0 | +10.0 | 1 |", "| RL + GEPO | 40.0 | +20.0 | 1 |"]
    assert figure(found, summary).startswith(b"\x89PNG")
    assert figure(three_seeds(), summarise(three_seeds())).startswith(b"\x89PNG")


def test_a_missing_experiment_is_named() -> None:
    with pytest.raises(DataError, match=r"seed 5: no evaluation with gepo\.loss = dpo"):
        scores({(5, "gepo"): evaluation(base=.1, rl=.2, gepo=.4)})
