"""The checked reference: the same results as plain Python, Undefined where languages differ."""

from typing import Any

import pytest

from oorl.data.synthetic.frontend import parse_program
from oorl.data.synthetic.printers import all_printers
from oorl.data.synthetic.reference import Reference, Undefined
from oorl.records import Problem


def call(text: str, *args: Any) -> Any:
    return Reference(parse_program(text))(args)


@pytest.mark.parametrize(("expression", "value"), [
    ("x // 2", -3), ("x % 3", -1), ("7 // x", 0), ("7 % x", -2), ("7 / x", 0),
    ("x * x * x * x", 10_000), ("len(str(x)) + ord(chr(x))", 5),
])
def test_partial_operations_are_undefined(expression: str, value: int) -> None:
    kind = "float" if "/" in expression and "//" not in expression else "int"
    with pytest.raises(Undefined):
        call(f"def f_x(x: int) -> {kind}:\n    return {expression}\n", value)


def test_a_remainder_compared_with_zero_agrees_everywhere() -> None:
    text = "def f_x(x: int) -> bool:\n    return x % 3 == 0\n"
    assert [call(text, x) for x in (-3, -2, 0, 6, 7)] == [True, False, True, True, False]
    text = text.replace("==", "!=")
    assert [call(text, x) for x in (-3, -2)] == [False, True]


@pytest.mark.parametrize(("expression", "args"), [
    ("nums[k]", ([1, 2], -1)), ("nums[k]", ([1, 2], 2)),
])
def test_indices_out_of_range_are_undefined(expression: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(Undefined):
        call(f"def f_x(nums: list[int], k: int) -> int:\n    return {expression}\n", *args)


def test_an_endless_loop_is_undefined() -> None:
    with pytest.raises(Undefined, match="steps"):
        call("def f_x(x: int) -> int:\n    while x > 0:\n        x += 0\n    return x\n", 1)


def test_the_arguments_stay_untouched() -> None:
    args = ([["b", 2], ["a", 1]],)
    text = "def f_x(m: dict[str, int]) -> dict[str, int]:\n    return m\n"
    assert Reference(parse_program(text))(args) == [["a", 1], ["b", 2]]
    assert args == ([["b", 2], ["a", 1]],)


def test_plain_python_gives_the_expected_results(problems: list[Problem]) -> None:
    for problem in problems:
        scope: dict[str, Any] = {}
        exec(problem.solutions["python"], scope)
        for case in problem.cases:
            args = [dict(a) if p.type.kind == "map" else a
                    for a, p in zip(case.args, problem.signature.parameters, strict=True)]
            result = scope[problem.signature.name](*args)
            if problem.signature.returns.kind == "map":
                result = [[k, v] for k, v in sorted(result.items())]
            assert result == case.expected, problem.id


def test_every_language_of_the_project_has_a_printer() -> None:
    assert list(all_printers()) == ["bash", "c", "cpp", "java", "javascript", "lua", "perl", "php",
                                    "python", "ruby"]
