"""Near-duplicates and overlap with benchmarks: what is found, what is left, what is said."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oorl.data.overlap import Benchmarks, Near, clean, code_tokens, jaccard, statement_words
from oorl.data.sources import Loaded
from oorl.errors import DataError
from oorl.records import PROGRAM, Case, Problem
from tests.unit.data.test_dataset_stage import run, settings
from tests.unit.data.test_published_sources import apps

WORDS = [f"w{i}" for i in range(3000)]
LONG = """def longest_run(values, limit):
    best = current = 0
    for value in values:
        if value > limit:
            current += 1
            best = max(best, current)
        else:
            current = 0
    return best
"""
CPP = """// counts
long long longest(vector<long long> xs, long long bound) {
  long long best = 0, now = 0;
  for (long long x : xs) { if (x > bound) { now++; best = max(best, now); } else now = 0; }
  return best;
}
"""


def text(seed: int, words: int = 60) -> str:
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) for _ in range(words))


def problem(name: str, **solutions: str) -> Problem:
    return Problem(name, "test", "rl", PROGRAM, (Case(("1",), "2"),),
                   solutions or {"python": f"print(input(), {name!r})\n"})


def loaded(*entries: tuple[Problem, str]) -> Loaded:
    return Loaded([p for p, _ in entries], statements={p.id: s for p, s in entries})


def benchmarks(root: Path, *rows: Any) -> Benchmarks:
    (root / "b.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    return Benchmarks.read(root, ["b.jsonl"], 0.8)


def test_of_two_near_statements_the_later_goes_with_its_reason() -> None:
    changed = text(1).split()
    changed[30] = "other"
    data = loaded((problem("a"), text(1)), (problem("b"), text(2)),
                  (problem("c"), " ".join(changed)), (problem("d"), text(1).upper() + "!"))
    assert clean(data, None, 0.8) == {"in_benchmarks": 0, "near_duplicates": 2}
    assert [p.id for p in data.problems] == ["a", "b"]
    assert [(r["id"], r["reason"]) for r in data.refused] == [
        ("c", "its statement is near that of a (0.84)"),
        ("d", "its statement is near that of a (1.00)")]


def test_near_programs_are_found_under_any_names() -> None:
    renamed = LONG.replace("values", "data").replace("best", "top").replace("longest_run", "f")
    data = loaded((problem("a", python=LONG), ""), (problem("b", python=renamed), ""),
                  (problem("c", python=LONG.replace("> limit", "< limit").replace(
                      "max", "min").replace("+= 1", "*= 7")), ""))
    clean(data, None, 0.8)
    assert [p.id for p in data.problems] == ["a", "c"]
    assert "its program is near that of a (1.00)" in data.refused[0]["reason"]


def test_short_texts_are_no_duplicates_and_above_one_nothing_is() -> None:
    data = loaded(*((problem(n), "Add two numbers.") for n in "abc"))
    assert clean(data, None, 0.8)["near_duplicates"] == 0
    data = loaded((problem("a"), text(1)), (problem("b"), text(1)))
    assert clean(data, None, 2.0) == {"in_benchmarks": 0, "near_duplicates": 0}


def test_similarity_is_the_jaccard_of_shingles() -> None:
    """Against a plain twin, on texts around the threshold; the signatures only propose."""
    def shingles(words: list[str]) -> set[tuple[str, ...]]:
        return {tuple(words[i:i + 5]) for i in range(len(words) - 4)}

    base, found, wanted = text(5, 200).split(), 0, 0
    near = Near(0.7)
    near.add("base", *near.signature(base))
    rng = random.Random(3)
    for edits in range(1, 13):
        words = list(base)
        for _ in range(edits):
            words[rng.randrange(len(words))] = "new"
        one, two = shingles(base), shingles(words)
        exact = len(one & two) / len(one | two)
        assert jaccard(near.signature(base)[0], near.signature(words)[0]) == pytest.approx(exact)
        hit = near.find(words)
        assert hit is None or hit[1] == pytest.approx(exact)
        assert hit is None or exact >= 0.7
        wanted += exact >= 0.7
        found += hit is not None
    assert wanted >= 4
    assert found >= wanted - 1
    assert jaccard(np.array([1, 2, 3]), np.array([2, 3, 4, 5])) == 0.4


def test_thirteen_words_in_common_with_a_benchmark_are_too_many(tmp_path: Path) -> None:
    marks = benchmarks(tmp_path, {"prompt": text(1)}, {"prompt": text(2)})
    words = text(1).split()
    data = loaded((problem("a"), f"Now {' '.join(words[20:33])} once more"),
                  (problem("b"), f"Now {' '.join(words[20:32])} once more"),
                  (problem("c"), " ".join(words[20:33]).upper().replace(" ", ", ")))
    assert clean(data, marks, 0.8)["in_benchmarks"] == 2
    assert [p.id for p in data.problems] == ["b"]
    assert data.refused[0]["reason"] == "13 words of its statement are in b.jsonl:1"


def test_what_many_tasks_of_a_benchmark_say_is_no_overlap(tmp_path: Path) -> None:
    phrase = " ".join(WORDS[:13])
    many = benchmarks(tmp_path, *({"prompt": f"{text(k)} {phrase}"} for k in range(11)))
    few = benchmarks(tmp_path, *({"prompt": f"{text(k)} {phrase}"} for k in range(10)))
    assert many.hit(problem("a"), phrase) == ""
    assert few.hit(problem("a"), phrase) != ""


def test_programs_of_a_benchmark_are_known_under_other_names_and_in_other_columns(
        tmp_path: Path) -> None:
    marks = benchmarks(
        tmp_path, {"prompt": "def run(v, k):\n", "canonical_solution": "    return v // k - 3\n"},
        {"deep": [{"code": CPP}]}, {"code": LONG})
    assert marks.hit(problem("a", python="def other(a, b):\n    return a // b - 3\n"), "") == \
        "its python program is in b.jsonl:1"
    renamed = CPP.replace("xs", "data").replace("longest", "f").replace("// counts", "/* x */")
    assert marks.hit(problem("a", cpp=renamed), "") == "its cpp program is in b.jsonl:2"
    near = LONG.replace("    return best\n", "    return best + 1\n")
    assert "is near one in b.jsonl:3" in marks.hit(problem("a", python=near), "")
    assert marks.hit(problem("a", python="def other(a, b):\n    return a // b - 4\n"), "") == ""


def test_names_called_stay_and_names_bound_do_not() -> None:
    assert code_tokens("def f(xs): return max(xs)") == code_tokens("def g(a): return max(a)")
    assert code_tokens("def f(xs): return max(xs)") != code_tokens("def f(xs): return min(xs)")
    assert code_tokens("a.sort(); b = 1") != code_tokens("a.reverse(); b = 1")
    assert code_tokens("int f(int n) { return n ? f(n - 1) : 0; }") == code_tokens(
        "int g(int m) { return m ? g(m - 1) : 0; } // down")
    assert code_tokens("function f($a) { return $a; }") == code_tokens(
        "function g($b) { return $b; }")
    assert statement_words("Add, 2 Numbers!") == ["add", "2", "numbers"]


def test_nothing_of_a_benchmark_is_overlooked(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text("a = ")
    with pytest.raises(DataError, match=r"b\.toml: not TOML"):
        Benchmarks.read(tmp_path, ["b.toml"], 0.8)
    (tmp_path / "b.jsonl").write_text('{"a": 1}\n{\n')
    with pytest.raises(DataError, match=r"b\.jsonl:2: not JSON"):
        Benchmarks.read(tmp_path, ["b.jsonl"], 0.8)
    with pytest.raises(DataError) as caught:
        Benchmarks.read(tmp_path, ["gone.jsonl"], 0.8)
    assert "dataset.benchmarks" in caught.value.remedy


def test_the_stage_reports_what_was_removed_and_why(tmp_path: Path) -> None:
    code = "print(int(input()) * {k} + {k})\n"
    rows = [apps(k, code.format(k=k), {"inputs": ["1", "2"], "outputs": [str(2 * k), str(3 * k)]},
                 question=text(k)) for k in range(1, 61)]
    rows.append(apps(61, "print(1 + int(input()))\n", question=text(7) + " again", tests={
        "inputs": ["1", "2"], "outputs": ["2", "3"]}))
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    (tmp_path / "bench.jsonl").write_text(json.dumps({"prompt": text(5)}) + "\n")
    metrics = run(tmp_path, settings(source="apps", path="rows.jsonl", benchmarks=["bench.jsonl"],
                                     test_share=0.2, validation_share=0.2))
    assert metrics["problems"] == {"in": 61, "kept": 59, "refused": 2}
    assert metrics["overlap"] == {"in_benchmarks": 1, "near_duplicates": 1,
                                  "benchmarks": ["bench.jsonl", "crossway"]}
    assert [(r["id"], r["reason"]) for r in metrics["refused"]] == [
        ("apps-5", "13 words of its statement are in bench.jsonl:1"),
        ("apps-61", "its statement is near that of apps-7 (0.98)")]
