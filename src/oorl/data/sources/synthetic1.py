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
from oorl.data.sources._rows import Row
from oorl.data.sources._tests import (
    Made,
    Tested,
    calls,
    first_that_parses,
    from_rows,
    parsed,
    program,
)
from oorl.params.dataset import DatasetParams

LICENCE = "see PrimeIntellect/verifiable-coding-problems"


def load(params: DatasetParams, seed: int, root: Path) -> Loaded:
    """The problems of all files in order, `params.problems` at most."""
    return from_rows(params, root, "synthetic1", LICENCE, _identity, _made)


def _identity(row: Row) -> str:
    name = re.sub(r"[^\w.:-]+", "-", str(row["problem_id"]))
    return f"synthetic1-{name}"


def _made(row: Row) -> Made:
    info = parsed(row["verification_info"], "verification_info")
    if not isinstance(info, dict):
        raise ValueError("verification_info is no object")
    if str(info.get("language") or "python").lower() not in ("python", "python3"):
        raise ValueError(f"the solution is in {info['language']}, not in Python")
    code = first_that_parses([unfenced(row["gold_standard_solution"])])
    return Made(_tested(code, parsed(info["test_cases"], "test_cases")),
                str(row.get("prompt") or ""), row.get("source"))


def _tested(code: str, tests: Sequence[Mapping[str, Any]]) -> Tested:
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
