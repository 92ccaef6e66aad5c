"""TypeScript: checked and translated by a warm compiler, run as JavaScript on Node.js.

The checker is the compiler's default, not `strict`, and knows ECMAScript's library without the
browser's. The candidate must have the signature's type. What is said of values in `javascript`
holds here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from oorl.languages.base import (
    Compile,
    Language,
    Probe,
    Program,
    Server,
    Tool,
    runtime_file,
    source_bytes,
)
from oorl.languages.javascript import LANGUAGE as JAVASCRIPT
from oorl.records import Json, Signature, Type


class TypeScript(Language):
    """TypeScript. int and float are number, lists arrays, maps Map, optionals `T | null`."""

    name = "typescript"
    title = "TypeScript"
    aliases = ("ts",)
    suffix = ".ts"
    fence = "typescript"
    reserved = JAVASCRIPT.reserved | {"any", "boolean", "number", "string", "never", "unknown",
                                      "object", "symbol", "Map", "console", "process"}
    completion = JAVASCRIPT.completion
    # Debian's package is a way out; `make languages` installs a newer one into .venv.
    tools = (Tool(("tsc",), "node-typescript"), Tool(("node",), "nodejs"))

    def declaration(self, signature: Signature) -> str:
        parameters = ", ".join(f"{p.name}: {ts_type(p.type)}" for p in signature.parameters)
        return f"function {signature.name}({parameters}): {ts_type(signature.returns)}"

    def literal(self, type_: Type, value: Json) -> str:
        return JAVASCRIPT.literal(type_, value)

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        run = JAVASCRIPT.program("", signature, inputs)
        parameters = ", ".join(f"{p.name}: {ts_type(p.type)}" for p in signature.parameters)
        check = (f"\n;{{ const oorl_check: ({parameters}) => {ts_type(signature.returns)} = "
                 f"{signature.name}; }}\n")
        files = {name: data for name, data in run.files.items() if name != "candidate.js"}
        return replace(run, files=files, warm=JAVASCRIPT.warm_for(code),
                       compile=self._compile(source_bytes(code) + check.encode()))

    def whole(self, code: str) -> Program:
        return Program({}, (*JAVASCRIPT.interpreter(), "/job/candidate.js"),
                       self._compile(source_bytes(code)))

    def _compile(self, source: bytes) -> Compile:
        return Compile({"candidate.ts": source}, server=Server(
            "tsc", compiler_files(self.find(0)), (
                self.find(1), "--max-old-space-size={heap_mib}", "--max-semi-space-size=64",
                "--single-threaded", "--v8-pool-size=0", "--no-warnings", "/job/tsc_server.js")))

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"function count_even(nums: number[]): number {{\n  {text}\n}}\n"
        return {
            "ok": Probe(body("return nums.filter(n => n % 2 === 0).length;"), "passed"),
            "wrong": Probe(body("return nums.length;"), "wrong_answer"),
            "compile_error": Probe(body("return nums.map(n => n % 2);"), "compile_error"),
            "crash": Probe(body("return nums[99].toFixed(1).length;"), "runtime_error"),
            "hang": Probe(body("while (true) {}"), "timeout"),
        }


def ts_type(type_: Type) -> str:
    """A type as TypeScript writes it."""
    if type_.kind == "list":
        inner = ts_type(type_.args[0])
        return f"({inner})[]" if type_.args[0].kind == "optional" else f"{inner}[]"
    if type_.kind == "map":
        return f"Map<{', '.join(map(ts_type, type_.args))}>"
    if type_.kind == "optional":
        return f"{ts_type(type_.args[0])} | null"
    return {"int": "number", "float": "number", "bool": "boolean", "str": "string"}[type_.kind]


@cache
def compiler_files(tsc: str) -> Mapping[str, bytes]:
    """The server, the compiler and the declarations of the language's library, for its cell.

    As contents, because the compiler may be installed where cells cannot look."""
    library = Path(os.path.realpath(tsc)).parent.parent / "lib"
    paths = [library / "typescript.js", *library.glob("lib.es*.d.ts"),
             *library.glob("lib.decorators*.d.ts")]
    files = {path.name: path.read_bytes() for path in paths}
    return files | {name: runtime_file(name) for name in ("tsc_server.js", "prelude.d.ts")}


LANGUAGE = TypeScript()
