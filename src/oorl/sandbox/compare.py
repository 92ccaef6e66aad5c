"""When two values of a type agree."""

from __future__ import annotations

import math

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


def _floats_agree(expected: float, actual: float, tolerance: float) -> bool:
    if math.isnan(expected) or math.isnan(actual):
        return math.isnan(expected) and math.isnan(actual)
    return math.isclose(expected, actual, rel_tol=tolerance, abs_tol=tolerance)
