"""Rust: rustc against the shared standard library, no debug information, mold where installed.

The candidate is a file of items in a module of its own, so that nothing of the driver is in its
reach by name. `std::collections` is imported unless the candidate does so itself.
"""

from __future__ import annotations

import glob
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache

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
from oorl.languages.values import as_float, braced_hex, escaped, tokens
from oorl.records import Json, Signature, Type

FLAGS = ("--edition=2021", "-Cprefer-dynamic", "-Cdebuginfo=0", "-Coverflow-checks=yes",
         "-Cincremental=no", "--cap-lints=allow", "-Crpath=yes")

LINK_DRIVERS = ("clang-19", "clang-18", "clang-17", "cc", "gcc")
"""What knows the C library's part of a link; clang says how to do without itself."""

NEED_RUSTC = r"#!?\[\s*(link|global_allocator|no_std|no_main)\b|\bextern\s+crate\b"
"""What asks for other libraries than those that a warm rustc's object files are linked with."""


class Rust(Language):
    """Rust 2021. int is i64, float f64; Vec, HashMap and Option; arguments are owned."""

    name = "rust"
    title = "Rust"
    aliases = ("rs",)
    suffix = ".rs"
    fence = "rust"
    reserved = words(
        "as async await break const continue crate dyn else enum extern false fn for if impl in "
        "let loop match mod move mut pub ref return self Self static struct super trait true type "
        "unsafe use where while abstract become box do final macro override priv try typeof "
        "unsized virtual yield main gen _")
    tools = (Tool(("rustc",), "rustc"), Tool(("cc", "gcc"), "gcc"),
             Tool(("ld.mold", "mold"), "mold", required=False))
    memory_errors = ("memory allocation of",)
    completion = '; ::std::println!("\\n@SECRET@");'
    completion_at = r"\}\s*\Z"

    def declaration(self, signature: Signature) -> str:
        parameters = ", ".join(f"{p.name}: {rust_type(p.type)}" for p in signature.parameters)
        return f"fn {signature.name}({parameters}) -> {rust_type(signature.returns)}"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            if value is None:
                return f"None::<{rust_type(type_.args[0])}>"
            return f"Some({self.literal(type_.args[0], value)})"
        if type_.kind == "list":
            items = ", ".join(self.literal(type_.args[0], v) for v in value)
            return f"vec![{items}]" if value else f"Vec::<{rust_type(type_.args[0])}>::new()"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"({self.literal(key, k)}, {self.literal(item, v)})" for k, v in value)
            return (f"[{', '.join(pairs)}].into_iter().collect::<{rust_type(type_)}>()" if value
                    else f"{rust_type(type_).replace('<', '::<', 1)}::new()")
        if type_.kind == "str":
            return f"String::from({escaped(value, braced_hex)})"
        if type_.kind == "float":
            return {"NaN": "f64::NAN", "Infinity": "f64::INFINITY", "-Infinity":
                    "f64::NEG_INFINITY"}.get(str(value), f"{as_float(value)!r}f64")
        return f"{value}i64" if type_.kind == "int" else str(value).lower()

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        rustc = self.find()
        prepared = Prepared("rust", {"oorl.rs": runtime_file("oorl.rs")}, (
            rustc, *FLAGS, "--crate-name=oorl_driver", "--crate-type=rlib", "-Copt-level=1",
            "/prepared/rust/oorl.rs", "-o", "/tmp/artifact"), "liboorl_driver.rlib")
        files = {"main.rs": driver(signature).encode(),
                 "candidate.rs": source_bytes(unit(code) + bridge(signature))}
        return Program({"input": tokens(signature, inputs)}, ("/job/program",), self._compile(
            files, "--extern=oorl_driver=/prepared/rust/liboorl_driver.rlib", prepared=prepared))

    def whole(self, code: str) -> Program:
        return Program({}, ("/job/program",), self._compile({"main.rs": source_bytes(code)}))

    def _compile(self, files: Mapping[str, bytes], *options: str,
                 prepared: Prepared | None = None) -> Compile:
        link = ("-Clink-arg=-fuse-ld=mold",) if find_tool(self.tools[2].names) else ()
        # One unit: a second thread costs more than it brings in a file this short.
        command = (self.find(), *FLAGS, *link, "-Ccodegen-units=1", "--crate-name=main", *options,
                   "--remap-path-prefix=/job/=", "/job/main.rs", "-o", "/tmp/artifact")
        argv = ("/bin/sh", "-c", f"cd /tmp && {shlex.join(command)}")
        needed = (prepared,) if prepared else ()
        runtime = libraries(self.find())
        warm = warm_compiler("rustc", (self.find(), "@/job/args"))
        if warm is None or not runtime or any(re.search(NEED_RUSTC, text.decode("utf-8", "replace"))
                                              for text in files.values()):
            return Compile(files, argv, needed)
        driver = (f"/prepared/{prepared.name}/{prepared.output}",) if prepared else ()
        then = link_command(find_tool(LINK_DRIVERS) or self.find(1),
                            find_tool(self.tools[2].names), *driver, *runtime)
        args = (*command[1:-1], "/tmp/main.o", "--emit=obj")
        return Compile(files, argv, needed, warm=warm, job=compile_job(files, then, args))

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"fn count_even(nums: Vec<i64>) -> i64 {{\n    {text}\n}}\n"
        return {
            "ok": Probe(body("nums.iter().filter(|n| *n % 2 == 0).count() as i64"), "passed"),
            "wrong": Probe(body("nums.len() as i64"), "wrong_answer"),
            "compile_error": Probe(body("nums.length"), "compile_error"),
            "crash": Probe(body("nums[99]"), "runtime_error"),
            "hang": Probe(body("loop {}"), "timeout"),
        }


@cache
def libraries(rustc: str) -> tuple[str, ...]:
    """What rustc links a program with that uses the shared standard library."""
    done = subprocess.run([rustc, "--print", "target-libdir"], capture_output=True, text=True,
                          check=False)
    found = [sorted(glob.glob(f"{done.stdout.strip()}/{name}"))
             for name in ("libstd-*.so", "libcompiler_builtins-*.rlib")]
    if done.returncode or any(len(paths) != 1 for paths in found):
        return ()
    return (*(path for paths in found for path in paths), "-lgcc_s", "-lm")


def rust_type(type_: Type) -> str:
    """A type as Rust writes it."""
    if type_.args:
        name = {"list": "Vec", "map": "HashMap", "optional": "Option"}[type_.kind]
        return f"{name}<{', '.join(map(rust_type, type_.args))}>"
    return {"int": "i64", "float": "f64", "bool": "bool", "str": "String"}[type_.kind]


def unit(code: str) -> str:
    """The candidate's module: inner attributes first, then the imports it does not have."""
    imports = " ".join(
        f"use std::collections::{name};" for name in ("HashMap", "HashSet", "BTreeMap", "BTreeSet",
                                                      "VecDeque", "BinaryHeap")
        if re.search(rf"\b{name}\b", code)
        and not re.search(rf"^\s*(pub\s+)?use\s[^;]*(\b{name}\b|collections::\*)[^;]*;|"
                          rf"\b(struct|enum|type|trait)\s+{name}\b", code, re.M))
    inner = re.match(r"(\s*#!\[[^\]]*\])*", code)
    head = inner.group() if inner else ""
    return f"{head}{imports}{code[len(head):]}\n"


def bridge(signature: Signature) -> str:
    """The end of the candidate's module: calls the function whether or not it is public."""
    names = [f"a{i}" for i in range(len(signature.parameters))]
    kinds = ", ".join(f"{n}: {rust_type(p.type)}"
                      for n, p in zip(names, signature.parameters, strict=True))
    return ("\npub mod oorl_bridge { use std::collections::HashMap; "
            f"pub fn call({kinds}) -> {rust_type(signature.returns)} "
            f"{{ super::{signature.name}({', '.join(names)}) }} }}\n")


def driver(signature: Signature) -> str:
    """`main`: read each case's arguments, call, send the record."""
    reads = "".join(f"        let a{i}: {rust_type(p.type)} = oorl_driver::Get::get(&mut r);\n"
                    for i, p in enumerate(signature.parameters))
    arguments = "".join(f"a{i}, " for i in range(len(signature.parameters)))
    return ("#[path = \"/job/candidate.rs\"] mod candidate;\nuse std::collections::HashMap;\n"
            "fn main() {\n    let mut r = oorl_driver::Reader::new();\n    while r.next() {\n"
            f"{reads}        let mut a = Some(({arguments}));\n"
            f"        r.answer(&mut |out| if let Some(({arguments})) = a.take() {{ "
            f"oorl_driver::Put::put(&candidate::oorl_bridge::call({arguments}), out) }});\n"
            "    }\n    oorl_driver::finish(0);\n}\n")


LANGUAGE = Rust()
