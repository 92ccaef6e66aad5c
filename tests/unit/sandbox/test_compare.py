"""When values agree."""

import pytest

from oorl.records import Type
from oorl.sandbox.compare import agree


@pytest.mark.parametrize(("kind", "expected", "actual", "same"), [
    ("int", 1, 1, True), ("int", 1, 2, False), ("bool", True, True, True),
    ("float", 1.0, 1.0 + 5e-7, True), ("float", 1.0, 1.0 + 5e-6, False),
    ("float", 1e12, 1e12 + 1e5, True), ("float", 0.0, 5e-7, True), ("float", 2, 2.0, True),
    ("float", "NaN", "NaN", True), ("float", "NaN", 0.0, False),
    ("float", "Infinity", "Infinity", True), ("float", "Infinity", "-Infinity", False),
    ("float", "Infinity", 1e308, False), ("list[int]", [1, 2], [2, 1], False),
    ("list[int]", [1, 2], [1], False), ("list[float]", [0.1], [0.1000001], True),
    ("map[str,int]", [["a", 1], ["b", 2]], [["b", 2], ["a", 1]], True),
    ("map[str,int]", [["a", 1]], [["a", 2]], False), ("map[str,int]", [["a", 1]], [], False),
    ("map[bool,int]", [[True, 1]], [[False, 1]], False),
    ("optional[int]", None, None, True), ("optional[int]", None, 0, False),
    ("optional[float]", 1.0, 1.0000001, True), ("str", "a", "a ", False),
])
def test_agree(kind, expected, actual, same):
    assert agree(Type.parse(kind), expected, actual, 1e-6) is same
