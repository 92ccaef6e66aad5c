"""Figures of a benchmark run, and of two runs compared; plain JSON-able data.

    run      benchmark, model, asked, infra_errors, confidence, bootstrap_samples, compile_rate,
             pass_at."1" {value, low, high}, pass_at."<k>" ...,
             low_resource {languages, value, low, high} or null,
             targets.<t> {value, low, high, asked, infra_errors, compile_rate, failures {status:
             number}},
             pairs."<s>-<t>" {value, low, high}
    compare  a, b, mean, low_resource, targets.<t>, pairs."<s>-<t>": a minus b, {value, low, high}

Scores are macro averages with intervals over problems (see `oorl.evaluation.bootstrap`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from oorl.errors import DataError
from oorl.evaluation.bootstrap import (
    Estimate,
    Outcomes,
    draws,
    score,
    score_difference,
    score_model,
)
from oorl.evaluation.metrics import NOT_COMPILED

LOW_RESOURCE = ("bash", "scala", "haskell")
"""Wu et al. 2025, sec. 4: the languages whose mean they call low-resource."""

CELL = ["problem_id", "source", "target"]


def run_scores(results: pd.DataFrame, *, ks: Sequence[int] = (1,), samples: int = 2000,
               confidence: float = 0.95, seed: int = 0) -> dict[str, Any]:
    """All figures of one model's rows (`run.COLUMNS`); equal rows give equal figures.

    Raises `DataError` if nothing was judged.
    """
    outcomes = _outcomes(results)
    model, weights = outcomes.models[0], draws(len(outcomes.problems), samples, seed)
    scores = score_model(outcomes, model, weights, confidence)
    judged = results[results["status"] != "infra_error"]
    return {
        "model": model, "asked": len(results), "infra_errors": len(results) - len(judged),
        "problems": len(outcomes.problems), "confidence": confidence, "bootstrap_samples": samples,
        "compile_rate": _rate(judged),
        "mean_tokens": _rounded(float(judged["tokens"].mean())),
        "pass_at": {str(k): _figures(_pass_at(results, k, weights, confidence)) for k in ks},
        "low_resource": _low_resource(outcomes, model, None, weights, confidence),
        "targets": {target: {**_figures(estimate), **_counts(results, target)}
                    for target, estimate in scores.targets.items()},
        "pairs": {f"{source}-{target}": _figures(estimate)
                  for (source, target), estimate in scores.pairs.items()},
    }


def compare_scores(a: pd.DataFrame, b: pd.DataFrame, *, samples: int = 2000,
                   confidence: float = 0.95, seed: int = 0) -> dict[str, Any]:
    """Run `a` minus run `b`, paired over problems.

    Raises `DataError` if the two were not asked the same tasks.
    """
    cells = [set(rows[CELL].itertuples(index=False, name=None)) for rows in (a, b)]
    if cells[0] != cells[1]:
        raise DataError(f"not comparable: {len(cells[0] - cells[1])} task(s) only in the first, "
                        f"{len(cells[1] - cells[0])} only in the second",
                        "Evaluate both on the same benchmark, languages, sources and limit.")
    names = [str(rows["model"].iloc[0]) for rows in (a, b)]
    both = pd.concat([a.assign(model="a"), b.assign(model="b")])
    outcomes = _outcomes(both)
    weights = draws(len(outcomes.problems), samples, seed)
    scores = score_difference(outcomes, "a", "b", weights, confidence)
    return {
        "a": names[0], "b": names[1], "problems": len(outcomes.problems),
        "confidence": confidence, "bootstrap_samples": samples,
        "mean": _figures(scores.mean),
        "low_resource": _low_resource(outcomes, "a", "b", weights, confidence),
        "targets": {t: _figures(e) for t, e in scores.targets.items()},
        "pairs": {f"{s}-{t}": _figures(e) for (s, t), e in scores.pairs.items()},
    }


def _outcomes(results: pd.DataFrame, k: int = 1) -> Outcomes:
    return Outcomes.from_results(results, list(dict.fromkeys(results["source"])),
                                 list(dict.fromkeys(results["target"])), k)


def _pass_at(results: pd.DataFrame, k: int, weights: Any, confidence: float) -> Estimate:
    """Tasks of which fewer than k samples have a verdict are left out."""
    judged = results[results["status"] != "infra_error"]
    enough = judged.groupby(["model", *CELL])["sample"].transform("size") >= k
    if not enough.any():
        raise DataError(f"pass@{k} needs {k} judged samples of a task",
                        f"Ask for at least {k} samples (--samples).")
    # The problems' axis must stay what the weights were drawn for.
    kept = pd.concat([judged[enough], results[results["status"] == "infra_error"],
                      judged[~enough].assign(status="infra_error")])
    outcomes = _outcomes(kept.loc[kept.index.sort_values()], k)
    return score_model(outcomes, outcomes.models[0], weights, confidence).mean


def _low_resource(outcomes: Outcomes, model: str, other: str | None, weights: Any,
                  confidence: float) -> dict[str, Any] | None:
    chosen = [i for i, target in enumerate(outcomes.targets) if target in LOW_RESOURCE]
    if not chosen:
        return None
    part = replace(outcomes, targets=tuple(outcomes.targets[i] for i in chosen),
                   values=outcomes.values[..., chosen])
    cells = part.of(model) - part.of(other) if other else part.of(model)
    return {"languages": list(part.targets),
            **_figures(score(cells, part, weights, confidence).mean)}


def _counts(results: pd.DataFrame, target: str) -> dict[str, Any]:
    rows = results[results["target"] == target]
    judged = rows[rows["status"] != "infra_error"]
    failures = judged[~judged["passed"].astype(bool)]["status"].value_counts()
    return {"asked": len(rows), "infra_errors": len(rows) - len(judged),
            "compile_rate": _rate(judged),
            "failures": {str(k): int(failures[k]) for k in sorted(failures.index)}}


def _rate(judged: pd.DataFrame) -> float | None:
    return _rounded(float((~judged["status"].isin(NOT_COMPILED)).mean()))


def _figures(estimate: Estimate) -> dict[str, float | None]:
    return {key: _rounded(getattr(estimate, key)) for key in ("value", "low", "high")}


def _rounded(value: float) -> float | None:
    number = round(float(value), 6)
    return None if number != number else number
