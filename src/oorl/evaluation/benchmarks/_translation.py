"""Translation benchmarks: typed problems with solutions, the same tests in all languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from oorl.data.prompts import completion, extract_code, translation_prompt
from oorl.data.sources._rows import JSON_LINES, files_of
from oorl.data.sources.jsonl import load as load_jsonl
from oorl.errors import DataError
from oorl.evaluation.benchmarks import Request, Task
from oorl.languages import all_languages, get_language
from oorl.params.dataset import DatasetParams
from oorl.records import AnySubmission, Problem


def read_problems(path: Path) -> list[Problem]:
    """The problems of a file or folder in the format of docs/data.md.

    Raises `DataError` naming the first row that breaks a rule.
    """
    files_of(path, JSON_LINES, "--path")  # else the message names a setting of the pipeline
    params = DatasetParams.model_validate(
        {"source": "jsonl", "path": path.name, "problems": 10**9})
    loaded = load_jsonl(params, 0, path.absolute().parent)
    if loaded.refused:
        first = loaded.refused[0]
        raise DataError(f"{path}: {len(loaded.refused)} row(s) are no problems, the first "
                        f"{first['row']}: {first['reason']}",
                        "Correct the file: a benchmark must not lose a row (docs/data.md).")
    return loaded.problems


def translation_tasks(problems: Sequence[Problem], request: Request) -> list[Task]:
    """Every problem from every language it has a solution in into every other language wanted.

    Without `request.sources` all languages with solutions are sources; without
    `request.languages` all of the judge that can have the signature are targets.
    """
    chosen = problems[:request.limit or None]
    sources = [get_language(s).name for s in request.sources] or sorted(
        {s for p in chosen for s in p.solutions})
    targets = [get_language(t).name for t in request.languages] or list(all_languages())
    return [task for problem in chosen for source in sources if source in problem.solutions
            for task in _from(problem, source, targets, request.style)]


def _from(problem: Problem, source: str, targets: Sequence[str], style: str) -> Iterator[Task]:
    for target in targets:
        if target == source or not get_language(target).supports_signature(problem.signature):
            continue
        gold = problem.solutions.get(target)
        yield Task(
            problem.id, source, target,
            translation_prompt(problem, source, target, "chat" if style == "chat" else "compact"),
            partial(_program, problem, target), chat=style == "chat",
            gold=completion(gold, target) if gold else "")


def _program(problem: Problem, target: str, answer: str) -> AnySubmission | None:
    code = extract_code(answer, target)
    return None if code is None else problem.submission(target, code)
