"""What the sets of competitive programming share: tests as JSON or literals, Python solutions.

Tests are either runs of a whole program (what it reads, what it must print) or calls of a named
function. Programs stay programs (`oorl.records.PROGRAM`); functions get a signature from their
annotations and the tests' values.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from oorl.data.infer import declared, plain_parameters, signature_and_cases
from oorl.data.normal import normal_text
from oorl.data.sources import Loaded
from oorl.data.sources._rows import BAD_ROW, Row, read_rows, refuse, revision_of
from oorl.data.splits import assign_split
from oorl.errors import DataError
from oorl.params.dataset import DatasetParams
from oorl.records import PROGRAM, Case, Problem, Signature, Type, canonical

Tested = tuple[str, Signature, Sequence[Case]]
"""A solution in Python, its signature and its tests."""


class Made(NamedTuple):
    """What a row gives: a tested solution, the task in words, and a tag if there is one."""

    tested: Tested
    statement: str
    tag: str | None


MAX_TEST = 64 * 2**10
"""Characters of a test, beyond which it is left out: megabytes of input for every verdict."""

MODULES = {"collections": ("defaultdict", "Counter", "deque", "OrderedDict"),
           "typing": ("List", "Dict", "Optional", "Tuple", "Set"),
           "functools": ("lru_cache", "cache", "reduce", "cmp_to_key"),
           "itertools": ("accumulate", "combinations", "permutations", "product", "groupby",
                         "chain", "zip_longest"),
           "heapq": ("heappush", "heappop", "heapify", "nlargest", "nsmallest"),
           "bisect": ("bisect_left", "bisect_right", "bisect", "insort"),
           "math": ("gcd", "ceil", "floor", "sqrt", "inf")}
"""What authors' harnesses import for everybody: added where it is used and not imported."""


def parsed(value: Any, what: str) -> Any:
    """A value that may be JSON or a Python literal in a string, a few times over.

    Raises `ValueError`; nothing is evaluated.
    """
    for _ in range(3):
        if not isinstance(value, str):
            return value
        try:
            value = json.loads(value)
        except ValueError:
            try:
                value = ast.literal_eval(value)
            except (ValueError, SyntaxError, TypeError, MemoryError) as error:
                raise ValueError(f"{what} is neither JSON nor a literal: "
                                 f"{str(error)[:100]}") from None
    return value


def text_of(value: Any) -> str:
    """Input or output of a program: a text, or its lines. Raises `ValueError`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    raise ValueError("what a program reads or prints is not a text")


def runs(pairs: Sequence[tuple[Any, Any]]) -> list[Case]:
    """Cases of a whole program from (input, output)."""
    return [Case((text_of(stdin),), text_of(stdout)) for stdin, stdout in pairs]


def chosen(cases: Sequence[Case], wanted: int) -> tuple[Case, ...]:
    """The first `wanted` cases of bearable size, one of them unlike the others if there is any.

    Raises `ValueError` if all expect the same: a program that does nothing would pass.
    """
    small = [c for c in cases if len(canonical([list(c.args), c.expected])) <= MAX_TEST]
    if not small:
        raise ValueError("no tests" if not cases else f"no test below {MAX_TEST} characters")
    results = [canonical(c.expected) for c in small]
    other = next((i for i, r in enumerate(results) if r != results[0]), None)
    if other is None:
        raise ValueError("all tests expect the same: a program that does nothing would pass")
    return tuple(small[:wanted] if other < wanted else [*small[:wanted - 1], small[other]])


def first_that_parses(solutions: Any) -> str:
    """The first Python 3 program of a list. Raises `ValueError`."""
    if not isinstance(solutions, list) or not solutions:
        raise ValueError("no solution")
    for code in solutions:
        if isinstance(code, str) and code.strip():
            try:
                ast.parse(code)
                return code
            except (SyntaxError, ValueError, MemoryError, RecursionError):
                continue
    raise ValueError(f"none of {len(solutions)} solution(s) is Python 3")


def as_function(code: str, name: str) -> tuple[str, list[str], tuple[list[Type | None],
                                                                     Type | None]]:
    """The program with a function `name`, its parameters and the types that it declares.

    A method of `class Solution` gets a function that calls it. Raises `ValueError`.
    """
    tree = ast.parse(code)
    methods = [node for owner in tree.body
               if isinstance(owner, ast.ClassDef) and owner.name == "Solution"
               for node in owner.body if isinstance(node, ast.FunctionDef) and node.name == name]
    functions = [node for node in tree.body
                 if isinstance(node, ast.FunctionDef) and node.name == name]
    if not methods and not functions:
        raise ValueError(f"the solution defines no {name}")
    node = (functions or methods)[-1]
    plain = plain_parameters(node, f"the parameters of {name}")
    arguments = plain if functions else plain[1:]
    names = [a.arg for a in arguments]
    if not functions:
        code = (f"{code.rstrip()}\n\n\ndef {name}({', '.join(names)}):\n"
                f"    return Solution().{name}({', '.join(names)})\n")
    types = [declared(ast.unparse(a.annotation)) if a.annotation else None for a in arguments]
    returns = declared(ast.unparse(node.returns)) if node.returns else None
    return with_imports(code), names, (types, returns)


def with_imports(code: str) -> str:
    """Python code with the imports that its author's harness made."""
    lines = []
    for module, names in MODULES.items():
        used = [n for n in names if re.search(rf"(?<![\w.]){n}\b", code)
                and not re.search(rf"\b(import\b[^\n]*|def |class )\b{n}\b|from {module} import \*",
                                  code)]
        if used:
            lines.append(f"from {module} import {', '.join(used)}\n")
        if re.search(rf"(?<![\w.]){module}\.\w", code) and not re.search(
                rf"^\s*import\b[^\n]*\b{module}\b", code, re.M):
            lines.append(f"import {module}\n")
    return "".join(lines) + code


def calls(code: str, name: str, pairs: Sequence[tuple[Any, Any]]
          ) -> tuple[str, Signature, tuple[Case, ...]]:
    """(program, signature, cases) of a function from (arguments, result) as they come.

    Results wrapped in a list of one, as APPS has them, are unwrapped unless the function says that
    it gives a list.
    """
    code, names, (types, returns) = as_function(code, name)
    tests = []
    for arguments, result in pairs:
        arguments = parsed_lines(arguments)
        tests.append((arguments, result))
    wrapped = all(isinstance(r, list) and len(r) == 1 for _, r in tests)
    if wrapped and (returns is None or returns.kind != "list"):
        tests = [(a, r[0]) for a, r in tests]
    return (code, *signature_and_cases(name, names, tests, [(types, returns)]))


def parsed_lines(arguments: Any) -> list[Any]:
    """Arguments as a list; as a text, one to a line, each JSON or a literal."""
    if isinstance(arguments, str):
        return [parsed(line, "an argument") for line in arguments.split("\n") if line.strip()]
    if not isinstance(arguments, list):
        raise ValueError("the arguments of a test are not a list")
    return arguments


def from_rows(params: DatasetParams, root: Path, source: str, licence: str,
              identify: Callable[[Row], str], make: Callable[[Row], Made]) -> Loaded:
    """The problems of all files in order, `params.problems` at most; what `identify` or `make`
    refuses, by an error, is noted with its reason."""
    loaded = Loaded([])
    revision = revision_of(params, root)
    for place, row in read_rows(params, root):
        if len(loaded.problems) == params.problems:
            break
        identity = ""
        try:
            if isinstance(row, DataError):
                raise row
            identity = identify(row)
            _add(loaded, identity, source, make(row), params, licence, revision)
        except BAD_ROW as error:
            refuse(loaded, place, error, identity)
    return loaded


def _add(loaded: Loaded, identity: str, source: str, made: Made, params: DatasetParams,
         licence: str, revision: str) -> None:
    """Make the problem and note it in `loaded`. Raises `ValueError` if it is there already."""
    code, signature, cases = made.tested
    solutions = {"python": code}
    function = normal_text(solutions)
    problem = Problem(identity, source, assign_split(function, params), signature,
                      chosen(cases, params.cases), solutions, licence=licence, revision=revision,
                      tags=(made.tag,) if made.tag else ())
    for key in (f"id {identity}", function):
        if key in loaded.seen:
            raise ValueError(f"the same program as {loaded.seen[key]}" if key == function
                             else "another row has this id")
    loaded.seen |= {f"id {identity}": identity, function: identity}
    loaded.problems.append(problem)
    loaded.statements[identity] = made.statement


def program(code: str, pairs: Sequence[tuple[Any, Any]]) -> tuple[str, Signature, list[Case]]:
    """(program, signature, cases) of a whole program."""
    return code, PROGRAM, runs(pairs)


def from_lists(code: str, tests: Any) -> Tested:
    """The same from {inputs, outputs, fn_name?}, the form of APPS and TACO."""
    if not isinstance(tests, dict):
        raise ValueError("input_output is no object")
    inputs, outputs = tests["inputs"], tests["outputs"]
    if not isinstance(inputs, list) or not isinstance(outputs, list) or len(inputs) != len(outputs):
        raise ValueError("inputs and outputs are not lists of one length")
    pairs = list(zip(inputs, outputs, strict=True))
    name = tests.get("fn_name")
    return calls(code, name, pairs) if name else program(code, pairs)
