"""Every value of every supported type goes into each language and comes back unchanged."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oorl.errors import IsolationUnavailable
from oorl.languages import all_languages, get_language
from oorl.languages.cpp import cpp_type
from oorl.languages.java import java_type
from oorl.params.sandbox import SandboxParams
from oorl.records import Case, Parameter, Signature, Submission, Type
from oorl.sandbox import Judge, available_languages

TYPES = ["int", "float", "bool", "str", "list[int]", "list[float]", "list[bool]", "list[str]",
         "list[list[int]]", "map[str,int]", "map[int,list[float]]", "map[bool,str]",
         "optional[int]", "optional[list[str]]", "list[optional[int]]"]
IDENTITY = {
    "python": "def same(x):\n    return x\n",
    "javascript": "function same(x) { return x; }",
    "php": "function same($x) { return $x; }",
    "ruby": "def same(x)\n  x\nend\n",
    "perl": "sub same { return $_[0] }",
    "lua": "function same(x) return x end",
    "racket": "(define (same x) x)",
    "r": "same <- function(x) x\n",
    "bash": 'same() { printf "%s" "$1"; }',
}


INT_LIMITS = {"javascript": 2**53, "typescript": 2**53, "r": 2**53, "ocaml": 2**62 - 1}


@pytest.fixture(scope="module")
def exact_judge() -> Iterator[Judge]:
    with Judge(SandboxParams.model_validate({"float_tolerance": 0.0})) as made:
        try:
            made.judge([])
        except IsolationUnavailable as error:
            pytest.skip(str(error))
        yield made


TYPED = {
    "go": ("", " { return x }"),
    "typescript": ("", " { return x; }"),
    "csharp": ("", " { return x; }"),
    "rust": ("", " { x }"),
    "haskell": ("", " x"),
    "scala": ("", " = x"),
    "ocaml": ("", " x"),
}
"""What goes before and after the declaration, in typed languages."""


def identity(name: str, type_: Type) -> str:
    if name in TYPED:
        before, after = TYPED[name]
        return f"{before}{get_language(name).declaration(signature(type_))}{after}"
    if name == "cpp":
        return f"{cpp_type(type_)} same({cpp_type(type_)} x) {{ return x; }}"
    if name == "java":
        return f"static {java_type(type_)} same({java_type(type_)} x) {{ return x; }}"
    if name in ("c", "d"):
        return get_language(name).declaration(signature(type_)) + " { return x; }"
    return IDENTITY[name]


def signature(type_: Type) -> Signature:
    return Signature("same", (Parameter("x", type_),), type_)


def values(type_: Type, language: str) -> st.SearchStrategy:
    """Canonical values that the language can hold."""
    kind = type_.kind
    if kind == "int":
        top = INT_LIMITS.get(language, 2**63 - 1)
        return st.integers(-top, top) if top == 2**53 else st.integers(-top - 1, top)
    if kind == "float":
        return st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
            ["NaN", "Infinity", "-Infinity", 0.1, 1e16, 1e22, 5e-324])
    if kind == "bool":
        return st.booleans()
    if kind == "str":
        text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
                       max_size=12) | st.sampled_from(["$x", "`id`", "a'b\"c\\n", "%s#{1}@a", "\t"])
        return text.map(lambda s: s.rstrip("\n")) if language == "bash" else text
    if kind == "list":
        return st.lists(values(type_.args[0], language), max_size=5)
    if kind == "optional":
        return st.none() | values(type_.args[0], language)
    return st.dictionaries(values(type_.args[0], language), values(type_.args[1], language),
                           max_size=4).map(lambda d: [[k, v] for k, v in d.items()])


@pytest.mark.parametrize("name", sorted(all_languages()))
def test_round_trip(name, exact_judge):
    language = get_language(name)
    if not isinstance(available_languages()[name], str):
        pytest.skip(f"{name} is not installed")
    types = [t for t in map(Type.parse, TYPES) if language.supports_signature(signature(t))]
    assert {"int", "bool", "str"} <= {str(t) for t in types}

    @settings(max_examples=3, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))
    @given(st.tuples(*(st.lists(values(t, name), min_size=8, max_size=8) for t in types)))
    def check(columns):
        batch = [Submission(name, identity(name, t), signature(t),
                            tuple(Case((v,), v) for v in column))
                 for t, column in zip(types, columns, strict=True)]
        for submission, verdict in zip(batch, exact_judge.judge(batch), strict=True):
            assert verdict.passed, (str(submission.signature.returns), verdict)

    check()
