"""Ask a backend every task of a benchmark and have every answer judged, resumably.

Answers are kept by batch and verdicts by program, as JSON lines in the run's folder, under keys
made from all that they depend on: the same command goes on where it was interrupted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from oorl.evaluation.benchmarks import Task
from oorl.evaluation.translation import BAD_FORMAT
from oorl.generation.backends import Answer, Backend, Sampling
from oorl.records import Status, Verdict, canonical, stable_id
from oorl.sandbox.known import Judging, LineLog, VerdictCache, judge_known

COLUMNS = ("model", "problem_id", "source", "target", "sample", "status", "passed", "passed_cases",
           "total_cases", "detail", "completion", "tokens")
"""The columns of results.parquet: nothing that depends on the machine's speed."""

GREEDY = Sampling()


def run_tasks(name: str, tasks: Sequence[Task], backend: Backend, judge: Judging,
              sampling: Sampling = GREEDY, *, folder: Path | None = None, batch_size: int = 64,
              progress: bool = True) -> pd.DataFrame:
    """One row for each task and sample with `COLUMNS`, in the order of the tasks.

    `name` identifies the model: cached answers are its own. Rows of status `infra_error` are our
    own failures and in no score. Raises `InfraError` where a language cannot be judged at all.
    """
    answers = _ask(name, tasks, backend, sampling, folder, batch_size, progress)
    programs = [[task.program(answer.text) for answer in found]
                for task, found in zip(tasks, answers, strict=True)]
    verdicts = iter(judge_known([p for made in programs for p in made if p is not None], judge,
                                VerdictCache(folder / "verdicts.jsonl" if folder else None),
                                f"{name}: judging", progress))
    rows = []
    for task, found, made in zip(tasks, answers, programs, strict=True):
        for sample, (answer, program) in enumerate(zip(found, made, strict=True)):
            verdict = (Verdict(Status.BAD_FORMAT, detail=BAD_FORMAT) if program is None
                       else next(verdicts))
            rows.append((name, task.problem_id, task.source, task.target, sample,
                         str(verdict.status), verdict.passed, verdict.passed_cases,
                         verdict.total_cases, verdict.detail, answer.text, answer.tokens))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _ask(name: str, tasks: Sequence[Task], backend: Backend, sampling: Sampling,
         folder: Path | None, batch_size: int, progress: bool) -> list[list[Answer]]:
    """Batches of like tasks in the order of their length, cut before the cache is looked at:
    padding can change the last bit of a logit, so a resumed run must see the same batches."""
    log = LineLog(folder / "completions.jsonl" if folder else None)
    done: dict[str, Any] = dict(log.read())

    def kind(i: int) -> tuple[bool, tuple[str, ...]]:
        return tasks[i].chat, tasks[i].stop

    order = sorted(range(len(tasks)), key=lambda i: (kind(i), len(tasks[i].prompt), i))
    answers: dict[int, list[Answer]] = {}
    with tqdm(total=len(tasks), desc=f"{name}: answering", unit="task", disable=not progress,
              mininterval=1) as bar:
        for (chat, stop), group in groupby(order, kind):
            same = list(group)
            for start in range(0, len(same), batch_size):
                batch = same[start:start + batch_size]
                prompts = [tasks[i].prompt for i in batch]
                key = stable_id(name, canonical([asdict(sampling), chat, stop]), *prompts,
                                length=32)
                if key not in done:
                    done[key] = backend.complete(prompts, sampling, chat=chat, stop=stop)
                    log.append([key, done[key]])
                for i, found in zip(batch, done[key], strict=True):
                    answers[i] = [Answer(text, tokens) for text, tokens in found]
                bar.update(len(batch))
    return [answers[i] for i in range(len(tasks))]
