"""Answers that rest on poison are told from defined ones, flag by flag."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from oorl.ir import execute, poison
from oorl.ir.execute import DONE, Unit
from oorl.ir.inputs import pack
from oorl.ir.signature import CSignature, CType

POISON = 7
LONG = CType("long long")
TWO = CSignature("f", LONG, (("a", LONG), ("b", LONG)), "long long f(long long a, long long b)")
REAL = CSignature("f", LONG, (("a", CType("double")),), "long long f(double a)")
EDGES = (0, 1, -1, 2, 7, -8, 31, 32, 63, 64, 2**31 - 1, -2**31, 2**32, 2**62, 2**63 - 1, -2**63)


def signed(value: int, bits: int) -> int:
    return (value & (2**bits - 1) ^ 2**(bits - 1)) - 2**(bits - 1)


def u(value: int, bits: int) -> int:
    return value & (2**bits - 1)


def run(body: list[str], values: list[list[object]], signature: CSignature = TWO) -> list[int]:
    """The status of each call, the same under every pattern."""
    head = "double %0" if signature is REAL else "i64 %0, i64 %1"
    ir = f"define i64 @f({head}) {{\n" + "\n".join(f"  {x}" for x in body) + "\n}\n" + "\n".join(
        f"declare {x}" for x in ("i32 @llvm.abs.i32(i32, i1 immarg)",
                                 "i32 @llvm.cttz.i32(i32, i1 immarg)"))
    (slots,) = execute.execute([Unit(ir, "f", pack(signature, values), defined=True)])
    assert slots is not None
    found = execute.status(slots)
    assert (found == found[0]).all()
    return found[0].tolist()


def narrow(line: str) -> list[str]:
    """A body that does `line` on the low halves a (%3) and b (%4); its result is %5."""
    return ["%3 = trunc i64 %0 to i32", "%4 = trunc i64 %1 to i32", f"%5 = {line}",
            "%6 = sext i32 %5 to i64", "ret i64 %6"]


def over(value: int) -> bool:
    return not -2**31 <= value < 2**31


# Where each operation on i32 is defined, from the LLVM Language Reference.
OPERATIONS: dict[str, Callable[[int, int], bool]] = {
    "add nsw i32 %3, %4": lambda a, b: not over(a + b),
    "add nuw i32 %3, %4": lambda a, b: u(a, 32) + u(b, 32) < 2**32,
    "add nuw nsw i32 %3, %4": lambda a, b: not over(a + b) and u(a, 32) + u(b, 32) < 2**32,
    "add i32 %3, %4": lambda a, b: True,
    "sub nsw i32 %3, %4": lambda a, b: not over(a - b),
    "sub nuw i32 %3, %4": lambda a, b: u(a, 32) >= u(b, 32),
    "mul nsw i32 %3, %4": lambda a, b: not over(a * b),
    "mul nuw i32 %3, %4": lambda a, b: u(a, 32) * u(b, 32) < 2**32,
    "mul nsw i32 %3, -3": lambda a, b: not over(a * -3),
    "shl i32 %3, %4": lambda a, b: u(b, 32) < 32,
    "shl nsw i32 %3, 4": lambda a, b: not over(a * 16),
    "shl nuw i32 %3, 4": lambda a, b: u(a, 32) * 16 < 2**32,
    "lshr exact i32 %3, 3": lambda a, b: a % 8 == 0,
    "ashr i32 %3, %4": lambda a, b: u(b, 32) < 32,
    "sdiv exact i32 %3, 7": lambda a, b: a % 7 == 0,
    "udiv exact i32 %3, 7": lambda a, b: u(a, 32) % 7 == 0,
    "or disjoint i32 %3, %4": lambda a, b: a & b == 0,
    "or i32 %3, %4": lambda a, b: True,
    "call i32 @llvm.abs.i32(i32 %3, i1 true)": lambda a, b: a != -2**31,
    "call i32 @llvm.abs.i32(i32 %3, i1 false)": lambda a, b: True,
    "call i32 @llvm.cttz.i32(i32 %3, i1 true)": lambda a, b: a != 0,
}


def pairs() -> list[list[object]]:
    rng = random.Random(3)
    some = [[rng.choice(EDGES), rng.choice(EDGES)] for _ in range(120)]
    return [*some, *([rng.getrandbits(70) % 2**64 - 2**63, rng.randrange(-40, 40)]
                     for _ in range(40))]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_integers(operation: str) -> None:
    values = pairs()
    defined = [OPERATIONS[operation](signed(a, 32), signed(b, 32)) for a, b in values]
    assert run(narrow(operation), values) == [DONE if good else POISON for good in defined]
    assert any(defined)


@pytest.mark.parametrize(("lines", "good"), [
    (["%3 = trunc i64 %0 to i32", "%4 = zext nneg i32 %3 to i64", "ret i64 %4"],
     lambda a, b: signed(a, 32) >= 0),
    (["%3 = trunc nsw i64 %0 to i32", "%4 = sext i32 %3 to i64", "ret i64 %4"],
     lambda a, b: not over(a)),
    (["%3 = trunc nuw i64 %0 to i32", "%4 = sext i32 %3 to i64", "ret i64 %4"],
     lambda a, b: 0 <= a < 2**32),
    (["%3 = icmp samesign ult i64 %0, %1", "%4 = zext i1 %3 to i64", "ret i64 %4"],
     lambda a, b: (a < 0) == (b < 0)),
    (["%3 = insertelement <2 x i64> poison, i64 %0, i64 0",
      "%4 = insertelement <2 x i64> %3, i64 %1, i64 1",
      "%5 = add nsw <2 x i64> %4, <i64 5, i64 -5>",
      "%6 = extractelement <2 x i64> %5, i64 0", "ret i64 %6"],
     lambda a, b: a + 5 < 2**63 and b - 5 >= -2**63),
])
def test_other_flags(lines: list[str], good: Callable[[int, int], bool]) -> None:
    values = pairs()
    assert run(lines, values) == [DONE if good(a, b) else POISON for a, b in values]


@pytest.mark.parametrize(("kind", "low", "high"), [
    ("fptosi double %0 to i64", -2.0**63, np.nextafter(2.0**63, 0)),
    ("fptosi double %0 to i32", -2.0**31 - 0.75, 2.0**31 - 0.25),
    ("fptoui double %0 to i32", -0.75, 2.0**32 - 0.25),
])
def test_floats_that_fit(kind: str, low: float, high: float) -> None:
    wide = [] if kind.endswith("i64") else ["%3 = sext i32 %2 to i64"]
    body = [f"%2 = {kind}", *wide, f"ret i64 %{3 if wide else 2}"]
    good = [low, high, 0.0, 1.5]
    bad = [float("nan"), float("inf"), -float("inf"), low * 2 - 2, high * 2 + 2,
           float(np.nextafter(low - (0 if kind.endswith("i64") else 0.25), -np.inf))]
    assert run(body, [[x] for x in [*good, *bad]], REAL) == [DONE] * 4 + [POISON] * 6


def test_poison_of_one_call_does_not_stay_for_the_next() -> None:
    body = narrow("add nsw i32 %3, %4")
    assert run(body, [[1, 1], [2**31 - 1, 1], [1, 1]]) == [DONE, POISON, DONE]


def test_without_flags_nothing_is_added() -> None:
    text = "define i64 @f(i64 %0) {\n  %2 = add i64 %0, 1\n  ret i64 %2\n}"
    assert poison.checked(text, "null") == text
    assert poison.declarations(text) == {}
