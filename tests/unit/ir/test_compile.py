"""Screening sources, batches that survive bad neighbours, signatures."""

from __future__ import annotations

import pytest

from oorl.errors import ToolchainMissing
from oorl.ir import compile as front
from oorl.ir import variants
from oorl.ir.compile import CFunction, compile_batch, screen, top_level_names
from oorl.ir.normalise import split_module
from oorl.ir.signature import CType, signatures
from tests.unit.ir.c_sources import GOOD, REFUSED


@pytest.mark.parametrize("text", [
    '#include "/etc/shadow"\nint f(int x) { return x; }',
    '#  include </dev/zero> \n#define X 1\nint f(int x) { return x; }',
    "int f(int x) { return x; }\n#pragma clang x",
    'int f(int x) { asm("nop"); return x; }',
    "int f(int x) { return x; } }",
    "int f(int x) { return x; /* ",
    'int f(int x) { return "; }',
    "%:include <x>\nint f(int x) { return x; }",
    "int f(int x) { return x; }\nint main() { return 0; }",
])
def test_dangerous_or_broken_sources_never_reach_the_compiler(text: str) -> None:
    assert screen(CFunction(text, "f"))


def test_standard_includes_are_dropped_and_strings_stay() -> None:
    text = '#include <stdio.h>\nint f(int x) { /* c */ puts("# // no comment"); return x; }'
    assert screen(CFunction(text, "f")) is None
    assert front.strip_comments(text).count("# // no comment") == 1
    assert "stdio" not in front.strip_comments(text)


def test_top_level_names() -> None:
    text = ("static const int table[3] = {1, 2, 3}; int helper(int a) { int local = a; "
            "return local; }\nbool f(const int xs[], int n) { return helper(n); }")
    assert top_level_names(text) == ["table", "helper", "f"]


def test_equal_names_live_in_one_batch_and_bad_functions_are_named() -> None:
    twin = "int helper(int a) { return a + 1; }\nint f(int x) { return helper(x); }"
    batch = [(0, CFunction(twin, "f")), (1, CFunction("int f(int x) { return nope; }", "f")),
             (2, CFunction(twin, "f")), (3, CFunction("int f(int x) { int x[; }", "f"))]
    ir, refused = compile_batch(batch)
    assert refused == [1, 3]
    defined = split_module(ir).functions
    assert {"oorl0_f", "oorl2_f", "oorl0_helper", "oorl2_helper"} == set(defined)


def test_a_batch_of_nothing_but_errors_is_empty() -> None:
    assert compile_batch([(0, CFunction("int f(int x) { return z; }", "f"))]) == ("", [0])


def test_signatures() -> None:
    code = ("unsigned long f(const char *s, const long long *xs, int xs_len, double d, "
            "unsigned char c, int grid[][7], bool b) { return 0; }")
    unsupported = CFunction(REFUSED["unsupported signature"][1], "pp")
    found = signatures([(4, CFunction(code, "f")), (5, unsupported)])
    assert list(found) == [4]
    assert found[4].returns == CType("unsigned long")
    assert [kind for _, kind in found[4].parameters] == [
        CType("char", True, True), CType("long long", True, True), CType("int"), CType("double"),
        CType("unsigned char"), CType("int", True, False, 7), CType("bool")]
    assert found[4].prototype == ("unsigned long f(const char *s, const long long *xs, int xs_len, "
                                  "double d, unsigned char c, int grid[][7], bool b)")


def test_good_sources_pass_the_screen() -> None:
    for name, code in GOOD.items():
        assert screen(CFunction(code, name)) is None, name


def test_missing_tools_name_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ziglang", None)
    front.find_clang.cache_clear()
    with pytest.raises(ToolchainMissing, match="pip install 'ziglang"):
        front.find_clang()
    front.find_clang.cache_clear()
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    variants.binding.cache_clear()
    with pytest.raises(ToolchainMissing, match="pip install 'llvmlite"):
        variants.binding()
    variants.binding.cache_clear()
