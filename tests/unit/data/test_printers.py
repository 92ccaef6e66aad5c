"""Printed text where languages set traps; that gold programs run is tested elsewhere."""

import pytest

from oorl.data.synthetic.frontend import parse_program
from oorl.data.synthetic.printers import all_printers, print_all
from oorl.languages import get_language
from oorl.records import Problem

SUM_ABOVE = """
def sum_above(nums: list[int], limit: int) -> int:
    total = 0
    for x in nums:
        if x > limit and x % 2 == 0:
            total += x
    return total
"""


def printed(language: str, text: str) -> str:
    return all_printers()[language].program(parse_program(text))


def test_bash() -> None:
    assert printed("bash", SUM_ABOVE) == """\
sum_above() {
    local nums=($1) limit=$2
    local total=0
    for x in "${nums[@]}"; do
        if (( x > limit && x % 2 == 0 )); then
            (( total += x ))
        fi
    done
    echo "$total"
}"""


def test_ruby() -> None:
    assert printed("ruby", SUM_ABOVE) == """\
def sum_above(nums, limit)
  total = 0
  nums.each do |x|
    if x > limit && x % 2 == 0
      total += x
    end
  end
  total
end"""


@pytest.mark.parametrize(("language", "expression", "expected"), [
    ("python", "a - (b - 1)", "a - (b - 1)"),
    ("cpp", "a - (b + 1)", "a - (b + 1)"),
    ("java", "a * (b // 2)", "a * (b / 2)"),
    ("javascript", "a // b", "Math.floor(a / b)"),
    ("javascript", "(a + 1) // b", "Math.floor((a + 1) / b)"),
    ("php", "a // b % 2", "intdiv($a, $b) % 2"),
    ("perl", "max(a, b) + 1", "($a > $b ? $a : $b) + 1"),
    ("c", "min(a, b) * 2", "(a < b ? a : b) * 2"),
    ("cpp", "max(a, 0)", "max(a, 0LL)"),
    ("lua", "a if a > b else b", "a > b and a or b"),
    ("ruby", "abs(a - b)", "(a - b).abs"),
])
def test_integer_expressions(language: str, expression: str, expected: str) -> None:
    text = printed(language, f"def f_x(a: int, b: int) -> int:\n    return {expression}\n")
    assert expected in text


@pytest.mark.parametrize(("language", "expected"), [
    ("lua", "not (a > 1 or b > 1)"), ("python", "not (a > 1 or b > 1)"),
    ("java", "!(a > 1 || b > 1)"), ("bash", "(( !(a > 1 || b > 1) ))"),
])
def test_not_binds_as_the_language_has_it(language: str, expected: str) -> None:
    text = "def f_x(a: int, b: int) -> bool:\n    return not (a > 1 or b > 1)\n"
    assert expected in printed(language, text)


def test_java_compares_boxed_elements_by_value_and_indexes_by_int() -> None:
    text = printed("java", """
def count_ends(nums: list[int]) -> int:
    total = 0
    left = 0
    right = len(nums) - 1
    while left < right:
        if nums[left] == nums[right]:
            total += 1
        left += 1
        right -= 1
    return total
""")
    assert "nums.get(left).equals(nums.get(right))" in text
    assert "int left = 0;" in text
    assert "long total = 0;" in text


def test_java_casts_an_index_that_is_a_long() -> None:
    text = printed("java", "def pick_one(nums: list[int], k: int) -> int:\n    return nums[k]\n")
    assert "nums.get((int) k)" in text


def test_cpp_never_adds_a_character_to_a_literal() -> None:
    text = printed("cpp", """
def spell_out(s: str) -> str:
    kept = ""
    for c in s:
        kept += c + "-"
    return kept
""")
    assert 'string(1, c) + "-"' in text


def test_cpp_size_is_signed_in_arithmetic_but_plain_as_a_loop_bound() -> None:
    text = printed("cpp", """
def scaled_size(nums: list[int]) -> int:
    total = 0
    for i in range(len(nums)):
        total += i
    return total - len(nums)
""")
    assert "i < nums.size();" in text
    assert "total - (long long)nums.size()" in text


def test_lua_counts_from_one() -> None:
    text = printed("lua", """
def adjacent_sum(nums: list[int]) -> int:
    total = 0
    for i in range(1, len(nums)):
        total += nums[i] - nums[i - 1]
    return total
""")
    assert "for i = 1, #nums - 1 do" in text
    assert "nums[i + 1] - nums[i]" in text


def test_fresh_loop_names_avoid_the_function_s_own() -> None:
    text = printed("c", """
def index_sum(nums: list[int], i: int) -> int:
    for x in nums:
        i += x
    return i
""")
    assert "for (int j = 0; j < nums_len; j++)" in text


@pytest.mark.parametrize(("signature", "missing"), [
    ("(xs: list[float]) -> int", {"bash"}), ("(m: dict[str, int]) -> int", {"bash", "c"}),
    ("(xs: list[str]) -> int", {"bash", "c"}), ("(s: str) -> int", set()),
])
def test_inexpressible_signatures_are_absent(signature: str, missing: set[str]) -> None:
    solutions = print_all(parse_program(f"def f_x{signature}:\n    return 1\n"))
    assert set(all_printers()) - set(solutions) == missing


def test_solutions_open_with_the_declaration_shown_in_prompts(problems: list[Problem]) -> None:
    for problem in problems:
        for language, code in problem.solutions.items():
            declaration = get_language(language).declaration(problem.signature)
            header = declaration.split("  #")[0]
            assert any(line.startswith(header) for line in code.splitlines()), (language, code)


def test_the_judge_s_languages_can_take_every_solution(problems: list[Problem]) -> None:
    for problem in problems:
        for language in problem.solutions:
            assert get_language(language).supports_signature(problem.signature), problem.id
