"""The transcoder_gfg source on rows of TransCoder's form, and the answering of its cases."""

import json
from pathlib import Path
from typing import Any

import pytest

from oorl.data.answers import answer
from oorl.data.sources import Loaded, get_source
from oorl.data.sources.transcoder_gfg import declaration
from oorl.data.verify import verify_gold
from oorl.errors import IsolationUnavailable, ParamsError
from oorl.params.dataset import DatasetParams
from oorl.records import Case
from oorl.sandbox import Judge, RemoteJudge, available_languages
from tests.unit.data.damage import damaged

PYTHON = """# Copyright
import math
def half ( x ) :
    return x // 2

def f_gold ( arr , n ) :
    {body}


#TOFILL

if __name__ == '__main__':
    param = [
    ([4, 5, 6],2,),
    ([-1, 7, 9],3,)
        ]
    n_success = 0
    for i, parameters_set in enumerate(param):
        if f_filled(*parameters_set) == f_gold(*parameters_set):
            n_success+=1
"""
CPP = """#include <iostream>
using namespace std;
int half ( int x ) {{ return x / 2; }}
{returns} f_gold ( int arr [ ], unsigned int n ) {{
  int total = {start};
  for ( int i = 0; i < n; i ++ ) total += arr [ i ];
  return half ( total );
}}


//TOFILL

int main() {{ return 0; }}
"""
JAVA = """public class X{{
public static {returns} f_gold ( int [ ] arr , int n ) {{ return 1; }} }}
"""


def row(name: str = "HALF_OF_SUM", body: str = "return half ( sum ( arr [ : n ] ) )",
        returns: str = "int", start: int = 0, **programs: Any) -> dict[str, Any]:
    java = {"int": "int", "bool": "boolean"}.get(returns, returns)
    own = {"python": PYTHON.format(body=body), "cpp": CPP.format(returns=returns, start=start),
           "java": JAVA.format(returns=java)}
    return {"name": name, "programs": {k: v for k, v in (own | programs).items() if v}}


def load(root: Path, *rows: Any, **settings: Any) -> Loaded:
    lines = (r if isinstance(r, bytes) else json.dumps(r).encode() for r in rows)
    (root / "gfg.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    return get_source("transcoder_gfg").load(DatasetParams(path="gfg.jsonl", **settings), 1, root)


def test_a_row_is_a_problem_whose_results_are_not_known(tmp_path: Path) -> None:
    loaded = load(tmp_path, row())
    (problem,) = loaded.problems
    assert problem.signature.to_json() == {
        "name": "half_of_sum", "parameters": [["arr", "list[int]"], ["n", "int"]],
        "returns": "int"}
    assert problem.cases == (Case(([4, 5, 6], 2), None), Case(([-1, 7, 9], 3), None))
    assert loaded.unanswered == {problem.id: "gfg.jsonl:1"}
    assert (problem.licence, problem.revision[:7]) == ("CC-BY-SA-2.0", "sha256:")
    assert "f_gold" not in "".join(problem.solutions.values())
    assert loaded.statements[problem.id] == "half of sum"


@pytest.mark.parametrize(("changed", "reason"), [
    ({"python": ""}, "no Python program"),
    ({"python": "def f_gold(:\n"}, "does not parse"),
    ({"python": "def f_gold(a):\n    return a\n"}, "one list `param`"),
    ({"python": PYTHON.format(body="pass").replace("param = [", "param = [open('x'), ")},
     "malformed"),
    ({"python": PYTHON.format(body="pass") + "filled_function_param = 1\n"}, "to its arguments"),
    ({"returns": "void"}, "declares a result"),
    ({"python": PYTHON.format(body="pass").replace(",2,)", ",)")}, "not as long"),
])
def test_what_cannot_be_a_problem_is_refused_with_its_reason(
        tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    loaded = load(tmp_path, row(**changed))
    assert loaded.problems == []
    (refused,) = loaded.refused
    assert refused["row"] == "gfg.jsonl:1"
    assert reason in refused["reason"]


@pytest.mark.parametrize(("text", "parameters", "returns"), [
    ("unsigned int f_gold ( int arr [ ], long long int k ) {", ["list[int]", "int"], "int"),
    ("static String f_gold ( String [ ] names , char c ) {", ["list[str]", "str"], "str"),
    ("public static boolean f_gold(int [ ] [ ] mat, double x = 1) {", ["list[list[int]]", "float"],
     "bool"),
    ("bool f_gold ( string & s, vector < int > & v ) {", ["str", "list[int]"], "bool"),
    ("void f_gold ( Node * n ) {", [None], None),
])
def test_declarations_of_both_languages(text: str, parameters: list[Any], returns: Any) -> None:
    found = declaration(text)
    assert found is not None
    assert [t and str(t) for t in found[0]] == parameters
    assert (found[1] and str(found[1])) == returns


def test_the_python_function_answers_and_others_must_agree(tmp_path: Path) -> None:
    loaded = load(
        tmp_path, row(), row("OFF", "return half ( sum ( arr [ 0 : n ] ) )", start=2),
        row("A_FLOAT", "return sum ( arr ) / 2"),
        row("SAME", "return n * 0"), row("LARGE", "return 10 ** ( 20 + n )"),
        row("FAILS", "return arr [ n ]"), row("CHECK", "return n > 2", returns="bool", cpp=""))
    assert loaded.refused == []
    try:
        with Judge() as judge:
            answer(loaded, judge)
            found = {n for n, s in available_languages().items() if isinstance(s, str)}
            outcome = verify_gold(loaded.problems, loaded.problems, found, judge,
                                  independent=True, prove_tests=True)
    except IsolationUnavailable as error:
        pytest.skip(str(error))
    assert {r["id"]: r["row"] for r in loaded.refused} == {
        f"transcoder-{name}": f"gfg.jsonl:{line}" for name, line in (
            ("a_float", 3), ("same", 4), ("large", 5), ("fails", 6))}
    reasons = " ".join(r["reason"] for r in loaded.refused)
    for text in ("int expected, got float", "give the same", "64 bits", "IndexError"):
        assert text in reasons
    kept = {p.id: p for p in outcome.kept}
    assert [c.expected for c in kept["transcoder-half_of_sum"].cases] == [4, 7]
    assert [c.expected for c in kept["transcoder-check"].cases] == [False, True]
    assert set(kept["transcoder-half_of_sum"].solutions) == {"python", "cpp"}
    assert set(kept["transcoder-off"].solutions) == {"python"}
    assert [(r["problem"], r["language"]) for r in outcome.refused] == [("transcoder-off", "cpp")]


def test_a_judge_elsewhere_cannot_answer(tmp_path: Path) -> None:
    with RemoteJudge("http://127.0.0.1:9") as judge, pytest.raises(ParamsError, match="verdicts"):
        answer(load(tmp_path, row()), judge)


def test_nothing_is_lost_of_a_thousand_damaged_rows(tmp_path: Path) -> None:
    lines = damaged((json.dumps(row(f"ADD_{number}_TO", f"return sum ( arr ) + {number}"))
                     for number in range(1000)), seed=5)
    loaded = load(tmp_path, *lines, problems=1000)
    empty = sum(not line.strip() for line in lines)
    assert len(loaded.problems) + len(loaded.refused) == 1000 - empty
    assert min(len(loaded.problems), len(loaded.refused)) > 100
    assert all(r["reason"] and r["row"] for r in loaded.refused)
