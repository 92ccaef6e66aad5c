"""Is an answer defined? Checks beside every operation whose result may be poison.

LLVM's flags (`nsw`, `exact`, `nneg`, ...) promise something of the operands. A mutant may break the
promise: unoptimised code then answers something, and every optimiser something else. `checked` puts
the promise's test behind each such operation and notes a breach in one byte (LLVM Language
Reference, "Poison Values"). Stricter than the language: poison that nobody uses counts too.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import lru_cache

_TYPE = r"(i\d+|<\d+ x i\d+>)"
_A, _B = r"(<[^>]*>|[^,<]+)", r"(<[^>]*>|[^,<]+)"
_BINARY = re.compile(rf"^  %(\d+) = (add|sub|mul|shl|lshr|ashr|sdiv|udiv|or)"
                     rf"((?: (?:nuw|nsw|exact|disjoint))*) {_TYPE} {_A}, {_B}$")
_SIGN = re.compile(rf"^  %(\d+) = (?:zext|uitofp) nneg {_TYPE} (.+) to ")
_TRUNC = re.compile(rf"^  %(\d+) = trunc((?: (?:nuw|nsw))+) {_TYPE} (.+) to {_TYPE}$")
_SAME = re.compile(rf"^  %(\d+) = icmp samesign \w+ {_TYPE} {_A}, {_B}$")
_TO_INT = re.compile(r"^  %(\d+) = fpto([su])i (double|float) (\S+) to i(\d+)$")
_BITS = re.compile(r"^  %(\d+) = (?:\w+ )*call (?:range\([^)]*\) )?(i\d+) @llvm\.(abs|ctlz|cttz)"
                   r"\.\w+\(i\d+ (\S+), i1 (?:immarg )?true\)")
_ENDS = ("  br ", "  ret ", "  switch ", "  unreachable")
_OVERFLOW = re.compile(r"call (\{ .*? \}) @(llvm\.[su]\w+\.with\.overflow\.(\w+))\(")


def checked(function: str, flag: str) -> str:
    """A define in the form of `normalise` with the checks; `flag` is a pointer to the byte.

    A block's breaches are noted together, before it ends: a block that is left in its middle ends
    the call.
    """
    lines: list[str] = []
    broken = ""
    for line in function.split("\n"):
        if broken and line.startswith(_ENDS):
            lines += (f"  {broken}.z = zext i1 {broken} to i8",
                      f"  {broken}.l = load i8, ptr {flag}",
                      f"  {broken}.s = or i8 {broken}.l, {broken}.z",
                      f"  store i8 {broken}.s, ptr {flag}")
            broken = ""
        lines.append(line)
        for steps, name in _checks(line):
            lines += steps
            if broken:
                lines.append(f"  {name}.o = or i1 {broken}, {name}")
            broken = f"{name}.o" if broken else name
    return "\n".join(lines)


def declarations(text: str) -> dict[str, str]:
    """By name, the declarations of what `checked` calls in a text."""
    return {name: f"declare {result} @{name}({kind}, {kind})"
            for result, name, _ in _OVERFLOW.findall(text)
            for kind in [re.sub(r"\{ (.*), [^,]*i1>? \}", r"\1", result)]}


@lru_cache(maxsize=65536)  # mutants share most of their lines
def _checks(line: str) -> tuple[tuple[list[str], str], ...]:
    """For each promise of a line, instructions and the i1 that is true where it is broken."""
    return tuple(_check(*promise, index) for index, promise in enumerate(_promises(line))) \
        if " = " in line else ()


def _check(place: str, kind: str, steps: list[str], index: int) -> tuple[list[str], str]:
    name = f"%p{place}.{index}"
    *before, last = steps
    lines = [f"  {name}.{number} = {step}".replace("$", f"{name}.")
             for number, step in enumerate(before)]
    lines.append(f"  {name} = {last}".replace("$", f"{name}."))
    if lanes := re.match(r"<(\d+) x", kind):
        lines += (f"  {name}.v = bitcast <{lanes[1]} x i1> {name} to i{lanes[1]}",
                  f"  {name}.b = icmp ne i{lanes[1]} {name}.v, 0")
        name = f"{name}.b"
    return lines, name


def _promises(line: str) -> Iterator[tuple[str, str, list[str]]]:
    """(result's number, operands' type, steps) of each promise; the last step is true where it
    is broken, and `$k` in a step is the result of step k."""
    if found := _BINARY.match(line):
        yield from _binary(*found.groups())
    elif found := _SIGN.match(line):
        place, kind, a = found.groups()
        yield place, kind, [f"icmp slt {kind} {a}, zeroinitializer"]
    elif found := _TRUNC.match(line):
        place, flags, kind, a, narrow = found.groups()
        for flag in flags.split():
            widen = "zext" if flag == "nuw" else "sext"
            yield place, kind, [f"{widen} {narrow} %{place} to {kind}", f"icmp ne {kind} $0, {a}"]
    elif found := _SAME.match(line):
        place, kind, a, b = found.groups()
        yield place, kind, [f"xor {kind} {a}, {b}", f"icmp slt {kind} $0, zeroinitializer"]
    elif found := _TO_INT.match(line):
        place, sign, kind, a, width = found.groups()
        low, high = _bounds(sign == "s", int(width), kind)
        yield place, "", [f"fcmp {low[0]} {kind} {a}, {_float(low[1])}",
                          f"fcmp olt {kind} {a}, {_float(high)}", "and i1 $0, $1",
                          "xor i1 $2, true"]
    elif found := _BITS.match(line):
        place, kind, name, a = found.groups()
        bad = -2 ** (int(kind[1:]) - 1) if name == "abs" else 0
        yield place, "", [f"icmp eq {kind} {a}, {bad}"]


def _binary(place: str, operation: str, flags: str, kind: str, a: str, b: str,
            ) -> Iterator[tuple[str, str, list[str]]]:
    result = f"%{place}"
    bit = kind.replace(re.findall(r"i\d+", kind)[0], "i1")
    mangled = re.sub(r"<(\d+) x (i\d+)>", r"v\1\2", kind)
    shift = operation in ("shl", "lshr", "ashr")
    if shift and b.startswith("%") and kind[0] == "i":
        yield place, kind, [f"icmp uge {kind} {b}, {kind[1:]}"]
    for flag in flags.split():
        if flag == "disjoint":
            yield place, kind, [f"and {kind} {a}, {b}", f"icmp ne {kind} $0, zeroinitializer"]
        elif flag == "exact" or shift:  # undoing it must give the operand back
            undo = {"shl": "lshr" if flag == "nuw" else "ashr", "lshr": "shl", "ashr": "shl",
                    "sdiv": "mul", "udiv": "mul"}[operation]
            yield place, kind, [f"{undo} {kind} {result}, {b}", f"icmp ne {kind} $0, {a}"]
        else:
            pair = f"{{ {kind}, {bit} }}"
            yield place, kind, [
                f"call {pair} @llvm.{flag[1]}{operation}.with.overflow.{mangled}({kind} {a}, "
                f"{kind} {b})", f"extractvalue {pair} $0, 1"]


def _bounds(signed: bool, width: int, kind: str) -> tuple[tuple[str, float], float]:
    """How a float compares with the least that fits into the integer, and what is too large."""
    if not signed:
        return ("ogt", -1.0), 2.0 ** width
    if width < (53 if kind == "double" else 24):
        return ("ogt", -2.0 ** (width - 1) - 1), 2.0 ** (width - 1)
    return ("oge", -2.0 ** (width - 1)), 2.0 ** (width - 1)


def _float(value: float) -> str:
    return f"0x{struct.unpack('>Q', struct.pack('>d', value))[0]:016X}"
