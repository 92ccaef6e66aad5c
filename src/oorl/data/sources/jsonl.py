"""Your own problems: JSON lines, one problem each, in a file or a folder of files.

========== ======================================================================================
key        value
========== ======================================================================================
signature  {"name", "parameters": [[name, type], ...], "returns": type}; types are int, float,
           bool, str, list[T], map[K,V] and optional[T]
cases      [[args, expected], ...], at least two with unlike results; maps are lists of pairs
solutions  {language: code}, one at least
id         optional, letters, digits and _ . : -; else made from the content
split      optional: sft, rl, validation or test; else by a hash of the function
family, licence, revision, tags   optional; they travel with the problem
========== ======================================================================================

A row that breaks a rule is refused with the reason, and so is a function that another row has
already, under whatever names; nothing else stops.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oorl.data.normal import normal_text
from oorl.data.sources import Loaded
from oorl.data.sources._rows import BAD_ROW, JSON_LINES, Row, read_rows, refuse
from oorl.data.splits import SPLITS, assign_split
from oorl.errors import DataError
from oorl.languages import get_language
from oorl.params.dataset import DatasetParams
from oorl.records import Problem, Signature, canonical, stable_id
from oorl.sandbox.wire import case_from_row


def load(params: DatasetParams, seed: int, root: Path) -> Loaded:
    """The problems of all files in the order of their paths, `params.problems` at most."""
    loaded = Loaded([])
    functions: dict[str, str] = {}
    ids: set[str] = set()
    for place, read in read_rows(params, root, JSON_LINES):
        if len(loaded.problems) == params.problems:
            break
        identity = ""
        try:
            row = _whole(read)
            identity = str(row.get("id") or "")
            problem, function = _problem(row, params)
            if problem.id in ids:
                raise ValueError("another row has this id")
            if function in functions:
                raise ValueError(f"the same function as {functions[function]}")
        except BAD_ROW as error:
            refuse(loaded, place, error, identity)
        else:
            functions[function] = problem.id
            ids.add(problem.id)
            loaded.problems.append(problem)
    return loaded


def _whole(row: Row | DataError) -> Row:
    if isinstance(row, DataError):
        raise row
    try:
        json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("it has half a surrogate pair, which is not encodable") from None
    return row


def _problem(row: Mapping[str, Any], params: DatasetParams) -> tuple[Problem, str]:
    """The problem, and what makes it the function that it is."""
    signature = Signature.from_json(row["signature"])
    if not isinstance(row["cases"], list):
        raise ValueError("cases is not a list")
    cases = tuple(case_from_row(signature, case) for case in row["cases"])
    if len({canonical(case.expected) for case in cases}) < 2:
        raise ValueError("all cases expect the same: a program that does nothing would pass")
    solutions = row["solutions"]
    if not isinstance(solutions, dict) or not solutions:
        raise ValueError("solutions is not an object with one solution at least")
    for language, code in solutions.items():
        if not isinstance(code, str) or not code.strip():
            raise ValueError(f"solutions.{language} is no program")
        if not get_language(language).supports_signature(signature):
            raise ValueError(f"solutions.{language}: {language} cannot have this signature")
    function = normal_text(solutions)
    identity = row.get("id") or f"own-{stable_id(canonical(signature.to_json()), function)}"
    if not isinstance(identity, str) or not re.fullmatch(r"[\w.:-]+", identity):
        raise ValueError("id must be made of letters, digits and _ . : -")
    split = row.get("split") or assign_split(function, params)
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}")
    return Problem(
        identity, "jsonl", split, signature, cases, dict(solutions),
        family=_text(row, "family"), licence=_text(row, "licence"),
        revision=_text(row, "revision"), tags=tuple(map(str, row.get("tags") or ()))), function


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key) or ""
    if not isinstance(value, str):
        raise ValueError(f"{key} is not a string")
    return value
