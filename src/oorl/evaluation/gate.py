"""The promotion gate: does a candidate beat the incumbent, by figures and not by eye?

Three conditions, all on paired differences (candidate minus incumbent) over the same problems:
the mean gain is at least `min_margin`, its bootstrap interval lies above
`require_interval_above`, and no target falls by more than `max_language_drop`. And one on the
candidate's origin: everything that it was made from is known (`register.provenance`).

Not promised: the interval knows the spread over problems, not over training seeds; and a gate
tried often enough lets a lucky model through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from oorl.evaluation.bootstrap import Estimate, Outcomes, draws, score_difference
from oorl.params.register import RegisterParams

CELL = ["problem_id", "source", "target"]
_CANDIDATE, _INCUMBENT = "candidate", "incumbent"


@dataclass(frozen=True)
class Decision:
    """`reasons` are sentences, one for each condition, met or not; figures are shares."""

    promote: bool
    reasons: tuple[str, ...]
    gain: Estimate | None = None
    targets: dict[str, Estimate] | None = None


def decide(candidate: pd.DataFrame, incumbent: pd.DataFrame, params: RegisterParams, *,
           confidence: float, samples: int, seed: int,
           gaps: Sequence[str] | None = None) -> Decision:
    """Compare two models by their result rows (`evaluation.translation.COLUMNS`).

    Refuses, whatever the figures, if the two were not asked the same things. `gaps` is what is not
    known of the candidate's origin, a phrase each; None if nobody asks.
    """
    asked, known = _cells(candidate), _cells(incumbent)
    if asked != known:
        return Decision(False, (
            f"not comparable: {len(known - asked)} of the incumbent's {len(known)} translations "
            f"were not asked of the candidate, {len(asked - known)} of the candidate's not of the "
            "incumbent",))
    if not all((rows["status"] != "infra_error").any() for rows in (candidate, incumbent)):
        return Decision(False, ("not comparable: one of the two has no judged translation",))
    rows = pd.concat([candidate.assign(model=_CANDIDATE), incumbent.assign(model=_INCUMBENT)])
    outcomes = Outcomes.from_results(
        rows, sorted(rows["source"].unique()), sorted(rows["target"].unique()))
    scores = score_difference(outcomes, _CANDIDATE, _INCUMBENT,
                              draws(len(outcomes.problems), samples, seed), confidence)
    if not scores.targets:
        return Decision(False, ("not comparable: no translation was judged for both",))
    unjudged = sorted(set(outcomes.targets) - set(scores.targets))
    conditions = [
        *_gain(scores.mean, params, confidence, len(outcomes.problems)),
        _worst(scores.targets, params),
        *[(False, f"target {target} has no translation judged for both") for target in unjudged],
        *([] if gaps is None else [_origin(gaps)]),
    ]
    return Decision(all(met for met, _ in conditions),
                    tuple(f"{'met' if met else 'NOT met'}: {words}" for met, words in conditions),
                    scores.mean, scores.targets)


def _cells(rows: pd.DataFrame) -> set[tuple[str, ...]]:
    return set(rows[CELL].itertuples(index=False, name=None))


def _gain(gain: Estimate, params: RegisterParams, confidence: float,
          problems: int) -> list[tuple[bool, str]]:
    # Written so that a NaN meets no condition.
    return [
        (gain.value >= params.min_margin,
         f"mean pass@1 changes by {_points(gain.value)}, at least "
         f"{_points(params.min_margin)} is asked"),
        (gain.low > params.require_interval_above,
         f"the {confidence:.0%} interval over {problems} problems is {_points(gain.low)} to "
         f"{_points(gain.high)}, it must lie above {_points(params.require_interval_above)}"),
    ]


def _worst(targets: dict[str, Estimate], params: RegisterParams) -> tuple[bool, str]:
    target = min(targets, key=lambda name: targets[name].value)
    change = targets[target].value
    # Sums of shares carry last-bit noise; a drop of exactly the limit is allowed.
    return (change >= -params.max_language_drop - 1e-9,
            f"the worst target, {target}, changes by {_points(change)}, it may fall by "
            f"{100 * params.max_language_drop:.1f}")


def _origin(gaps: Sequence[str]) -> tuple[bool, str]:
    if gaps:
        return False, "code and data of the model must be known; not known: " + "; ".join(gaps)
    return True, "code and data of the model are known"


def _points(share: float) -> str:
    """A difference of shares in percentage points."""
    return f"{100 * share:+.1f} points"
