"""Values in and out of drivers: decoding records and the token form that compiled drivers read."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from oorl.languages.base import SPECIAL_FLOATS
from oorl.records import Json, Signature, Type

MAX_DEPTH = 60
"""Nesting beyond which a result is refused before it can exhaust our own stack."""


def decode_json(type_: Type, payload: str) -> Json:
    """The canonical value of a JSON payload (bare NaN and Infinity allowed).

    Raises `ValueError` when the payload is not JSON or not of the type.
    """
    if payload.count("[") > 10_000_000:
        raise ValueError("too many lists")
    try:
        return conform(type_, json.loads(payload))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def conform(type_: Type, value: Any) -> Json:
    """`value` in the canonical encoding, strictly typed. Raises `ValueError` otherwise."""
    kind = type_.kind
    if kind == "optional":
        return None if value is None else conform(type_.args[0], value)
    if kind == "int" and type(value) is int:
        return value
    if kind == "bool" and type(value) is bool:
        return value
    if kind == "str" and type(value) is str:
        return value
    if kind == "float" and type(value) in (int, float):
        return float_json(_to_float(value))
    if kind == "list" and type(value) is list:
        return [conform(type_.args[0], item) for item in value]
    if kind == "map" and type(value) is list:
        return _conform_map(type_, value)
    raise ValueError(f"expected {type_}, got {json.dumps(value)[:80]}")


def _conform_map(type_: Type, value: list[Any]) -> Json:
    pairs: list[Json] = []
    seen = set()
    for pair in value:
        if type(pair) is not list or len(pair) != 2:
            raise ValueError("a map entry is not a pair")
        key = conform(type_.args[0], pair[0])
        if key in seen:
            raise ValueError(f"key {key!r} appears twice")
        seen.add(key)
        pairs.append([key, conform(type_.args[1], pair[1])])
    return pairs


def _to_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def float_json(value: float) -> Json:
    """A float in the canonical encoding: special values as strings."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def as_float(value: Json) -> float:
    """The float that a canonical float value stands for."""
    return SPECIAL_FLOATS[value] if isinstance(value, str) else float(value)


def tokens(signature: Signature, inputs: Sequence[tuple[Json, ...]],
           float_text: Callable[[float], str] = repr) -> bytes:
    """All inputs as blank-separated tokens for drivers of compiled languages.

    int: digits; float: `float_text`, by default repr, `nan`, `inf`; bool: 0 or 1; str: byte
    count, a blank, UTF-8 bytes;
    list: length, then items; map: length, then keys and values; optional: 0, or 1 and the value.
    """
    parts: list[bytes] = [str(len(inputs)).encode()]
    for arguments in inputs:
        for parameter, value in zip(signature.parameters, arguments, strict=True):
            _token(parameter.type, value, parts, float_text)
    return b" ".join(parts) + b"\n"


def float_bits(value: float) -> str:
    """A float as the integer of its bits, for languages that misread some long decimals."""
    return str(struct.unpack("<q", struct.pack("<d", value))[0])


def _token(type_: Type, value: Json, out: list[bytes],
           float_text: Callable[[float], str]) -> None:
    kind = type_.kind
    if kind == "optional":
        out.append(b"0" if value is None else b"1")
        if value is not None:
            _token(type_.args[0], value, out, float_text)
    elif kind == "list":
        out.append(str(len(value)).encode())
        for item in value:
            _token(type_.args[0], item, out, float_text)
    elif kind == "map":
        out.append(str(len(value)).encode())
        for key, item in value:
            _token(type_.args[0], key, out, float_text)
            _token(type_.args[1], item, out, float_text)
    elif kind == "str":
        data = value.encode("utf-8", "surrogatepass")
        out.append(str(len(data)).encode() + b" " + data)
    elif kind == "bool":
        out.append(b"1" if value else b"0")
    elif kind == "int":
        out.append(str(value).encode())
    else:
        out.append(float_text(as_float(value)).encode())


def escaped(text: str, unit: Callable[[int], str]) -> str:
    """`text` between double quotes: printable ASCII as is, `\\` and `"` escaped, every other
    code point through `unit`."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif " " <= char <= "~":
            out.append(char)
        else:
            out.append(unit(ord(char)))
    return '"' + "".join(out) + '"'


def nested(type_: Type, opening: str = "[", closing: str = "]") -> str:
    """A type as nested lists of strings, for drivers that encode by type at run time."""
    inner = ",".join([f'"{type_.kind}"', *(nested(a, opening, closing) for a in type_.args)])
    return f"{opening}{inner}{closing}"


def combined(type_: Type, names: Mapping[str, str], call: str = "{}({})", gap: str = ", ") -> str:
    """A type as an expression of combinators, `List(Map(Str, Int))`, for drivers that have a
    reader or writer for each kind."""
    if not type_.args:
        return names[type_.kind]
    return call.format(names[type_.kind], gap.join(combined(a, names, call, gap)
                                                   for a in type_.args))


def braced_hex(point: int) -> str:
    """A code point as ``\\u{1f600}`` (JavaScript, PHP, Ruby, Lua)."""
    return f"\\u{{{point:x}}}"


def octal_utf8(point: int) -> str:
    """A code point as octal escapes of its UTF-8 bytes (C, C++)."""
    return "".join(f"\\{byte:03o}" for byte in chr(point).encode("utf-8", "surrogatepass"))
