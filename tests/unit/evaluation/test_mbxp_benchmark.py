"""MBXP as a benchmark: gold passes and empty does not, on rows of its schema, by execution."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oorl.errors import DataError
from oorl.evaluation.benchmarks import Request, Task, get_benchmark
from oorl.records import Verdict
from oorl.sandbox import Judge, available_languages

ROWS: dict[str, dict[str, Any]] = {
    "python": {
        "entry_point": "twice", "prompt": 'def twice(x):\n    """\n    Double it.\n    """\n',
        "canonical_solution": "    return x * 2",
        "test": "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(2) == 4\n"},
    "cpp": {
        "entry_point": "twice", "canonical_solution": "    return x * 2;\n}",
        "prompt": "#include <bits/stdc++.h>\nusing namespace std;\n\nint twice(int x) {\n",
        "test": "\nint main(int argc, char* argv[]) {\n    if (twice(2) != 4) {\n"
                "        throw runtime_error(\"no\");\n    }\n\n    return 0;\n}"},
    "java": {
        "entry_point": "twice", "canonical_solution": "        return x * 2;\n    }\n}",
        "prompt": "import java.util.*;\n\nclass Twice {\n    public static int twice(int x) {\n",
        "test": "\nclass Main {\n    public static void main(String[] args) throws Exception {\n"
                "        if (Twice.twice(2) != 4) {\n            throw new Exception(\"no\");\n"
                "        }\n}\n}\n"},
    "csharp": {
        "entry_point": "Twice", "canonical_solution":
            "            return x.Select(y => y * 2).ToList();\n        }",
        "prompt": "using System;\nusing System.Collections.Generic;\nusing System.Linq;\n"
                  "using KellermanSoftware.CompareNetObjects;\n\nnamespace Solution\n{\n"
                  "    public class Program\n    {\n"
                  "        public static List<int> Twice (List<int> x) \n        {\n",
        "test": "\n\n        public static void Main(string[] args)\n        {\n"
                "            CompareLogic compareLogic = new CompareLogic();\n"
                "            var result1 = compareLogic.Compare("
                "Twice(new List<int>{1, 2}), new List<int>{2, 4});\n            if "
                "(!result1.AreEqual) {throw new Exception(\"no\");}\n        }\n    }\n}\n"},
    "javascript": {
        "entry_point": "twice", "canonical_solution": "  return x * 2;\n}",
        "prompt": "/**\n * Double it.\n */\nfunction twice(x) {\n",
        "test": "\nconst _ = require(\"lodash\")\nif (!_.isEqual(twice(2), 4)) "
                "{ throw 'no' }\n"},
    "typescript": {
        "entry_point": "twice", "canonical_solution": "  return x * 2;\n}",
        "prompt": "import * as math from 'mathjs'\n\n/**\n * Double it.\n */\n"
                  "const twice = function (x: number) : number  {\n",
        "test": "\nimport * as assert from 'assert'\n\nlet actual_1 = twice(2);\n"
                "let expected_1 = 4;\nassert.deepEqual(actual_1, expected_1, \"no\");\n"},
    "php": {
        "entry_point": "twice", "canonical_solution": "    return $x * 2;\n}",
        "prompt": "<?php\n\nfunction twice($x){\n",
        "test": "\nif (twice(2) != 4) {\n    throw new Exception(\"no\");\n}\n"},
    "ruby": {
        "entry_point": "twice", "canonical_solution": "  x * 2\nend", "prompt": "def twice(x)\n",
        "test": "\nraise \"no\" unless twice(2) == 4\n"},
    "go": {
        "entry_point": "twice", "canonical_solution": "\treturn x * 2\n}",
        "prompt": "package main\n\nfunc twice (x int) int {\n",
        "test": "\nfunc main() {\n\tif twice(2) != 4 {\n\t\tpanic(\"no\")\n\t}\n}\n"},
}


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for language, row in ROWS.items():
        (tmp_path / f"mbxp-{language}.jsonl").write_text(json.dumps(
            {"task_id": f"X/{language}", "description": "", "language": language, **row}) + "\n")
    return tmp_path


def load(folder: Path, style: str) -> list[Task]:
    return [t for t in get_benchmark("mbxp").load(Request(folder, style=style))
            if isinstance(available_languages()[t.target], str)]


def judged(judge: Judge, tasks: list[Task], answers: list[str]) -> dict[str, Verdict]:
    programs = [task.program(a) for task, a in zip(tasks, answers, strict=True)]
    return dict(zip([t.target for t in tasks], judge.judge([p for p in programs if p]),
                    strict=True))


@pytest.mark.parametrize("style", ["plain", "chat"])
def test_gold_passes(folder: Path, judge: Judge, style: str) -> None:
    tasks = load(folder, style)
    assert len(tasks) >= 5
    if style == "chat":  # those in which an answer is taken apart
        tasks = [t for t in tasks if t.target in ("python", "cpp", "java", "csharp")]
    found = judged(judge, tasks, [t.gold + ("\nmore" if style == "plain" and t.target != "python"
                                            else "") for t in tasks])
    assert {k: v.detail for k, v in found.items() if not v.passed} == {}


def test_wrong_and_empty_answers_fail(folder: Path, judge: Judge) -> None:
    tasks = load(folder, "plain")
    wrong = judged(judge, tasks, [t.gold.replace("* 2", "* 3") for t in tasks])
    assert {k for k, v in wrong.items() if v.passed} == set()
    empty = judged(judge, tasks, ["" for _ in tasks])
    assert {k for k, v in empty.items() if v.passed} == set()
    assert all(t.program("") is None for t in load(folder, "chat"))


def test_files_and_languages(folder: Path) -> None:
    (folder / "mbxp-typescript.jsonl").unlink()
    (task,) = get_benchmark("mbxp").load(Request(folder, ("cpp",)))
    assert (task.problem_id, task.chat) == ("X/cpp", True)
    for request, words in ((Request(), "needs its files"), (Request(folder, ("perl",)), "no perl"),
                           (Request(folder, ("typescript",)), "no mbxp-typescript")):
        with pytest.raises(DataError, match=words):
            get_benchmark("mbxp").load(request)


@pytest.mark.skipif("OORL_MBXP" not in os.environ, reason="OORL_MBXP names no folder of MBXP; "
                    "the tests above cover the schema")
def test_the_real_files(judge: Judge) -> None:
    tasks = [t for t in get_benchmark("mbxp").load(Request(
        Path(os.environ["OORL_MBXP"]), ("python", "cpp", "ruby"), limit=20, style="plain"))
        if t.gold]
    verdicts = judge.judge([p for t in tasks if (p := t.program(t.gold))])
    assert sum(v.passed for v in verdicts) >= 0.9 * len(tasks)
