"""The typed subset: what types come out, and what is refused because languages differ on it."""

import pytest

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.frontend import Refused, parse_program
from oorl.records import Type


def body(text: str, head: str = "def f_x(nums: list[int], s: str, k: int) -> int:") -> str:
    return head + "\n" + "\n".join("    " + line for line in text.splitlines())


def test_types_are_inferred_from_the_first_assignment() -> None:
    program = parse_program(body(
        "total = 0\nmean = k / 2\nlast = s[0]\nfor c in s:\n    total += 1\n"
        "seen: dict[str, int] = {}\nreturn total"))
    assert program.main.variables() == {
        "nums": Type("list", (n.INT,)), "s": n.STR, "k": n.INT, "total": n.INT, "mean": n.FLOAT,
        "last": n.CHAR, "c": n.CHAR, "seen": Type.parse("map[str,int]")}


def test_a_character_becomes_a_string_where_one_is_wanted() -> None:
    program = parse_program("def f_x(s: str) -> str:\n    return s[0]\n")
    (stmt,) = program.main.body
    assert isinstance(stmt, n.Return)
    assert stmt.value == n.Builtin(n.STR, "text", (n.Index(n.CHAR, n.Var(n.STR, "s"),
                                                           n.Const(n.INT, 0)),))


def test_an_int_constant_becomes_a_float_where_one_is_wanted() -> None:
    program = parse_program("def f_x(a: float) -> float:\n    if a > 2:\n        return 1\n"
                            "    return a\n")
    assert n.Const(n.FLOAT, 2.0) in list(program.walk())
    assert n.Const(n.FLOAT, 1.0) in list(program.walk())


@pytest.mark.parametrize("text", [
    "if k > 0:\n    t = 1\nreturn t",                         # C and Java scope by block
    "for i in range(k):\n    k += 1\nreturn k",               # bound evaluated once or each time
    "for i in range(k):\n    i += 1\nreturn k",               # a changed loop variable
    "for x in nums:\n    nums.append(x)\nreturn 0",           # growing what is looped over
    "nums[0] = 1\nreturn 0",                                  # changes the caller's list
    "t = 0\nt = s\nreturn t",                                 # a second type
    "return k // 2.0",                                        # floor division of floats
    "return nums[0:1]",                                       # slices of lists
    "return s.upper()",                                       # whole strings: no C++ idiom
    "return int(s)",                                          # only digits are converted
    "if k:\n    return 1\nreturn 0",                          # truth of a number
    "return s < k",                                           # comparing kinds
    "return sorted(nums)",
    "t = []\nreturn 0",
    "while True:\n    continue",
])
def test_what_languages_disagree_on_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse_program(body(text))
