"""C++ and Rust: groups as honest as C's, refusals with reasons, versions that must match."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from oorl.errors import ToolchainMissing, UnknownName
from oorl.ir import frontends
from oorl.ir.compile import CFunction
from oorl.ir.frontends import c, cpp, get_frontend, rust
from oorl.ir.groups import build_from_sources
from oorl.ir.normalise import split_module
from oorl.ir.signature import CType
from oorl.ir.verify import verify_groups
from oorl.ir.work import Source
from oorl.params.ir_groups import IRGroupsParams
from oorl.records import IRGroup

PARAMS = IRGroupsParams(workers=1)


def why_no_rust() -> str:
    """Debian's rustc writes the IR of an older LLVM."""
    try:
        rust.version()
    except ToolchainMissing as error:
        return error.problem
    return ""


NO_RUST = why_no_rust()
needs_rust = pytest.mark.skipif(bool(NO_RUST), reason=NO_RUST)

CPP = {
    "clamp_sum": "static int clamp(int x) { return std::min(std::max(x, -5), 9); }\n"
                 "int clamp_sum(const int *xs, int xs_len) {\n  int s = 0;\n"
                 "  for (auto i = 0; i < xs_len; i++) s += clamp(xs[i]) * 2;\n  return s;\n}",
    "flip": "void flip(int *xs, int xs_len) {\n"
            "  for (int i = 0, j = xs_len - 1; i < j; i++, j--) std::swap(xs[i], xs[j]);\n}",
    "far": "using namespace std;\nbool far(double a, double b) {\n"
           "  double d = abs(a - b);\n  return a > 3.0 ? d > 2.5 : d < b;\n}",
}
RUST = {
    "total": "pub fn total(xs: &[i64], k: i64) -> i64 {\n    let mut s = 0;\n"
             "    for x in xs { if *x > k { s += x * 2; } else { s -= 1; } }\n    s\n}",
    "spread": "fn low(xs: &[i32]) -> i32 {\n    let mut m = xs[0];\n"
              "    for &x in xs { if x < m { m = x; } }\n    m\n}\n"
              "fn spread(xs: &[i32], by: i32) -> i32 { xs[xs.len() - 1] - low(xs) + by }",
    "bump": "pub unsafe fn bump(mut xs: *mut i32, mut xs_len: i32) {\n    let mut i = 0;\n"
            "    while i < xs_len { *xs.offset(i as isize) += i * 3; i += 1 }\n}",
    "odd": "fn odd(n: u32, big: bool) -> bool { if big { n % 3 == 1 } else { n & 1 == 1 } }",
    "mean": "fn mean(a: f64, b: f64) -> f64 { if a > b { (a + b) / 2.0 } else { a * b - 1.0 } }",
}


def groups_of(programs: dict[str, str], language: str) -> dict[str, IRGroup]:
    sources = [Source(name, "sft", CFunction(code, name, language))
               for name, code in programs.items()]
    found, counts = build_from_sources(sources, PARAMS, 7, progress=False)
    assert counts == {"in": len(programs), "kept": len(programs), "refused": {}}
    return {group.problem_id: group for group in found}


def test_cpp_groups_are_confirmed_by_native_code() -> None:
    groups = groups_of(CPP, "cpp")
    report = verify_groups(list(groups.values()))
    assert report.failures == []
    assert report.confirmed == 8 * len(CPP)
    for loser in groups["clamp_sum"].losers:
        xs, _ = loser.witness["input"]
        assert loser.witness["expected"]["return"] == 2 * sum(min(max(x, -5), 9) for x in xs)
    assert {group.language for group in groups.values()} == {"cpp"}


@needs_rust
def test_rust_groups_are_confirmed_by_native_code() -> None:
    groups = groups_of(RUST, "rust")
    report = verify_groups(list(groups.values()))
    assert report.failures == []
    assert report.confirmed == 8 * len(RUST)
    for loser in groups["total"].losers:
        xs, _, k = loser.witness["input"]
        assert loser.witness["expected"]["return"] == sum(2 * x if x > k else -1 for x in xs)
    for loser in groups["spread"].losers:  # an empty slice panics: no such input may be there
        xs, _, by = loser.witness["input"]
        assert loser.witness["expected"]["return"] == xs[-1] - min(xs) + by
    assert all(xs for xs, _, _ in groups["spread"].inputs)
    assert groups["bump"].signature == "void bump(int *xs, int xs_len)"
    assert "rustc 1." in groups["odd"].toolchain
    for group in groups.values():
        for text in [w.ir for w in group.winners]:
            assert "_R" not in text
            assert "panic" not in text


@needs_rust
def test_a_false_rust_label_is_found() -> None:
    from dataclasses import replace

    group = groups_of({"odd": RUST["odd"]}, "rust")["odd"]
    false = replace(group, winners=(replace(group.winners[0], ir=group.losers[0].ir),
                                    *group.winners[1:]), losers=group.losers[1:])
    assert [label for _, label, _ in verify_groups([false]).failures] == ["winner 0"]


@needs_rust
def test_rust_overflow_is_vetted_away() -> None:
    """A release build wraps, a debug build panics: such inputs prove nothing."""
    groups = groups_of({"scale": "fn scale(x: u8, y: u8) -> u8 { x * 2 + y % 7 }"}, "rust")
    assert all(x * 2 + y % 7 < 256 for x, y in groups["scale"].inputs)


@needs_rust
def test_helpers_of_a_crate_keep_their_names_and_bad_functions_are_named() -> None:
    twin = "fn helper(n: i32) -> i32 { if n < 2 { n } else { helper(n - 1) + helper(n - 2) } }\n" \
           "pub fn f(x: i32) -> i32 { helper(x) * 2 }"
    ir, refused = rust.compile_batch([
        (0, CFunction(twin, "f", "rust")), (1, CFunction("fn f(x: i32) -> i32 { y }", "f", "rust")),
        (12, CFunction(twin, "f", "rust")),
        (3, CFunction("fn f(x: i32) -> i32 { true }", "f", "rust"))])
    assert refused == [1, 3]
    assert {"oorl0_f", "oorl12_f", "oorl0_helper", "oorl12_helper"} \
        == set(split_module(ir).functions)


@pytest.mark.parametrize("text", [
    'fn f(x: i32) -> i32 { include_str!("/etc/passwd").len() as i32 }',
    '#[path = "/etc/passwd"] mod p; fn f(x: i32) -> i32 { x }',
    "fn f(x: i32) -> i32 { x } } pub mod other { fn g() {}",
    'fn f(x: i32) -> i32 { unsafe { std::arch::asm!("syscall") }; x }',
    'fn f(x: i32) -> i32 { env!("HOME").len() as i32 }',
    "fn f(x: i32) -> i32 { x /* }",
    "fn g(x: i32) -> i32 { x }",
    "fn f(x: i32) -> i32 { x }\nfn main() { }",
])
def test_dangerous_or_broken_rust_never_reaches_the_compiler(text: str) -> None:
    assert rust.screen(CFunction(text, "f", "rust"))


def test_rust_signatures() -> None:
    code = ("pub unsafe fn f(mut a: *mut i32, b: *const u8, c: &[f64], d: &mut [i64], e: bool)"
            " -> usize { 0 }")
    bad = "fn g(v: Vec<i32>) -> i32 { 0 }"
    found = rust.signatures([(0, CFunction(code, "f", "rust")), (1, CFunction(bad, "g", "rust"))])
    assert list(found) == [0]
    assert found[0].returns == CType("unsigned long")
    assert [kind for _, kind in found[0].parameters] == [
        CType("int", True), CType("unsigned char", True, True), CType("double", True, True),
        CType("unsigned long"), CType("long", True), CType("unsigned long"), CType("bool")]


def test_what_needs_the_library_is_refused() -> None:
    vector = "int f(std::vector<int> v) { return v.size(); }"
    fine = CFunction(CPP["far"], "far", "cpp")
    _, refused = cpp.compile_batch([(0, CFunction(vector, "f", "cpp")), (1, fine)])
    assert refused == [0]


def test_unknown_languages_are_named() -> None:
    with pytest.raises(UnknownName, match="rust"):
        get_frontend("rst")


def test_a_missing_rustc_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUSTC", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for cached in (rust._rustc, rust.version):
        cached.cache_clear()
    sources = [Source("odd", "sft", CFunction(RUST["odd"], "odd", "rust"))]
    with pytest.raises(ToolchainMissing, match="rustc is not installed") as caught:
        build_from_sources(sources, PARAMS, 1, progress=False)
    assert "rustup" in caught.value.remedy
    for cached in (rust._rustc, rust.version):
        cached.cache_clear()


@pytest.mark.parametrize(("module", "said"), [
    (rust, "rustc 1.63.0\nrelease: 1.63.0\nLLVM version: 14.0.5\n"),
    (c, "clang version 19.1.7\n")])
def test_another_llvm_is_refused(module: object, said: str, tmp_path: Path,
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "tool"
    tool.write_text(f"#!/bin/sh\ncat <<'E'\n{said}E\n")
    tool.chmod(0o755)
    assert subprocess.run([str(tool)], capture_output=True, text=True, check=True).stdout == said
    monkeypatch.setattr(module, "_rustc" if module is rust else "find_clang", lambda: str(tool))
    module.version.cache_clear()  # type: ignore[attr-defined]
    try:
        with pytest.raises(ToolchainMissing, match=rf"LLVM {frontends.LLVM}"):
            module.version()  # type: ignore[attr-defined]
    finally:
        module.version.cache_clear()  # type: ignore[attr-defined]
