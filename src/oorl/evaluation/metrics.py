"""From a results table to figures: scores, paired differences, rates; plain JSON-able data.

The layout is what the promotion gate and the report read:

    models.<name>        pass_at_1, low, high, compile_rate, format_rate, asked, infra_errors,
                         mean_tokens, disparity {value, best, worst},
                         targets.<t> {pass_at_1, low, high, asked, infra_errors},
                         pairs."<s>-<t>" {pass_at_1, low, high}
    differences."<a>-<b>"  a, b, mean, targets.<t>, pairs."<s>-<t>", each {value, low, high}
    disparity            of the base: best minus worst target
    infra_errors         over all models; such rows are in no score
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from oorl.evaluation.bootstrap import (
    Estimate,
    Outcomes,
    Scores,
    draws,
    score_difference,
    score_model,
)

NOT_COMPILED = ("compile_error", "compile_timeout", "bad_format")
ORDER = ("base", "control", "rl", "gepo")
"""Differences are taken later minus earlier, so that a gain by the method reads as positive."""


def compute_metrics(results: pd.DataFrame, sources: Sequence[str], targets: Sequence[str], *,
                    samples: int, confidence: float, seed: int) -> dict[str, Any]:
    """All figures of an evaluation (see the module's header); deterministic in its arguments.

    Raises `DataError` if no row was judged.
    """
    outcomes = Outcomes.from_results(results, sources, targets)
    weights = draws(len(outcomes.problems), samples, seed)
    models = {name: _model_figures(results[results["model"] == name],
                                   score_model(outcomes, name, weights, confidence))
              for name in outcomes.models}
    ranked = sorted(outcomes.models, key=lambda name: ORDER.index(name) if name in ORDER else 99)
    differences = {
        f"{name}-{other}": _difference_figures(name, other, score_difference(
            outcomes, name, other, weights, confidence))
        for place, name in enumerate(ranked) for other in ranked[:place]
    }
    return {
        "models": models,
        "differences": differences,
        "disparity": (models.get("base", {}).get("disparity") or {}).get("value"),
        "problems": len(outcomes.problems),
        "infra_errors": int((results["status"] == "infra_error").sum()),
        "confidence": confidence,
        "bootstrap_samples": samples,
    }


def by_target_table(metrics: dict[str, Any]) -> pd.DataFrame:
    """Long form for plots: one row per model and target."""
    rows = [(name, target, figures["pass_at_1"], figures["low"], figures["high"])
            for name, model in metrics["models"].items()
            for target, figures in model["targets"].items()]
    return pd.DataFrame(rows, columns=["model", "target", "pass_at_1", "low", "high"])


def _model_figures(rows: pd.DataFrame, scores: Scores) -> dict[str, Any]:
    judged = rows[rows["status"] != "infra_error"]
    asked, masked = Counter(rows["target"]), Counter(rows["target"]) - Counter(judged["target"])
    targets = {target: {**_pass_at_1(estimate), "asked": asked[target],
                        "infra_errors": masked[target]}
               for target, estimate in scores.targets.items()}
    ranked = sorted(scores.targets, key=lambda t: scores.targets[t].value)
    return {
        **_pass_at_1(scores.mean),
        "compile_rate": _rounded((~judged["status"].isin(NOT_COMPILED)).mean()),
        "format_rate": _rounded((judged["status"] != "bad_format").mean()),
        "asked": len(rows),
        "infra_errors": len(rows) - len(judged),
        "mean_tokens": _rounded(rows["tokens"].mean()),
        "disparity": {
            "value": _rounded(scores.targets[ranked[-1]].value - scores.targets[ranked[0]].value),
            "best": ranked[-1], "worst": ranked[0]} if ranked else None,
        "targets": targets,
        "pairs": {f"{source}-{target}": _pass_at_1(estimate)
                  for (source, target), estimate in scores.pairs.items()},
    }


def _difference_figures(name: str, other: str, scores: Scores) -> dict[str, Any]:
    return {
        "a": name, "b": other, "mean": _value(scores.mean),
        "targets": {target: _value(estimate) for target, estimate in scores.targets.items()},
        "pairs": {f"{source}-{target}": _value(estimate)
                  for (source, target), estimate in scores.pairs.items()},
    }


def _pass_at_1(estimate: Estimate) -> dict[str, float | None]:
    return {"pass_at_1": _rounded(estimate.value), "low": _rounded(estimate.low),
            "high": _rounded(estimate.high)}


def _value(estimate: Estimate) -> dict[str, float | None]:
    return {"value": _rounded(estimate.value), "low": _rounded(estimate.low),
            "high": _rounded(estimate.high)}


def _rounded(value: float) -> float | None:
    """Six places: enough for any reader, and free of last-bit noise; NaN has no JSON, so None."""
    number = round(float(value), 6)
    return None if number != number else number
