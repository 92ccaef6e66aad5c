"""HumanEval-X (Zheng et al. 2023, arXiv 2303.17568): HumanEval's functions translated.

`--path` is a folder with the authors' humaneval_<language> files, else the hub's
THUDM/humaneval-x is read. A task is the solution in one language and the declaration in another
(without the description, as its authors do), judged by the target's tests. In `plain` style the
prompt is the authors' and the model goes on after the declaration.

What the tests need of elsewhere is written out: Go's of testify. JavaScript's console.assert
prints and goes on; here it throws, while the authors' evaluator looks for a text on stderr, so
that there a program that prints a warning fails. Their Rust needs packages from outside and is no
part of the published benchmark: left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from oorl.data.prompts import completion, request, title
from oorl.errors import DataError
from oorl.evaluation.benchmarks import Request, Task
from oorl.evaluation.benchmarks._files import files, read, read_hub
from oorl.evaluation.benchmarks._multipl_e import last_block, with_head
from oorl.languages import get_language
from oorl.records import AssertionSubmission

TITLE = "HumanEval-X, translation"
LICENCE = "Apache-2.0"
HUB = "THUDM/humaneval-x"
EXTENSIONS = {"python": "python", "cpp": "cpp", "java": "java", "javascript": "js", "go": "go"}
"""Our languages and the authors' names for them in files."""
COLUMNS = ("task_id", "declaration", "canonical_solution", "test")
PYTHON_STOPS = ("\ndef ", "\n#", "\nif ", "\nclass ", "\nprint", "\nassert", "\n@")

# What every program may use without an import, as in the authors' evaluator (without numpy).
PYTHON_HEAD = "".join(f"import {name}\n" for name in (
    "math", "re", "sys", "copy", "datetime", "itertools", "collections", "heapq", "statistics",
    "functools", "hashlib", "string")) + "from typing import *\nfrom collections import *\n"
CPP_HEAD = "".join(f"#include<{name}>\n" for name in (
    "stdlib.h", "algorithm", "math.h", "stdio.h", "vector", "string", "climits", "cstring",
    "iostream"))
GO_PACKAGES = ("bytes", "crypto/md5", "errors", "fmt", "math", "math/rand", "reflect", "regexp",
               "sort", "strconv", "strings", "time", "unicode")
TESTIFY = """
type oorlT struct{}
type oorlAssert struct{}
func (oorlAssert) New(t *oorlT) oorlAssert { return oorlAssert{} }
func (oorlAssert) Equal(want, got interface{}, words ...interface{}) {
\tif !reflect.DeepEqual(want, got) { panic("assertion failed") }
}
var assert oorlAssert
"""
"""What the Go tests call of github.com/stretchr/testify/assert."""
THROWING = ("const oorlAssert = (ok, ...rest) => "
            "{ if (!ok) throw new Error('assertion failed ' + rest.join(' ')); };\n")


def load(request: Request) -> list[Task]:
    """All pairs of a source and another target, problem by problem. Raises `DataError`."""
    sources = _known(request.sources) or list(EXTENSIONS)
    targets = _known(request.languages) or list(EXTENSIONS)
    rows: dict[str, dict[int, dict[str, Any]]] = {}
    for language in EXTENSIONS:
        if language in sources or language in targets:
            rows[language] = {_number(row): row for row in _rows(request.path, language)}
            if not rows[language] and language in _known(request.sources + request.languages):
                raise DataError(f"{request.path}: no humaneval_{EXTENSIONS[language]} file there",
                                "Correct --path or the languages.")
    numbers = sorted({n for found in rows.values() for n in found})[:request.limit or None]
    return [_task(number, source, rows[source][number], target, rows[target][number], request.style)
            for number in numbers for source in sources for target in targets
            if source != target and number in rows[source] and number in rows[target]]


def _known(names: tuple[str, ...]) -> list[str]:
    wanted = [get_language(name).name for name in names]
    if unknown := [name for name in wanted if name not in EXTENSIONS]:
        raise DataError(f"HumanEval-X has no {', '.join(unknown)} here",
                        f"It has: {', '.join(EXTENSIONS)}.")
    return wanted


def _rows(path: Path | None, language: str) -> Iterator[dict[str, Any]]:
    if path is None:
        yield from read_hub(f"{HUB}:{EXTENSIONS[language]}", COLUMNS)
        return
    for file in files(path, f"humaneval_{EXTENSIONS[language]}"):
        yield from read(file, COLUMNS)


def _number(row: dict[str, Any]) -> int:
    found = re.fullmatch(r"\w+/(\d+)", str(row["task_id"]))
    if found is None:
        raise DataError(f"{row['task_id']}: a task_id must be as CPP/12 is",
                        "Give the benchmark's own files.")
    return int(found[1])


def _task(number: int, source: str, given: dict[str, Any], target: str, row: dict[str, Any],
          style: str) -> Task:
    code = f"{given['declaration'].lstrip()}{given['canonical_solution'].rstrip()}"
    declaration, name = row["declaration"], f"HumanEval_{number}"
    if style == "chat":
        gold = f"{declaration.lstrip()}{row['canonical_solution'].rstrip()}"
        return Task(name, source, target,
                    request(code, declaration.strip(), source, target, "chat"),
                    partial(from_chat, row, target), gold=completion(gold, target), chat=True)
    prompt = (f"code translation\n{title(source)}:\n{given['declaration']}\n"
              f"{given['canonical_solution'].rstrip()}\n{title(target)}:\n{declaration}")
    return Task(name, source, target, prompt, partial(continued, row, target),
                PYTHON_STOPS if target == "python" else (), row["canonical_solution"])


def continued(row: dict[str, Any], language: str, answer: str) -> AssertionSubmission:
    """Declaration, the answer to the end of its function (or class), tests."""
    return program(row, language, row["declaration"] + body(row, language, answer))


def body(row: dict[str, Any], language: str, answer: str) -> str:
    """The answer up to where the declaration's braces, or Python's indentation, are closed."""
    if language == "python":
        lines = answer.split("\n")
        end = next((i for i, line in enumerate(lines) if line[:1].strip()), len(lines))
        return "\n".join(lines[:end])
    depth = row["declaration"].count("{") - row["declaration"].count("}")
    for at, letter in enumerate(answer):
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return answer[:at + 1]
    return answer + "\n}" if language == "java" and depth == 1 else answer


def from_chat(row: dict[str, Any], language: str, answer: str) -> AssertionSubmission | None:
    """The last closed block, with the declaration's imports where it lacks them."""
    code = last_block(language, answer)
    if code is None:
        return None
    head = row["declaration"]
    if language == "java" and "class Solution" not in code:
        code = f"{head[:head.find('class Solution')]}class Solution {{\n{code}\n}}"
    return program(row, language, code if language == "go" else with_head(head, code, -1))


def program(row: dict[str, Any], language: str, code: str) -> AssertionSubmission:
    """Code and tests, with what either needs of elsewhere."""
    tests = row["test"]
    if language == "python":
        code = f"{PYTHON_HEAD}{code}"
    if language == "cpp":
        code = f"{CPP_HEAD}{code}"
    if language == "javascript":
        tests = THROWING + tests.replace("console.assert(", "oorlAssert(")
    if language == "go":
        return _go(_helpers(row, code) + code, tests)
    return AssertionSubmission(language, f"{code}\n", f"\n{tests}")


def _helpers(row: dict[str, Any], code: str) -> str:
    """What some Go prompts define before the function, and solutions use, though no declaration
    has it."""
    before = str(row.get("prompt", "")).rpartition("\nfunc ")[0]
    names = re.findall(r"^(?:func|type) (\w+)", before, re.M)
    return f"{before}\n" if any(not re.search(rf"^(func|type) {name}\b", code, re.M)
                                for name in names) else ""


def _go(code: str, tests: str) -> AssertionSubmission:
    """One package with the imports that are used, of those that either side names or may use."""
    named = set(GO_PACKAGES)
    for block in re.findall(r"^import\s*(\([^)]*\)|\"[^\"\n]+\")", code, re.M):
        named |= set(re.findall(r'"([^"\n]+)"', block))
    code = re.sub(r"^import\s*(\([^)]*\)|\"[^\"\n]+\")[ \t]*\n?|^package \w+[ \t]*\n", "", code,
                  flags=re.M)
    tests = tests.replace("*testing.T", "*oorlT") + TESTIFY
    used = [name for name in sorted(named)
            if re.search(rf"(?<![\w.]){re.escape(name.rpartition('/')[2])}\.", code + tests)]
    imports = "".join(f'import "{name}"\n' for name in used)
    calls = "".join(f"\t{name}(&oorlT{{}})\n" for name in re.findall(r"^func (Test\w+)\(", tests,
                                                                     re.M))
    return AssertionSubmission("go", f"package main\n\n{imports}\n{code}\n",
                               f"\n{tests}\nfunc main() {{\n{calls}}}\n")
