"""TACO (Li et al. 2023, arXiv 2312.14852), hub id `BAAI/TACO`, or files of it.

Columns read: question, solutions (JSON list of Python programs), input_output (JSON {inputs,
outputs, fn_name?}), difficulty, url. A row has no number, so its id is made from the question.
"""

from __future__ import annotations

from pathlib import Path

from oorl.data.sources import Loaded
from oorl.data.sources._rows import Row
from oorl.data.sources._tests import Made, first_that_parses, from_lists, from_rows, parsed
from oorl.params.dataset import DatasetParams
from oorl.records import stable_id

LICENCE = "Apache-2.0"


def load(params: DatasetParams, seed: int, root: Path) -> Loaded:
    """The problems of all files in order, `params.problems` at most."""
    return from_rows(params, root, "taco", LICENCE, _identity, _made)


def _identity(row: Row) -> str:
    if not isinstance(row["question"], str):
        raise ValueError("question is not a text")
    return f"taco-{stable_id(row['question'])}"


def _made(row: Row) -> Made:
    code = first_that_parses(parsed(row["solutions"], "solutions"))
    return Made(from_lists(code, parsed(row["input_output"], "input_output")), row["question"],
                row.get("difficulty"))
