"""HumanEval-X: gold 1, empty 0 and wrong 0 on rows of its schema, in all pairs, by execution."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oorl.errors import DataError, ToolchainMissing
from oorl.evaluation.benchmarks import Request, Task, get_benchmark
from oorl.evaluation.benchmarks.humaneval_x import body, program
from oorl.evaluation.gold import Empty, Gold
from oorl.evaluation.run import run_tasks
from oorl.evaluation.scores import run_scores
from oorl.languages import get_language
from oorl.records import AssertionSubmission
from oorl.sandbox import Judge

ROWS: dict[str, dict[str, Any]] = {
    "python": {
        "task_id": "Python/3", "declaration": "from typing import List\n\n\n"
        "def roots(xs: List[int]) -> int:\n", "canonical_solution": "    total = 0\n\n"
        "    for x in xs:\n        total += math.isqrt(x)\n    return total\n",
        "test": "\ndef check(roots):\n    assert roots([9, 4]) == 5\n    assert roots([]) == 0\n\n"
                "check(roots)"},
    "cpp": {
        "task_id": "CPP/3", "declaration": "#include<vector>\nusing namespace std;\n"
        "int roots(vector<int> xs){\n", "canonical_solution": "    int total = 0;\n"
        "    for (int x : xs) { total += (int) sqrt(x); }\n    return total;\n}\n\n",
        "test": "#undef NDEBUG\n#include<assert.h>\nint main(){\n    assert (roots({9, 4}) == 5);\n"
                "    assert (roots({}) == 0);\n}\n"},
    "java": {
        "task_id": "Java/3", "declaration": "import java.util.*;\n\nclass Solution {\n"
        "    public int roots(List<Integer> xs) {\n", "canonical_solution":
        "        int total = 0;\n        for (int x : xs) { total += (int) Math.sqrt(x); }\n"
        "        return total;\n    }\n}",
        "test": "public class Main {\n    public static void main(String[] args) {\n"
                "        Solution s = new Solution();\n        if (s.roots(Arrays.asList(9, 4)) "
                "!= 5 || s.roots(Arrays.asList()) != 0) {\n            throw new Error();\n"
                "        }\n    }\n}"},
    "js": {
        "task_id": "JavaScript/3", "declaration": "\nconst roots = (xs) => {\n",
        "canonical_solution": "  let total = 0;\n  for (const x of xs) { total += Math.sqrt(x); }\n"
        "  return total;\n}\n\n",
        "test": "const testRoots = () => {\n  console.assert(roots([9, 4]) === 5)\n"
                "  console.assert(roots([]) === 0, 'none')\n}\n\ntestRoots()\n"},
    "go": {
        "task_id": "Go/3", "declaration": "\nfunc Roots(xs []int) int {\n",
        "prompt": 'import (\n    "math"\n)\n\n// The root of one.\nfunc RootOf(x int) int {\n'
        "    return int(math.Sqrt(float64(x)))\n}\n// Of all.\nfunc Roots(xs []int) int {\n",
        "canonical_solution": "    total := 0\n    for _, x := range xs { total += RootOf(x) }\n"
        "    return total\n}\n\n", "import": 'import (\n    "math"\n)\n',
        "test_setup": 'package main\n\nimport (\n    "testing"\n'
                      '    "github.com/stretchr/testify/assert"\n)\n',
        "test": "func TestRoots(t *testing.T) {\n    assert := assert.New(t)\n"
                "    assert.Equal(5, Roots([]int{9, 4}))\n"
                "    assert.Equal(0, Roots([]int{}), \"none\")\n}\n"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, row in ROWS.items():
        (tmp_path / f"humaneval_{name}.jsonl").write_text(json.dumps(row) + "\n")
    return tmp_path


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as found:
        yield found


def load(folder: Path, style: str) -> list[Task]:
    return [t for t in get_benchmark("humaneval_x").load(Request(folder, style=style))
            if installed(t.target)]


def installed(language: str) -> bool:
    try:
        get_language(language).check()
    except ToolchainMissing:
        return False
    return True


@pytest.mark.parametrize("style", ["plain", "chat"])
def test_gold_is_one_and_empty_is_zero(folder: Path, judge: Judge, style: str) -> None:
    tasks = load(folder, style)
    assert len({t.target for t in tasks}) >= 3
    assert len({t.prompt for t in tasks}) == len(tasks)
    gold = run_tasks("gold", tasks, Gold(tasks), judge, progress=False)
    assert run_scores(gold)["pass_at"]["1"]["value"] == 1.0, gold["detail"].tolist()
    empty = run_tasks("empty", tasks, Empty(), judge, progress=False)
    assert run_scores(empty)["pass_at"]["1"]["value"] == 0.0


def test_wrong_answers_fail_their_tests(folder: Path, judge: Judge) -> None:
    tasks = [t for t in load(folder, "plain") if t.source == ("cpp" if t.target == "python"
                                                            else "python")]
    programs = [t.program(t.gold.replace("total += ", "total -= ")) for t in tasks]
    verdicts = judge.judge([p for p in programs if p is not None])
    assert [v.status.value for v in verdicts if v.status.value not in (
        "runtime_error", "wrong_answer")] == []
    assert len(verdicts) == len(tasks)


def test_an_answer_ends_with_its_function(folder: Path) -> None:
    tasks = {t.target: t for t in load(folder, "plain")}
    python, cpp, java = (ROWS[name] for name in ("python", "cpp", "java"))
    assert body(python, "python", "    return 1\n\n    # more\nprint(2)\n") == (
        "    return 1\n\n    # more")
    assert body(cpp, "cpp", " if (1) { return 1; } return 2; }\nint main() {}") == (
        " if (1) { return 1; } return 2; }")
    assert body(java, "java", " return 1; }") == " return 1; }\n}"
    assert body(java, "java", " return 1; } } class X {}") == " return 1; } }"
    assert "def " in tasks["python"].stop[0]


def test_the_prompt_has_no_description(folder: Path) -> None:
    for style in ("plain", "chat"):
        (task,) = get_benchmark("humaneval_x").load(Request(folder, ("go",), ("cpp",), style=style))
        assert "int roots(vector<int> xs){" in task.prompt
        assert "func Roots(xs []int) int {" in task.prompt
        assert "Of all" not in task.prompt


def test_chat_answers_get_what_they_lack() -> None:
    made = program(ROWS["go"], "go", 'package main\n\nimport "strings"\n\nfunc RootOf(x int) int {'
                   "\n\treturn len(strings.Repeat(\"x\", x))\n}\n\nfunc Roots(xs []int) int {\n}\n")
    assert isinstance(made, AssertionSubmission)
    assert made.code.count("func RootOf") == 1
    assert [line for line in made.code.splitlines() if line.startswith("import")] == [
        'import "reflect"', 'import "strings"']


def test_files_and_languages(folder: Path) -> None:
    load_x = get_benchmark("humaneval_x").load
    assert [(t.problem_id, t.source, t.target) for t in load_x(Request(folder, ("java",)))] == [
        ("HumanEval_3", s, "java") for s in ("python", "cpp", "javascript", "go")]
    with pytest.raises(DataError, match="has no rust"):
        load_x(Request(folder, ("rust",)))
    (folder / "humaneval_go.jsonl").unlink()
    with pytest.raises(DataError, match="no humaneval_go file"):
        load_x(Request(folder, ("go",)))
    (folder / "humaneval_cpp.jsonl").write_text(json.dumps({**ROWS["cpp"], "task_id": "x"}) + "\n")
    with pytest.raises(DataError, match="task_id must be"):
        load_x(Request(folder, ("cpp",)))


@pytest.mark.skipif("OORL_HUMANEVAL_X" not in os.environ, reason="OORL_HUMANEVAL_X names no folder "
                    "of HumanEval-X; the tests above cover the schema")
def test_the_real_files(judge: Judge) -> None:
    tasks = get_benchmark("humaneval_x").load(Request(
        Path(os.environ["OORL_HUMANEVAL_X"]), ("cpp", "java", "javascript", "go"), ("python",),
        limit=12))
    verdicts = judge.judge([p for t in tasks if (p := t.program(t.gold)) is not None])
    assert len(verdicts) == len(tasks) == 48
    assert [v.detail for v in verdicts if not v.passed] == []
