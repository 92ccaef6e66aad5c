"""Go: compiler and linker called directly, on a standard library compiled once per machine, or as
forks of a process that has come as far as it can without the program (`runtime/warm_go.go`).

The candidate is a file of package `main`; a missing package clause is added, and so are imports of
the common packages if it has none. Its own `main` is renamed, not refused.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence

from oorl.languages.base import (
    Compile,
    Language,
    Prepared,
    Probe,
    Program,
    Tool,
    Warm,
    pack_job,
    runtime_file,
    source_bytes,
    words,
)
from oorl.languages.values import as_float, combined, escaped, octal_utf8, tokens
from oorl.records import Json, Signature, Type

PACKAGES = ("bufio", "bytes", "container/heap", "container/list", "errors", "fmt", "math",
            "math/big", "math/bits", "math/rand", "os", "regexp", "sort", "strconv", "strings",
            "sync", "time", "unicode", "unicode/utf8")
"""Imported for a candidate without imports of its own if it mentions them."""

COMPLETE = (b'package main; import "oorl_driver"\n'
            b"func oorl_complete(text string) { oorl_driver.Complete(text) }\n")
SOURCES = ("go_build.sh", "oorl.go", "oorl_float.go", "oorl_amd64.go", "oorl_amd64.s",
           "oorl_arm64.go", "oorl_arm64.s")
WARM = ("warm_go.sh", "warm.c", "warm_go.go", "warm_go_gc.go", "warm_go_ld.go", "warm_go_loader.go",
        "warm_go_serve.c", "warm_go_serve.go")
IMPORTS = re.compile(rb'\bimport\b(?! "oorl_driver")').search
"""What else a file imports is preloaded too: a program without pays for it."""
QUICK = "GOMAXPROCS=1 GOGC=400 GOMEMLIMIT=200MiB"
"""For compiler and linker: one thread, and no collection of garbage in what small programs need."""


class Go(Language):
    """Go. int is int, float is float64; lists are slices, maps are maps, optionals pointers."""

    name = "go"
    title = "Go"
    aliases = ("golang",)
    suffix = ".go"
    fence = "go"
    reserved = words(
        "break case chan const continue default defer else fallthrough for func go goto if import "
        "interface map package range return select struct switch type var main init bool string "
        "int float64 nil true false append len make panic oorl_driver oorl_float _")
    tools = (Tool(("go",), "golang-go", ("version",)), Tool(("gcc",), "gcc", required=False))
    memory_errors = ("out of memory",)
    completion = 'oorl_complete("\\n@SECRET@\\n")'
    completion_at = r"\}\s*\Z"

    def declaration(self, signature: Signature) -> str:
        parameters = ", ".join(f"{p.name} {go_type(p.type)}" for p in signature.parameters)
        return f"func {signature.name}({parameters}) {go_type(signature.returns)}"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            if value is None:
                return f"({go_type(type_)})(nil)"
            inner = go_type(type_.args[0])
            return (f"func() *{inner} {{ var v {inner} = {self.literal(type_.args[0], value)}; "
                    "return &v }()")
        if type_.kind == "list":
            items = ", ".join(self.literal(type_.args[0], v) for v in value)
            return f"{go_type(type_)}{{{items}}}"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"{self.literal(key, k)}: {self.literal(item, v)}" for k, v in value)
            return f"{go_type(type_)}{{{', '.join(pairs)}}}"
        if type_.kind == "str":
            return escaped(value, octal_utf8)
        if type_.kind == "float":
            return {"NaN": "math.NaN()", "Infinity": "math.Inf(1)",
                    "-Infinity": "math.Inf(-1)"}.get(str(value), repr(as_float(value)))
        return str(value).lower()

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        files = {"candidate.go": source_bytes(unit(code)), "driver.go": driver(signature).encode()}
        return Program({"input": tokens(signature, inputs)}, ("/job/program",),
                       self._compile(files))

    def whole(self, code: str) -> Program:
        """A file of package main."""
        return Program({}, ("/job/program",), self._compile({"main.go": source_bytes(code)}))

    def asserting(self, code: str, tests: str, secret: str) -> Program:
        """The statement is a call of a function in a file of its own: it needs an import."""
        files = {"main.go": source_bytes(self.complete(f"{code}\n{tests}", secret)),
                 "complete.go": COMPLETE}
        return Program({}, ("/job/program",), self._compile(files))

    def _compile(self, files: Mapping[str, bytes]) -> Compile:
        go = os.path.realpath(self.find())
        tools = f"{os.path.dirname(os.path.dirname(go))}/pkg/tool/linux_{machine()}"
        importcfg = ("-importcfg", "/prepared/go/importcfg")
        options = ("-p", "main", "-complete", "-dwarf=false", "-c", "1", *importcfg,
                   "-o", "/tmp/main.o")
        link = ("-s", "-w", *importcfg, "-o")
        script = " ".join((
            QUICK, shlex.join((f"{tools}/compile", *options, *(f"/job/{name}" for name in files))),
            ">&2 &&", QUICK, "exec", shlex.join((f"{tools}/link", *link, "/tmp/artifact",
                                                "/tmp/main.o")), ">&2"))
        prepared = Prepared("go", {name: runtime_file(name) for name in SOURCES},
                            ("/bin/sh", "/prepared/go/go_build.sh", go), unpack=True)
        parent = Prepared("go-warm", {name: runtime_file(name) for name in WARM},
                          ("/bin/sh", "/prepared/go-warm/warm_go.sh", go), "warm.exe",
                          executable=True)
        packages = PACKAGES if any(map(IMPORTS, files.values())) else ()
        # The compiler wants a file named at its start; it compiles what is in /job by then.
        warm = Warm("go-packages" if packages else "go", {}, (
            "/prepared/go-warm/warm.exe", *options, "/job/main.go", "--", "oorl_driver", *packages,
            "--", *link, "/proc/self/fd/3", "/tmp/main.o"), (parent,))
        return Compile(files, ("/bin/sh", "-c", script), (prepared,), warm=warm,
                       job=pack_job((), files))

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"func count_even(nums []int) int {{\n\t{text}\n}}\n"
        return {
            "ok": Probe(body("c := 0; for _, n := range nums { if n % 2 == 0 { c++ } }; return c"),
                        "passed"),
            "wrong": Probe(body("return len(nums)"), "wrong_answer"),
            "compile_error": Probe(body("return nums.length"), "compile_error"),
            "crash": Probe(body("return nums[99]"), "runtime_error"),
            "hang": Probe(body("for { }"), "timeout"),
        }


def machine() -> str:
    """This machine's name in Go."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)


def go_type(type_: Type) -> str:
    """A type as Go writes it."""
    if type_.kind == "list":
        return f"[]{go_type(type_.args[0])}"
    if type_.kind == "map":
        return f"map[{go_type(type_.args[0])}]{go_type(type_.args[1])}"
    if type_.kind == "optional":
        return f"*{go_type(type_.args[0])}"
    return {"int": "int", "float": "float64", "bool": "bool", "str": "string"}[type_.kind]


def unit(code: str) -> str:
    """The candidate as a file of package main."""
    body = re.sub(r"^[ \t]*package[ \t]+\w+[ \t]*;?", "", code, count=1, flags=re.M)
    body = re.sub(r"^func[ \t]+main[ \t]*\(", "func oorl_candidate_main(", body, flags=re.M)
    imports = ""
    if not re.search(r"^\s*import\b", body, re.M):
        used = (p for p in PACKAGES if re.search(rf"(?<![\w.]){p.rpartition('/')[2]}\.[A-Z]", body))
        imports = "".join(f'import "{p}"; ' for p in used)
    return f"package main; {imports}\n//line candidate.go:1\n{body}\n"


READERS = {"int": "Int", "float": "Float", "bool": "Bool", "str": "Str", "list": "List",
           "map": "Map", "optional": "Opt"}
PACKAGE = {"float": "oorl_float"}


def driver(signature: Signature) -> str:
    """`main`: read each case's arguments, call, send the record."""
    packages = {kind: PACKAGE.get(kind, "oorl_driver") for kind in READERS}
    readers = {kind: f"{packages[kind]}.{name}" for kind, name in READERS.items()}
    writers = {kind: f"{packages[kind]}.Put{name}" for kind, name in READERS.items()}
    returns = go_type(signature.returns)
    reads = "".join(f"\t\ta{i} := {combined(p.type, readers)}()\n"
                    for i, p in enumerate(signature.parameters))
    arguments = ", ".join(f"a{i}" for i in range(len(signature.parameters)))
    text = (f"func main() {{\n\tfor oorl_driver.Next() {{\n{reads}"
            f"\t\toorl_driver.Answer({combined(signature.returns, writers)}, "
            f"func() {returns} {{ return {signature.name}({arguments}) }})\n"
            "\t}\n\toorl_driver.Finish()\n}\n")
    imports = "".join(f'import "{name}"\n' for name in sorted({*packages.values()})
                      if f"{name}." in text)
    return f"package main\n{imports}{text}"


LANGUAGE = Go()
