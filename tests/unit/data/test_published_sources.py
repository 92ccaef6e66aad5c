"""apps, taco and synthetic1 on rows of the published schemas, as JSON lines and as Parquet."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from oorl.data.prompts import translation_prompt
from oorl.data.sources import Loaded, get_source
from oorl.data.sources._tests import chosen, parsed, with_imports
from oorl.data.tables import read_problems, write_problems
from oorl.data.verify import TRIVIAL, verify_gold
from oorl.errors import DataError
from oorl.params.dataset import DatasetParams
from oorl.records import PROGRAM, Case, StdioSubmission
from oorl.sandbox import Judge
from tests.unit.data.damage import damaged

ADD = "a, b = map(int, input().split())\nprint(a + b)\n"
METHOD = ("class Solution:\n    def twice(self, nums: List[int], k: int) -> List[float]:\n"
          "        return [k * n / 1 for n in nums]\n")
STDIN = {"inputs": ["1 2\n", "3 4\n"], "outputs": ["3\n", "7\n"]}
CALLS = {"fn_name": "twice", "inputs": [[[1, 2], 2], [[], 1]], "outputs": [[2.0, 4.0], []]}


def apps(number: int = 1, code: str = ADD, tests: Any = None, **changes: Any) -> dict[str, Any]:
    return {"problem_id": number, "question": "Add two numbers.", "difficulty": "interview",
            "solutions": json.dumps([code]), "input_output": json.dumps(tests or STDIN),
            "url": "", "starter_code": ""} | changes


def taco(number: int = 1, code: str = ADD, tests: Any = None, **changes: Any) -> dict[str, Any]:
    row = apps(number, code, tests)
    return {"question": f"Task {number}: add.", "solutions": row["solutions"], "starter_code": "",
            "input_output": row["input_output"], "difficulty": "EASY", "raw_tags": "[]",
            "url": None, "name": None} | changes


def synthetic1(number: int = 1, code: str = ADD, tests: Any = None, text: Any = json.dumps,
               **changes: Any) -> dict[str, Any]:
    found = tests or STDIN
    kind = {"type": "function_call", "fn_name": "twice"} if "fn_name" in found else {
        "type": "stdin_stdout"}
    cases = [{**kind, "input": i, "output": o} for i, o in zip(
        found["inputs"], found["outputs"], strict=True)]
    return {"source": "apps", "task_type": "verifiable_code", "problem_id": f"vcp {number}",
            "prompt": "Solve it.", "gold_standard_solution": f"Sure:\n```python\n{code}```\n",
            "verification_info": text({"language": "python", "test_cases": cases}),
            "metadata": "{}"} | changes


MAKERS = {"apps": apps, "taco": taco, "synthetic1": synthetic1}


def load(root: Path, source: str, *rows: Any, parquet: bool = False, **settings: Any) -> Loaded:
    if parquet:
        pq.write_table(pa.Table.from_pylist(list(rows)), root / "p.parquet")
        return get_source(source).load(DatasetParams(path="p.parquet", **settings), 1, root)
    text = "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows)
    (root / "p.jsonl").write_text(text)
    return get_source(source).load(DatasetParams(path="p.jsonl", **settings), 1, root)


@pytest.mark.parametrize("parquet", [False, True])
@pytest.mark.parametrize("source", MAKERS)
def test_programs_stay_programs_and_functions_get_a_signature(tmp_path: Path, source: str,
                                                              parquet: bool) -> None:
    make = MAKERS[source]
    loaded = load(tmp_path, source, make(), make(2, METHOD, CALLS), parquet=parquet, revision="r")
    assert loaded.refused == []
    program, function = loaded.problems
    assert program.whole
    assert program.signature == PROGRAM
    assert program.cases == (Case(("1 2\n",), "3\n"), Case(("3 4\n",), "7\n"))
    assert program.solutions["python"].strip() == ADD.strip()
    assert isinstance(program.submission("cpp", "x"), StdioSubmission)
    assert function.signature.to_json() == {
        "name": "twice", "parameters": [["nums", "list[int]"], ["k", "int"]],
        "returns": "list[float]"}
    assert function.cases == (Case(([1, 2], 2), [2.0, 4.0]), Case(([], 1), []))
    assert {p.revision for p in loaded.problems} == {"r"}
    assert all(p.licence for p in loaded.problems)
    assert set(loaded.statements) == {p.id for p in loaded.problems}
    with Judge() as judge:
        outcome = verify_gold(loaded.problems, loaded.problems, {"python"}, judge,
                              prove_tests=True)
    assert outcome.refused == []
    assert outcome.kept == loaded.problems


def test_whole_programs_are_stored_shown_and_judged_in_other_languages(tmp_path: Path) -> None:
    (problem,) = load(tmp_path, "apps", apps()).problems
    write_problems(tmp_path / "t.parquet", [problem])
    assert read_problems(tmp_path / "t.parquet") == [problem]
    chat = translation_prompt(problem, "python", "perl", "chat")
    assert "standard input" in chat
    assert "declaration" not in chat
    assert translation_prompt(problem, "python", "perl").endswith("```\n")
    perl = "my ($a, $b) = split ' ', <STDIN>;\nprint $a + $b, \"\\n\";\n"
    with Judge() as judge:
        verdicts = judge.judge([problem.submission("perl", perl),
                                problem.submission("perl", perl.replace("+", "-")),
                                problem.submission("python", "")])
    assert [str(v.status) for v in verdicts] == ["passed", "wrong_answer", "wrong_answer"]


def test_rows_whose_gold_fails_or_whose_tests_prove_nothing_are_refused(tmp_path: Path) -> None:
    loose = {"inputs": ["1", "2"], "outputs": ["1.00000001", "1.00000002"]}
    loaded = load(tmp_path, "apps", apps(), apps(2, ADD.replace("+", "-")),
                  apps(3, "print(float(1))\n", loose))
    assert len(loaded.problems) == 3
    with Judge() as judge:
        outcome = verify_gold(loaded.problems, loaded.problems, {"python"}, judge,
                              prove_tests=True)
    assert [p.id for p in outcome.kept] == ["apps-1"]
    assert [(r["problem"], r["detail"] == TRIVIAL) for r in outcome.refused] == [
        ("apps-2", False), ("apps-3", True)]


UNLIKE = {"fn_name": "twice", "inputs": [[1, 2], ["a", 2]], "outputs": [1, 2]}
BAD: list[tuple[str, Any, str]] = [
    ("apps", apps(2, input_output=""), "neither JSON nor a literal"),
    ("apps", apps(2, input_output="__import__('os').system('true')"), "neither JSON nor"),
    ("apps", apps(2, input_output="{'inputs': [], 'outputs': []}"), "no tests"),
    ("apps", apps(2, input_output="[1]"), "no object"),
    ("apps", apps(2, tests={"inputs": ["1"]}), "no 'outputs'"),
    ("apps", apps(2, tests={"inputs": ["1"], "outputs": ["1", "2"]}), "one length"),
    ("apps", apps(2, tests={"inputs": ["1", "2"], "outputs": ["1", "1"]}), "expect the same"),
    ("apps", apps(2, tests={"inputs": [1, 2], "outputs": ["1", "2"]}), "not a text"),
    ("apps", apps(2, solutions="[]"), "no solution"),
    ("apps", apps(2, solutions=None), "no solution"),
    ("apps", apps(2, "print 'Python 2'"), "none of 1"),
    ("apps", apps(2, METHOD.replace("twice", "thrice"), CALLS), "defines no twice"),
    ("apps", apps(2, METHOD.replace("List", "list"), UNLIKE), "unlike|nums: "),
    ("apps", apps("two"), "invalid literal"),
    ("apps", apps(1, ADD + "\n"), "another row has this id|the same program"),
    ("apps", apps(2), "the same program as apps-1"),
    ("apps", "{", "not JSON"),
    ("taco", taco(2, question=None), "question is not a text"),
    ("taco", taco(1, "print(1)\n"), "another row has this id"),
    ("synthetic1", synthetic1(2, verification_info="{'language': 'python', 'test_cases': f()}"),
     "neither JSON nor a literal"),
    ("synthetic1", synthetic1(2, verification_info="{\"language\": \"cpp\"}"), "not in Python"),
    ("synthetic1", synthetic1(2, verification_info="{\"test_cases\": []}"), "no tests"),
    ("synthetic1", synthetic1(2, verification_info="{\"test_cases\": [{\"type\": \"magic\", "
                              "\"input\": 1, \"output\": 2}]}"), "magic"),
    ("synthetic1", synthetic1(2, gold_standard_solution=3), "not a text"),
]


@pytest.mark.parametrize(("source", "bad", "words"), BAD, ids=lambda value: str(value)[:30])
def test_a_bad_row_is_refused_by_place_and_reason(tmp_path: Path, source: str, bad: Any,
                                                  words: str) -> None:
    loaded = load(tmp_path, source, MAKERS[source](), bad)
    assert len(loaded.problems) == 1
    (refused,) = loaded.refused
    assert refused["row"] == "p.jsonl:2"
    assert re.search(words, refused["reason"]), refused


def test_json_in_json_and_python_literals_are_read() -> None:
    assert parsed(json.dumps(json.dumps({"a": 1})), "x") == {"a": 1}
    assert parsed("{'a': (1, None)}", "x") == {"a": (1, None)}
    assert parsed({"a": 1}, "x") == {"a": 1}


@pytest.mark.parametrize("maker", [repr, lambda v: json.dumps(json.dumps(v))])
def test_verification_info_in_its_forms(tmp_path: Path, maker: Any) -> None:
    assert len(load(tmp_path, "synthetic1", synthetic1(text=maker)).problems) == 1


def test_results_wrapped_in_a_list_of_one(tmp_path: Path) -> None:
    tests = {"fn_name": "neg", "inputs": [[1], [2]], "outputs": [[-1], [-2]]}
    (problem,) = load(tmp_path, "apps", apps(1, "def neg(x):\n    return -x\n", tests)).problems
    assert problem.cases == (Case((1,), -1), Case((2,), -2))
    listed = "def neg(x) -> list[int]:\n    return [-x]\n"
    (problem,) = load(tmp_path, "apps", apps(1, listed, tests)).problems
    assert problem.cases == (Case((1,), [-1]), Case((2,), [-2]))


def test_few_tests_are_chosen_with_unlike_results_and_none_is_huge() -> None:
    cases = [Case((str(i),), "a") for i in range(9)] + [Case(("9",), "b"), Case(("x" * 10**6,), "")]
    assert [c.args[0] for c in chosen(cases, 3)] == ["0", "1", "9"]
    with pytest.raises(ValueError, match="no test below"):
        chosen(cases[-1:], 3)


def test_the_imports_of_the_authors_harness_are_added_where_used() -> None:
    code = with_imports("def f(x: List[int]):\n    return Counter(x), math.gcd(2, 4), heapq\n")
    compile(code, "x", "exec")
    assert code.startswith("from collections import Counter\nfrom typing import List\nimport math")
    own = "from collections import Counter\nimport math\n\ndef gcd(a): return Counter(a)\n"
    assert with_imports(own) == own


def test_a_truncated_parquet_file_and_wrong_column_types(tmp_path: Path) -> None:
    pq.write_table(pa.table({"problem_id": ["a"], "solutions": [[1]], "input_output": [3]}),
                   tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:200])
    loaded = get_source("apps").load(DatasetParams(path="."), 1, tmp_path)
    assert loaded.problems == []
    assert [r["row"] for r in loaded.refused] == ["a.parquet:1", "b.parquet:1"]
    assert "cannot be read on" in loaded.refused[1]["reason"]


def test_what_is_neither_here_nor_on_the_hub_is_an_error(tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    def offline(*_: Any, **__: Any) -> None:
        raise ConnectionError("offline")

    called: list[int] = []
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: called.append(1))
    with pytest.raises(DataError, match="not a local path, and downloads are off") as caught:
        get_source("apps").load(DatasetParams(path="codeparrot/apps"), 1, tmp_path)
    assert "HF_HUB_OFFLINE=0" in caught.value.remedy
    assert not called
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(datasets, "load_dataset", offline)
    with pytest.raises(DataError, match="neither a local path nor readable") as caught:
        get_source("apps").load(DatasetParams(path="codeparrot/apps"), 1, tmp_path)
    assert "HF_HUB_OFFLINE=0" in caught.value.remedy


def test_rows_of_the_hub_are_read_like_files(tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    asked = []

    def loaded(name: str, config: str | None, **options: Any) -> dict[str, list[Any]]:
        asked.append((name, config, options["revision"]))
        return {"train": [apps(), apps(2)], "test": [apps(3, "print(input())\n")]}

    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(datasets, "load_dataset", loaded)
    found = get_source("apps").load(DatasetParams(path="codeparrot/apps:all", revision="c0ffee"), 1,
                                    tmp_path)
    assert asked == [("codeparrot/apps", "all", "c0ffee")]
    assert [p.id for p in found.problems] == ["apps-1", "apps-3"]
    assert [r["row"] for r in found.refused] == ["codeparrot/apps:all:train:2"]
    assert {p.revision for p in found.problems} == {"c0ffee"}


@pytest.mark.parametrize("source", MAKERS)
def test_nothing_is_lost_of_a_thousand_damaged_rows(tmp_path: Path, source: str) -> None:
    lines = damaged((json.dumps(MAKERS[source](number, f"print(input(), {number})\n"))
                     for number in range(1000)), seed=11)
    (tmp_path / "p.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    loaded = get_source(source).load(DatasetParams(path="p.jsonl"), 1, tmp_path)
    assert len(loaded.problems) + len(loaded.refused) == sum(bool(t.strip()) for t in lines)
    assert min(len(loaded.problems), len(loaded.refused)) > 150
