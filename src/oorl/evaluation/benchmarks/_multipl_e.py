"""MultiPL-E (Cassano et al. 2022, arXiv 2208.08227): prompts, stops and tests as its authors print
them, judged as their evaluator does: prompt, answer and tests are one program.

Where the tests need what is not part of a language (a test framework, a package of tuples) what
they use of it is written out here; each adaptation says what it replaces. Verdicts differ from the
upstream evaluator's where that one believes an exit code: a program that ends before its tests do
does not pass here.

In chat style the model is asked for the whole function in a fenced block, since it was not trained
to continue texts; upstream does not do this, so say so beside the figures.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from oorl.data.prompts import FENCE, tag, tags, title
from oorl.errors import DataError
from oorl.evaluation.benchmarks import NO_SOURCE, Request, Task
from oorl.evaluation.benchmarks._files import files, read, read_hub
from oorl.generation.backends import cut
from oorl.languages import get_language
from oorl.records import AssertionSubmission

EXTENSIONS = {
    "python": "py", "cpp": "cpp", "java": "java", "javascript": "js", "typescript": "ts",
    "php": "php", "bash": "sh", "csharp": "cs", "go": "go", "rust": "rs", "haskell": "hs",
    "scala": "scala", "lua": "lua", "perl": "pl", "ruby": "rb", "r": "r", "racket": "rkt",
    "ocaml": "ml", "d": "d"}
"""Our languages and upstream's names for them, in the paper's order first."""

COLUMNS = ("name", "prompt", "tests", "stop_tokens")
HUB = "nuprl/MultiPL-E"


def load(request: Request, dataset: str) -> list[Task]:
    """The tasks of `dataset` (humaneval or mbpp), language by language."""
    wanted = [get_language(name).name for name in request.languages]
    if unknown := [name for name in wanted if name not in EXTENSIONS]:
        raise DataError(f"MultiPL-E has no {', '.join(unknown)}",
                        f"It has: {', '.join(EXTENSIONS)}.")
    found: list[Task] = []
    for language in wanted or EXTENSIONS:
        stem = f"{dataset}-{EXTENSIONS[language]}"
        rows = list(_rows(request.path, stem))
        if wanted and not rows:
            raise DataError(f"{request.path}: no {stem}.jsonl, .jsonl.gz or .parquet there",
                            "Correct --path or --languages.")
        found += [_task(row, language, request.style) for row in rows[:request.limit or None]]
    return found


def _rows(path: Path | None, stem: str) -> Iterator[dict[str, Any]]:
    if path is None:
        yield from read_hub(f"{HUB}:{stem}", COLUMNS)
        return
    for file in files(path, stem):
        yield from read(file, COLUMNS)


def _task(row: dict[str, Any], language: str, style: str) -> Task:
    prompt, stops = row["prompt"], row["stop_tokens"]
    if isinstance(stops, str):  # a list in a text, as some releases have it
        stops = ast.literal_eval(stops)
    if style == "chat":
        text = (f"Complete this {title(language)} code. Answer with the whole code, the given part "
                f"included, in one {FENCE}{tag(language)} code block, without tests or examples of "
                f"use.\n\n{FENCE}{tag(language)}\n{prompt.strip()}\n{FENCE}\n")
        return Task(row["name"], NO_SOURCE, language, text,
                    partial(from_chat, language, prompt, row["tests"]), chat=True)
    return Task(row["name"], NO_SOURCE, language, prompt,
                partial(continued, language, prompt, row["tests"], tuple(stops)), tuple(stops))


def continued(language: str, prompt: str, tests: str, stops: tuple[str, ...], answer: str
              ) -> AssertionSubmission:
    """Upstream's program: prompt, answer up to the first stop, tests."""
    return program(language, prompt + cut(answer, stops), tests)


def from_chat(language: str, prompt: str, tests: str, answer: str) -> AssertionSubmission | None:
    """The last closed block of the language (or of none), made to fit in front of the tests."""
    code = last_block(language, answer)
    if code is None:
        return None
    holder = re.search(r"\b(class|object) Problem\b", prompt)
    if holder and holder[0] not in code:
        code = f"{prompt[:holder.start()]}{holder[0]} {{\n{code}"
    closing = tests.lstrip().startswith("}")  # they close what the prompt has left open
    depth = prompt.count("{") - prompt.count("}") if closing else -1
    return program(language, with_head(prompt, code, depth), tests)


def last_block(language: str, answer: str) -> str | None:
    """The code of the last closed block of the language, or of none."""
    blocks = [code for name, code in re.findall(r"^```([^\n`]*)\n(.*?)^```[ \t]*$", answer,
                                                re.M | re.S)
              if name.strip().lower() in {*tags(language), ""}]
    return blocks[-1].rstrip() if blocks and blocks[-1].strip() else None


def with_head(prompt: str, code: str, depth: int) -> str:
    """`code` with the prompt's first lines where it lacks them, and with `depth` open braces (any
    number if it is negative)."""
    lines = [line for line in prompt.splitlines() if re.match(
        r"#include|import |from |using |<\?php|#!|#lang|package |use |require", line)]
    if lines and lines[0] not in code:
        code = "\n".join(line for line in lines if line not in code) + "\n" + code
    while depth >= 0 and code.endswith("}") and code.count("{") - code.count("}") < depth:
        code = code[:-1].rstrip()
    return code


def program(language: str, code: str, tests: str) -> AssertionSubmission:
    """Code and tests, with what the tests need of elsewhere."""
    adapted = ADAPT.get(language, lambda c, t: (c, t))(code, tests)
    return AssertionSubmission(language, *adapted)


def _before_problem(code: str, classes: str) -> str:
    return re.sub(r"^(public\s+)?class Problem\b", lambda m: f"{classes}\n{m[0]}", code, count=1,
                  flags=re.M)


def _java(code: str, tests: str) -> tuple[str, str]:
    """For the package org.javatuples: the tuples that are named, with what tests call of them."""
    code = code.replace("import org.javatuples.*;", "")
    used = [n for n in TUPLES if re.search(rf"\b{n}\b", code + tests)]
    return _before_problem(code, "\n".join(map(_tuple, used))), tests


TUPLES = {"Unit": 1, "Pair": 2, "Triplet": 3, "Quartet": 4, "Quintet": 5}


def _tuple(name: str) -> str:
    letters = "ABCDE"[:TUPLES[name]]
    types = ", ".join(letters)
    fields = "".join(f"final {x} v{i}; " for i, x in enumerate(letters))
    parameters = ", ".join(f"{x} x{i}" for i, x in enumerate(letters))
    sets = " ".join(f"v{i} = x{i};" for i in range(len(letters)))
    values = ", ".join(f"x{i}" for i in range(len(letters)))
    gets = " ".join(f"public {x} getValue{i}() {{ return v{i}; }}" for i, x in enumerate(letters))
    return (f"class {name}<{types}> {{ {fields}"
            f"public {name}({parameters}) {{ {sets} }} "
            f"static <{types}> {name}<{types}> with({parameters}) "
            f"{{ return new {name}<{types}>({values}); }} {gets} "
            "public java.util.List<Object> toList() { return java.util.Arrays.<Object>asList("
            f"{', '.join(f'v{i}' for i in range(len(letters)))}); }} "
            f"public boolean equals(Object o) {{ return o instanceof {name} && "
            f"(({name}) o).toList().equals(toList()); }} "
            "public int hashCode() { return toList().hashCode(); } "
            "public String toString() { return toList().toString(); } }")


def _csharp(code: str, tests: str) -> tuple[str, str]:
    """Debug.Assert is compiled away without a flag, and speaks to a listener with it."""
    check = ("class OorlCheck { public static void That(bool ok) "
             '{ if (!ok) throw new System.Exception("assertion failed"); } }')
    return _before_problem(code, check), tests.replace("Debug.Assert(", "OorlCheck.That(")


def _go(code: str, tests: str) -> tuple[str, str]:
    """For `go test`: a package main that calls the test with what it uses of testing.T."""
    code = re.sub(r"^package \w+", "package main", code, count=1, flags=re.M)
    code = re.sub(r'^\s*(import\s+)?"testing"\s*\n', "", code, count=1, flags=re.M)
    tests = tests.replace("*testing.T", "*oorlT")
    names = re.findall(r"^func (Test\w+)\(", tests, re.M)
    calls = "".join(f"\t{name}(t)\n" for name in names)
    return code, (
        f"{tests}\ntype oorlT struct{{ failed bool }}\n"
        "func (t *oorlT) Run(name string, f func(*oorlT)) { f(t) }\n"
        "func (t *oorlT) Errorf(format string, args ...interface{}) { t.failed = true }\n"
        f"func main() {{\n\tt := &oorlT{{}}\n{calls}"
        '\tif t.failed {\n\t\tpanic("assertion failed")\n\t}\n}\n')


def _lua(code: str, tests: str) -> tuple[str, str]:
    """For luaunit: equality of contents."""
    shim = """lu = {}
local function oorl_same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for k, v in pairs(a) do if not oorl_same(v, b[k]) then return false end end
  for k in pairs(b) do if a[k] == nil then return false end end
  return true
end
function lu.assertEquals(a, b) if not oorl_same(a, b) then error("assertion failed") end end
"""
    tests = re.sub(r"^(local )?lu = require\(.luaunit.\)$", lambda _: shim, tests, flags=re.M)
    return code, re.sub(r"^os\.exit\(lu\.LuaUnit\.run\(\)\)", "test_humaneval()", tests, flags=re.M)


def _ruby(code: str, tests: str) -> tuple[str, str]:
    """For test/unit, which runs the tests after the program has ended."""
    base = ("class OorlTestCase\n  def assert_equal(expected, actual)\n"
            '    raise "assertion failed" unless expected == actual\n  end\nend\n')
    tests = re.sub(r"^require 'test/unit'\n", lambda _: base, tests, flags=re.M)
    tests = tests.replace("< Test::Unit::TestCase", "< OorlTestCase")
    return code, (f"{tests}\nTestHumanEval.instance_methods(false).grep(/\\Atest_/).each "
                  "{ |name| TestHumanEval.new.send(name) }\n")


def _perl(code: str, tests: str) -> tuple[str, str]:
    """For Test::Deep: equality of contents, scalars as texts."""
    shim = """sub eq_deeply {
    my ($x, $y) = @_;
    return !defined($x) && !defined($y) if !defined($x) || !defined($y);
    return ref($x) eq ref($y) && $x eq $y if !ref($x) || ref($x) ne ref($y);
    if (ref($x) eq 'ARRAY') {
        return @$x == @$y && !grep { !eq_deeply($x->[$_], $y->[$_]) } 0 .. $#$x;
    }
    return keys(%$x) == keys(%$y)
        && !grep { !exists($y->{$_}) || !eq_deeply($x->{$_}, $y->{$_}) } keys %$x;
}
"""
    return code, tests.replace("use Test::Deep;", shim)


def _d(code: str, tests: str) -> tuple[str, str]:
    """`unittest` is compiled with a flag only."""
    tests = re.sub(r"^unittest\b", "void oorl_tests()", tests, flags=re.M)
    return code, re.sub(r"void main\(\)\s*\{\s*\}", "void main() { oorl_tests(); }", tests)


ADAPT = {"java": _java, "csharp": _csharp, "go": _go, "lua": _lua, "ruby": _ruby, "perl": _perl,
         "d": _d}
