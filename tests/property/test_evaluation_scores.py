"""Properties of the scores: against enumeration and against a plain loop."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oorl.evaluation.bootstrap import draws, weighted_scores
from oorl.evaluation.pass_at_k import pass_at_k


@given(st.integers(1, 8).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n),
                                                     st.integers(1, n))))
def test_pass_at_k_is_the_share_of_draws_that_hold_a_correct_sample(nck: tuple[int, int, int]
                                                                    ) -> None:
    n, c, k = nck
    subsets = list(combinations(range(n), k))
    share = sum(any(i < c for i in subset) for subset in subsets) / len(subsets)
    assert float(pass_at_k(n, c, k)) == pytest.approx(share, abs=1e-12)


def naive_mean(cells: np.ndarray, weights: np.ndarray) -> float:
    """Mean over targets of the mean over sources of the weighted share of problems solved."""
    by_target = []
    for t in range(cells.shape[2]):
        by_source = []
        for s in range(cells.shape[1]):
            total = count = 0.0
            for p in range(cells.shape[0]):
                if not np.isnan(cells[p, s, t]):
                    total += weights[p] * cells[p, s, t]
                    count += weights[p]
            if count:
                by_source.append(total / count)
        if by_source:
            by_target.append(sum(by_source) / len(by_source))
    return sum(by_target) / len(by_target) if by_target else float("nan")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 3), st.integers(1, 4),
       st.floats(0, 0.8))
def test_vectorised_scores_equal_a_plain_loop(seed: int, problems: int, sources: int, targets: int,
                                              missing: float) -> None:
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 2, size=(problems, sources, targets)).astype(float)
    cells[rng.random(cells.shape) < missing] = np.nan
    weights = draws(problems, 5, seed)
    mean, _, _ = weighted_scores(cells, weights)
    expected = [naive_mean(cells, w) for w in weights]
    np.testing.assert_allclose(mean, expected, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 8))
def test_the_order_of_problems_does_not_change_the_estimate(seed: int, problems: int) -> None:
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 2, size=(problems, 2, 3)).astype(float)
    ones = np.ones((1, problems))
    shuffled = cells[rng.permutation(problems)]
    np.testing.assert_allclose(weighted_scores(cells, ones)[0], weighted_scores(shuffled, ones)[0])
