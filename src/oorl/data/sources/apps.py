"""APPS (Hendrycks et al. 2021, arXiv 2105.09938), hub id `codeparrot/apps`, or files of it.

Columns read: problem_id, question, solutions (JSON list of Python programs), input_output (JSON
{inputs, outputs, fn_name?}), difficulty. The first solution in Python 3 is the gold one.
"""

from __future__ import annotations

from pathlib import Path

from oorl.data.sources import Loaded
from oorl.data.sources._rows import Row
from oorl.data.sources._tests import Made, first_that_parses, from_lists, from_rows, parsed
from oorl.params.dataset import DatasetParams

LICENCE = "MIT"


def load(params: DatasetParams, seed: int, root: Path) -> Loaded:
    """The problems of all files in order, `params.problems` at most."""
    return from_rows(params, root, "apps", LICENCE, _identity, _made)


def _identity(row: Row) -> str:
    return f"apps-{int(row['problem_id'])}"


def _made(row: Row) -> Made:
    code = first_that_parses(parsed(row["solutions"], "solutions"))
    return Made(from_lists(code, parsed(row["input_output"], "input_output")),
                str(row.get("question") or ""), row.get("difficulty"))
