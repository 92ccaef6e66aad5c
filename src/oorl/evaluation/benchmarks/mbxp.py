"""MBXP (Athiwaratkun et al. 2023, arXiv 2210.14868): MBPP in many languages, with solutions.

`--path` is a folder of mbxp-<language> files. Prompt, answer and tests are one program; an answer
ends with its function. Gold answers are the authors' solutions where they have one: some are wrong
(benchmarks/real_data.md), so on the whole set they score below 1.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from oorl.data.prompts import FENCE, tag, title
from oorl.errors import DataError
from oorl.evaluation.benchmarks import NO_SOURCE, Request, Task
from oorl.evaluation.benchmarks._files import files, read
from oorl.evaluation.benchmarks._multipl_e import last_block, with_head
from oorl.languages import get_language
from oorl.records import AssertionSubmission

TITLE = "MBXP"
LICENCE = "CC-BY-4.0"
LANGUAGES = ("python", "cpp", "java", "javascript", "typescript", "php", "csharp", "go", "ruby")
"""Those of its languages that the judge has; Perl's tests need a package (Data::Compare)."""

COLUMNS = ("task_id", "prompt", "entry_point", "test")
ENDS = {"cpp": "\n}", "java": "\n    }\n}", "javascript": "\n}", "typescript": "\n}",
        "php": "\n}", "go": "\n}", "csharp": "\n        }", "ruby": "\nend"}
"""The end of the function, in the indentation of the prompts; it belongs to the answer."""

PYTHON_STOPS = ("\ndef ", "\n#", "\nif ", "\nclass ", "\nprint", "\nassert")
LODASH = 'const _ = require("lodash")'
DEEP_EQUAL = 'const _ = { isEqual: require("util").isDeepStrictEqual }'
"""The one function that the JavaScript tests want of a package; Node.js has it too."""
COMPARE_NET = "using KellermanSoftware.CompareNetObjects;"
CLASS = "public class Program\n    {"
COMPARE = """
class Comparison { public bool AreEqual; }
class CompareLogic {
  public Comparison Compare(object a, object b) { return new Comparison { AreEqual = Same(a, b) }; }
  static bool Same(object a, object b) {
    if (a == null || b == null) return a == b;
    if (a.GetType() != b.GetType()) return false;
    if (a is System.Collections.IDictionary) {
      var x = (System.Collections.IDictionary) a; var y = (System.Collections.IDictionary) b;
      return x.Count == y.Count
        && x.Keys.Cast<object>().All(k => y.Contains(k) && Same(x[k], y[k]));
    }
    if (a is string || !(a is System.Collections.IEnumerable)) return a.Equals(b);
    var p = ((System.Collections.IEnumerable) a).Cast<object>().ToList();
    var q = ((System.Collections.IEnumerable) b).Cast<object>().ToList();
    return p.Count == q.Count && p.Zip(q, Same).All(same => same);
  }
}
"""
"""What the C# tests use of the package CompareNetObjects: equal types, equal contents."""


def load(request: Request) -> list[Task]:
    """The tasks, language by language. Raises `DataError`."""
    if request.path is None:
        raise DataError("the benchmark mbxp needs its files", "Give their folder with --path.")
    wanted = [get_language(name).name for name in request.languages]
    if unknown := [name for name in wanted if name not in LANGUAGES]:
        raise DataError(f"MBXP has no {', '.join(unknown)} here",
                        f"It has: {', '.join(LANGUAGES)}.")
    found: list[Task] = []
    for language in wanted or LANGUAGES:
        rows = [row for file in files(request.path, f"mbxp-{language}")
                for row in read(file, COLUMNS)]
        if wanted and not rows:
            raise DataError(f"{request.path}: no mbxp-{language} file there", "Correct --path.")
        found += [_task(row, language, request.style) for row in rows[:request.limit or None]]
    return found


def _task(row: dict[str, Any], language: str, style: str) -> Task:
    prompt, gold = row["prompt"], row.get("canonical_solution") or ""
    if style == "chat":
        fence = f"{FENCE}{tag(language)}"
        text = (f"Complete this {title(language)} code. Answer with the whole code, the given part "
                f"included, in one {fence} code block, without tests or examples of use.\n\n"
                f"{fence}\n{prompt.strip()}\n{FENCE}\n")
        return Task(row["task_id"], NO_SOURCE, language, text, partial(from_chat, row, language),
                    gold=f"{fence}\n{prompt.strip()}\n{gold}\n{FENCE}\n" if gold else "", chat=True)
    return Task(row["task_id"], NO_SOURCE, language, prompt, partial(continued, row, language),
                PYTHON_STOPS if language == "python" else (), gold)


def continued(row: dict[str, Any], language: str, answer: str) -> AssertionSubmission:
    """Prompt, the answer to the end of its function, tests."""
    return program(row, language, row["prompt"] + function_of(row, language, answer))


def function_of(row: dict[str, Any], language: str, answer: str) -> str:
    """The answer up to the end of its function: where the braces stand as the tests need them."""
    end, at = ENDS.get(language, ""), -1
    while end and (at := answer.find(end, at + 1)) >= 0:
        code = row["prompt"] + answer[:at + len(end)]
        if language == "ruby" or code.count("{") - code.count("}") == left_open(row):
            return answer[:at + len(end)]
    return answer


def left_open(row: dict[str, Any]) -> int:
    """How many braces the tests close that they have not opened."""
    return max(0, row["test"].count("}") - row["test"].count("{"))


def from_chat(row: dict[str, Any], language: str, answer: str) -> AssertionSubmission | None:
    """The last closed block, as much of it as fits in front of the tests."""
    code = last_block(language, answer)
    if code is None:
        return None
    depth = left_open(row) if language in ENDS and language != "ruby" else -1
    return program(row, language, with_head(row["prompt"], code, depth))


def program(row: dict[str, Any], language: str, code: str) -> AssertionSubmission:
    """Code and tests, with what the tests need of elsewhere."""
    tests = row["test"].replace(LODASH, DEEP_EQUAL)
    if language == "python":
        tests += f"\ncheck({row['entry_point']})\n"  # a function that somebody must call
    if language == "csharp":
        code = code.replace(COMPARE_NET, "").replace(CLASS, CLASS + COMPARE, 1)
    return AssertionSubmission(language, code, tests)
