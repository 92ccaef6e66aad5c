"""The embedded source: generated functions, needs nothing but this package."""

from __future__ import annotations

from oorl.data.synthetic import generate_problems
from oorl.params.dataset import DatasetParams
from oorl.records import Problem


def load(params: DatasetParams, seed: int) -> list[Problem]:
    """`params.problems` distinct functions in every language that can express them."""
    return generate_problems(params, seed)
