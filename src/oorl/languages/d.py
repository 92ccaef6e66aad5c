"""D: ldc without optimisation, the shared Phobos, mold where installed.

The candidate is a module's text; a module line of its own is dropped, its own `main` renamed.
`Nullable` is imported where the signature has an optional. Files cannot be imported as strings:
no folder is given to the compiler for that.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from oorl.languages.base import (
    Compile,
    Language,
    Prepared,
    Probe,
    Program,
    Tool,
    find_tool,
    runtime_file,
    source_bytes,
    words,
)
from oorl.languages.values import as_float, escaped, tokens
from oorl.records import Json, Signature, Type

FLAGS = ("-O0", "-link-defaultlib-shared")
CONFIGURATION = Path("/etc/ldc2.conf")
"""Where the standard library is, as packaged; the sandbox has no /etc."""


class D(Language):
    """D. int is long, float double; dynamic arrays, associative arrays and Nullable."""

    name = "d"
    title = "D"
    aliases = ("dlang",)
    suffix = ".d"
    fence = "d"
    reserved = words(
        "abstract alias align asm assert auto body bool break byte case cast catch cdouble cent "
        "cfloat char class const continue creal dchar debug default delegate delete deprecated do "
        "double else enum export extern false final finally float for foreach foreach_reverse "
        "function goto idouble if ifloat immutable import in inout int interface invariant ireal "
        "is lazy long macro mixin module new nothrow null out override package pragma private "
        "protected public pure real ref return scope shared short static struct super switch "
        "synchronized template this throw true try typeid typeof ubyte ucent uint ulong union "
        "unittest ushort version void wchar while with string wstring dstring size_t ptrdiff_t "
        "object Object main oorl Nullable std core")
    tools = (Tool(("ldc2",), "ldc"), Tool(("cc", "gcc"), "gcc"),
             Tool(("ld.mold", "mold"), "mold", required=False))
    memory_errors = ("core.exception.OutOfMemoryError", "Memory allocation failed")
    completion = ('{ static import core.stdc.stdio; core.stdc.stdio.puts("\\n@SECRET@"); '
                  "core.stdc.stdio.fflush(null); }")
    completion_at = r"(return\s+0\s*;\s*)?\}\s*\Z"

    def declaration(self, signature: Signature) -> str:
        parameters = ", ".join(f"{d_type(p.type)} {p.name}" for p in signature.parameters)
        return f"{d_type(signature.returns)} {signature.name}({parameters})"

    def literal(self, type_: Type, value: Json) -> str:
        kind = d_type(type_)
        if type_.kind == "optional":
            return f"{kind}({'' if value is None else self.literal(type_.args[0], value)})"
        if type_.kind in ("list", "map") and not value:
            return f"({kind}).init"
        if type_.kind == "list":
            return f"cast({kind}) [{', '.join(self.literal(type_.args[0], v) for v in value)}]"
        if type_.kind == "map":
            key, item = type_.args
            return "[" + ", ".join(
                f"{self.literal(key, k)}: {self.literal(item, v)}" for k, v in value) + "]"
        if type_.kind == "str":
            return escaped(value, lambda point: f"\\U{point:08x}")
        if type_.kind == "float":
            return {"NaN": "double.nan", "Infinity": "double.infinity",
                    "-Infinity": "(-double.infinity)"}.get(str(value), repr(as_float(value)))
        if type_.kind == "bool":
            return "true" if value else "false"
        return "long.min" if value == -2**63 else f"{value}L"

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        return Program({"input": tokens(signature, inputs)}, ("/job/program",),
                       self._compile(unit(code, signature)))

    def whole(self, code: str) -> Program:
        """A module with `main`, under whatever module name. Assertions are on."""
        return Program({}, ("/job/program",), self._compile(code))

    def _compile(self, text: str) -> Compile:
        ldc = self.find()
        sources = {"oorl.d": runtime_file("oorl.d")}
        flags: tuple[str, ...] = FLAGS
        if CONFIGURATION.exists():
            sources["ldc2.conf"] = CONFIGURATION.read_bytes()
            flags = (*FLAGS, "-conf=/prepared/d/ldc2.conf")
        prepared = Prepared("d", sources, (
            ldc, *flags, "-O1", "-c", "/prepared/d/oorl.d", "-of=/tmp/artifact"), "oorl.o")
        mold = ("-linker=mold",) if find_tool(self.tools[2].names) else ()
        command = (ldc, *flags, *mold, "-I/prepared/d", "-od=/tmp/objects", "/job/main.d",
                   "/prepared/d/oorl.o", "-of=/tmp/artifact")
        return Compile({"main.d": source_bytes(text)},
                       ("/bin/sh", "-c", f"cd /tmp && {shlex.join(command)}"), (prepared,))

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"long count_even(long[] nums) {{\n    {text}\n}}\n"
        return {
            "ok": Probe(body("long c; foreach (n; nums) if (n % 2 == 0) c++; return c;"),
                        "passed"),
            "wrong": Probe(body("return nums.length;"), "wrong_answer"),
            "compile_error": Probe(body("return nums.size;"), "compile_error"),
            "crash": Probe(body("return nums[99];"), "runtime_error"),
            "hang": Probe(body("while (nums.length < long.max) {} return 0;"), "timeout"),
        }


def d_type(type_: Type) -> str:
    """A type as D writes it."""
    if type_.kind == "list":
        return f"{d_type(type_.args[0])}[]"
    if type_.kind == "map":
        return f"{d_type(type_.args[1])}[{d_type(type_.args[0])}]"
    if type_.kind == "optional":
        return f"Nullable!({d_type(type_.args[0])})"
    return {"int": "long", "float": "double", "bool": "bool", "str": "string"}[type_.kind]


def unit(code: str, signature: Signature) -> str:
    """The module: imports, the candidate, the driver's `main`."""
    body = re.sub(r"^[ \t]*module\s+[\w.]+\s*;", "", code, count=1, flags=re.M)
    if re.search(r"^\s*(void|int|auto)\s+main\b", body, re.M):
        body = re.sub(r"\bmain\b", "oorl_candidate_main", body)
    optional = any(t.kind == "optional" for outer in signature.types for t in outer.walk())
    imports = "import std.typecons : Nullable;" if optional else ""
    reads = "".join(f"    {d_type(p.type)} a{i}; oorl.get(a{i});\n"
                    for i, p in enumerate(signature.parameters))
    call = f".{signature.name}({', '.join(f'a{i}' for i in range(len(signature.parameters)))})"
    returns = d_type(signature.returns)
    return (f"module candidate; static import oorl; {imports}\n#line 1 \"candidate.d\"\n{body}\n"
            "#line 1 \"driver.d\"\n"
            f"void main() {{\n  while (oorl.next()) {{\n{reads}    oorl.answer({{\n"
            f"      static assert(is(typeof({call}) == bool) == is({returns} == bool),\n"
            f"                    \"{signature.name} must return {returns}\");\n"
            f"      {returns} value = {call};\n      oorl.put(value);\n    }});\n  }}\n"
            "  oorl.finish();\n}\n")


LANGUAGE = D()
