"""Values in and out of drivers."""

import pytest

from oorl.languages import get_language
from oorl.languages.values import conform, decode_json, escaped, octal_utf8, tokens
from oorl.records import Parameter, Signature, Type


@pytest.mark.parametrize(("kind", "text", "value"), [
    ("int", "12345678901234567890123", 12345678901234567890123),
    ("float", "3", 3.0), ("float", "NaN", "NaN"), ("float", "-Infinity", "-Infinity"),
    ("float", "1e999", "Infinity"), ("bool", "true", True), ("str", '"\\u00e9"', "é"),
    ("optional[int]", "null", None), ("list[list[int]]", "[[1],[]]", [[1], []]),
    ("map[str,int]", '[["a",1]]', [["a", 1]]),
])
def test_decode(kind, text, value):
    assert decode_json(Type.parse(kind), text) == value


@pytest.mark.parametrize(("kind", "text"), [
    ("int", "true"), ("int", "1.0"), ("int", '"1"'), ("int", ""), ("int", "1 2"), ("bool", "1"),
    ("float", "true"), ("float", '"NaN"'), ("str", "1"), ("list[int]", "[1,true]"),
    ("list[int]", "null"), ("map[str,int]", '{"a":1}'), ("map[str,int]", '[["a",1],["a",1]]'),
    ("map[str,int]", '[["a"]]'), ("optional[int]", '"x"'), ("list[int]", "[" * 100_000),
    ("int", "9" * 5000),
])
def test_decode_refuses(kind, text):
    with pytest.raises(ValueError):  # noqa: PT011 - the message differs
        decode_json(Type.parse(kind), text)


def test_tokens_by_hand():
    signature = Signature("f", (Parameter("a", Type.parse("list[str]")),
                                Parameter("b", Type.parse("optional[map[int,bool]]")),
                                Parameter("c", Type.parse("float"))), Type("int"))
    data = tokens(signature, [(["é ", ""], [[7, True]], "NaN"), ([], None, 0.5)])
    assert data == b"2 2 3 \xc3\xa9  0  1 1 7 1 nan 0 0 0.5\n"


def test_conform_keeps_special_floats():
    assert conform(Type("float"), float("inf")) == "Infinity"


def test_escaped_octal_is_fixed_width():
    assert escaped('é1"', octal_utf8) == '"\\303\\2511\\""'


@pytest.mark.parametrize(("kind", "printed", "value"), [
    ("int", " 12 ", 12), ("bool", "1", True), ("bool", "false", False), ("list[int]", "", []),
    ("list[int]", "1 -2\\n3", [1, -2, 3]), ("list[bool]", "true 0", [True, False]),
    ("str", "a\\\\n\\tb\\nc", "a\\n\tb\nc"),
])
def test_bash_decodes_by_type(kind, printed, value):
    assert get_language("bash").decode(Type.parse(kind), printed) == value


@pytest.mark.parametrize(("kind", "printed"), [
    ("int", "1.0"), ("int", ""), ("int", "1_0"), ("bool", "yes"), ("list[int]", "1,2")])
def test_bash_refuses(kind, printed):
    with pytest.raises(ValueError, match="expected"):
        get_language("bash").decode(Type.parse(kind), printed)
