"""Ask a model for translations of held-out problems and have every one judged by execution.

A pair (source, target) is asked of a problem only if the problem has a reference solution in
both languages, and never into the language it comes from. Models, judge and tokens stay outside:
generation is a callable, the judge an object, so that tests and other engines can take their place.

Interrupted runs go on where they stopped: completions are kept by batch, verdicts one by one, as
JSON lines in a cache folder whose name the caller derives from all that they depend on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pandas as pd
from tqdm import tqdm

from oorl.data.prompts import extract_code, translation_prompt
from oorl.records import Problem, Status, Translation, Verdict, stable_id
from oorl.sandbox.known import Judging, LineLog, VerdictCache, judge_known

COLUMNS = ("model", "problem_id", "source", "target", "status", "passed", "passed_cases",
           "total_cases", "detail", "completion", "tokens")
"""What `results.parquet` holds: nothing that depends on how fast the machine was."""

TIMINGS = ("generation_s", "judge_cpu_s")
"""Further columns of the rows in memory: seconds of generation and CPU seconds of judging."""


BAD_FORMAT = "the answer is not one closed code block of the target language"


class Completion(NamedTuple):
    """A model's answer and its length in the model's own tokens."""

    text: str
    tokens: int


class Generate(Protocol):
    """Greedy answers to a batch of prompts, in the same order."""

    def __call__(self, prompts: Sequence[str], /) -> list[Completion]: ...


def tasks_of(problems: Sequence[Problem], sources: Sequence[str],
             targets: Sequence[str]) -> list[tuple[Problem, Translation]]:
    """Every translation that can be asked: gold in both languages, source and target differ."""
    return [(problem, Translation(problem.id, source, target))
            for problem in problems for source in sources for target in targets
            if source != target and source in problem.solutions and target in problem.solutions]


@dataclass(frozen=True)
class Settings:
    """How to ask: prompts per batch, the prompt's style, and where to keep what is done."""

    batch_size: int = 64
    style: str = "compact"
    cache_dir: Path | None = None
    progress: bool = True


def evaluate_model(name: str, generate_fn: Generate, problems: Sequence[Problem],
                   sources: Sequence[str], targets: Sequence[str], judge: Judging,
                   verdicts: VerdictCache | None = None,
                   settings: Settings = Settings()) -> pd.DataFrame:
    """Greedy translations of all problems, judged.

    Returns:
        One row per translation with `COLUMNS` and `TIMINGS`, ordered by problem, source and
        target as given. Rows of status `infra_error` are our own failures: they stay in the
        table to be counted, and `Outcomes.from_results` leaves them out of every score. Raises
        `InfraError` where no program of a target gets a verdict (`oorl.sandbox.faults`).
    """
    asked = tasks_of(problems, sources, targets)
    prompts = [translation_prompt(problem, t.source_language, t.target_language,
                                  style=settings.style) for problem, t in asked]
    answers = _generate(name, generate_fn, prompts, settings)
    judged = _judge(name, asked, answers, judge, verdicts or VerdictCache(), settings.progress)
    rows = [(name, t.problem_id, t.source_language, t.target_language, str(verdict.status),
             verdict.passed, verdict.passed_cases, verdict.total_cases, verdict.detail,
             answer.completion.text, answer.completion.tokens, answer.seconds, verdict.cpu_s)
            for (_, t), answer, verdict in zip(asked, answers, judged, strict=True)]
    return pd.DataFrame(rows, columns=[*COLUMNS, *TIMINGS])


@dataclass(frozen=True, slots=True)
class _Answer:
    completion: Completion
    seconds: float


def _generate(name: str, generate_fn: Generate, prompts: Sequence[str],
              settings: Settings) -> list[_Answer]:
    """Answer in batches of like length.

    Batches are cut before the cache is looked at, and cached whole: padding can change the last
    bit of a logit, so a resumed run must see the very batches that an uninterrupted one sees.
    """
    log = LineLog(settings.cache_dir / f"{name}.jsonl" if settings.cache_dir else None)
    done = dict(log.read())
    order = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), i))
    answers: dict[int, _Answer] = {}
    with tqdm(total=len(prompts), desc=f"{name}: translating", unit="program",
              disable=not settings.progress, mininterval=1) as bar:
        for start in range(0, len(order), settings.batch_size):
            batch = order[start:start + settings.batch_size]
            key = stable_id(*(prompts[i] for i in batch), length=32)
            if key not in done:
                began = time.perf_counter()
                completions = generate_fn([prompts[i] for i in batch])
                seconds = (time.perf_counter() - began) / len(batch)
                found: list[Any] = [[c.text, c.tokens, seconds] for c in completions]
                log.append([key, found])
            else:
                found = done[key]
            for i, (text, tokens, seconds) in zip(batch, found, strict=True):
                answers[i] = _Answer(Completion(text, tokens), seconds)
            bar.update(len(batch))
    return [answers[i] for i in range(len(prompts))]


def _judge(name: str, asked: Sequence[tuple[Problem, Translation]], answers: Sequence[_Answer],
           judge: Judging, verdicts: VerdictCache, progress: bool) -> list[Verdict]:
    """Verdicts in the order asked; only programs never seen before reach the judge."""
    programs = []
    for (problem, translation), answer in zip(asked, answers, strict=True):
        code = extract_code(answer.completion.text, translation.target_language)
        programs.append(problem.submission(translation.target_language, code)
                        if code is not None else None)
    found = iter(judge_known([p for p in programs if p is not None], judge, verdicts,
                             f"{name}: judging", progress))
    return [next(found) if program is not None
            else Verdict(Status.BAD_FORMAT, 0, len(problem.cases), BAD_FORMAT)
            for program, (problem, _) in zip(programs, asked, strict=True)]
