"""Inputs for C functions: made from types and names, encoded for the driver, decoded for people.

An input is a JSON list with one value per C parameter: integers, numbers ("NaN", "Infinity",
"-Infinity" for the rest), arrays as lists with the exact capacity of the buffer, `char *` as the
string that the buffer holds (its NUL is understood). Values alone cannot say which arguments a
function may be given; `chunk` accepts only inputs on which a build that traps on undefined
behaviour and a plain one agree.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from oorl.ir.signature import CSignature, CType
from oorl.records import Json, Problem

CAPACITY = 20  # elements of an array whose length no parameter names
MAX_BYTES = 60 * 1024  # of one buffer; see ROOM in driver.c
TEXT_BYTES = 512  # the driver's buffer of captured output
_FORMATS = {"bool": "B", "char": "b", "signed char": "b", "unsigned char": "B", "short": "h",
            "unsigned short": "H", "int": "i", "unsigned int": "I", "long": "q",
            "unsigned long": "Q", "long long": "q", "unsigned long long": "Q", "float": "f",
            "double": "d"}
_ALPHABETS = ("abc", "abcdefghijklmnopqrstuvwxyz", "0123456789", "aAbB zZ09", "01", "()[]{}",
              "the quick, brown fox. ", "xyXY-_!?")


def generate(signature: CSignature, rng: random.Random, count: int) -> list[list[Json]]:
    """`count` distinct inputs (fewer where the types allow no more)."""
    found: dict[str, list[Json]] = {}
    for _ in range(count * 3):
        value = _one(signature, rng)
        found.setdefault(repr(value), value)
        if len(found) == count:
            break
    return list(found.values())


def _one(signature: CSignature, rng: random.Random) -> list[Json]:
    names = [name for name, _ in signature.parameters]
    arrays = any(kind.pointer for _, kind in signature.parameters)
    style = rng.randrange(6)
    values: list[Json] = []
    for name, kind in signature.parameters:
        if kind.text:
            values.append(_string(rng, style))
        elif kind.pointer:
            exact = f"{name}_len" in names
            length = rng.randrange(0, 9) if exact else CAPACITY
            values.append(_array(kind, length * kind.row, rng, style))
        elif name.endswith("_len") and name[:-4] in names[:len(values)]:
            values.append(len(values[names.index(name[:-4])]))
        elif kind.scalar == "bool":
            values.append(rng.randrange(2))
        elif kind.real:
            values.append(_real(rng, style))
        elif kind.scalar in ("char", "signed char", "unsigned char"):
            values.append(ord(rng.choice(rng.choice(_ALPHABETS))))
        else:
            values.append(_integer(kind, rng, arrays))
    return values


def _string(rng: random.Random, style: int) -> str:
    alphabet = _ALPHABETS[rng.randrange(len(_ALPHABETS))]
    text = "".join(rng.choice(alphabet) for _ in range(rng.randrange(0, 13)))
    return text + text[::-1] if style == 0 else text


def _array(kind: CType, length: int, rng: random.Random, style: int) -> list[Json]:
    if kind.real:
        items: list[Json] = [_real(rng, style) for _ in range(length)]
    elif kind.scalar == "bool":
        items = [rng.randrange(2) for _ in range(length)]
    else:
        low, high = ((0, 1), (1, 9), (-9, 9), (0, 100), (-100, 100), (0, 4))[style]
        if _unsigned(kind):
            low = max(low, 0)
        items = [rng.randint(low, high) for _ in range(length)]
    return sorted(items) if rng.random() < 0.3 else items


def _real(rng: random.Random, style: int) -> float:
    scale = (1, 10, 10, 100, 100, 1000)[style]
    value = rng.randint(-4 * scale, 4 * scale) / 4.0  # exact in float and double
    return abs(value) if rng.random() < 0.5 else value


def _unsigned(kind: CType) -> bool:
    return kind.scalar.startswith("unsigned")


def _integer(kind: CType, rng: random.Random, arrays: bool) -> int:
    """Beside an array an integer is likely a length or an index."""
    if arrays:
        value = rng.randint(0, 12) if rng.random() < 0.85 else rng.randint(-5, 30)
    else:
        low, high = rng.choice(((0, 12), (0, 12), (1, 30), (-20, 100), (0, 1000), (0, 10**6)))
        value = rng.randint(low, high)
    value = min(value, 32767 if kind.bytes == 2 else value)
    return abs(value) if _unsigned(kind) else value


def from_cases(problem: Problem, signature: CSignature) -> list[list[Json]]:
    """The problem's own test arguments as C inputs: a list becomes (pointer, length)."""
    found = []
    for case in problem.cases:
        flat: list[Json] = []
        for value in case.args:
            flat.append(value)
            if isinstance(value, list):
                flat.append(len(value))
        if len(flat) == len(signature.parameters) and all(
                _fits(value, kind) for value, (_, kind) in zip(flat, signature.parameters,
                                                               strict=True)):
            found.append([int(v) if isinstance(v, bool) else
                          [int(x) if isinstance(x, bool) else x for x in v]
                          if isinstance(v, list) else v for v in flat])
    return found


def _fits(value: Json, kind: CType) -> bool:
    if kind.pointer:
        if kind.text:
            return isinstance(value, str) and value.isascii() and "\0" not in value
        element = CType(kind.scalar)
        return isinstance(value, list) and kind.row == 1 and all(_fits(v, element) for v in value)
    if kind.real:
        return value in ("NaN", "Infinity", "-Infinity") if isinstance(value, str) \
            else isinstance(value, int | float)
    if not isinstance(value, int):
        return False
    bits = 8 * kind.bytes
    return 0 <= value < 2**bits if _unsigned(kind) or kind.scalar == "bool" \
        else -(2**(bits - 1)) <= value < 2**(bits - 1)


def encode(value: Json, kind: CType) -> bytes:
    """The memory of one argument: a buffer's bytes or a scalar's."""
    if kind.text:
        return str(value).encode("latin-1") + b"\0"
    items = value if kind.pointer else [value]
    return struct.pack(f"<{len(items)}{_FORMATS[kind.scalar]}",
                       *(float(v) for v in items) if kind.real else items)


def decode(memory: bytes, kind: CType) -> Json:
    """The inverse of `encode`, with NaN and infinities as strings."""
    if kind.text:
        return memory[:-1].decode("latin-1")
    items = struct.unpack(f"<{len(memory) // kind.bytes}{_FORMATS[kind.scalar]}", memory)
    values = [_number(v) for v in items]
    return values if kind.pointer else values[0]


def _number(value: float) -> Json:
    if isinstance(value, int) or math.isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


@dataclass(frozen=True)
class Packed:
    """Inputs as the driver reads them: `args` is Arg[inputs][parameters], `blob` the buffers."""

    signature: CSignature
    values: tuple[list[Json], ...]
    args: bytes
    blob: bytes
    slot_bytes: int
    prints: bool = False


def fits(signature: CSignature, value: list[Json]) -> bool:
    """Whether the driver has room for every buffer of an input."""
    return all(len(encode(item, kind)) <= MAX_BYTES for item, (_, kind)
               in zip(value, signature.parameters, strict=True) if kind.pointer)


def pack(signature: CSignature, values: Sequence[list[Json]], prints: bool = True) -> Packed:
    """Encode inputs; `prints` says whether the function can write to standard output."""
    args, blob, widest = bytearray(), bytearray(), 0
    for value in values:
        used = 0
        for item, (_, kind) in zip(value, signature.parameters, strict=True):
            memory = encode(item, kind)
            if kind.pointer:
                code = {"double": 4, "float": 5}.get(kind.scalar, 3)
                args += struct.pack("<iiq", code, len(memory), len(blob))
                blob += memory
                used += len(memory)
            elif kind.real:
                args += struct.pack("<ii", 1 if kind.bytes == 8 else 2, 0) + memory.ljust(8, b"\0")
            else:
                args += struct.pack("<iiq", 0, 0, item - 2**64 if item >= 2**63 else item)
        widest = max(widest, used)
    slot = (16 + widest + (TEXT_BYTES if prints else 0) + 15) & ~15
    return Packed(signature, tuple(values), bytes(args), bytes(blob), slot, prints)


def read_output(packed: Packed, index: int, slot: bytes) -> Json:
    """What the function did: {"return", "arrays" that changed, "stdout" if any}."""
    signature = packed.signature
    _, text_bytes = struct.unpack_from("<ii", slot)
    output: dict[str, Json] = {}
    if signature.returns.bytes:
        output["return"] = decode(slot[8:8 + signature.returns.bytes], signature.returns)
    at, arrays = 16, {}
    for item, (name, kind) in zip(packed.values[index], signature.parameters, strict=True):
        if kind.pointer:
            before = encode(item, kind)
            after = slot[at:at + len(before)]
            at += len(before)
            if after != before:
                arrays[name] = decode(after, kind)
    if arrays:
        output["arrays"] = arrays
    if text_bytes:
        output["stdout"] = slot[at:at + text_bytes].decode("latin-1")
    return output
