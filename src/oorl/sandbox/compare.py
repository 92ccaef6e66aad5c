"""When two values of a type, or two outputs, agree."""

from __future__ import annotations

import math
import re

from oorl.languages.values import as_float
from oorl.records import Json, Type


def agree(type_: Type, expected: Json, actual: Json, tolerance: float) -> bool:
    """Do two canonical values of `type_` agree?

    Floats agree within `tolerance`, relative or absolute, NaN with NaN and an infinity with
    itself only; everything else must be equal; maps are compared without order.
    """
    if type_.kind == "optional":
        if expected is None or actual is None:
            return expected is None and actual is None
        return agree(type_.args[0], expected, actual, tolerance)
    if type_.kind == "float":
        return _floats_agree(as_float(expected), as_float(actual), tolerance)
    if type_.kind == "list":
        return len(expected) == len(actual) and all(
            agree(type_.args[0], e, a, tolerance) for e, a in zip(expected, actual, strict=True))
    if type_.kind == "map":
        found = dict(actual)
        return len(expected) == len(actual) and all(
            key in found and agree(type_.args[1], value, found[key], tolerance)
            for key, value in expected)
    return type(expected) is type(actual) and bool(expected == actual)


def texts_agree(expected: str, actual: str, tolerance: float) -> bool:
    """Is the whole of two outputs the same?

    Blanks at the ends of lines and empty lines at the end carry no meaning. Otherwise lines must
    be equal, or have as many words, which are equal or, where the expected one is written with a
    point or exponent, agree as floats do in `agree`.
    """
    left, right = _lines(expected), _lines(actual)
    return len(left) == len(right) and all(
        a == b or _words_agree(a.split(), b.split(), tolerance)
        for a, b in zip(left, right, strict=True))


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().split("\n")]


def _words_agree(expected: list[str], actual: list[str], tolerance: float) -> bool:
    return len(expected) == len(actual) and all(
        e == a or (_is_float(e) and _reads_as(a) and _floats_agree(float(e), float(a), tolerance))
        for e, a in zip(expected, actual, strict=True))


def _is_float(word: str) -> bool:
    return _reads_as(word) and any(c in ".eE" for c in word)


def _reads_as(word: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", word, re.ASCII) is not None


def _floats_agree(expected: float, actual: float, tolerance: float) -> bool:
    if math.isnan(expected) or math.isnan(actual):
        return math.isnan(expected) and math.isnan(actual)
    return math.isclose(expected, actual, rel_tol=tolerance, abs_tol=tolerance)
