"""The generator's promises: distinct, deterministic, stable under growth, telling tests."""

import random
import re
import shutil
import subprocess
from collections import Counter

import pytest

from oorl.data.synthetic import generate_problems
from oorl.data.synthetic.cases import make_cases
from oorl.data.synthetic.families import Draw, all_families
from oorl.data.synthetic.frontend import parse_program
from oorl.data.synthetic.names import illegal_names
from oorl.data.synthetic.normalise import normal_form
from oorl.data.synthetic.printers import all_printers, print_all
from oorl.errors import DataError, UnknownName
from oorl.languages import all_languages
from oorl.params.dataset import DatasetParams
from oorl.records import Problem, canonical

DRAWS = 40


def test_equal_seeds_give_equal_problems_and_others_do_not(
        problems: list[Problem], params: DatasetParams) -> None:
    assert generate_problems(params, seed=3) == problems
    assert generate_problems(params, seed=4) != problems


def test_growth_keeps_every_problem_as_it_was(problems: list[Problem]) -> None:
    more = {p.id: p for p in generate_problems(DatasetParams(problems=700), seed=3)}
    assert len(more) == 700
    assert all(more[p.id] == p for p in problems)


def test_the_same_function_is_in_the_same_split_under_every_seed(problems: list[Problem]) -> None:
    other = {p.id: p for p in generate_problems(DatasetParams(problems=1000), seed=99)}
    shared = [p for p in problems if p.id in other]
    assert shared
    assert all(other[p.id].split == p.split for p in shared)


def test_no_function_occurs_twice_up_to_names(problems: list[Problem]) -> None:
    forms = Counter(_without_names(p) for p in problems)
    assert max(forms.values()) == 1


def _without_names(problem: Problem) -> str:
    """The Python text with identifiers numbered in order: a twin of the normal form."""
    names: dict[str, str] = {}
    known = ("def|return|for|in|while|if|elif|else|not|and|or|range|len|min|max|abs|str|int|ord|"
             "chr|append|get|items|break|True|False|list|dict|float|bool|upper|lower|is[a-z]+")

    def number(match: re.Match[str]) -> str:
        word = match[0]
        if word[0] in "\"'" or re.fullmatch(known, word):
            return word
        return names.setdefault(word, f"v{len(names)}")
    return re.sub(r'"[^"]*"|[a-z_]\w*', number, problem.solutions["python"])


def test_normal_form_ignores_names_and_nothing_else() -> None:
    text = "def f_x(a: int, b: int) -> int:\n    c = a + 2\n    return c * b\n"
    renamed = "def g_y(p: int, q: int) -> int:\n    r = p + 2\n    return r * q\n"
    form = normal_form(parse_program(text))
    assert normal_form(parse_program(renamed)) == form
    for old, new in (("2", "3"), ("+", "-"), ("c * b", "c * a"), ("b: int", "b: float")):
        assert normal_form(parse_program(
            text.replace(old, new).replace("-> int", "-> float" if "float" in new else "-> int")
        )) != form


def test_expected_results_vary_and_are_no_parameter(problems: list[Problem]) -> None:
    for problem in problems:
        results = [canonical(c.expected) for c in problem.cases]
        assert len(results) == 8
        if problem.signature.returns.kind == "bool":
            assert 2 <= results.count("true") <= 6
        else:
            assert len(set(results)) >= 3
        for position in range(len(problem.signature.parameters)):
            assert [canonical(c.args[position]) for c in problem.cases] != results


def test_no_case_is_asked_twice(problems: list[Problem]) -> None:
    for problem in problems:
        assert len({canonical(list(c.args)) for c in problem.cases}) == len(problem.cases)


def test_edges_are_among_the_cases(problems: list[Problem]) -> None:
    firsts = Counter(canonical(p.cases[0].args[0]) for p in problems
                     if str(p.signature.parameters[0].type) == "list[int]"
                     and p.signature.returns.kind != "bool")
    assert firsts["[]"] > 0.8 * sum(firsts.values())


def test_the_number_of_cases_is_the_one_asked_for() -> None:
    few = generate_problems(DatasetParams(problems=40, cases=3), seed=1)
    many = generate_problems(DatasetParams(problems=40, cases=20), seed=1)
    assert {len(p.cases) for p in few} == {3}
    assert {len(p.cases) for p in many} == {20}


def test_programs_are_short(problems: list[Problem]) -> None:
    lines = sorted(p.solutions["python"].count("\n") + 1 for p in problems)
    assert lines[len(lines) // 2] <= 7
    assert lines[-1] <= 16


def test_there_are_many_families_and_none_dominates(problems: list[Problem]) -> None:
    families = Counter(p.family for p in problems)
    assert len(families) >= 60
    assert max(families.values()) < 0.06 * len(problems)


def test_more_than_the_families_can_give_is_a_clear_error() -> None:
    with pytest.raises(DataError, match="distinct functions") as caught:
        generate_problems(DatasetParams(problems=200, families=("is_ordered",)), seed=1)
    assert "dataset.families" in caught.value.remedy


@pytest.mark.parametrize("family", list(all_families()))
def test_every_draw_of_a_family_is_legal_in_every_language_it_is_printed_in(family: str) -> None:
    languages = [all_languages()[name] for name in all_printers()]
    reserved = frozenset().union(*(x.reserved for x in languages))
    functions = frozenset().union(*(x.reserved_functions for x in languages))
    for number in range(DRAWS):
        program = parse_program(all_families()[family](Draw(random.Random(number))).text)
        assert not illegal_names(program)
        for function in program.functions:
            assert not {function.name, *function.variables()} & reserved
            assert function.name not in functions
        solutions = print_all(program)
        assert {"python", "cpp", "java", "php", "javascript", "ruby", "perl"} <= set(solutions)


@pytest.mark.skipif(shutil.which("php") is None, reason="needs php")
def test_no_function_is_built_into_php() -> None:
    listing = subprocess.run(
        ["php", "-r", "echo implode(' ', get_defined_functions()['internal']);"],
        capture_output=True, text=True, check=True).stdout
    taken = set(listing.split())
    for family, draw in all_families().items():
        for number in range(DRAWS):
            program = parse_program(draw(Draw(random.Random(number))).text)
            assert not {f.name for f in program.functions} & taken, family


def test_cases_touch_both_sides_of_a_boundary() -> None:
    text = "def is_kind(x: int) -> bool:\n    return x > 7\n"
    for seed in range(10):
        cases = make_cases(parse_program(text), {}, 6, random.Random(seed))
        assert cases is not None
        # 7 tells > from >=, 8 tells 7 from 8
        assert {7, 8} <= {c.args[0] for c in cases}


def test_trivial_functions_are_refused() -> None:
    for expression in ("x * 0 + 5", "x", "x % 2 * 0"):
        program = parse_program(f"def f_x(x: int) -> int:\n    return {expression}\n")
        assert make_cases(program, {}, 8, random.Random(1)) is None
    rare = parse_program("def f_x(x: int) -> bool:\n    return x == 123456\n")
    assert make_cases(rare, {}, 8, random.Random(1)) is None


def test_families_can_be_chosen() -> None:
    params = DatasetParams(problems=40, families=("count_where", "fold"))
    assert {p.family for p in generate_problems(params, 3)} == {"count_where", "fold"}


def test_an_unknown_family_is_named_with_its_neighbour() -> None:
    with pytest.raises(UnknownName, match=r"count_were.*'count_where'"):
        generate_problems(DatasetParams(problems=40, families=("count_were",)), 3)
