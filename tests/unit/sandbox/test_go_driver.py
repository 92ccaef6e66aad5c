"""Go's driver reports without fmt and strconv what they would have written."""

import pytest

from oorl.records import Case, Json, Parameter, Signature, Status, Submission, Type
from oorl.sandbox import available_languages

HEAD = """import ("fmt"; "runtime")
var _ = fmt.Sprint
var _ = runtime.GC
type T struct{}
func (T) String() string { return "tee" }
"""
PANICS = {
    'panic("no\\n  way")': "case 0: no way",
    'panic(fmt.Errorf("bad %d", x))': "case 0: bad 1",
    "panic(-9223372036854775808)": "case 0: -9223372036854775808",
    'return fmt.Sprint(1 / (x - x))': "case 0: runtime error: integer divide by zero",
    "panic(T{})": "case 0: tee",
    "panic(struct{ a int }{3})": "case 0: panic with a value",
    'runtime.Goexit(); return ""': "exit code 2",
}
RETURNS = [
    ("str", r'"a\xff\xfe\u00e9\ufffd\xf0\x9f\x98!"', "a\ufffd\u00e9\ufffd\ufffd!"),
    ("str", r'"\x00\t\"\\\u2028\U0001F600"', '\0\t"\\\u2028\U0001f600'),
    ("int", "-9223372036854775808", -(2**63)),
    ("int", "-x + 1", 0),
    ("list[int]", "nil", []),
]


def go(returns: str, body: str, expected: Json, head: str = "") -> Submission:
    type_ = Type.parse(returns)
    written = {"str": "string", "int": "int", "list[int]": "[]int"}[returns]
    signature = Signature("f", (Parameter("x", Type("int")),), type_)
    code = f"{head}func f(x int) {written} {{ {body} }}"
    return Submission("go", code, signature, (Case((1,), expected),))


def test_panics_and_values_are_as_fmt_and_strconv_write_them(judge):
    if not isinstance(available_languages()["go"], str):
        pytest.skip("go is not installed")
    batch = [go("str", body, "", HEAD) for body in PANICS]
    batch += [go(returns, f"return {value}", expected) for returns, value, expected in RETURNS]
    verdicts = judge.judge(batch)
    for body, verdict in zip(PANICS, verdicts, strict=False):
        assert verdict.status is Status.RUNTIME_ERROR, body
        assert PANICS[body] in verdict.detail
    for value, verdict in zip(RETURNS, verdicts[len(PANICS):], strict=True):
        assert verdict.passed, (value, verdict.detail)
