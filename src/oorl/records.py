"""The records that flow between stages: plain frozen data, no behaviour beyond (de)serialising.

Values of typed signatures travel as JSON in one canonical encoding, in every direction:

=============  =====================================================================
type           JSON
=============  =====================================================================
int            a JSON integer of any size
float          a JSON number, or the strings "NaN", "Infinity", "-Infinity"
bool           true / false
str            a JSON string (unicode text)
list[T]        an array
map[K,V]       an array of [key, value] pairs (order carries no meaning); K is int, str or bool
optional[T]    null, or the value
=============  =====================================================================
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from oorl.errors import DataError

Json = Any
"""A JSON value in the encoding of the table above."""

SCALARS = ("int", "float", "bool", "str")


@dataclass(frozen=True, slots=True)
class Type:
    """A type of a signature: `int`, `list[float]`, `map[str,list[int]]`, `optional[str]`, ..."""

    kind: str
    args: tuple[Type, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}[{','.join(map(str, self.args))}]" if self.args else self.kind

    @staticmethod
    def parse(text: str) -> Type:
        """Read the notation that `str(type)` writes. Raises `DataError` on anything else."""
        tokens = re.findall(r"[a-z]+|[\[\],]|\S", text)

        def one(position: int) -> tuple[Type, int]:
            kind = tokens[position] if position < len(tokens) else ""
            arity = {"list": 1, "optional": 1, "map": 2}.get(kind, 0 if kind in SCALARS else -1)
            if arity < 0:
                raise DataError(f"bad type {text!r}", "Types are int, float, bool, str, "
                                "list[T], map[K,V] and optional[T].")
            position += 1
            args: list[Type] = []
            for index in range(arity):
                if position >= len(tokens) or tokens[position] != ("[" if index == 0 else ","):
                    raise DataError(f"bad type {text!r}", f"{kind} takes {arity} argument(s).")
                argument, position = one(position + 1)
                args.append(argument)
            if arity:
                if position >= len(tokens) or tokens[position] != "]":
                    raise DataError(f"bad type {text!r}", "A ']' is missing.")
                position += 1
            if kind == "map" and args[0].kind not in ("int", "str", "bool"):
                raise DataError(f"bad type {text!r}", "Map keys are int, str or bool.")
            if kind == "optional" and args[0].kind == "optional":
                raise DataError(f"bad type {text!r}", "Optionals do not nest directly.")
            return Type(kind, tuple(args)), position

        result, end = one(0)
        if end != len(tokens):
            raise DataError(f"bad type {text!r}", f"Unexpected {tokens[end]!r}.")
        return result

    def walk(self) -> list[Type]:
        """This type and all types inside it."""
        return [self, *(inner for arg in self.args for inner in arg.walk())]


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Signature:
    """A typed function signature, language-neutral."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: Type

    def to_json(self) -> dict[str, Json]:
        return {
            "name": self.name,
            "parameters": [[p.name, str(p.type)] for p in self.parameters],
            "returns": str(self.returns),
        }

    @staticmethod
    def from_json(value: Mapping[str, Json]) -> Signature:
        return Signature(
            value["name"],
            tuple(Parameter(name, Type.parse(kind)) for name, kind in value["parameters"]),
            Type.parse(value["returns"]),
        )

    @property
    def types(self) -> list[Type]:
        """All types of the parameters and the result, outermost only."""
        return [*(p.type for p in self.parameters), self.returns]


PROGRAM = Signature("", (Parameter("stdin", Type("str")),), Type("str"))
"""The signature of a whole program: a function without a name from what it reads to what it
prints. Its cases are ((stdin,), stdout); see `Problem.submission`."""


@dataclass(frozen=True, slots=True)
class Case:
    """One unit test: arguments in, expected result out (canonical JSON values)."""

    args: tuple[Json, ...]
    expected: Json


@dataclass(frozen=True)
class Problem:
    """One function, or whole program, with unit tests and solutions in several languages.

    `split` is one of "sft" (gold translations may be shown to the base model), "rl" (prompts
    only: sources and tests, targets never shown), "validation" and "test".
    """

    id: str
    source: str
    split: str
    signature: Signature
    cases: tuple[Case, ...]
    solutions: Mapping[str, str]
    family: str = ""
    licence: str = ""
    revision: str = ""
    tags: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Is it a program that reads stdin and writes stdout?"""
        return not self.signature.name

    def submission(self, language: str, code: str) -> AnySubmission:
        """`code` as a candidate for this problem, ready to be judged."""
        if self.whole:
            return StdioSubmission(language, code, tuple(
                StdioCase(case.args[0], case.expected) for case in self.cases))
        return Submission(language, code, self.signature, self.cases)

    def to_row(self) -> dict[str, str]:
        """A flat row of strings for Parquet; nested fields are canonical JSON."""
        return {
            "id": self.id,
            "source": self.source,
            "split": self.split,
            "family": self.family,
            "signature": canonical(self.signature.to_json()),
            "cases": canonical([[list(c.args), c.expected] for c in self.cases]),
            "solutions": canonical(dict(self.solutions)),
            "licence": self.licence,
            "revision": self.revision,
            "tags": canonical(list(self.tags)),
        }

    @staticmethod
    def from_row(row: Mapping[str, str]) -> Problem:
        return Problem(
            id=row["id"],
            source=row["source"],
            split=row["split"],
            signature=Signature.from_json(json.loads(row["signature"])),
            cases=tuple(Case(tuple(a), e) for a, e in json.loads(row["cases"])),
            solutions=json.loads(row["solutions"]),
            family=row["family"],
            licence=row["licence"],
            revision=row["revision"],
            tags=tuple(json.loads(row["tags"])),
        )


@dataclass(frozen=True, slots=True)
class Translation:
    """A translation task: this problem's `source_language` program into `target_language`."""

    problem_id: str
    source_language: str
    target_language: str

    @property
    def id(self) -> str:
        return f"{self.problem_id}:{self.source_language}-{self.target_language}"


@dataclass(frozen=True, slots=True)
class Submission:
    """A candidate program to be judged. `code` is source text; the judge never sees `expected`
    inside the sandbox: only `cases[i].args` enter it."""

    language: str
    code: str
    signature: Signature
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class StdioCase:
    """One run of a whole program: what it reads, and the whole of what it must print."""

    stdin: str
    stdout: str


@dataclass(frozen=True, slots=True)
class StdioSubmission:
    """A whole program, run once a case (each run has the limits to itself). Only `stdin` enters
    the sandbox; `stdout` is compared outside."""

    language: str
    code: str
    cases: tuple[StdioCase, ...]


@dataclass(frozen=True, slots=True)
class AssertionSubmission:
    """`code` followed by `tests`, assertions in the same language, as one program.

    A lower tier of trust: the tests run in the candidate's process. It passes if the statement
    behind the last test printed a secret of this one run, and the exit code is 0.
    """

    language: str
    code: str
    tests: str


AnySubmission = Submission | StdioSubmission | AssertionSubmission
"""Whatever `oorl.sandbox.Judge` takes."""


class Status(StrEnum):
    """What became of a program. Only `INFRA_ERROR` is our fault, and it is never scored 0."""

    PASSED = "passed"
    WRONG_ANSWER = "wrong_answer"
    COMPILE_ERROR = "compile_error"
    COMPILE_TIMEOUT = "compile_timeout"
    RUNTIME_ERROR = "runtime_error"
    TIMEOUT = "timeout"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    PROCESS_LIMIT = "process_limit"
    BAD_FORMAT = "bad_format"
    PROTOCOL_VIOLATION = "protocol_violation"
    INFRA_ERROR = "infra_error"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judge's answer for one submission.

    `passed_cases` of `total_cases` agreed; `detail` is a short text for people (first failing
    case, compiler output, signal), capped and safe to print; times in seconds.
    """

    status: Status
    passed_cases: int = 0
    total_cases: int = 0
    detail: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0

    @property
    def passed(self) -> bool:
        return self.status is Status.PASSED


@dataclass(frozen=True)
class Winner:
    """An IR that agrees with the source on every vetted input. `recipe` says how it was made."""

    ir: str
    recipe: str
    tokens: int = 0


@dataclass(frozen=True)
class Loser:
    """Valid IR that differs from its winner on a recorded witness input.

    `winner` indexes the group's winners; `hardness` is the share of the group's inputs on which
    it differs (lower is harder).
    """

    ir: str
    winner: int
    operator: str
    witness: Mapping[str, Json]
    hardness: float
    tokens: int = 0


@dataclass(frozen=True)
class IRGroup:
    """One GEPO example: a prompt source with n equivalent and m inequivalent IRs."""

    id: str
    problem_id: str
    split: str
    language: str
    source_code: str
    signature: str
    inputs: Json
    winners: tuple[Winner, ...]
    losers: tuple[Loser, ...]
    toolchain: str = ""
    licence: str = ""
    revision: str = ""
    extra: Mapping[str, Json] = field(default_factory=dict)


def canonical(value: Json) -> str:
    """JSON text that is the same for equal values: sorted keys, no spaces, unicode kept."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def stable_id(*parts: str, length: int = 12) -> str:
    """A content hash usable as an id: the same parts give the same id on every machine."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:length]
