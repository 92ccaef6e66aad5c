"""Rust by rustc: functions on scalars, raw pointers and slices of scalars, many in one crate.

rustc writes LLVM IR before any LLVM pass. Two things are changed in it, neither of which a label
rests on unproved: a panic becomes a trap (inputs on which the source panics are never used), and
the standard library's own small functions are inlined, so that a text is about its source. The
trapping build has overflow checks and the library's debug assertions on.

rustc must emit the LLVM version that llvmlite reads: rustc 1.95 does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from oorl.errors import InfraError, ToolchainMissing
from oorl.ir.compile import CFunction
from oorl.ir.signature import CSignature, CType
from oorl.ir.variants import Recipe, binding, run_passes

__all__ = ["compile_batch", "native", "normal", "screen", "signatures", "version"]

_TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\[^\n\']+|[^\'\\\n])\'', re.S)
_HARMLESS = re.compile(r"#!?\[(?:feature|no_mangle|inline|allow|must_use)\b[^\]\n]*\]\s*")
# What reads files, takes other crates in, or leaves the module; `r"` has no escapes.
_BAD = re.compile(r"\b(?:asm|global_asm|include|include_str|include_bytes|env|option_env|mod"
                  r"|macro_rules|extern|link|crate|super|proc_macro)\b|\bfn\s+main\b|\br#*\"")
_TYPES = {"bool": "bool", "i8": "signed char", "u8": "unsigned char", "i16": "short",
          "u16": "unsigned short", "i32": "int", "u32": "unsigned int", "i64": "long",
          "u64": "unsigned long", "isize": "long", "usize": "unsigned long", "f32": "float",
          "f64": "double"}
_FLAGS = ["--crate-type", "lib", "--crate-name", "batch", "--edition", "2021", "--cap-lints",
          "allow", "-C", "opt-level=1", "-C", "no-prepopulate-passes", "-C", "panic=abort", "-C",
          "codegen-units=1", "-C", "symbol-mangling-version=v0", "-C", "target-cpu=x86-64",
          "-C", "debuginfo=0", "--target", "x86_64-unknown-linux-gnu", "--emit=llvm-ir",
          "--error-format=short"]
_TIMEOUT_S = 300


@cache
def _rustc() -> str:
    found = os.environ.get("RUSTC") or shutil.which("rustc")
    if not found:
        raise ToolchainMissing("rustc is not installed; Rust IR groups need it", _REMEDY)
    return found


_REMEDY = ("Install rustc 1.95 (https://rustup.rs, then `rustup toolchain install 1.95`), or take "
           "rust out of ir_groups.languages.")


@cache
def version() -> str:
    """Such as "rustc 1.95.0". Raises `ToolchainMissing`, also for another LLVM."""
    from oorl.ir.frontends import LLVM

    try:
        done = subprocess.run([_rustc(), "-vV"], capture_output=True, text=True, check=False,
                              timeout=60)
    except OSError as error:
        raise ToolchainMissing(f"rustc does not start: {error}", _REMEDY) from None
    release = re.search(r"^release: (\S+)", done.stdout, re.M)
    llvm = re.search(r"^LLVM version: (\d+)", done.stdout, re.M)
    if not release or not llvm:
        raise ToolchainMissing(f"{_rustc()} does not say its version: "
                               f"{(done.stderr or done.stdout)[:200]}", _REMEDY)
    if int(llvm[1]) != LLVM:
        raise ToolchainMissing(f"rustc {release[1]} ({_rustc()}) writes IR of LLVM {llvm[1]}; "
                               f"LLVM {LLVM} is needed, the version that llvmlite reads", _REMEDY)
    return f"rustc {release[1]}"


def normal(source: str) -> str:
    """`source` without comments and attributes that change nothing."""
    text = _TOKENS.sub(lambda m: " " if m[0].startswith("/") else m[0], source)
    return _HARMLESS.sub("", text).strip()


def screen(function: CFunction) -> str | None:
    """Why this source must not reach the compiler, or None."""
    text = normal(function.source)
    bare = _TOKENS.sub("0", text)
    if "#" in bare:
        return "directive"
    if _BAD.search(bare) or "\0" in text:
        return "forbidden construct"
    depth = 0
    for mark in re.findall(r"[{}]", bare):
        depth += 1 if mark == "{" else -1
        if depth < 0:
            return "syntax"
    if depth or '"' in bare or "/*" in bare or "*/" in bare or not bare.endswith("}"):
        return "syntax"
    return None if _head(function.name).search(bare) else "no such function"


def _head(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?:\bpub(?:\([^)]*\))?\s+)?((?:(?:const|unsafe)\s+)*)\bfn\s+{name}\s*\(")


def _module(source: str, name: str, module: str, symbol: str) -> str:
    """The source in a module of its own, with `symbol` as the name of the function."""
    text = _head(name).sub(rf'#[export_name = "{symbol}"] pub \1fn {name}(', normal(source),
                           count=1)
    return f"pub mod {module} {{\n{text}\n}}\n"


def compile_batch(functions: Sequence[tuple[int, CFunction]], sanitize: bool = False,
                  ) -> tuple[str, list[int]]:
    """IR of one crate that holds every slot that compiles, and the slots that do not."""
    live = list(functions)
    refused: list[int] = []
    checks = "on" if sanitize else "off"
    flags = [*_FLAGS, "-C", f"overflow-checks={checks}", "-C", f"debug-assertions={checks}"]
    version()
    with tempfile.TemporaryDirectory(prefix="oorl-rust-") as folder:
        while live:
            ir, bad = _crate(live, flags, Path(folder))
            if not bad:
                return _shape(ir), sorted(refused)
            refused += [slot for slot, _ in live if slot in bad]
            live = [item for item in live if item[0] not in bad]
    return "", sorted(refused)


def _crate(live: Sequence[tuple[int, CFunction]], flags: list[str], folder: Path,
           ) -> tuple[str, set[int]]:
    """The IR of one crate, or the slots that the compiler blames."""
    owners: list[int] = []
    text = ""
    for slot, function in live:
        part = _module(function.source, function.name, f"oorl{slot}", f"oorl{slot}_{function.name}")
        owners += [slot] * part.count("\n")
        text += part
    (folder / "batch.rs").write_text(text, encoding="utf-8", errors="replace")
    done = subprocess.run([_rustc(), *flags, "batch.rs", "-o", "batch.ll"], capture_output=True,
                          text=True, errors="replace", cwd=folder, timeout=_TIMEOUT_S, check=False)
    if done.returncode == 0:
        return (folder / "batch.ll").read_text(encoding="utf-8", errors="replace"), set()
    lines = [int(n) for n in re.findall(r"^batch\.rs:(\d+):\d+: error", done.stderr, re.M)]
    bad = {owners[line - 1] for line in lines if line <= len(owners)}
    if bad or len(live) == 1:
        return "", bad or {live[0][0]}
    middle = len(live) // 2  # an error without a place: look for it
    bad = {s for half in (live[:middle], live[middle:]) for s in _crate(half, flags, folder)[1]}
    if not bad:
        raise InfraError("rustc refuses a crate of functions that compile apart: "
                         f"{done.stderr[:300]}", "Report this as a bug.")
    return "", bad


_CALL = re.compile(r"^( *)(?:tail )?call void @([\w.$]+)\([^\n]*$", re.M)


def _shape(ir: str) -> str:
    """Panics to traps, the library's functions inlined, the source's own under their names."""
    groups = {number for number, text in re.findall(r"^attributes #(\d+) = \{([^}]*)\}", ir, re.M)
              if "noreturn" in text}
    panics = {name for name, number in re.findall(
        r"^declare [^@\n]*@([\w.$]+)\([^\n]*#(\d+)$", ir, re.M) if number in groups}
    ir = _CALL.sub(lambda m: f"{m[1]}call void @llvm.trap()" if m[2] in panics else m[0], ir)
    ir = re.sub(r"\bnoinline ", "", ir)
    ir = re.sub(r"^define internal ([^@\n]*@\w*_5batch\d+oorl\d)", r"define \1", ir, flags=re.M)
    ir = re.sub(r"^(define internal [^\n]*? unnamed_addr)(?= )", r"\1 alwaysinline", ir, flags=re.M)
    if "declare void @llvm.trap()" not in ir:
        ir += "\ndeclare void @llvm.trap()\n"
    module = binding().parse_assembly(ir)
    run_passes(module, Recipe("rust", None, ("always_inliner", "global_dead_code_eliminate",
                                             "strip_dead_prototype")))
    text = re.sub(r"_RNvNtCs\w+?_5batch[\w.$]+", lambda m: _plain(m[0]), str(module))
    return text.replace("define internal ", "define ").replace("alwaysinline ", "")


def _plain(symbol: str) -> str:
    """`oorl3_helper` for the helper of slot 3; v0 mangling writes length, name, length, name."""
    rest, names = symbol.split("_5batch", 1)[1], []
    while match := re.match(r"(\d+)_?", rest):  # a name that starts with a digit or _ has a _ more
        end = match.end() + int(match[1])
        names.append(rest[match.end():end])
        rest = rest[end:]
    return f"{names[0]}_{names[1]}" if len(names) == 2 and not rest else symbol


def signatures(functions: Sequence[tuple[int, CFunction]]) -> dict[int, CSignature]:
    """Signatures by slot; a slice is a pointer and `<name>_len`."""
    found = {}
    for slot, function in functions:
        signature = _signature(normal(function.source), function.name)
        if signature:
            found[slot] = signature
    return found


def _signature(text: str, name: str) -> CSignature | None:
    match = re.search(rf"\bfn\s+{name}\s*\(([^()]*)\)\s*(?:->\s*([\w]+)\s*)?\{{", text)
    if match is None or (match[2] and match[2] not in _TYPES):
        return None
    parameters: list[tuple[str, CType]] = []
    for part in filter(None, (p.strip() for p in match[1].split(","))):
        found = re.fullmatch(r"(?:mut\s+)?(\w+)\s*:\s*(.+)", part, re.S)
        kind = re.fullmatch(r"(\*\s*mut|\*\s*const|&\s*mut|&)?\s*(\[)?\s*(\w+)\s*(\])?",
                            found[2].strip()) if found else None
        if not found or not kind or kind[3] not in _TYPES or bool(kind[2]) != bool(kind[4]):
            return None
        label, scalar = found[1], _TYPES[kind[3]]
        if kind[1] is None and not kind[2]:
            parameters.append((label, CType(scalar)))
        elif kind[1] and (kind[2] is None) == kind[1].startswith("*"):
            const = "mut" not in kind[1]
            parameters.append((label, CType(scalar, True, const)))
            if kind[2]:
                parameters.append((f"{label}_len", CType("unsigned long")))
        else:
            return None
    if len(parameters) > 8:
        return None
    returns = CType(_TYPES[match[2]] if match[2] else "void")
    shown = ", ".join(f"{'const ' if k.const else ''}{k.scalar} {'*' if k.pointer else ''}{label}"
                      for label, k in parameters) or "void"
    return CSignature(name, returns, tuple(parameters), f"{returns.scalar} {name}({shown})")


def native(source: str, name: str, folder: Path) -> list[str] | None:
    """A static library with the standard library in it, unoptimised, panics and all."""
    text, built = folder / "source.rs", folder / "libsource.a"
    text.write_text(_module(source, name, "source", name), encoding="utf-8")
    done = subprocess.run([_rustc(), "--crate-type", "staticlib", "--edition", "2021",
                           "--cap-lints", "allow", "-C", "opt-level=0", "-C", "panic=abort",
                           "-C", "overflow-checks=off", str(text), "-o", str(built)],
                          capture_output=True, timeout=120, check=False)
    if done.returncode:
        return None
    return [str(built), "-lpthread", "-ldl", "-lgcc_s"]
