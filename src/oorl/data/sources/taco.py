"""TACO (Li et al. 2023, arXiv 2312.14852), hub id `BAAI/TACO`, or files of it.

Columns read: question, solutions (JSON list of Python programs), input_output (JSON {inputs,
outputs, fn_name?}), difficulty, url. A row has no number, so its id is made from the question.
"""

from __future__ import annotations

from pathlib import Path

from oorl.data.sources import Loaded
from oorl.data.sources._rows import BAD_ROW, read_rows, refuse, revision_of
from oorl.data.sources._tests import add, first_that_parses, from_lists, parsed
from oorl.errors import DataError
from oorl.params.dataset import DatasetParams
from oorl.records import stable_id

LICENCE = "Apache-2.0"


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
            if not isinstance(row["question"], str):
                raise ValueError("question is not a text")
            identity = f"taco-{stable_id(row['question'])}"
            code = first_that_parses(parsed(row["solutions"], "solutions"))
            made = from_lists(code, parsed(row["input_output"], "input_output"))
            add(loaded, identity, "taco", made, params, LICENCE, revision, row["question"],
                tuple(filter(None, [row.get("difficulty")])))
        except BAD_ROW as error:
            refuse(loaded, place, error, identity)
    return loaded
