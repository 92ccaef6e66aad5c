"""Good data passes every rule; each way of spoiling it is found, at the row that was spoilt."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows._summary import validation
from oorl.data.normal import normal_text
from oorl.data.synthetic import generate_problems
from oorl.data.verify import Verification
from oorl.params import Params, parse_params
from oorl.params.dataset import DatasetParams
from oorl.records import IRGroup, Loser, Problem, Winner
from tasks.validation.frames import fits, group_frame, problem_frame
from tasks.validation.gold import run_gold
from tasks.validation.report import as_html, as_json, complaint
from tasks.validation.rules import group_rules, problem_rules
from tasks.validation.suites import Finding, run_suites

PARAMS = parse_params({
    "dataset": {}, "ir_groups": {"winners": 2, "losers": 2}, "validate": {"min_problems": 20},
    "base": {}, "rl": {}, "gepo": {}, "control": {}, "evaluate": {}, "register": {},
    "sandbox": {}, "tracking": {}})

Row = dict[str, str]


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return generate_problems(DatasetParams(problems=120, cases=4), seed=7)


@pytest.fixture
def rows(problems: list[Problem]) -> list[Row]:
    return [problem.to_row() for problem in problems]


def ir(name: str) -> str:
    return f"define i64 @f(i64 %0) {{\n  ret i64 {name}\n}}"


@pytest.fixture
def groups(problems: list[Problem]) -> list[IRGroup]:
    made = []
    for number, problem in enumerate(problems[:30]):
        witness = {"input": [1], "expected": 1, "got": 2}
        made.append(IRGroup(
            id=f"g{number}", problem_id=problem.id, split=problem.split, language="c",
            source_code=f"long long f{number}(long long x) {{ return {number}; }}",
            signature="long long f(long long x)", toolchain="LLVM 22",
            inputs=[[n] for n in range(12)],
            winners=(Winner(ir("1"), "O1", 9), Winner(ir("2"), "Oz", 9)),
            losers=(Loser(ir("3"), 0, "constant", witness, 0.5, 9),
                    Loser(ir("4"), 1, "constant", witness, 1.0, 9))))
    return made


def check(tmp_path: Path, rows: list[Row], groups: list[IRGroup]) -> dict[str, list[Finding]]:
    return run_suites({"problems": (problem_frame(rows), problem_rules(PARAMS)),
                       "ir_groups": (group_frame(groups, rows), group_rules(PARAMS))},
                      tmp_path / "docs")


def broken(findings: dict[str, list[Finding]]) -> dict[str, list[str]]:
    return {one.rule.name: [row for row, _ in one.rows]
            for found in findings.values() for one in found if not one.passed}


def test_good_data_passes_every_rule(tmp_path: Path, rows: list[Row],
                                     groups: list[IRGroup]) -> None:
    findings = check(tmp_path, rows, groups)
    assert broken(findings) == {}
    assert (tmp_path / "docs" / "index.html").exists()
    pages = " ".join(page.read_text() for page in (tmp_path / "docs").rglob("*.html"))
    for rule in (*problem_rules(PARAMS), *group_rules(PARAMS)):
        assert html.escape(rule.words, quote=False) in pages or rule.words in pages, rule


def edit(row: Row, column: str, change: Callable[[Any], Any]) -> None:
    row[column] = json.dumps(change(json.loads(row[column])))


def other_split(row: Row) -> str:
    return "test" if row["split"] != "test" else "rl"


def leak(rows: list[Row]) -> None:
    """Row 3 gets row 2's Python function under other names, in another split."""
    code = json.loads(rows[2]["solutions"])["python"]
    name = json.loads(rows[2]["signature"])["name"]
    edit(rows[3], "solutions", lambda s: {**s, "python": code.replace(name, "other_name")})
    rows[3]["split"] = other_split(rows[2])


PROBLEM_FAULTS: dict[str, Callable[[list[Row]], None]] = {
    "unique_id": lambda rows: rows[3].update(id=rows[2]["id"]),
    "id": lambda rows: rows[3].update(id="a b"),
    "split": lambda rows: rows[3].update(split="train"),
    "signature": lambda rows: edit(rows[3], "signature", lambda s: {**s, "returns": "list"}),
    "cases": lambda rows: edit(rows[3], "cases", lambda c: [[c[0][0], {}], *c[1:]]),
    "number_of_cases": lambda rows: edit(rows[3], "cases", lambda c: c[:1]),
    "solutions": lambda rows: edit(rows[3], "solutions", lambda s: {**s, "php": " "}),
    "longest_code": lambda rows: edit(rows[3], "solutions",
                                      lambda s: {**s, "php": "x" * 20001}),
    "leak": leak,
}


@pytest.mark.parametrize("name", PROBLEM_FAULTS)
def test_a_spoilt_problem_is_named(name: str, tmp_path: Path, rows: list[Row]) -> None:
    PROBLEM_FAULTS[name](rows)
    found = broken(run_suites({"problems": (problem_frame(rows), problem_rules(PARAMS))},
                              tmp_path / "docs"))
    assert rows[3]["id"] in found[name]


def drawn(**settings: Any) -> Params:
    return parse_params({**{name: {} for name in (
        "dataset", "ir_groups", "base", "rl", "gepo", "control", "evaluate", "register", "sandbox",
        "tracking")}, "validate": settings, "seed": 5})


def test_gold_that_fails_its_own_tests_is_named(tmp_path: Path, rows: list[Row]) -> None:
    for row in rows:  # two languages that start in no time
        edit(row, "solutions", lambda s: {"python": s["python"], "php": s["php"]})
    params = drawn(gold_problems=6)
    good = run_gold(rows, params)
    assert (set(good.faults.values()), len(good.faults)) == ({""}, 6)
    assert (good.programs, good.unverified) == (12, 0)
    place, other, third = sorted(good.faults)[:3]
    name = json.loads(rows[place]["signature"])["name"]
    edit(rows[place], "solutions", lambda s: {**s, "php": f"function {name}() {{ return 'no'; }}"})
    rows[other]["signature"] = "?"  # no problem at all: another rule speaks
    rows[third]["id"] = rows[place]["id"]
    gold = run_gold(rows, params)
    assert sorted(gold.faults) == sorted(good.faults.keys() - {other})
    assert gold.faults[place].startswith("php: wrong_answer")
    assert not any(fault for where, fault in gold.faults.items() if where != place)
    findings = run_suites({"problems": (problem_frame(rows, gold.faults), problem_rules(params))},
                          tmp_path / "docs")
    assert broken(findings)["gold"] == [rows[place]["id"]]
    (page,) = (tmp_path / "docs" / "validations").rglob("*.html")
    assert "php: wrong_answer" in page.read_text()


def test_the_seed_draws_the_gold_and_none_can_be_drawn(
        monkeypatch: pytest.MonkeyPatch, rows: list[Row]) -> None:
    asked: list[str] = []

    def all_pass(problems: Any, chosen: Any, *_: Any, **__: Any) -> Verification:
        asked.extend(problem.id for problem in chosen)
        return Verification(list(problems))

    monkeypatch.setattr("tasks.validation.gold.verify_gold", all_pass)
    for number in (9, 9, 500):
        assert len(run_gold(rows, drawn(gold_problems=number)).faults) == min(number, len(rows))
    assert asked[:9] == asked[9:18]
    assert asked[18:] == [str(place) for place in range(len(rows))]
    assert run_gold(rows, drawn(gold_problems=0)).faults == {}
    assert "gold" not in {rule.name for rule in problem_rules(drawn(gold_problems=0))}


def test_repeated_arguments_are_a_fault(rows: list[Row]) -> None:
    edit(rows[0], "cases", lambda c: [*c, c[0]])
    assert "the arguments of case 0" in problem_frame(rows)["cases_fault"][0]


GROUP_FAULTS: dict[str, Callable[[IRGroup], IRGroup]] = {
    "unique_id": lambda g: replace(g, id="g2"),
    "split": lambda g: replace(g, split="train"),
    "problem": lambda g: replace(g, problem_id="nobody"),
    "number_of_winners": lambda g: replace(g, winners=g.winners[:1], losers=g.losers[:1] * 2),
    "number_of_losers": lambda g: replace(g, losers=g.losers[:1]),
    "winners": lambda g: replace(g, winners=(g.winners[0], g.winners[0])),
    "losers": lambda g: replace(g, losers=(replace(g.losers[0], ir=g.winners[1].ir),
                                           g.losers[1])),
    "witness": lambda g: replace(g, losers=(
        g.losers[0], replace(g.losers[1], witness={"input": [1], "expected": 1, "got": 1}))),
    "hardest_hardness": lambda g: replace(g, losers=(g.losers[0],
                                                     replace(g.losers[1], hardness=0.0))),
    "easiest_hardness": lambda g: replace(g, losers=(g.losers[0],
                                                     replace(g.losers[1], hardness=1.1))),
    "inputs": lambda g: replace(g, inputs=[[1]] * 3),
    "language": lambda g: replace(g, language="cobol"),
    "distinct": lambda g: replace(g, source_code="long long h(long long other) { return 2; }"),
    "record": lambda g: replace(g, toolchain=" "),
    "longest_ir": lambda g: replace(g, winners=(g.winners[0],
                                                Winner(ir("5") + " " * 6000, "O2"))),
    "tokens": lambda g: replace(g, losers=(g.losers[0], replace(g.losers[1], tokens=1025))),
}


@pytest.mark.parametrize("name", GROUP_FAULTS)
def test_a_spoilt_group_is_named(name: str, tmp_path: Path, rows: list[Row],
                                 groups: list[IRGroup]) -> None:
    groups[3] = GROUP_FAULTS[name](groups[3])
    found = broken(run_suites({"groups": (group_frame(groups, rows), group_rules(PARAMS))},
                              tmp_path / "docs"))
    assert groups[3].id in found[name]


def test_a_record_without_recipe_operator_or_length_is_a_fault(rows: list[Row],
                                                               groups: list[IRGroup]) -> None:
    group = groups[0]
    spoilt = [replace(group, winners=(replace(group.winners[0], recipe=""), group.winners[1])),
              replace(group, losers=(group.losers[0], replace(group.losers[1], operator=""))),
              replace(group, losers=(group.losers[0], replace(group.losers[1], tokens=0))),
              replace(group, signature="")]
    assert list(group_frame(spoilt, rows)["record_fault"]) == [
        "a winner without its recipe", "a loser without its operator",
        "a text without its length in tokens", "no signature"]


def test_a_group_in_two_splits_is_named(tmp_path: Path, rows: list[Row],
                                        groups: list[IRGroup]) -> None:
    groups[3] = replace(groups[3], source_code="  " + groups[2].source_code,
                        split=other_split(rows[2]))
    found = broken(run_suites({"groups": (group_frame(groups, rows), group_rules(PARAMS))},
                              tmp_path / "docs"))
    assert {"g2", "g3"} <= set(found["leak"])


def test_a_training_group_of_a_test_problem_is_named(tmp_path: Path, rows: list[Row],
                                                     groups: list[IRGroup]) -> None:
    """Renamed, from another source: still the function that a model will be tested on."""
    held_out = next(r for r in rows if r["split"] == "test" and "c" in json.loads(r["solutions"]))
    code = json.loads(held_out["solutions"])["c"]
    name = json.loads(held_out["signature"])["name"]
    groups[3] = replace(groups[3], problem_id="folder:x.c:f", split="sft",
                        source_code="// mine\n" + re.sub(rf"\b{name}\b", "my_own", code))
    found = broken(run_suites({"groups": (group_frame(groups, rows), group_rules(PARAMS))},
                              tmp_path / "docs"))
    assert found["leak"] == ["g3"]
    assert "problem" not in found


def test_empty_tables_break_the_rule_on_their_size(tmp_path: Path) -> None:
    found = broken(check(tmp_path, [], []))
    assert "enough" in found


def test_reports_tell_row_rule_and_value_and_are_stable(tmp_path: Path, rows: list[Row],
                                                       groups: list[IRGroup]) -> None:
    rows[3]["split"] = "<train>"
    texts = []
    for folder in ("one", "two"):
        findings = check(tmp_path / folder, rows, groups)
        outcome = as_json(findings, {"problems": 120, "ir_groups": 30},
                          {"problems": "d", "ir_groups": "e"})
        texts.append((json.dumps(outcome), as_html(outcome)))
    assert texts[0] == texts[1]
    assert not outcome["passed"]
    assert "<train>" not in texts[0][1]
    assert "&lt;train&gt;" in texts[0][1]
    words = complaint(findings)
    assert rows[3]["id"] in words
    assert "the split is one of" in words


@pytest.mark.parametrize("spoilt", [True, False])
def test_the_page_in_prefect_tells_rules_and_rows(tmp_path: Path, rows: list[Row],
                                                  groups: list[IRGroup], spoilt: bool) -> None:
    if spoilt:
        rows[3]["split"] = "train"
    findings = check(tmp_path, rows, groups)
    outcome = as_json(findings, {"problems": 120, "ir_groups": 30},
                      {"problems": "d", "ir_groups": "e"})
    folder = tmp_path / "reports" / "validation"
    folder.mkdir(parents=True)
    assert validation(tmp_path, not spoilt) == ""
    (folder / ("failed.json" if spoilt else "validation.json")).write_text(json.dumps(outcome))
    text = validation(tmp_path, not spoilt)
    assert f"Validation: **{'failed' if spoilt else 'passed'}**" in text
    assert text.count("\n| ") == 2 + sum(map(len, findings.values()))
    bad = [line for line in text.splitlines() if "|" in line and not line.endswith("| - |")]
    assert (len(bad) > 4) == spoilt  # each table has two lines at its head
    assert (f"| 1: `{rows[3]['id']}` |" in text) == spoilt


@pytest.mark.parametrize(("kind", "good", "bad"), [
    ("int", [0, 2**70, -1], [True, 1.0, "1", None]),
    ("float", [1, 1.5, "NaN", "-Infinity"], [True, "nan", None]),
    ("bool", [True], [1, "true"]),
    ("str", ["", "é"], [1, None, ["a"]]),
    ("list[int]", [[], [1]], [[1.5], "ab", [None]]),
    ("map[str,list[int]]", [[], [["a", [1]]]], [[["a", 1]], [["a"]], {"a": [1]}]),
    ("optional[int]", [None, 3], ["", [3]]),
])
def test_fits(kind: str, good: list[Any], bad: list[Any]) -> None:
    from oorl.records import Type

    assert all(fits(Type.parse(kind), value) for value in good)
    assert not any(fits(Type.parse(kind), value) for value in bad)


def test_normal_text_forgets_names_and_layout_only() -> None:
    one = "def f(a, b):\n    total = 0\n    for x in a:\n        total += x * b\n    return total\n"
    same = "def g(xs, k):\n    s=0\n    for e in xs:\n        s += e*k\n    return s  # sum\n"
    assert normal_text({"python": one}) == normal_text({"python": same})
    assert normal_text({"python": one}) != normal_text({"python": one.replace("* b", "* a")})
    assert (normal_text({"python": "def f(a):\n    return min(a)\n"})
            != normal_text({"python": "def f(a):\n    return max(a)\n"}))
