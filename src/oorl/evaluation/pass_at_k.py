"""The unbiased pass@k estimator (Chen et al. 2021, arXiv 2107.03374, sec. 2.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pass_at_k(n: ArrayLike, c: ArrayLike, k: int) -> NDArray[np.float64]:
    """The chance that at least one of k samples drawn without return from n is correct.

        pass@k = 1 - C(n - c, k) / C(n, k) = 1 - prod_{i=n-c+1}^{n} (1 - k / i)

    Args:
        n: samples taken, integers of any shape; at least k.
        c: correct samples among them, 0 <= c <= n; broadcast with n.
        k: size of the draw, at least 1.

    Returns:
        float64 of the broadcast shape. Where n = k = 1 it is c itself.

    Raises:
        ValueError: if k < 1, n < k, or c lies outside 0..n.
    """
    samples, correct = np.broadcast_arrays(np.asarray(n, int), np.asarray(c, int))
    if k < 1 or np.any(samples < k):
        raise ValueError(f"pass@{k} needs at least {max(k, 1)} sample(s) a problem")
    if np.any(correct < 0) or np.any(correct > samples):
        raise ValueError("the number of correct samples must lie between 0 and n")
    # The k-factor form of the same product: C(n-c,k)/C(n,k) = prod_{j<k} (n-c-j)/(n-j).
    # It has k factors whatever c is, and reaches an exact 0 once fewer than k are wrong.
    j = np.arange(k)
    factors = np.maximum(samples[..., None] - correct[..., None] - j, 0) / (samples[..., None] - j)
    return 1.0 - factors.prod(axis=-1)
