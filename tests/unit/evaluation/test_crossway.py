"""Crossway: every file keeps its rules, and its solutions pass when they are run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from oorl.errors import DataError
from oorl.evaluation.benchmarks import Request, get_benchmark
from oorl.evaluation.benchmarks.crossway import CANARY, ROOT, SOURCES, read_problem, read_problems
from oorl.evaluation.gold import Empty, Gold
from oorl.evaluation.run import run_tasks
from oorl.evaluation.scores import run_scores
from oorl.languages import all_languages, get_language
from oorl.params.sandbox import SandboxParams
from oorl.records import Problem, Status, Submission
from oorl.sandbox import Judge, available_languages
from scripts.crossway_check import PATIENT, check
from scripts.crossway_mutants import mutants

SAMPLE = 4
"""Problems whose solutions in the compiled languages are run; `crossway_check.py` runs all."""


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return read_problems()


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge(SandboxParams.model_validate(PATIENT)) as judge:
        yield judge


def test_every_file_is_read_and_has_what_the_datasheet_says(problems: list[Problem]) -> None:
    files = list(ROOT.rglob("*.*"))
    assert len(problems) == len(files)
    assert {p.stem for p in files} == {p.id for p in problems}
    for problem in problems:
        assert problem.id.replace("-", "").isalnum()
        assert problem.id.islower()
        assert len(problem.cases) >= 20
        assert set(problem.solutions) == set(SOURCES)
        assert problem.split == "test"


def test_pairs_go_from_four_languages_into_all(problems: list[Problem]) -> None:
    tasks = get_benchmark("crossway").load(Request())
    assert {t.source for t in tasks} == set(SOURCES)
    assert {t.target for t in tasks} == set(all_languages())
    assert len({(t.problem_id, t.source, t.target) for t in tasks}) == len(tasks)
    first = get_benchmark("crossway").load(Request(languages=("php",), limit=2))
    assert [(t.problem_id, t.source) for t in first] == [
        (p.id, s) for p in problems[:2] for s in sorted(SOURCES)]


def test_python_solutions_pass(problems: list[Problem], judge: Judge) -> None:
    verdicts = judge.judge([p.submission("python", p.solutions["python"]) for p in problems])
    assert [(p.id, v.detail) for p, v in zip(problems, verdicts, strict=True)
            if not v.passed] == []


def test_gold_is_one_and_empty_zero_in_all_four(judge: Judge, problems: list[Problem]) -> None:
    chosen = {p.id for p in random.Random(1).sample(problems, SAMPLE)}
    tasks = [t for t in get_benchmark("crossway").load(Request(languages=SOURCES))
             if t.problem_id in chosen]
    assert len(tasks) == SAMPLE * 12
    gold = run_tasks("gold", tasks, Gold(tasks), judge, progress=False)
    assert run_scores(gold)["pass_at"]["1"]["value"] == 1.0, gold["detail"].tolist()
    empty = run_tasks("empty", tasks, Empty(), judge, progress=False)
    assert run_scores(empty)["pass_at"]["1"]["value"] == 0.0


def test_empty_programs_are_zero_in_every_target_language(
        judge: Judge, problems: list[Problem]) -> None:
    """As programs: an empty answer has no code block and is not even run."""
    problem = min(problems, key=lambda p: p.id)
    targets = [name for name, state in available_languages().items() if isinstance(state, str)
               and get_language(name).supports_signature(problem.signature)]
    verdicts = judge.judge([problem.submission(name, "") for name in targets])
    assert len(targets) >= 12
    assert [name for name, v in zip(targets, verdicts, strict=True) if v.passed] == []
    assert {v.status for v in verdicts}.isdisjoint({Status.INFRA_ERROR})


def test_one_value_for_all_cases_never_passes(problems: list[Problem], judge: Judge) -> None:
    """Nor does the first argument, given back."""
    programs = [Submission("python", f"def {p.signature.name}(first, *_):\n    return first\n",
                           p.signature, p.cases) for p in problems]
    assert [p.id for p, v in zip(problems, judge.judge(programs), strict=True)
            if v.status is Status.PASSED] == []


BREAKS = [
    ("title = ", "titel = ", "title: Field required"),
    ("difficulty = 1", "difficulty = 5", "difficulty: Input should be less than"),
    ("\ndifficulty", "\nlevel = 1\ndifficulty", "level: Extra inputs"),
    ('name = "shelf_gaps"', 'name = "gaps"', "name: 'gaps' is not legal"),
    ('["first", "int"]', '["list", "int"]', "parameters: 'list' is not legal"),
    ('["first", "int"]', '["first", "whole"]', "bad type 'whole'"),
    ("[[[], 1, 0], []]", "[[[], 1], []]", "cases, line 1: "),
    ("[[[], 1, 0], []]", "[[[], 1, 0], 7]", "cases, line 1: "),
    ("[[[], 1, 0], []]", "[[[], 4, 4], [4]]", "cases, line 2: these arguments"),
    ("go = '''", "rust = '''", "solutions: they must be in"),
    (CANARY, "", "the first line is not"),
    ("returns = ", "returns ", "it cannot be read"),
]


@pytest.mark.parametrize(("was", "becomes", "message"), BREAKS, ids=[b[2][:24] for b in BREAKS])
def test_a_bad_file_is_named_with_its_key(tmp_path: Path, was: str, becomes: str,
                                          message: str) -> None:
    text = (ROOT / "lists" / "shelf-gaps.toml").read_text()
    assert text.count(was) == 1
    path = tmp_path / "lists" / "shelf-gaps.toml"
    path.parent.mkdir()
    path.write_text(text.replace(was, becomes))
    with pytest.raises(DataError) as error:
        get_benchmark("crossway").load(Request(tmp_path))
    assert str(path) in str(error.value)
    assert message in str(error.value)


def test_too_few_cases_or_two_of_one_name_are_refused(tmp_path: Path) -> None:
    text = (ROOT / "lists" / "shelf-gaps.toml").read_text()
    (tmp_path / "lists").mkdir()
    for name in ("a", "b"):
        (tmp_path / "lists" / f"{name}.toml").write_text(text)
    with pytest.raises(DataError, match=r"name: lists/a\.toml has 'shelf_gaps' already"):
        read_problems(tmp_path)
    head, _, rest = text.partition("cases = '''\n")
    lines, _, tail = rest.partition("'''")
    few = "\n".join(lines.splitlines()[:19])
    (tmp_path / "lists" / "a.toml").write_text(f"{head}cases = '''\n{few}\n'''{tail}")
    with pytest.raises(DataError, match="cases: 19, there must be 20"):
        read_problem(tmp_path / "lists" / "a.toml")
    with pytest.raises(DataError, match="no problems"):
        read_problems(tmp_path / "lists")


def test_mutants_are_programs_with_one_fault_each() -> None:
    code = "def f(xs, n):\n    if n < 2 and xs:\n        return xs[:n]\n    return [n + 1]\n"
    every = mutants(code)
    changed = {(m.operator, m.was, m.became) for m in every}
    assert {("comparison", "n < 2", "n <= 2"), ("boolean", "n < 2 and xs", "n < 2 or xs"),
            ("boundary", ":n", ":n - 1"), ("arithmetic", "n + 1", "n - 1"),
            ("constant", "2", "3")} <= changed
    assert len({m.code for m in every}) == len(every)
    assert all(compile(m.code, m.operator, "exec") for m in every)
    assert mutants(code, 3, seed=5) == mutants(code, 3, seed=5)
    assert len(mutants(code, 3)) == 3


def test_mutants_by_tokens_leave_types_signs_and_texts_alone() -> None:
    code = ('List<Long> f(long n) {\n  // a < b\n'
            '  return n < -1L && s != "1 + 1" ? x-n : g(*p);\n}\n')
    changed = {m.became.partition("return ")[2] for m in mutants(code, language="java")}
    assert changed == {
        'n <= -1L && s != "1 + 1" ? x-n : g(*p);', 'n >= -1L && s != "1 + 1" ? x-n : g(*p);',
        'n < -2L && s != "1 + 1" ? x-n : g(*p);', 'n < -0L && s != "1 + 1" ? x-n : g(*p);',
        'n < -1L || s != "1 + 1" ? x-n : g(*p);', 'n < -1L && s == "1 + 1" ? x-n : g(*p);',
        'n < -1L && s != "1 + 1" ? x+n : g(*p);'}
    assert {m.line for m in mutants(code, language="java")} == {3}


def test_the_check_sees_a_failing_solution_and_a_missing_case(judge: Judge) -> None:
    good = read_problem(ROOT / "lists" / "shelf-gaps.toml")
    assert check(good, judge, judge, (5, 1), 0)["survivors"] == []
    weak = Problem("weak", "crossway", "test", good.signature, good.cases[:1],
                   {**good.solutions, "python": good.solutions["python"].replace(
                       "last + 1", "last")})
    row = check(weak, judge, judge, (0, 1), 0)
    assert row["failures"] == {}
    assert any("range" in s for s in row["survivors"]), row
    broken = Problem("broken", "crossway", "test", good.signature, good.cases,
                     dict(weak.solutions))
    assert list(check(broken, judge, judge, (1, 1), 0)["failures"]) == ["python"]
