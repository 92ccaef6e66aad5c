"""The promotion gate, on results small enough to work out by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from oorl.evaluation.gate import Decision, decide
from oorl.params.register import RegisterParams


def results(passed: Mapping[str, str], status: str = "") -> pd.DataFrame:
    """One row a problem and target; `passed` maps a target to a string of 1 and 0 by problem."""
    rows = [{"model": "any", "problem_id": f"p{number}", "source": "python", "target": target,
             "status": "passed" if mark == "1" else status or "wrong_answer",
             "passed": mark == "1"}
            for target, marks in passed.items() for number, mark in enumerate(marks)]
    return pd.DataFrame(rows)


def gate(candidate: pd.DataFrame, incumbent: pd.DataFrame, **params: float) -> Decision:
    return decide(candidate, incumbent, RegisterParams(**params),  # type: ignore[arg-type]
                  confidence=0.95, samples=1000, seed=1)


WEAK = {"php": "0000000000" * 4, "perl": "1000000000" * 4}
STRONG = {"php": "1100000000" * 4, "perl": "1110000000" * 4}


def test_a_clearly_better_model_is_promoted() -> None:
    decision = gate(results(STRONG), results(WEAK))
    assert decision.promote
    assert decision.gain is not None
    assert decision.gain.value == pytest.approx(0.2)  # php and perl both gain 8 of 40
    assert decision.targets is not None
    assert decision.targets["php"].value == pytest.approx(0.2)


def test_a_worse_model_is_refused_with_the_figures() -> None:
    decision = gate(results(WEAK), results(STRONG))
    assert not decision.promote
    assert any("-20.0 points" in reason and "NOT met" in reason for reason in decision.reasons)


def test_the_same_results_are_refused_because_the_interval_is_not_above_zero() -> None:
    decision = gate(results(STRONG), results(STRONG))
    assert not decision.promote
    assert [reason.startswith("met") for reason in decision.reasons] == [True, False, True]


def test_a_gain_within_noise_is_refused() -> None:
    lucky = {"php": "1" + "0" * 39, "perl": WEAK["perl"]}
    decision = gate(results(lucky), results(WEAK))
    assert decision.gain is not None
    assert decision.gain.value > 0
    assert not decision.promote


def test_the_margin_asked_for_is_held() -> None:
    assert gate(results(STRONG), results(WEAK), min_margin=0.19).promote
    assert not gate(results(STRONG), results(WEAK), min_margin=0.21).promote


def test_one_language_may_not_pay_for_the_others() -> None:
    uneven = {"php": "1111111111" * 4, "perl": "0000000000" * 4}  # php +100, perl -10 points
    assert gate(results(uneven), results(WEAK), max_language_drop=0.1).promote
    decision = gate(results(uneven), results(WEAK), max_language_drop=0.05)
    assert not decision.promote
    assert "perl" in decision.reasons[-1]


def test_other_problems_are_not_compared() -> None:
    fewer = {target: marks[:-1] for target, marks in STRONG.items()}
    decision = gate(results(fewer), results(WEAK))
    assert not decision.promote
    assert "2 of the incumbent's 80" in decision.reasons[0]


def test_masked_verdicts_are_neither_wins_nor_losses() -> None:
    candidate = results({"php": "1100", "perl": "1111"})
    candidate.loc[candidate.index[:2], ["status", "passed"]] = ["infra_error", False]
    decision = gate(candidate, results({"php": "0000", "perl": "0000"}))
    assert decision.targets is not None
    assert decision.targets["php"].value == 0.0  # the two problems left


def test_a_target_that_could_not_be_judged_is_no_reason_to_promote() -> None:
    candidate = results({"php": "1111", "perl": "1111"})
    candidate.loc[candidate["target"] == "php", "status"] = "infra_error"
    decision = gate(candidate, results({"php": "0000", "perl": "0000"}))
    assert not decision.promote
    assert any("php" in reason for reason in decision.reasons)


def test_nothing_judged_at_all() -> None:
    candidate = results({"php": "0000"}, status="infra_error")
    decision = gate(candidate, results({"php": "0000"}))
    assert not decision.promote
    assert "no judged translation" in decision.reasons[0]


def test_unknown_origin_is_a_condition_like_the_others() -> None:
    known = decide(results(STRONG), results(WEAK), RegisterParams(), confidence=0.95,
                   samples=1000, seed=1, gaps=())
    assert known.promote
    assert known.reasons[-1].startswith("met: code and data")
    unknown = decide(results(STRONG), results(WEAK), RegisterParams(), confidence=0.95,
                     samples=1000, seed=1, gaps=("the commit",))
    assert not unknown.promote
    assert unknown.reasons[-1].endswith("not known: the commit")
