"""MultiPL-E: in every language right answers pass, wrong and empty ones do not, by execution."""

import gzip
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from oorl.errors import DataError
from oorl.evaluation.benchmarks import NO_SOURCE, Request, Task, get_benchmark
from oorl.evaluation.benchmarks._multipl_e import EXTENSIONS, from_chat
from oorl.params.sandbox import SandboxParams
from oorl.records import AssertionSubmission, Status, Verdict
from oorl.sandbox import Judge, available_languages
from tests.unit.evaluation.multipl_e_rows import ANSWERS, STOPS, fenced, row, wrong


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for extension in ANSWERS:
        with gzip.open(tmp_path / f"humaneval-{extension}.jsonl.gz", "wt") as file:
            file.write(json.dumps(row(extension)) + "\n")
    return tmp_path


@cache
def here() -> set[str]:
    return {name for name, state in available_languages().items() if isinstance(state, str)}


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """One for all tests: warm compilers are started once, the same program is run once."""
    with Judge(SandboxParams.model_validate({"cpu_time_s": 5}), cache_size=1000) as found:
        yield found


def judged(judge: Judge, tasks: list[Task], answers: list[str]) -> dict[str, Verdict]:
    programs = [task.program(answer) for task, answer in zip(tasks, answers, strict=True)]
    assert all(isinstance(p, AssertionSubmission) for p in programs)
    return dict(zip([t.target for t in tasks],
                    judge.judge([p for p in programs if p is not None]), strict=True))


def test_in_every_language_right_answers_pass_and_wrong_and_empty_ones_fail(
        folder: Path, judge: Judge) -> None:
    tasks = [t for t in get_benchmark("multipl_e").load(Request(folder, style="plain"))
             if t.target in here()]
    assert len(tasks) >= 8
    assert {t.source for t in tasks} == {NO_SOURCE}
    names = [EXTENSIONS[t.target] for t in tasks]
    # As a model goes on after the function: what follows the stop must not matter.
    right = judged(judge, tasks, [ANSWERS[n] + STOPS[n][0] + " and more" for n in names])
    assert {k: v.detail for k, v in right.items() if not v.passed} == {}
    some = [t for t in tasks if t.target in list(EXTENSIONS)[:8]]  # the paper's
    bad = judged(judge, some, [wrong(EXTENSIONS[t.target]) for t in some])
    assert {k for k, v in bad.items() if v.passed or v.status is Status.COMPILE_ERROR} == set()
    empty = judged(judge, tasks, ["" for _ in names])
    assert {k for k, v in empty.items() if v.passed} == set()


def test_mbpp_is_read_from_its_own_files_gold_one_and_empty_zero(
        folder: Path, judge: Judge) -> None:
    with pytest.raises(DataError, match="mbpp-"):
        get_benchmark("multipl_e_mbpp").load(Request(folder, ("python",)))
    for extension in ANSWERS:
        (folder / f"humaneval-{extension}.jsonl.gz").rename(folder / f"mbpp-{extension}.jsonl.gz")
    tasks = [t for t in get_benchmark("multipl_e_mbpp").load(Request(folder, style="plain"))
             if t.target in here()]
    assert {t.target for t in tasks} == here() & set(EXTENSIONS)
    right = judged(judge, tasks, [ANSWERS[EXTENSIONS[t.target]] + STOPS[EXTENSIONS[t.target]][0]
                                  for t in tasks])
    assert {k: v.detail for k, v in right.items() if not v.passed} == {}
    empty = judged(judge, tasks, ["" for _ in tasks])
    assert {k for k, v in empty.items() if v.passed} == set()


def test_chat_answers_are_made_to_fit_the_tests(folder: Path, judge: Judge) -> None:
    tasks = [t for t in get_benchmark("multipl_e").load(Request(folder, (
        "python", "cpp", "java", "php", "bash", "go", "scala"))) if t.target in here()]
    assert all(t.chat for t in tasks)
    found = judged(judge, tasks, [fenced(EXTENSIONS[t.target], t.target) for t in tasks])
    assert {k: v.detail for k, v in found.items() if not v.passed} == {}


def test_chat_answers_in_part_or_without_code() -> None:
    java = row("java")
    method = ("```java\npublic static boolean dips(ArrayList<Long> numbers, long limit) {\n"
              "    return false;\n}\n```")
    program = from_chat("java", java["prompt"], java["tests"], method)
    assert program is not None
    assert program.code.count("class Problem") == 1
    assert "import java.util.*;" in program.code
    assert program.code.count("{") - program.code.count("}") == 2
    assert from_chat("cpp", "int f() {\n", "}\n", "no code") is None
    assert from_chat("cpp", "int f() {\n", "}\n", "```python\nx\n```") is None
    assert from_chat("cpp", "int f() {\n", "}\n", "```cpp\nint f() {\n  return 1;\n") is None


def test_an_early_exit_does_not_pass(folder: Path, judge: Judge) -> None:
    tasks = get_benchmark("multipl_e").load(Request(folder, ("python", "cpp"), style="plain"))
    found = judged(judge, tasks, ["\n    import os\n    os._exit(0)\n", "std::_Exit(0);"])
    assert not any(v.passed for v in found.values())


def test_javatuples_are_written_out_where_named(folder: Path, judge: Judge) -> None:
    if "java" not in here():
        pytest.skip("no Java")
    (task,) = get_benchmark("multipl_e").load(Request(folder, ("java",), style="plain"))
    code = ("Pair<Long, String> p = Pair.with(1l, \"a\"); Triplet<Long, Long, Long> t = new "
            "Triplet<>(1l, 2l, 3l); if (!p.equals(Pair.with(1l, \"a\")) || p.equals(Pair.with(2l, "
            "\"a\")) || t.getValue2() != 3l || p.hashCode() != Pair.with(1l, \"a\").hashCode()) "
            "throw new RuntimeException(); ")
    found = judged(judge, [task], [code + ANSWERS["java"]])
    assert found["java"].passed, found["java"].detail


def test_files_are_found_and_damage_is_an_error(folder: Path) -> None:
    load = get_benchmark("multipl_e").load
    assert [t.target for t in load(Request(folder, ("php", "cpp"), style="plain"))] == [
        "php", "cpp"]
    assert len(load(Request(folder, style="plain"))) == len(EXTENSIONS) == 19
    with pytest.raises(DataError, match="no mbpp-php"):
        get_benchmark("multipl_e_mbpp").load(Request(folder, ("php",)))
    with pytest.raises(DataError, match="has no c"):
        load(Request(folder, ("c",)))
    with pytest.raises(DataError, match="not found"):
        load(Request(folder / "gone"))
    (folder / "humaneval-php.jsonl.gz").write_bytes(b"\x1f\x8b broken")
    with pytest.raises(DataError, match="cannot be read on"):
        load(Request(folder, ("php",)))


@pytest.mark.skipif("OORL_MULTIPL_E" not in os.environ, reason="OORL_MULTIPL_E names no folder of "
                    "MultiPL-E; the tests above cover the schema")
def test_the_real_files(judge: Judge) -> None:
    tasks = get_benchmark("multipl_e").load(Request(Path(os.environ["OORL_MULTIPL_E"]), limit=4,
                                                    style="plain"))
    below_zero = [t for t in tasks if t.problem_id == "HumanEval_3_below_zero"
                  and t.target in here() - {"ocaml"}]  # whose tests say (~3) for -3
    assert len(below_zero) >= 8
    answers = [ANSWERS[EXTENSIONS[t.target]].replace("numbers", "operations").replace(
        "limit", "0").replace("$0", "0").replace("$2", "0") for t in below_zero]
    found = judged(judge, below_zero, answers)
    assert {k: v.detail for k, v in found.items() if not v.passed} == {}
