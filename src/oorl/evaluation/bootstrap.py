"""Paired cluster bootstrap over problems, for means, targets, pairs and differences of models.

The unit that is drawn again is the *problem*: its translations from every source into every
target, by every model, stay together, because they succeed and fail together. All models see
the same draws, so a difference between two of them is a paired one. Percentile intervals.

A score is a mean of means (macro average): a pair (source, target) is the share of its problems
solved, a target is the mean of its pairs, the overall score is the mean of the targets. A
popular target therefore weighs no more than a rare one.

Not promised: an interval for a score of exactly 0 or 1 has no width, since no redraw of
unanimous problems disagrees; and intervals are pointwise, not corrected for looking at many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oorl.errors import DataError
from oorl.evaluation.pass_at_k import pass_at_k

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the ends of its confidence interval; NaN if nothing was measured."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Scores:
    """Estimates of one model, or of the difference between two: overall, by target, by pair."""

    mean: Estimate
    targets: dict[str, Estimate]
    pairs: dict[tuple[str, str], Estimate]


@dataclass(frozen=True)
class Outcomes:
    """What was measured.

    `values` is (models M, problems P, sources S, targets T): pass@k of each cell, NaN where the
    pair was not asked or its verdict is masked.
    """

    models: tuple[str, ...]
    problems: tuple[str, ...]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    values: Floats

    @staticmethod
    def from_results(results: pd.DataFrame, sources: Sequence[str], targets: Sequence[str],
                     k: int = 1) -> Outcomes:
        """Gather a results table (see `translation.COLUMNS`); several rows of one cell are samples.

        Rows with status `infra_error` are left out here; who reports must count them.
        Raises `DataError` if no row is left.
        """
        rows = results[results["status"] != "infra_error"]
        if rows.empty:
            raise DataError("the evaluation has no judged row",
                            "Check that the models, sources and targets of section `evaluate` "
                            "exist and that the sandbox works.")
        models = tuple(dict.fromkeys(results["model"]))
        problems = tuple(sorted(set(results["problem_id"])))
        axes = (models, problems, tuple(sources), tuple(targets))
        keys = ["model", "problem_id", "source", "target"]
        cells = rows.groupby(keys, sort=False)["passed"].agg(["size", "sum"]).reset_index()
        index = tuple(pd.Index(axis).get_indexer(cells[key])
                      for axis, key in zip(axes, keys, strict=True))
        values = np.full(tuple(map(len, axes)), np.nan)
        values[index] = pass_at_k(cells["size"], cells["sum"].astype(int), k)
        return Outcomes(*axes, values)

    def of(self, model: str) -> Floats:
        """The (P, S, T) cells of one model."""
        return self.values[self.models.index(model)]


def draws(problems: int, samples: int, seed: int) -> Floats:
    """Bootstrap weights (samples + 1, problems): how often each problem was drawn.

    Row 0 is all ones, the data as they are; the others each sum to `problems`.
    """
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(problems, np.full(problems, 1 / problems), size=samples)
    return np.vstack([np.ones((1, problems)), counts])


def weighted_scores(cells: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Score every draw at once.

    Args:
        cells: (P, S, T), NaN where there is nothing.
        weights: (B, P).

    Returns:
        mean (B,), targets (B, T) and pairs (B, S, T); NaN where a draw holds no cell.
    """
    problems, sources, targets = cells.shape
    known = ~np.isnan(cells)
    total = weights @ np.where(known, cells, 0.0).reshape(problems, -1)
    count = weights @ known.reshape(problems, -1).astype(float)
    pairs = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    pairs = pairs.reshape(-1, sources, targets)
    by_target = _mean_of_known(pairs, axis=1)
    return _mean_of_known(by_target, axis=1), by_target, pairs


def score(cells: Floats, outcomes: Outcomes, weights: Floats, confidence: float) -> Scores:
    """Estimates with percentile intervals for (P, S, T) cells, whose axes `outcomes` names.

    Targets and pairs of which no cell was measured are left out.
    """
    mean, by_target, pairs = weighted_scores(cells, weights)
    return Scores(
        _estimate(mean, confidence),
        {target: _estimate(by_target[:, t], confidence)
         for t, target in enumerate(outcomes.targets) if not np.isnan(by_target[0, t])},
        {(source, target): _estimate(pairs[:, s, t], confidence)
         for s, source in enumerate(outcomes.sources)
         for t, target in enumerate(outcomes.targets) if not np.isnan(pairs[0, s, t])},
    )


def score_model(outcomes: Outcomes, model: str, weights: Floats, confidence: float) -> Scores:
    """Pass@k of one model."""
    return score(outcomes.of(model), outcomes, weights, confidence)


def score_difference(outcomes: Outcomes, model: str, other: str, weights: Floats,
                     confidence: float) -> Scores:
    """Paired difference `model` minus `other`, over the cells that both have."""
    return score(outcomes.of(model) - outcomes.of(other), outcomes, weights, confidence)


def _estimate(draws_: Floats, confidence: float) -> Estimate:
    """Row 0 is the estimate, the others give the interval."""
    tail = (1 - confidence) / 2
    known = draws_[1:][~np.isnan(draws_[1:])]
    if not known.size:
        return Estimate(float(draws_[0]), float("nan"), float("nan"))
    low, high = np.quantile(known, [tail, 1 - tail])
    return Estimate(float(draws_[0]), float(low), float(high))


def _mean_of_known(values: Floats, axis: int) -> Floats:
    """`nanmean` without its warning for slices that hold nothing."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
