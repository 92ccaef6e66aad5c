"""MBXP (Athiwaratkun et al. 2023, arXiv 2210.14868): MBPP's functions in many languages.

`dataset.path` is a folder of its files, a row for each problem and language: task_id, prompt,
entry_point, test, language, canonical_solution. The problem is the Python row: its assertions
become typed cases, with the types that the other languages declare. Solutions in other languages
are taken over under Python's name for the function where they can take the same values, and every
one of them is run: one that fails is refused by itself.

It is an evaluation set too: do not train on it a model that is judged by MBPP in any language.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from oorl.data.infer import declared, plain_parameters, signature_and_cases, split_commas
from oorl.data.normal import normal_text
from oorl.data.sources import Loaded
from oorl.data.sources._rows import BAD_ROW, Row, read_rows, refuse, revision_of
from oorl.data.splits import assign_split
from oorl.errors import DataError
from oorl.languages import all_languages, get_language
from oorl.params.dataset import DatasetParams
from oorl.records import Problem, Type

LICENCE = "CC-BY-4.0"
DOCUMENTATION = {"python": r'\n[ \t]*("""|\'\'\')[\s\S]*?\1[ \t]*(?=\n|$)',
                 "ruby": r"^#.*\n", "perl": r"^#.*\n", "go": r"^//.*\n"}
COMMENT = r"^[ \t]*/\*\*[\s\S]*?\*/[ \t]*\n"
TAKEN = ("python", "cpp", "php", "javascript", "ruby")
"""Languages whose solutions take our values as they are, or after `adapt`."""


def load(params: DatasetParams, seed: int, root: Path) -> Loaded:
    """The problems in the order of their numbers, `params.problems` at most."""
    loaded = Loaded([], independent=True)
    groups: dict[int, dict[str, tuple[str, Row]]] = defaultdict(dict)
    for place, row in read_rows(params, root):
        try:
            if isinstance(row, DataError):
                raise row
            number = int(re.fullmatch(r"\w+/(\d+)", row["task_id"])[1])  # type: ignore[index]
            language = row["language"]
            if not all(isinstance(row[key], str) for key in ("prompt", "entry_point", "test")):
                raise ValueError("prompt, entry_point and test must be strings")
            if language in groups[number]:
                raise ValueError("another row has this problem and language")
            groups[number][language] = (place, row)
        except BAD_ROW as error:
            refuse(loaded, place, error, str(row.get("task_id")) if isinstance(row, dict) else "")
    revision = revision_of(params, root)
    seen: dict[str, str] = {}
    for number, rows in sorted(groups.items()):
        if len(loaded.problems) == params.problems:
            break
        place, row = rows.get("python") or next(iter(rows.values()))
        try:
            if "python" not in rows:
                raise ValueError("no Python row, whose tests are the cases")
            problem = _problem(number, {k: r for k, (_, r) in rows.items()}, params, revision)
            function = normal_text(problem.solutions)
            if function in seen:
                raise ValueError(f"the same function as {seen[function]}")
        except BAD_ROW as error:
            refuse(loaded, place, error, f"MBPP/{number}")
        else:
            seen[function] = problem.id
            loaded.problems.append(problem)
            loaded.statements[problem.id] = str(row.get("description") or "")
    return loaded


def _problem(number: int, rows: dict[str, Row], params: DatasetParams, revision: str) -> Problem:
    gold = rows["python"]
    if not gold.get("canonical_solution"):
        raise ValueError("no canonical_solution in Python")
    name, code = gold["entry_point"], solution("python", gold, gold["entry_point"])
    parameters = [a.arg for a in plain_parameters(_function(code, name))]
    proposals = [p for r in rows.values() if (p := proposal(r)) is not None]
    signature, cases = signature_and_cases(name, parameters, assertions(gold["test"]), proposals)
    solutions = {language: solution(language, rows[language], name) for language in TAKEN
                 if language in rows and rows[language].get("canonical_solution")
                 and language in all_languages()
                 and get_language(language).supports_signature(signature)}
    if "python" not in solutions:
        raise ValueError("Python cannot have this signature")
    split = assign_split(normal_text(solutions), params)
    return Problem(f"mbxp-{number}", "mbxp", split, signature, cases[:params.cases], solutions,
                   licence=LICENCE, revision=revision)


def _function(code: str, name: str) -> ast.FunctionDef:
    try:
        tree = ast.parse(code)
    except (SyntaxError, MemoryError) as error:
        raise ValueError(f"the Python solution does not parse: {error}") from None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise ValueError(f"the Python solution defines no {name}")


def assertions(test: str) -> list[tuple[list[Any], Any]]:
    """(arguments, expected) of `assert candidate(...) == ...`, all literals; else `ValueError`."""
    found = []
    for node in ast.walk(ast.parse(test)):
        if not isinstance(node, ast.Assert):
            continue
        match node.test:
            case ast.Compare(left=ast.Call(func=ast.Name(id="candidate"), args=args, keywords=[]),
                             ops=[ast.Eq()], comparators=[expected]):
                found.append(([ast.literal_eval(a) for a in args], ast.literal_eval(expected)))
            case _:
                raise ValueError("a test is no comparison of candidate(...) with a literal")
    return found


def solution(language: str, row: Row, name: str) -> str:
    """The canonical solution without the task's text, under `name`."""
    prompt, own = row["prompt"], row["entry_point"]
    prompt = re.sub(DOCUMENTATION.get(language, COMMENT), "", prompt, flags=re.M)
    code = f"{prompt.rstrip()}\n{row['canonical_solution'].rstrip()}\n".lstrip("\n")
    code = re.sub(rf"\b{re.escape(own)}\b", name, code)
    return adapt(language, code)


def adapt(language: str, code: str) -> str:
    """C++ in the types that our values have: int is `long long`, float `double`."""
    if language != "cpp":
        return code
    code = re.sub(r"^#include.*\n|^using namespace std;\n", "", code, flags=re.M).lstrip("\n")
    code = re.sub(r"\b(?:(?:long\s+){0,2}int|long\s+long|long)\b(?!\s+(?:int|double)\b)",
                  "long long", code)
    return re.sub(r"\bfloat\b", "double", code)


def proposal(row: Row) -> tuple[list[Type | None], Type | None] | None:
    """The types that a language's declaration gives to parameters and result."""
    language = row["language"]
    lines = [line for line in row["prompt"].splitlines()
             if re.search(rf"\b{re.escape(row['entry_point'])}\s*\(", line)]
    if not lines or language not in ("cpp", "java", "csharp", "go", "kotlin", "scala"):
        return None
    found = re.search(rf"^(.*?)\b{re.escape(row['entry_point'])}\s*\((.*)\)(.*)$", lines[-1])
    if found is None:
        return None
    before, inside, after = found.groups()
    parameters = [p for p in split_commas(inside) if p]
    if language in ("cpp", "java", "csharp"):  # `T name`
        types = [declared(p.rpartition(" ")[0]) for p in parameters]
        returns = re.sub(r"\b(public|static)\b", "", before)
    elif language == "go":  # `name T`
        types = [declared(p.partition(" ")[2]) for p in parameters]
        returns = after.partition("{")[0]
    else:  # `name : T`
        types = [declared(p.partition(":")[2]) for p in parameters]
        returns = after.partition("{")[0].strip(" :=")
    return types, declared(returns)
