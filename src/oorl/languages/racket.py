"""Racket: the candidate is a module of its own, compiled and called by a driver that was compiled
once per machine.

A candidate without a `#lang` line is in `racket`, whose start costs more than all else;
`#lang racket/base` is three times as fast. An absent optional is `#f`, so there is no
optional bool.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from oorl.languages.base import (
    Compile,
    Language,
    Prepared,
    Probe,
    Program,
    Tool,
    runtime_file,
    source_bytes,
    words,
)
from oorl.languages.values import as_float, escaped, tokens
from oorl.records import Json, Signature, Type

BUILD = """(copy-file "/prepared/racket/driver.rkt" "/tmp/driver.rkt")
((dynamic-require 'compiler/cm 'managed-compile-zo) "/tmp/driver.rkt")
(copy-file "/tmp/compiled/driver_rkt.zo" "/tmp/artifact")"""


class Racket(Language):
    """Racket. int is an exact integer, float any real; lists, hashes (`equal?`), `#f` for none."""

    name = "racket"
    title = "Racket"
    aliases = ("rkt",)
    suffix = ".rkt"
    fence = "racket"
    reserved = words(
        "_ and begin case case-lambda cond define delay do else if lambda let letrec module not or "
        "provide quasiquote quote require set! struct unless unquote when parameterize for match "
        "define-syntax let-values define-values only-in rename-out all-defined-out void")
    tools = (Tool(("racket",), "racket"),)
    memory_errors = ("out of memory",)
    syntax_errors = r"^/job/main\.rkt:\d+:\d+: |: read-syntax: |^module: "
    # rackunit's checks report a failure and go on; its count is asked for here.
    completion = ("(if (zero? (car ((dynamic-require 'rackunit/log 'test-log)))) "
                  '(begin (void (write-string "\\n@SECRET@\\n")) (flush-output)) (exit 1))')

    def supports(self, type_: Type) -> bool:
        """Everything but optional bool: #f would be both."""
        return super().supports(type_) and not any(
            t.kind == "optional" and t.args[0].kind == "bool" for t in type_.walk())

    def declaration(self, signature: Signature) -> str:
        return f"(define ({' '.join((signature.name, *(p.name for p in signature.parameters)))})"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return "#f" if value is None else self.literal(type_.args[0], value)
        if type_.kind == "list":
            return f"(list{''.join(' ' + self.literal(type_.args[0], v) for v in value)})"
        if type_.kind == "map":
            key, item = type_.args
            pairs = "".join(f" {self.literal(key, k)} {self.literal(item, v)}" for k, v in value)
            return f"(hash{pairs})"
        if type_.kind == "str":
            return escaped(value, lambda point: f"\\U{point:08x}")
        if type_.kind == "float":
            return {"NaN": "+nan.0", "Infinity": "+inf.0", "-Infinity": "-inf.0"}.get(
                str(value), repr(as_float(value)))
        if type_.kind == "bool":
            return "#t" if value else "#f"
        return str(value)

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        racket = self.find()
        prepared = Prepared("racket", {"driver.rkt": runtime_file("driver.rkt")}, (
            racket, "-l", "racket/base", "-l", "compiler/cm", "-e", BUILD), "driver_rkt.zo")
        types = (signature.returns, *(p.type for p in signature.parameters))
        spec = f"({signature.name} {' '.join(map(s_expression, types))})"
        files = {"input": tokens(signature, inputs), "spec": spec.encode(),
                 "candidate.rkt": source_bytes(module(code) + f"\n(provide {signature.name})\n")}
        return Program(files, (racket, "/job/program"), Compile(
            {}, ("/bin/cp", "/prepared/racket/driver_rkt.zo", "/tmp/artifact"), (prepared,)))

    def whole(self, code: str) -> Program:
        """A module; its submodule `main` runs too."""
        return super().whole(module(code))

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"(define (count_even nums)\n  {text})\n"
        return {
            "ok": Probe(body("(length (filter even? nums))"), "passed"),
            "wrong": Probe(body("(length nums)"), "wrong_answer"),
            "compile_error": Probe(body("(length numbers)"), "compile_error"),
            "crash": Probe(body("(list-ref nums 99)"), "runtime_error"),
            "hang": Probe(body("(let loop () (loop))"), "timeout"),
        }


def module(code: str) -> str:
    """The candidate with a `#lang` line."""
    return code if re.search(r"^\s*(#lang\b|\(module\b)", code, re.M) else f"#lang racket\n{code}"


def s_expression(type_: Type) -> str:
    """A type as `(map (str) (int))`."""
    return f"({' '.join((type_.kind, *map(s_expression, type_.args)))})"


LANGUAGE = Racket()
