"""The function that every language's probe programs implement."""

from __future__ import annotations

from oorl.records import Case, Parameter, Signature, Type

PROBE_SIGNATURE = Signature(
    "count_even", (Parameter("nums", Type.parse("list[int]")),), Type("int"))
"""How many numbers are even."""

PROBE_CASES = (
    Case(([1, 2, 4],), 2), Case(([],), 0), Case(([-2, 0, 7, 9],), 2), Case(([3],), 0))
