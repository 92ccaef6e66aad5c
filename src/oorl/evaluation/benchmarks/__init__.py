"""Benchmarks: one file each, with a `load(request)`; the folder is the registry.

A benchmark gives *tasks*: a prompt, what ends an answer, how an answer becomes a program for the
judge, and a gold answer where the data have one. How answers are made, judged and scored is the
same for all of them (`oorl.evaluation.run`). The contract, held by tests: gold answers score 1.0,
empty ones 0.0.

A translation benchmark of one's own is a file of problems in the format of docs/data.md and three
lines beside it (see `jsonl.py` and `_translation.py`): every pair of a language with a solution
and another language is asked, judged by the same cases.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from oorl.errors import UnknownName
from oorl.records import AnySubmission

__all__ = ["NO_SOURCE", "Benchmark", "Request", "Task", "benchmark_names", "get_benchmark"]

NO_SOURCE = "text"
"""The `source` of tasks that are no translations: the function is described in words."""


@dataclass(frozen=True)
class Task:
    """One question.

    `target` names a language of the judge; `stop` are texts before which an answer ends. `program`
    makes a submission of an answer, None if it is not in the required format. `gold` is an answer
    that must pass, "" if the data have none. `chat` says that the prompt is a user's turn, not a
    text to be continued.
    """

    problem_id: str
    source: str
    target: str
    prompt: str
    program: Callable[[str], AnySubmission | None]
    stop: tuple[str, ...] = ()
    gold: str = ""
    chat: bool = False


@dataclass(frozen=True)
class Request:
    """What is wanted. `path` is the benchmark's file or folder, None where it comes with the
    package; no `languages` or `sources` means all that there are. `style` is `chat`, a request in
    words, or `plain`: a text to be continued, or the embedded model's short prompts."""

    path: Path | None = None
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    limit: int = 0
    style: str = "chat"


class Benchmark(Protocol):
    """What a benchmark module provides."""

    TITLE: str
    LICENCE: str

    def load(self, request: Request) -> list[Task]:
        """The tasks in a fixed order, of the first `limit` problems (0: all) in each language.

        Raises `DataError` for files that are missing or damaged: a benchmark loses no row.
        """
        ...


def benchmark_names() -> list[str]:
    """The names of all benchmarks, in alphabetical order."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def get_benchmark(name: str) -> Benchmark:
    """A benchmark by name. Raises `UnknownName` with the list and the nearest match."""
    if name not in benchmark_names():
        raise UnknownName("benchmark", name, benchmark_names())
    return cast(Benchmark, importlib.import_module(f"{__name__}.{name}"))
