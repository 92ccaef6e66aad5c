"""APPS (Hendrycks et al. 2021, arXiv 2105.09938), hub id `codeparrot/apps`, or files of it.

Columns read: problem_id, question, solutions (JSON list of Python programs), input_output (JSON
{inputs, outputs, fn_name?}), difficulty. The first solution in Python 3 is the gold one.
"""

from __future__ import annotations

from pathlib import Path

from oorl.data.sources import Loaded
from oorl.data.sources._rows import BAD_ROW, read_rows, refuse, revision_of
from oorl.data.sources._tests import add, first_that_parses, from_lists, parsed
from oorl.errors import DataError
from oorl.params.dataset import DatasetParams

LICENCE = "MIT"


def load(params: DatasetParams, seed: int, root: Path) -> Loaded:
    """The problems of all files in order, `params.problems` at most."""
    loaded = Loaded([])
    revision = revision_of(params, root)
    for place, row in read_rows(params, root):
        if len(loaded.problems) == params.problems:
            break
        identity = ""
        try:
            if isinstance(row, DataError):
                raise row
            identity = f"apps-{int(row['problem_id'])}"
            code = first_that_parses(parsed(row["solutions"], "solutions"))
            made = from_lists(code, parsed(row["input_output"], "input_output"))
            add(loaded, identity, "apps", made, params, LICENCE, revision,
                str(row.get("question") or ""), tuple(filter(None, [row.get("difficulty")])))
        except BAD_ROW as error:
            refuse(loaded, place, error, identity)
    return loaded
