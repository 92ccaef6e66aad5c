"""Runs a program as checked Python: the meaning every printer must reproduce.

The checks are what makes the ten languages agree: integers stay far below 2^53, // and %
only see a non-negative left side and a positive right side (or a % that is only compared
with zero), indices are never negative, strings are ASCII, loops end. An input that breaks one
is outside the function's domain and becomes no test.
"""

from __future__ import annotations

from typing import Any

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.nodes import FLOAT, INT, STR
from oorl.data.synthetic.printers._base import ADD, ATOM, COMPARE
from oorl.data.synthetic.printers.python import PythonPrinter
from oorl.records import Json, Type

MAX_INT = 2**40
MAX_STEPS = 20_000
MAX_LENGTH = 400


class Undefined(Exception):
    """The function has no agreed meaning on this input."""


class _CheckedPython(PythonPrinter):
    """Python whose partial operations go through the functions of `_Checks`."""

    sites = 0

    def site(self) -> int:
        """A number for each comparison of the program."""
        self.sites += 1
        return self.sites

    def stmt_Augment(self, node: n.Augment) -> None:
        self.expand(node)

    def block(self, body: Any) -> None:
        self.depth += 1
        self.line("_tick()")
        for stmt in body:
            self.stmt(stmt)
        self.depth -= 1

    def render(self, node: n.Expr) -> tuple[str, int]:
        match node:
            case n.Binary(op="//" | "%" | "/" as op, left=left, right=right):
                name = {"//": "_floor", "%": "_mod", "/": "_true"}[op]
                return f"{name}({self.expr(left)}, {self.expr(right)})", ATOM
            case n.Binary(type=kind) if kind == INT:
                return f"_int({super().render(node)[0]})", ATOM
            case n.Compare(op="==" | "!=" as op, left=n.Binary(op="%", left=left, right=right),
                           right=n.Const(value=0)):
                divides = f"_divides({self.expr(right)}, {self.expr(left)})"
                return f"_same({self.site()}, {divides}, {op == '=='})", ATOM
            case n.Compare(op=op, left=left, right=right) if left.type in (INT, FLOAT):
                difference = f"_difference({self.site()}, {self.expr(left)}, {self.expr(right)})"
                return f"{difference} {op} 0", COMPARE
            case n.Compare(op="==" | "!=" as op, left=left, right=right):
                same = f"{self.sub(left, ADD)} == {self.sub(right, ADD)}"
                return f"_same({self.site()}, {same}, {op == '=='})", ATOM
            case n.Concat(left=left, right=right):
                return f"_text({self.sub(left, ADD)} + {self.sub(right, ATOM)})", ATOM
            case n.Index(base=base, index=index):
                return f"{self.sub(base, ATOM)}[_index({self.expr(index)})]", ATOM
            case n.Builtin(name="chr", args=(code,)):
                return f"_chr({self.expr(code)})", ATOM
            case n.Builtin(name="slice", args=(text, start, end)):
                return f"_slice({', '.join(map(self.expr, (text, start, end)))})", ATOM
        return super().render(node)


class _Checks:
    def __init__(self) -> None:
        self.steps = 0
        self.seen: set[tuple[int, float]] = set()

    def names(self) -> dict[str, Any]:
        return {"_tick": self.tick, "_floor": self.floor, "_mod": self.mod, "_true": self.true,
                "_int": self.bounded, "_divides": self.divides, "_text": self.text,
                "_index": self.index, "_same": self.same, "_difference": self.difference,
                "_chr": self.letter, "_slice": self.part}

    def tick(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Undefined("too many steps")

    def bounded(self, value: int) -> int:
        if abs(value) > MAX_INT:
            raise Undefined("too large")
        return value

    def floor(self, a: int, b: int) -> int:
        if a < 0 or b <= 0:
            raise Undefined("languages disagree on //")
        return a // b

    def mod(self, a: int, b: int) -> int:
        if a < 0 or b <= 0:
            raise Undefined("languages disagree on %")
        return a % b

    def divides(self, divisor: int, value: int) -> bool:
        if divisor <= 0:
            raise Undefined("division by zero")
        return value % divisor == 0

    def difference(self, site: int, a: float, b: float) -> float:
        """What a comparison looks at; remembers which side of the boundary, and how near."""
        self.seen.add((site, max(-2, min(2, a - b))))
        return a - b

    def same(self, site: int, equal: bool, wanted: bool) -> bool:
        self.seen.add((site, equal))
        return equal is wanted

    def true(self, a: float, b: float) -> float:
        if b == 0:
            raise Undefined("division by zero")
        return a / b

    def index(self, value: int) -> int:
        if value < 0:
            raise Undefined("negative index")
        return value

    def text(self, value: str) -> str:
        if len(value) > MAX_LENGTH:
            raise Undefined("long string")
        return value

    def letter(self, code: int) -> str:
        if not 32 <= code < 127:
            raise Undefined("not printable")
        return chr(code)

    def part(self, value: str, start: int, end: int) -> str:
        if not 0 <= start <= end <= len(value):
            raise Undefined("slice out of range")
        return value[start:end]


class Reference:
    """A program as a function from canonical arguments to the canonical result."""

    def __init__(self, program: n.Program) -> None:
        self.checks = _Checks()
        self.signature = program.signature
        scope = self.checks.names()
        exec(compile(_CheckedPython().program(program), program.main.name, "exec"), scope)
        self.function = scope[program.main.name]

    def __call__(self, args: tuple[Json, ...]) -> Json:
        """Run it. Raises `Undefined` outside the function's domain."""
        self.checks.steps = 0
        self.checks.seen = set()
        parameters = self.signature.parameters
        values = [_decode(a, p.type) for a, p in zip(args, parameters, strict=True)]
        try:
            result = self.function(*values)
        except (IndexError, KeyError):
            raise Undefined("out of range") from None
        return encode(result, self.signature.returns)

    @property
    def seen(self) -> frozenset[tuple[int, float]]:
        """What the comparisons of the last run looked like: (site, clipped difference)."""
        return frozenset(self.checks.seen)


def _decode(value: Json, kind: Type) -> Any:
    return dict(value) if kind.kind == "map" else list(value) if kind.kind == "list" else value


def encode(value: Any, kind: Type) -> Json:
    """A Python value in the canonical encoding of `oorl.records`."""
    if kind.kind == "map":
        return [[k, encode(v, kind.args[1])] for k, v in sorted(value.items())]
    if kind.kind == "list":
        return [encode(v, kind.args[0]) for v in value]
    if kind == STR:
        return value
    return float(value) if kind == FLOAT else value
