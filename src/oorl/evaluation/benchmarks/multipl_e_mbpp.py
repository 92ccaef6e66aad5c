"""MultiPL-E's MBPP: `--path` a folder with mbpp-<ext> files, else from the hub."""

from __future__ import annotations

from oorl.evaluation.benchmarks import Request, Task
from oorl.evaluation.benchmarks import _multipl_e as shared

TITLE = "MultiPL-E, MBPP"
LICENCE = "BSD-3-Clause with an ML clause (nuprl/MultiPL-E)"


def load(request: Request) -> list[Task]:
    """The tasks, language by language."""
    return shared.load(request, "mbpp")
