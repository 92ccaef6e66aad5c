"""Haskell: ghc without optimisation, linked by mold where installed.

The candidate is a module's text; a header of its own is dropped, its language pragmas and imports
stay first. `Data.Map` is imported as `Map`. Its own `main` is renamed, not refused.
"""

from __future__ import annotations

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
    find_tool,
    runtime_file,
    source_bytes,
    words,
)
from oorl.languages.values import as_float, escaped, tokens
from oorl.records import Json, Signature, Type

FLAGS = ("-v0", "-O0", "-w", "-fdiagnostics-color=never", "-package-env", "-", "-package",
         "containers", "-package", "bytestring", "-package", "unix")
EXTENSIONS = ("-XScopedTypeVariables", "-XTupleSections", "-XBangPatterns", "-XLambdaCase",
              "-XMultiWayIf", "-XFlexibleContexts")


class Haskell(Language):
    """Haskell. int is Int, float Double; lists, `Map.Map` and Maybe."""

    name = "haskell"
    title = "Haskell"
    aliases = ("hs",)
    suffix = ".hs"
    fence = "haskell"
    reserved = words(
        "case class data default deriving do else forall foreign if import in infix infixl infixr "
        "instance let mdo module newtype of proc qualified rec then type where main _ family role")
    tools = (Tool(("ghc",), "ghc"), Tool(("ld.mold", "mold"), "mold", required=False))
    memory_errors = ("heap overflow",)
    completion = 'Prelude.putStrLn "\\n@SECRET@"'

    def supports_signature(self, signature: Signature) -> bool:
        """Names of values begin with a small letter or an underscore."""
        names = (signature.name, *(p.name for p in signature.parameters))
        return super().supports_signature(signature) and not any(n[0].isupper() for n in names)

    def declaration(self, signature: Signature) -> str:
        kinds = [hs_type(t) for t in signature.types]
        names = " ".join((signature.name, *(p.name for p in signature.parameters)))
        return f"{signature.name} :: {' -> '.join(kinds)}\n{names} ="

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return "Nothing" if value is None else f"(Just {self.literal(type_.args[0], value)})"
        if type_.kind == "list":
            return "[" + ", ".join(self.literal(type_.args[0], v) for v in value) + "]"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"({self.literal(key, k)}, {self.literal(item, v)})" for k, v in value)
            return f"(Map.fromList [{', '.join(pairs)}])"
        if type_.kind == "str":
            return escaped(value, lambda point: f"\\{point}\\&")
        if type_.kind == "float":
            return {"NaN": "(0 / 0)", "Infinity": "(1 / 0)", "-Infinity": "(-1 / 0)"}.get(
                str(value), f"({as_float(value)!r})")
        return f"({value})" if type_.kind == "int" else str(value)

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        ghc = self.find()
        prepared = Prepared("haskell", {"Oorl.hs": runtime_file("Oorl.hs")}, (
            "/bin/sh", "-c", 'mkdir /tmp/out && cd /tmp/out && "$@" -O1 -c '
            "/prepared/haskell/Oorl.hs -ohi Oorl.hi -o Oorl.o && tar -cf /tmp/artifact .",
            "sh", ghc, *FLAGS), unpack=True)
        compile_ = (ghc, *FLAGS, *EXTENSIONS, "-i/prepared/haskell", "-ohi", "/tmp/Main.hi", "-c",
                    "/job/Main.hs", "-o", "/tmp/Main.o", "-main-is", "Main.oorl_main")
        link = (ghc, *FLAGS, *self._linker(), "/tmp/Main.o", "/prepared/haskell/Oorl.o", "-o",
                "/tmp/artifact")
        script = f"{shlex.join(compile_)} && {shlex.join(link)}"
        return Program({"input": tokens(signature, inputs)}, ("/job/program",), Compile(
            {"Main.hs": source_bytes(unit(code, signature))}, ("/bin/sh", "-c", script),
            (prepared,)))

    def whole(self, code: str) -> Program:
        """A module Main, with or without a header."""
        command = (self.find(), *FLAGS, *self._linker(), "-outputdir", "/tmp/out", "/job/Main.hs",
                   "-o", "/tmp/artifact")
        return Program({}, ("/job/program",),
                       Compile({"Main.hs": source_bytes(code)}, command))

    def complete(self, text: str, secret: str) -> str:
        """As the last statement of the block of `do` that ends the text."""
        lines = text.rstrip().splitlines() or [""]
        indent = lines[-1][:len(lines[-1]) - len(lines[-1].lstrip())]
        return f"{text.rstrip()}\n{indent}{self.completion.replace('@SECRET@', secret)}\n"

    def _linker(self) -> tuple[str, ...]:
        return ("-optl-fuse-ld=mold",) if find_tool(self.tools[1].names) else ()

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"count_even :: [Int] -> Int\ncount_even nums = {text}\n"
        return {
            "ok": Probe(body("length (filter even nums)"), "passed"),
            "wrong": Probe(body("length nums"), "wrong_answer"),
            "compile_error": Probe(body("filter even nums"), "compile_error"),
            "crash": Probe(body("nums !! 99"), "runtime_error"),
            "hang": Probe(body("go 0 where go n = if n < 0 then n else go (n + 1)"), "timeout"),
        }


def hs_type(type_: Type, inside: bool = False) -> str:
    """A type as Haskell writes it, in parentheses if it is an argument of another."""
    if type_.kind == "list":
        return f"[{hs_type(type_.args[0])}]"
    if type_.args:
        name = {"map": "Map.Map", "optional": "Maybe"}[type_.kind]
        text = " ".join((name, *(hs_type(a, True) for a in type_.args)))
        return f"({text})" if inside else text
    return {"int": "Int", "float": "Double", "bool": "Bool", "str": "String"}[type_.kind]


def unit(code: str, signature: Signature) -> str:
    """The module: pragmas, imports, the candidate, the driver's `oorl_main`."""
    pragmas = re.findall(r"^\{-#\s*LANGUAGE\b.*?#-\}", code, re.M | re.S)
    body = re.sub(r"^\{-#\s*LANGUAGE\b.*?#-\}", "", code, flags=re.M | re.S)
    body = re.sub(r"^module\s+[\w.]+[^=]*?\bwhere\b", "", body, count=1, flags=re.M | re.S)
    if re.search(r"^main\b", body, re.M):
        body = re.sub(r"\bmain\b", "oorl_candidate_main", body)
    count = len(signature.parameters)
    reads = "".join(f"        a{i} <- Oorl.get :: Prelude.IO ({hs_type(p.type)})\n"
                    for i, p in enumerate(signature.parameters))
    arguments = " ".join(f"a{i}" for i in range(count))
    return (
        f"{' '.join(pragmas)}\nmodule Main where\nimport Prelude\nimport qualified Prelude\n"
        "import qualified Oorl\nimport qualified Data.Map as Map\n"
        f"{{-# LINE 1 \"candidate.hs\" #-}}\n{body}\n"
        "\noorl_main :: Prelude.IO ()\noorl_main = Oorl.cases Prelude.>>= oorl_loop 0\n"
        "oorl_loop :: Prelude.Int -> Prelude.Int -> Prelude.IO ()\n"
        "oorl_loop i n = if i Prelude.>= n then Oorl.finish else do\n"
        f"        {reads.strip() or 'Prelude.return ()'}\n"
        f"        Oorl.answer i ({signature.name} {arguments} :: {hs_type(signature.returns)})\n"
        "        oorl_loop (i Prelude.+ 1) n\n")


LANGUAGE = Haskell()
