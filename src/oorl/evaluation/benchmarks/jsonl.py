"""Your own translation benchmark: `--path` names a file of problems (docs/data.md)."""

from __future__ import annotations

from oorl.errors import DataError
from oorl.evaluation.benchmarks import Request, Task
from oorl.evaluation.benchmarks._translation import read_problems, translation_tasks

TITLE = "Own problems, translated"
LICENCE = ""


def load(request: Request) -> list[Task]:
    """All pairs of every problem."""
    if request.path is None:
        raise DataError("the benchmark jsonl needs a file of problems", "Give it with --path.")
    return translation_tasks(read_problems(request.path), request)
