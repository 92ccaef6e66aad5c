"""SYNTHETIC-1's code tasks (Mattern et al. 2025), or files of them.

On the hub they are `PrimeIntellect/verifiable-coding-problems`. Columns read: problem_id, prompt,
gold_standard_solution (Python, maybe in a fenced block) and verification_info (JSON, or a Python
literal: language, test_cases of {type: stdin_stdout or function_call, input, output, fn_name}).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from oorl.data.sources import Loaded
from oorl.data.sources._rows import BAD_ROW, read_rows, refuse, revision_of
from oorl.data.sources._tests import add, calls, first_that_parses, parsed, program
from oorl.errors import DataError
from oorl.params.dataset import DatasetParams
from oorl.records import Case, Signature

LICENCE = "see PrimeIntellect/verifiable-coding-problems"


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
            name = re.sub(r"[^\w.:-]+", "-", str(row["problem_id"]))
            identity = f"synthetic1-{name}"
            info = parsed(row["verification_info"], "verification_info")
            if not isinstance(info, dict):
                raise ValueError("verification_info is no object")
            if str(info.get("language") or "python").lower() not in ("python", "python3"):
                raise ValueError(f"the solution is in {info['language']}, not in Python")
            code = first_that_parses([unfenced(row["gold_standard_solution"])])
            made = _made(code, parsed(info["test_cases"], "test_cases"))
            add(loaded, identity, "synthetic1", made, params, LICENCE, revision,
                str(row.get("prompt") or ""), tuple(filter(None, [row.get("source")])))
        except BAD_ROW as error:
            refuse(loaded, place, error, identity)
    return loaded


def _made(code: str, tests: Sequence[Mapping[str, Any]]
          ) -> tuple[str, Signature, Sequence[Case]]:
    if not isinstance(tests, list) or not tests:
        raise ValueError("no tests")
    kinds = {test["type"] for test in tests}
    pairs = [(test["input"], test["output"]) for test in tests]
    if kinds == {"stdin_stdout"}:
        return program(code, pairs)
    names = {test.get("fn_name") for test in tests}
    if kinds == {"function_call"} and len(names) == 1 and isinstance(name := names.pop(), str):
        return calls(code, name, pairs)
    raise ValueError(f"tests of the type(s) {', '.join(sorted(map(str, kinds)))}")


def unfenced(text: Any) -> str:
    """The code of the first fenced block, or the whole text."""
    if not isinstance(text, str):
        raise ValueError("gold_standard_solution is not a text")
    found = re.search(r"```(?:python3?|py)?[ \t]*\n(.*?)```", text, re.S)
    return found[1] if found else text
