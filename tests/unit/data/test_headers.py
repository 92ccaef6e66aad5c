"""Headers read from sources are those that the languages write for the true signatures."""

from __future__ import annotations

from pathlib import Path

import pytest

from oorl.data.headers import target_declaration
from oorl.data.sources import get_source
from oorl.errors import DataError, UnknownName
from oorl.languages import get_language
from oorl.params.dataset import DatasetParams
from oorl.records import Parameter, Signature, Type

TARGETS = ("php", "java", "python", "go", "rust", "typescript", "haskell", "cpp")


def test_of_generated_functions() -> None:
    problems = get_source("synthetic").load(DatasetParams(problems=120), 1, Path()).problems
    seen = 0
    for problem in problems:
        for source in {"python", "cpp", "java", "go"} & set(problem.solutions):
            for target in TARGETS:
                language = get_language(target)
                if source == target or not language.supports_signature(problem.signature):
                    continue
                seen += 1
                assert target_declaration(problem.solutions[source], source, target) == (
                    language.declaration(problem.signature)), (source, target, problem.id)
    assert seen > 2000


@pytest.mark.parametrize("kind", ["int", "list[list[float]]", "map[str,list[int]]", "bool"])
@pytest.mark.parametrize("source", ["python", "cpp", "java", "go", "rust", "csharp", "d"])
def test_types_go_there_and_back(source: str, kind: str) -> None:
    signature = Signature("total", (Parameter("xs", Type.parse(kind)), Parameter(
        "limit", Type("float"))), Type.parse(kind))
    code = get_language(source).declaration(signature) + " {\n"
    assert target_declaration(code, source, "haskell") == get_language(
        "haskell").declaration(signature)


def test_spellings_of_people() -> None:
    code = ("#include <vector>\n\nint helper(int a) {\n    return a;\n}\n\n"
            "int f(const std::vector<int>& xs,\n      std::string s) {\n    return helper(1);\n}\n")
    assert target_declaration(code, "cpp", "java") == "static long f(List<Long> xs, String s)"
    code = "from typing import List, Optional\ndef g( xs : List[ int ] )->Optional[str] :\n  pass"
    assert target_declaration(code, "python", "rust") == "fn g(xs: Vec<i64>) -> Option<String>"
    assert target_declaration("def f():\n    return 1", "python", "php") == "function f()"


def test_what_a_header_leaves_open_matters_only_where_it_is_needed() -> None:
    assert target_declaration("def f(xs, y):\n    pass", "python", "php") == "function f($xs, $y)"
    assert target_declaration("function f($xs) {}", "php", "javascript") == "function f(xs)"
    with pytest.raises(DataError, match="does not tell its types, which java needs"):
        target_declaration("def f(xs, y):\n    pass", "python", "java")


@pytest.mark.parametrize(("code", "source", "words"), [
    ("x = 1", "python", "no function"), ("", "cpp", "no function"),
    ("sub f { my ($a) = @_; }", "perl", "no function"),
    ("matrix<3> f(matrix<3> a) {}", "cpp", "no function"),
    ("long long f(matrix<3> a) {}", "cpp", "'matrix<3> a'"),
    ("def f(a: int", "python", "not closed"),
])
def test_what_cannot_be_read_is_said(code: str, source: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        target_declaration(code, source, "java")


def test_unknown_languages() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'python'"):
        target_declaration("def f(): pass", "pyton", "php")
