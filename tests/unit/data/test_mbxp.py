"""The mbxp source on rows of MBXP's schema, and on the real files where OORL_MBXP names them."""

import gzip
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from oorl.data.sources import Loaded, get_source
from oorl.data.verify import TRIVIAL, verify_gold
from oorl.errors import IsolationUnavailable
from oorl.params.dataset import DatasetParams
from oorl.records import Case
from oorl.sandbox import Judge, available_languages
from tests.unit.data.damage import damaged

PYTHON_TEST = """


METADATA = {{}}


def check(candidate):
    assert candidate([1, 2], 2) == {one}
    assert candidate([], 3) == {two}
"""


def python(number: int = 1, body: str = "    return sum(x * k for x in values)",
           **changes: Any) -> dict[str, Any]:
    return {
        "task_id": f"MBPP/{number}", "language": "python", "entry_point": "scale_Sum",
        "prompt": 'def scale_Sum(values, k):\n    """\n    Write a function to scale.\n'
                  '    >>> scale_Sum([1, 2], 2)\n    6\n    """\n',
        "canonical_solution": body, "test": PYTHON_TEST.format(one=6, two=0),
        "description": "Write a function to scale."} | changes


def cpp(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "task_id": f"MBCPP/{number}", "language": "cpp", "entry_point": "scaleSum",
        "prompt": "#include <bits/stdc++.h>\nusing namespace std;\n\n\n/**\n * Write it.\n"
                  " * > scaleSum({}, 3)\n */\ndouble scaleSum(vector<double> values, int k) {\n",
        "canonical_solution": "    double total = 0;\n    for (int i = 0; i < values.size(); i++) "
                              "total += values[i] * k;\n    return total;\n}",
        "test": "int main() {}", "description": "Write it."} | changes


def go(number: int = 1) -> dict[str, Any]:
    return {"task_id": f"MBGP/{number}", "language": "go", "entry_point": "scale_Sum",
            "prompt": "package main\n\nfunc scale_Sum (values []float64, k int) float64 {\n",
            "canonical_solution": None, "test": "func main() {}", "description": ""}


def load(root: Path, *rows: Any, **settings: Any) -> Loaded:
    text = "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows)
    with gzip.open(root / "mbxp.jsonl.gz", "wt") as file:
        file.write(text)
    return get_source("mbxp").load(DatasetParams(path=".", **settings), 1, root)


def test_one_problem_of_rows_in_several_languages(tmp_path: Path) -> None:
    loaded = load(tmp_path, python(), cpp(), go(), revision="v1")
    assert loaded.refused == []
    (problem,) = loaded.problems
    assert problem.signature.to_json() == {
        "name": "scale_Sum", "parameters": [["values", "list[float]"], ["k", "int"]],
        "returns": "float"}
    assert problem.cases == (Case(([1.0, 2.0], 2), 6.0), Case(([], 3), 0.0))
    assert problem.solutions["python"] == (
        "def scale_Sum(values, k):\n    return sum(x * k for x in values)\n")
    assert problem.solutions["cpp"].startswith(
        "double scale_Sum(vector<double> values, long long k) {\n")
    assert sorted(problem.solutions) == ["cpp", "python"]
    assert (problem.licence, problem.revision) == ("CC-BY-4.0", "v1")
    assert loaded.statements == {problem.id: "Write a function to scale."}


def test_types_come_from_the_values_where_no_language_declares_them(tmp_path: Path) -> None:
    (problem,) = load(tmp_path, python()).problems
    assert [str(t) for t in problem.signature.types] == ["list[int]", "int", "int"]
    assert problem.revision.startswith("sha256:")


@pytest.mark.parametrize(("bad", "words"), [
    (python(2, test="import os\nassert candidate(os.system('id')) == 0"), "malformed"),
    (python(2, test="assert candidate([1], 2) == eval('1')"), "malformed"),
    (python(2, test=PYTHON_TEST.format(one="{1}", two="{2}")), "set"),
    (python(2, test=PYTHON_TEST.format(one=6, two="'a'")), "unlike"),
    (python(2, test=""), "no tests"),
    (python(2, test="def check("), "invalid syntax|never closed"),
    (python(2, canonical_solution=None), "no canonical_solution"),
    (python(2, canonical_solution="    return ("), "does not parse"),
    (python(2, entry_point="other"), "defines no other"),
    (python(2, prompt=3), "must be strings"),
    (python(2, task_id="two"), "NoneType|subscriptable"),
    (python(1), "another row"),
    (python(2), "the same function as mbxp-1"),
    (go(2), "no Python row"),
    ("{", "not JSON"),
], ids=lambda value: str(value)[:30])
def test_a_bad_row_is_refused_by_place_and_reason(tmp_path: Path, bad: Any, words: str) -> None:
    loaded = load(tmp_path, python(), bad)
    assert [p.id for p in loaded.problems] == ["mbxp-1"]
    (refused,) = loaded.refused
    assert refused["row"] == "mbxp.jsonl.gz:2"
    assert re.search(words, refused["reason"]), refused


def test_nothing_is_lost_of_a_thousand_damaged_rows(tmp_path: Path) -> None:
    lines = damaged((json.dumps(python(number, f"    return sum(values) * k + {number}"))
                     for number in range(1000)), seed=3, ways=4)
    (tmp_path / "p.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    loaded = get_source("mbxp").load(DatasetParams(path="p.jsonl"), 1, tmp_path)
    assert len(loaded.problems) + len(loaded.refused) == sum(bool(t.strip()) for t in lines)
    assert min(len(loaded.problems), len(loaded.refused)) > 200


def found() -> set[str]:
    return {name for name, state in available_languages().items() if isinstance(state, str)}


def test_failing_solutions_go_alone_and_tests_that_prove_nothing_with_the_problem(
        tmp_path: Path) -> None:
    wrong_cpp = cpp(2, canonical_solution="    return k;\n}")
    vague = python(3, "    return sum(values) / k", test=PYTHON_TEST.format(
        one="0.0000001", two="0.0"), prompt="def scale_Sum(values, k):\n")
    wrong = python(4, "    return 7")
    loaded = load(tmp_path, python(), cpp(), python(2, "    return k * sum(values)"), wrong_cpp,
                  vague, wrong)
    assert len(loaded.problems) == 4
    try:
        with Judge() as judge:
            outcome = verify_gold(loaded.problems, loaded.problems, found(), judge,
                                  independent=True, prove_tests=True)
    except IsolationUnavailable as error:
        pytest.skip(str(error))
    assert [(p.id, sorted(p.solutions)) for p in outcome.kept] == [
        ("mbxp-1", ["cpp", "python"]), ("mbxp-2", ["python"])]
    assert {(r["problem"], r["language"]) for r in outcome.refused} >= {
        ("mbxp-2", "cpp"), ("mbxp-4", "python")}
    assert [r["problem"] for r in outcome.refused if r["detail"] == TRIVIAL] == ["mbxp-3"]


@pytest.mark.skipif("OORL_MBXP" not in os.environ, reason="OORL_MBXP names no folder of MBXP; "
                    "the tests above cover the schema")
def test_the_real_files() -> None:
    loaded = get_source("mbxp").load(DatasetParams(path=os.environ["OORL_MBXP"], problems=5000), 1,
                                     Path("/"))
    assert len(loaded.problems) > 800
    some = loaded.problems[::40]
    with Judge() as judge:
        outcome = verify_gold(some, some, found(), judge, independent=True, prove_tests=True)
    assert len(outcome.kept) > 0.8 * len(some)
