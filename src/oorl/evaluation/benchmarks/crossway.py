"""Crossway: original problems with solutions in four languages, translated into every other.

The problems come with the package, one TOML file each in `evaluation/crossway/<area>/<id>.toml`;
docs/crossway.md is the datasheet and says what the keys mean. What a file must keep is checked
whenever it is read; what only execution can tell (all solutions pass, mutants are caught) is
`scripts/crossway_check.py`'s work.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oorl.data.synthetic.names import is_legal_function, is_legal_variable
from oorl.errors import DataError
from oorl.evaluation.benchmarks import Request, Task
from oorl.evaluation.benchmarks._translation import translation_tasks
from oorl.languages import all_languages, get_language
from oorl.records import Case, Problem, Signature, canonical
from oorl.sandbox.wire import case_from_row

TITLE = "Crossway: original functions, translated"
LICENCE = "Apache-2.0"
SOURCES = ("python", "cpp", "java", "go")
"""Every problem has a solution in each of them."""

CANARY = "Crossway benchmark, not for training. Canary 5e0c7a52-0b9f-4a6e-9d43-c1f8e2a7b960"
"""In the first line of every file, so that it can be found where it should not be."""

MIN_CASES = 20
MIN_TARGETS = 12
"""As many languages at least can have the signature."""

ROOT = Path(__file__).parents[1] / "crossway"

Text = Annotated[str, Field(min_length=1)]


class _File(BaseModel):
    """The keys of a file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Text
    difficulty: Annotated[int, Field(ge=1, le=4)]
    description: Text
    parameters: list[Annotated[list[Text], Field(min_length=2, max_length=2)]]
    name: Text
    returns: Text
    cases: Text
    solutions: dict[str, Text]


class _Wrong(Exception):
    """A key and what is wrong with it."""


def load(request: Request) -> list[Task]:
    """All pairs of every problem. `request.path` names another folder of such files."""
    return translation_tasks(read_problems(request.path or ROOT), request)


def read_problems(root: Path = ROOT) -> list[Problem]:
    """The problems of all files under `root`, in an order in which any first ones are a fair
    sample of all: by a hash of their ids.

    Raises `DataError` with the file and the key for the first file that breaks a rule.
    """
    problems = [read_problem(path) for path in sorted(root.glob("*/*.toml"))]
    if not problems:
        raise DataError(f"{root}: no problems", "They are files <area>/<id>.toml.")
    for kind in ("id", "name"):
        seen: dict[str, Problem] = {}
        for problem in problems:
            value = problem.id if kind == "id" else problem.signature.name
            if other := seen.setdefault(value, problem):
                _distinct(other, problem, kind, value)
    return sorted(problems, key=lambda p: hashlib.sha256(p.id.encode()).digest())


def _distinct(first: Problem, second: Problem, kind: str, value: str) -> None:
    if first is not second:
        raise DataError(f"{second.family}/{second.id}.toml: {kind}: {first.family}/{first.id}.toml "
                        f"has {value!r} already", "Every problem needs its own.")


def read_problem(path: Path) -> Problem:
    """One problem. Raises `DataError` with the file and the key."""
    try:
        text = path.read_text("utf-8")
        if CANARY not in text.partition("\n")[0]:
            raise _Wrong(f"the first line is not `# {CANARY}`")
        return _problem(path, _File.model_validate(tomllib.loads(text)))
    except ValidationError as error:
        first = error.errors()[0]
        wrong = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except _Wrong as error:
        wrong = str(error)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        wrong = f"it cannot be read: {error}"
    raise DataError(f"{path}: {wrong}", "The keys are explained in docs/crossway.md.")


def _problem(path: Path, file: _File) -> Problem:
    signature = _signature(file)
    if tuple(sorted(file.solutions)) != tuple(sorted(SOURCES)):
        raise _Wrong(f"solutions: they must be in {', '.join(SOURCES)}")
    return Problem(
        path.stem, "crossway", "test", signature, _cases(signature, file.cases),
        {language: code.strip("\n") + "\n" for language, code in file.solutions.items()},
        family=path.parent.name, licence=LICENCE, tags=(f"difficulty-{file.difficulty}",))


def _signature(file: _File) -> Signature:
    if not is_legal_function(file.name):
        raise _Wrong(f"name: {file.name!r} is not legal in every language (two words at least)")
    for name, _ in file.parameters:
        if not is_legal_variable(name):
            raise _Wrong(f"parameters: {name!r} is not legal in every language")
    try:
        signature = Signature.from_json({"name": file.name, "parameters": file.parameters,
                                         "returns": file.returns})
    except DataError as error:
        raise _Wrong(f"parameters, returns: {error.problem}") from None
    able = [name for name in all_languages() if get_language(name).supports_signature(signature)]
    if len(able) < MIN_TARGETS:
        raise _Wrong(f"parameters, returns: only {len(able)} languages can have them")
    if missing := set(SOURCES) - set(able):
        raise _Wrong(f"name, parameters, returns: not legal in {', '.join(sorted(missing))}")
    return signature


def _cases(signature: Signature, text: str) -> tuple[Case, ...]:
    cases, seen = [], set()
    for number, line in enumerate(text.strip().splitlines(), 1):
        try:
            case = case_from_row(signature, json.loads(line))
        except (ValueError, TypeError) as error:
            raise _Wrong(f"cases, line {number}: {error}") from None
        if (key := canonical(list(case.args))) in seen:
            raise _Wrong(f"cases, line {number}: these arguments were there already")
        seen.add(key)
        cases.append(case)
    if len(cases) < MIN_CASES:
        raise _Wrong(f"cases: {len(cases)}, there must be {MIN_CASES}")
    if _results(cases) < 2:
        raise _Wrong("cases: all expect the same, so a program that does nothing would pass")
    return tuple(cases)


def _results(cases: Sequence[Case]) -> int:
    return len({canonical(case.expected) for case in cases})
