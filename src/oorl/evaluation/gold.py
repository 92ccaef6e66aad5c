"""Stand-ins for a model: the benchmark's own answers, which must score 1, and empty ones, 0."""

from __future__ import annotations

from collections.abc import Sequence

from oorl.errors import DataError
from oorl.evaluation.benchmarks import Task
from oorl.generation.backends import Answer, Sampling


class Gold:
    """Answers every prompt with the gold answer of its task."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.answers: dict[str, str] = {}
        for task in tasks:
            if self.answers.setdefault(task.prompt, task.gold) != task.gold:
                raise DataError(f"{task.problem_id}: another task has the same prompt",
                                "Prompts must tell the tasks of a benchmark apart.")

    def complete(self, prompts: Sequence[str], sampling: Sampling, *, chat: bool,
                 stop: Sequence[str] = ()) -> list[list[Answer]]:
        """See `oorl.generation.backends.Backend`."""
        return [[Answer(self.answers[prompt], 0)] * sampling.n for prompt in prompts]


class Empty:
    """Answers nothing."""

    def complete(self, prompts: Sequence[str], sampling: Sampling, *, chat: bool,
                 stop: Sequence[str] = ()) -> list[list[Answer]]:
        """See `oorl.generation.backends.Backend`."""
        return [[Answer("", 0)] * sampling.n for _ in prompts]
