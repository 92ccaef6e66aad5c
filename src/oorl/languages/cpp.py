"""C++17: clang with a precompiled header and mold where installed, else g++.

The prelude (the whole standard library, `using namespace std`, the driver's declarations) is
compiled once per machine, and so are the driver's bodies; `runtime/prelude.h` says how what is
left for each candidate is kept small. clang itself is warm: a fork of one that has loaded the
header and used what candidates use most (`runtime/sample.h`). A candidate's own `main` is renamed,
not refused. A result may convert to the signature's type, except a floating one to an integral
type.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from oorl.languages.base import (
    Compile,
    Language,
    Prepared,
    Probe,
    Program,
    Tool,
    compile_job,
    find_tool,
    link_command,
    runtime_file,
    source_bytes,
    warm_compiler,
    words,
)
from oorl.languages.values import as_float, escaped, octal_utf8, tokens
from oorl.records import Json, Signature, Type

CLANG_FLAGS = ("-std=c++17", "-O0", "-w", "-fno-color-diagnostics", "-fbracket-depth=1024")
CLANG_PCH = ("-fpch-instantiate-templates", "-Xclang", "-fno-pch-timestamp")
CLANG_WARM = ("-Xclang", "-no-clear-ast-before-backend")  # freeing it copies its pages first
GXX_FLAGS = ("-std=c++17", "-O0", "-w", "-fno-diagnostics-color")
GXX_ONLY = "variable-sized object may not be initialized"
"""What clang says of programs that g++ takes: these are right in the language as it is used."""

WHOLE_PRELUDE = (b"#include <bits/stdc++.h>\n#ifdef __clang__\n"
                 b'namespace oorl_ahead {\n#include "sample.h"\n}\n#endif\n')
WHOLE_START = b'namespace oorl_start {\n#include "sample.h"\n}\n#include "/job/main.cpp"\n'


class Cpp(Language):
    """C++17. int is long long, float is double, lists are vectors, maps are std::map."""

    name = "cpp"
    title = "C++"
    aliases = ("c++", "cxx")
    suffix = ".cpp"
    fence = "cpp"
    reserved = words(
        "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t "
        "char32_t class compl const constexpr const_cast continue decltype default delete do "
        "double dynamic_cast else enum explicit export extern false float for friend goto if "
        "inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq "
        "private protected public register reinterpret_cast return short signed sizeof static "
        "static_assert static_cast struct switch template this thread_local throw true try "
        "typedef typeid typename union unsigned using virtual void volatile wchar_t while xor "
        "xor_eq main errno assert NULL EOF stdin stdout stderr oorl unix linux")
    tools = (Tool(("clang++-19", "clang++-18", "clang++-17", "g++"), "g++"),
             Tool(("clang++-19", "clang++-18", "clang++-17"), "clang-19", required=False),
             Tool(("ld.mold", "mold"), "mold", required=False))
    memory_errors = ("std::bad_alloc",)
    completion = '::puts("\\n@SECRET@"); ::fflush(nullptr);'
    completion_at = r"(return\s+0\s*;\s*)?\}\s*\Z"

    def declaration(self, signature: Signature) -> str:
        parameters = ", ".join(
            f"{cpp_type(p.type)} {p.name}" for p in signature.parameters)
        return f"{cpp_type(signature.returns)} {signature.name}({parameters})"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            inside = "" if value is None else self.literal(type_.args[0], value)
            return f"{cpp_type(type_)}{{{inside}}}"
        if type_.kind == "list":
            items = ", ".join(self.literal(type_.args[0], v) for v in value)
            return f"{cpp_type(type_)}{{{items}}}"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"{{{self.literal(key, k)}, {self.literal(item, v)}}}" for k, v in value)
            return f"{cpp_type(type_)}{{{', '.join(pairs)}}}"
        if type_.kind == "str":
            return f"std::string({escaped(value, octal_utf8)})"
        if type_.kind == "float":
            return {"NaN": "NAN", "Infinity": "INFINITY", "-Infinity": "-INFINITY"}.get(
                str(value), repr(as_float(value)))
        if type_.kind == "bool":
            return "true" if value else "false"
        return "(-9223372036854775807LL-1)" if value == -2**63 else f"{value}LL"

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        source = (f"#define main oorl_candidate_main\n#line 1 \"candidate.cpp\"\n{code}\n"
                  f"#undef main\n#line 1 \"driver.cpp\"\n{driver(signature)}")
        files = {"main.cpp": source_bytes(source)}
        return Program({"input": tokens(signature, inputs)}, ("/job/program",),
                       self._compile(files))

    def whole(self, code: str) -> Program:
        """The standard library is there as if included, but no name of it is used for you."""
        sources = {"prelude.h": WHOLE_PRELUDE, "runtime.cpp": b"", "start.cpp": WHOLE_START,
                   "sample.h": runtime_file("sample.h")}
        return Program({}, ("/job/program",),
                       self._compile({"main.cpp": source_bytes(code)}, sources, "-whole"))

    def _compile(self, files: Mapping[str, bytes], sources: Mapping[str, bytes] | None = None,
                 label: str = "") -> Compile:
        clang = find_tool(self.tools[1].names)
        compiler = clang or self.find()
        flags = CLANG_FLAGS if clang else GXX_FLAGS
        if sources is None:
            sources = {name: runtime_file(name) for name in (
                "prelude.h", "runtime.cpp", "start.cpp", "sample.h", "sample_driver.h")}
        kind = ("clang" if clang else "gcc") + label
        header, bodies = f"/prepared/cpp-{kind}", f"/prepared/cpp-{kind}-runtime"
        pch = CLANG_PCH if clang else ()
        prepared = (
            Prepared(f"cpp-{kind}", sources, (
                compiler, *flags, *pch, "-x", "c++-header", f"{header}/prelude.h",
                "-o", "/tmp/artifact"), "artifact" if clang else "prelude.h.gch"),
            Prepared(f"cpp-{kind}-runtime", sources, (
                compiler, *flags, "-O1", "-c", f"{bodies}/runtime.cpp", "-o", "/tmp/artifact")))
        # gcc finds prelude.h.gch beside the header it is asked to include.
        include = (("-include-pch", f"{header}/artifact") if clang
                   else ("-include", f"{header}/prelude.h"))
        compile_ = (compiler, *flags, *include, "-c", "/job/main.cpp", "-o", "/tmp/main.o")
        link = link_command(compiler, find_tool(self.tools[2].names), f"{bodies}/artifact")
        script = f"{self._first(compile_, clang is not None, header)} && {shlex.join(link)}"
        # It begins with what every candidate has in common, compiled in the parent.
        warm = warm_compiler(f"clang{label}", (
            compiler, *flags, *CLANG_WARM, *include, "-c", f"{header}/start.cpp", "-o", "-"),
            "/job/main.cpp") if clang else None
        job = compile_job(files, link) if warm else b""
        return Compile(files, ("/bin/sh", "-c", script), prepared, warm=warm, job=job,
                       doubt=GXX_ONLY if find_tool(("g++",)) else "")

    def _first(self, compile_: tuple[str, ...], clang: bool, header: str) -> str:
        """The compilation as a shell command. What is right for g++ alone is compiled by it."""
        command, gxx = shlex.join(compile_), find_tool(("g++",))
        if not clang or gxx is None:
            return command
        again = (gxx, *GXX_FLAGS, "-include", f"{header}/prelude.h", "-c",
                 "/job/main.cpp", "-o", "/tmp/main.o")
        return (f"{{ {command} 2>/tmp/errors || {{ grep -q '{GXX_ONLY}' /tmp/errors && "
                f"{shlex.join(again)}; }} || {{ cat /tmp/errors >&2; false; }}; }}")

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"long long count_even(vector<long long> nums) {{\n  {text}\n}}\n"
        return {
            "ok": Probe(body("long long c = 0; for (auto n : nums) c += n % 2 == 0; return c;"),
                        "passed"),
            "wrong": Probe(body("return nums.size();"), "wrong_answer"),
            "compile_error": Probe(body("return nums.length;"), "compile_error"),
            "crash": Probe(body("int* p = nullptr; return *p;"), "runtime_error"),
            "hang": Probe(body("volatile int x = 1; while (x) {}  return 0;"), "timeout"),
        }


def cpp_type(type_: Type) -> str:
    """A type as C++ writes it in the prelude's `using namespace std`."""
    if type_.args:
        name = {"list": "vector", "map": "map", "optional": "optional"}[type_.kind]
        return f"{name}<{', '.join(map(cpp_type, type_.args))}>"
    return {"int": "long long", "float": "double", "bool": "bool", "str": "string"}[type_.kind]


def driver(signature: Signature) -> str:
    """`main`: read each case's arguments, call, send the record."""
    reads = "".join(f"    {cpp_type(p.type)} a{i}{{}}; oorl::in.get(a{i});\n"
                    for i, p in enumerate(signature.parameters))
    call = f"::{signature.name}({', '.join(f'a{i}' for i in range(len(signature.parameters)))})"
    returns = cpp_type(signature.returns)
    return (
        f"int main() {{\n  while (oorl::next()) {{\n{reads}    try {{\n"
        f"      static_assert(oorl::fits<{returns}, decltype({call})>,\n"
        f'                    "{signature.name} must return {returns}");\n'
        f"      {returns} value = {call};\n"
        "      oorl::open_record(); oorl::out.put(value); oorl::close_record();\n"
        "    } catch (...) { oorl::caught(); }\n  }\n  oorl::finish();\n}\n")


LANGUAGE = Cpp()
