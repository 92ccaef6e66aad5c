"""`oorl evaluate` and `oorl compare` on a small translation benchmark, programs really run."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from oorl.cli import main
from oorl.errors import DataError, UnknownName
from oorl.evaluation.benchmarks import Request, benchmark_names, get_benchmark
from oorl.evaluation.gold import Empty, Gold
from oorl.evaluation.run import run_tasks
from oorl.evaluation.scores import compare_scores, run_scores
from oorl.generation.backends import Answer, Sampling, cut
from oorl.records import AnySubmission, Status, Submission, Verdict
from oorl.sandbox import Judge

PROBLEMS = [
    {"id": "total", "signature": {"name": "total", "parameters": [["xs", "list[int]"]],
                                  "returns": "int"},
     "cases": [[[[1, 2]], 3], [[[]], 0]],
     "solutions": {"python": "def total(xs):\n    return sum(xs)\n",
                   "lua": "function total(xs)\n  local t = 0\n  for _, x in ipairs(xs) do "
                          "t = t + x end\n  return t\nend\n"}},
    {"id": "shout", "signature": {"name": "shout", "parameters": [["s", "str"]], "returns": "str"},
     "cases": [[["a"], "A!"], [[""], "!"]],
     "solutions": {"python": "def shout(s):\n    return s.upper() + '!'\n",
                   "perl": "sub shout {\n  my ($s) = @_;\n  return uc($s) . '!';\n}\n"}},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in PROBLEMS))
    return path


class Passing:
    """A judge that passes programs without the word BAD, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def judge_iter(self, submissions: Sequence[AnySubmission], /
                   ) -> Iterator[tuple[int, Verdict]]:
        for index, submission in enumerate(submissions):
            self.asked += 1
            code = submission.code
            yield index, Verdict(Status.WRONG_ANSWER if "BAD" in code else Status.INFRA_ERROR
                                 if "BROKEN" in code else Status.PASSED, 1, 2)


class Says:
    """Answers with fenced code: the n-th text for the n-th sample."""

    def __init__(self, *texts: str) -> None:
        self.texts, self.calls = texts, 0

    def complete(self, prompts: Sequence[str], sampling: Sampling, *, chat: bool,
                 stop: Sequence[str] = ()) -> list[list[Answer]]:
        self.calls += 1
        return [[Answer(f"```lua\n{t}\n```", 5) for t in self.texts[:sampling.n]] for _ in prompts]


def test_every_pair_of_a_solution_and_another_language_is_asked(file: Path) -> None:
    tasks = get_benchmark("jsonl").load(Request(file, ("python", "lua", "cpp")))
    assert [(t.problem_id, t.source, t.target) for t in tasks] == [
        ("total", "lua", "python"), ("total", "lua", "cpp"),
        ("total", "python", "lua"), ("total", "python", "cpp"),
        ("shout", "perl", "python"), ("shout", "perl", "lua"), ("shout", "perl", "cpp"),
        ("shout", "python", "lua"), ("shout", "python", "cpp")]
    assert [bool(t.gold) for t in tasks] == [
        True, False, True, False, True, False, False, False, False]
    assert "long long total(vector<long long> xs)" in tasks[1].prompt
    some = get_benchmark("jsonl").load(Request(file, ("lua",), ("python",), limit=1))
    assert [t.problem_id for t in some] == ["total"]
    program = some[0].program("```lua\nx\n```")
    assert isinstance(program, Submission)
    assert program.code == "x"
    assert some[0].program("no code") is None


def test_a_benchmark_that_would_lose_a_row_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps(PROBLEMS[0]) + "\n{}\n")
    with pytest.raises(DataError, match=r"p\.jsonl:2"):
        get_benchmark("jsonl").load(Request(path))
    with pytest.raises(DataError, match=r"no \.jsonl or \.jsonl\.gz file there") as caught:
        get_benchmark("jsonl").load(Request(tmp_path / "nothing"))
    assert caught.value.remedy == "Correct --path."
    with pytest.raises(DataError, match="needs a file"):
        get_benchmark("jsonl").load(Request())
    with pytest.raises(UnknownName, match="jsonl"):
        get_benchmark("jsonll")
    assert all(get_benchmark(name).TITLE for name in benchmark_names())


def test_gold_scores_one_and_empty_zero_by_execution(file: Path) -> None:
    tasks = [t for t in get_benchmark("jsonl").load(Request(file)) if t.gold]
    assert len(tasks) == 4
    with Judge() as judge:
        gold = run_tasks("gold", tasks, Gold(tasks), judge, progress=False)
        empty = run_tasks("empty", tasks, Empty(), judge, progress=False)
    assert list(gold["status"]) == ["passed"] * 4, gold["detail"].tolist()
    assert run_scores(gold)["pass_at"]["1"]["value"] == 1.0
    assert run_scores(empty)["pass_at"]["1"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_an_interrupted_run_goes_on_and_gives_the_same_rows(file: Path, tmp_path: Path) -> None:
    tasks = get_benchmark("jsonl").load(Request(file, ("lua",)))
    model, judge = Says("return 1"), Passing()
    whole = run_tasks("m", tasks, model, judge, folder=tmp_path / "a", batch_size=1,
                      progress=False)
    assert (model.calls, judge.asked) == (3, 2)  # one program for two sources of a problem

    class Dies(Says):
        def complete(self, *arguments: Any, **options: Any) -> list[list[Answer]]:
            if self.calls == 2:
                raise KeyboardInterrupt
            return super().complete(*arguments, **options)

    with pytest.raises(KeyboardInterrupt):
        run_tasks("m", tasks, Dies("return 1"), judge, folder=tmp_path / "b", batch_size=1,
                  progress=False)
    again, later = Says("return 1"), Passing()
    resumed = run_tasks("m", tasks, again, later, folder=tmp_path / "b", batch_size=1,
                        progress=False)
    assert again.calls == 1
    pd.testing.assert_frame_equal(whole, resumed)
    run_tasks("m", tasks, again, later, folder=tmp_path / "b", batch_size=1, progress=False)
    assert (again.calls, later.asked) == (1, 2)
    run_tasks("m", tasks, again, later, Sampling(temperature=1.0), folder=tmp_path / "b",
              batch_size=1, progress=False)
    assert (again.calls, later.asked) == (4, 2)  # other settings: asked anew; programs known


def test_pass_at_k_failures_and_masked_faults(file: Path) -> None:
    tasks = get_benchmark("jsonl").load(Request(file, ("lua",), ("python",)))
    rows = run_tasks("m", tasks, Says("BAD", "fine", "BROKEN"), Passing(), Sampling(3, 1.0),
                     progress=False)
    scores = run_scores(rows, ks=(1, 2))
    assert scores["asked"] == 6
    assert scores["infra_errors"] == 2
    assert scores["pass_at"]["1"]["value"] == 0.5
    assert scores["pass_at"]["2"]["value"] == 1.0
    assert scores["targets"]["lua"]["failures"] == {"wrong_answer": 2}
    assert scores["low_resource"] is None
    assert scores["compile_rate"] == 1.0
    with pytest.raises(DataError, match="pass@3"):
        run_scores(rows, ks=(3,))
    assert run_scores(rows) == run_scores(rows)


def table(model: str, passed: dict[tuple[str, str], bool]) -> pd.DataFrame:
    return pd.DataFrame([{"model": model, "problem_id": p, "source": "python", "target": t,
                          "sample": 0, "status": "passed" if ok else "wrong_answer", "passed": ok,
                          "tokens": 1} for (p, t), ok in passed.items()])


def test_two_runs_are_compared_in_pairs() -> None:
    cells = [(f"p{i}", t) for i in range(20) for t in ("bash", "cpp")]
    a = table("a", dict.fromkeys(cells, True))
    b = table("b", {c: c[1] == "cpp" for c in cells})
    found = compare_scores(a, b)
    assert found["targets"]["bash"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert found["targets"]["cpp"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert found["mean"]["value"] == 0.5
    assert found["low_resource"] == {"languages": ["bash"], "value": 1.0, "low": 1.0, "high": 1.0}
    assert compare_scores(b, a)["mean"]["value"] == -0.5
    with pytest.raises(DataError, match="2 task"):
        compare_scores(a, b.iloc[2:])


def test_equal_models_do_not_differ_however_hard_the_problems() -> None:
    """Paired: the spread between problems cancels."""
    cells = {(f"p{i}", "cpp"): i % 2 == 0 for i in range(30)}
    assert compare_scores(table("a", cells), table("b", cells))["mean"] == {
        "value": 0.0, "low": 0.0, "high": 0.0}


def test_the_command_line(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "gold"
    common = ["evaluate", "--benchmark", "jsonl", "--path", str(file), "--model", "gold",
              "--languages", "python,lua,perl", "--quiet"]
    assert main([*common, "--out", str(out)]) == 0
    assert "pass@1        100.0" in capsys.readouterr().out
    first = [(out / name).read_bytes() for name in ("results.parquet", "scores.json")]
    assert main([*common, "--out", str(out)]) == 0
    assert [(out / n).read_bytes() for n in ("results.parquet", "scores.json")] == first
    capsys.readouterr()
    assert main(["compare", str(out), str(out), "--json", str(tmp_path / "d.json")]) == 0
    assert "gold minus gold" in capsys.readouterr().out
    assert json.loads((tmp_path / "d.json").read_text())["mean"]["value"] == 0.0
    assert main(["compare", str(out), str(tmp_path)]) == 1
    assert "no results.parquet" in capsys.readouterr().err
    assert main([*common, "--samples", "2"]) == 1
    assert "--temperature" in capsys.readouterr().err
    assert main([*common[:-2], "r", "--out", str(out)]) == 1
    assert "without solutions" in capsys.readouterr().err
    assert main([*common[:-2], "cobol"]) == 1
    assert "cobol" in capsys.readouterr().err


def test_answers_end_before_the_first_stop() -> None:
    assert cut("a\n}\nb\ndef", ["\ndef", "\n}"]) == "a"
    assert cut("abc", ["\n}"]) == "abc"
