"""R: the candidate is evaluated in the global environment.

Numbers are doubles, so int is exact within 2^53. A list of scalars is a vector, any other a list;
a map is a named list (as a result an environment too), its keys as names; an absent optional is
NULL.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from oorl.languages.base import (
    Language,
    Probe,
    Program,
    Tool,
    Warm,
    pack_job,
    runtime_file,
    source_bytes,
    warm_part,
    words,
)
from oorl.languages.values import as_float, escaped, nested
from oorl.records import SCALARS, Json, Signature, Type

HOME = "/usr/lib/R"
BARE = ("/usr/bin/env", f"R_HOME={HOME}", f"LD_LIBRARY_PATH={HOME}/lib",
        "R_DEFAULT_PACKAGES=utils,stats,methods", f"{HOME}/bin/exec/R", "--no-echo", "--vanilla",
        "-f")
"""R itself without the shell scripts around it, which cost more than it does."""
EMPTY = {"int": "numeric(0)", "float": "numeric(0)", "bool": "logical(0)", "str": "character(0)"}


class R(Language):
    """R of the machine with its packages utils, stats and methods."""

    name = "r"
    title = "R"
    suffix = ".R"
    fence = "r"
    reserved = words(
        "if else repeat while function for in next break TRUE FALSE NULL Inf NaN NA NA_integer_ "
        "NA_real_ NA_complex_ NA_character_ T F c q quit list")
    tools = (Tool(("Rscript",), "r-base-core"),)
    memory_errors = ("cannot allocate",)
    completion = 'base::cat("\\n@SECRET@\\n")'
    syntax_errors = r"^Error: (unexpected|unrecognized|invalid multibyte|.* is an unrecognized)"

    def declaration(self, signature: Signature) -> str:
        return f"{signature.name} <- function({', '.join(p.name for p in signature.parameters)})"

    def supports_signature(self, signature: Signature) -> bool:
        """Names in R do not begin with an underscore."""
        names = (signature.name, *(p.name for p in signature.parameters))
        return super().supports_signature(signature) and not any(n.startswith("_") for n in names)

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return "NULL" if value is None else self.literal(type_.args[0], value)
        if type_.kind == "list":
            item = type_.args[0]
            inside = ", ".join(self.literal(item, v) for v in value)
            if item.kind not in SCALARS:
                return f"list({inside})"
            return f"c({inside})" if value else EMPTY[item.kind]
        if type_.kind == "map":
            inside = ", ".join(self.literal(type_.args[1], v) for _, v in value)
            names = ", ".join(escaped(key_name(k), wide_hex) for k, _ in value)
            return f"structure(list({inside}), names = c({names}))" if value else (
                "structure(list(), names = character(0))")
        if type_.kind == "str":
            return escaped(value, wide_hex)
        if type_.kind == "bool":
            return "TRUE" if value else "FALSE"
        if type_.kind == "float":
            return {"NaN": "NaN", "Infinity": "Inf", "-Infinity": "-Inf"}.get(
                str(value), repr(as_float(value)))
        return str(value)

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        cases = ",\n".join(
            "function() list(" + ", ".join(
                self.literal(p.type, v)
                for p, v in zip(signature.parameters, arguments, strict=True)) + ")"
            for arguments in inputs)
        call = (f"run(\"{signature.name}\", {nested(signature.returns, 'list(', ')')}, "
                f"list(\n{cases}))\n").encode()
        candidate = {"candidate.R": source_bytes(code)}
        files = candidate | {"driver.R": runtime_file("driver.R") + call + b"})\n"}
        return Program(files, (*self.interpreter(), "/job/driver.R"), warm=self.warm(),
                       job=pack_job((), candidate | {"cases.R": call}))

    def warm(self) -> Warm | None:
        part = warm_part("r-warm", "warm_r.c", "warm.so")
        if part is None or not os.path.exists(f"{HOME}/bin/exec/R"):
            return None
        driver = runtime_file("driver.R") + runtime_file("warm.R")
        return Warm("r", {"warm.R": driver}, (*BARE, "/job/warm.R"), (part,))

    def interpreter(self) -> tuple[str, ...]:
        """R itself without the shell scripts around it, where it is as Debian has it."""
        rscript = self.find()
        return BARE if os.path.exists(f"{HOME}/bin/exec/R") else (rscript, "--vanilla")

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"count_even <- function(nums) {{\n  {text}\n}}\n"
        return {
            "ok": Probe(body("sum(nums %% 2 == 0)"), "passed"),
            "wrong": Probe(body("length(nums)"), "wrong_answer"),
            "compile_error": Probe("count_even <- function(nums) {{\n", "compile_error"),
            "crash": Probe(body("nums[[99]]"), "runtime_error"),
            "hang": Probe(body("while (TRUE) {}"), "timeout"),
        }


def wide_hex(point: int) -> str:
    """A character by its number; R's `\\u{...}` takes four digits at most."""
    return f"\\U{{{point:x}}}"


def key_name(key: Json) -> str:
    """A map's key as a name."""
    if isinstance(key, bool):
        return "TRUE" if key else "FALSE"
    return str(key)


LANGUAGE = R()
