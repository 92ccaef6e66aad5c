"""Types of functions that came without: from declarations, from values, from both."""

from typing import Any

import pytest

from oorl.data.infer import declared, infer_type, signature_and_cases
from oorl.records import Case, Type


@pytest.mark.parametrize(("text", "expected"), [
    ("vector<int>", "list[int]"), ("std::vector<std::vector<double>>&", "list[list[float]]"),
    ("const string&", "str"), ("unordered_map<string, vector<long long>>",
                               "map[str,list[int]]"),
    ("List<Integer>", "list[int]"), ("HashMap<String, List<Long>>", "map[str,list[int]]"),
    ("int[]", "list[int]"), ("Boolean", "bool"),
    ("[]string", "list[str]"), ("map[string][]int", "map[str,list[int]]"), ("[][]float64",
                                                                            "list[list[float]]"),
    ("List[Map[Int, String]]", "list[map[int,str]]"), ("Optional[int]", "optional[int]"),
    ("List[List[str]]", "list[list[str]]"), ("Dict[str, int]", "map[str,int]"),
])
def test_declared_types(text: str, expected: str) -> None:
    assert str(declared(text)) == expected


@pytest.mark.parametrize("text", [
    "", "Object", "[]interface{}", "number", "any", "HashMap<List<Integer>, String>",
    "pair<int, int>", "Optional[Optional[int]]", "vector<", "map<int>"])
def test_what_is_no_type_of_ours_proposes_nothing(text: str) -> None:
    assert declared(text) is None


@pytest.mark.parametrize(("values", "expected"), [
    ([1, 2], "int"), ([1, 2.5], "float"), ([True], "bool"), (["", "a"], "str"),
    ([[], [1]], "list[int]"), ([(1, 2), [3.5]], "list[float]"), ([[[], ["a"]]], "list[list[str]]"),
    ([{"a": [1]}, {}], "map[str,list[int]]"), ([{1: {2: 3.0}}], "map[int,map[int,float]]"),
])
def test_types_of_values(values: list[Any], expected: str) -> None:
    assert str(infer_type(values)) == expected


@pytest.mark.parametrize("values", [
    [1, "a"], [True, 1], [[1, "a"]], [{1, 2}], [None], [3j], [[]], [[[]]], [{}], [b"x"],
    [{(1, 2): 3}], [{1.5: 2}], [[1], [[1]]]])
def test_values_without_a_type_are_refused(values: list[Any]) -> None:
    with pytest.raises(ValueError, match="x: "):
        infer_type(values, what="x")


def test_deep_values_are_refused_before_they_exhaust_the_stack() -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    with pytest.raises(ValueError, match="deeply"):
        infer_type([deep], [Type.parse("list[int]")], "x")


def test_a_proposal_counts_only_if_all_values_are_of_it() -> None:
    proposals = [Type.parse("int"), Type.parse("int"), Type.parse("float"), None]
    assert str(infer_type([1, 2], proposals)) == "int"
    assert str(infer_type([1, 2], [*proposals[1:], Type.parse("float")])) == "float"
    assert str(infer_type([1, 2.5], proposals)) == "float"
    assert str(infer_type([[]], [Type.parse("list[str]")])) == "list[str]"
    assert str(infer_type(["a"], proposals)) == "str"


def test_a_function_and_its_cases() -> None:
    proposal = ([Type.parse("list[float]"), None], Type.parse("map[str,int]"))
    signature, cases = signature_and_cases(
        "f", ["values", "k"], [([[1, 2], 3], {"a": 1}), ([[], 4], {})],
        [proposal, ([None], None)])
    assert signature.to_json() == {"name": "f", "returns": "map[str,int]",
                                   "parameters": [["values", "list[float]"], ["k", "int"]]}
    assert cases == (Case(([1.0, 2.0], 3), [["a", 1]]), Case(([], 4), []))


@pytest.mark.parametrize(("cases", "words"), [
    ([], "no tests"), ([([1, 2], 3)], "2 argument"), ([([None], 3)], "k: "),
    ([([1], None)], "the result: ")])
def test_what_is_no_function_is_refused(cases: list[Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        signature_and_cases("f", ["k"], cases)
