"""The unit-test reward (Wu et al. 2025, eq. 4).

1 if the completion keeps the required format and its code compiles and passes every unit test,
else 0; None ("exclude this one", in TRL's convention) if our own machinery failed.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from oorl.records import AnySubmission, Problem, Status, Verdict
from oorl.rewards.early import Early
from oorl.sandbox.faults import FaultWatch

Key = tuple[str, str, str]
"""Problem, language, code."""

Extract = Callable[[str, str], str | None]
"""(completion, target language) -> the code, or None if the format is not kept."""

COMPILED = frozenset(Status) - {Status.BAD_FORMAT, Status.COMPILE_ERROR, Status.COMPILE_TIMEOUT,
                                Status.INFRA_ERROR}
"""Statuses that imply a program that compiled."""


class Judging(Protocol):
    """The part of `oorl.sandbox.Judge` that rewards need."""

    def judge(self, submissions: Sequence[AnySubmission], progress: bool = False) -> list[Verdict]:
        """One verdict per submission, in order."""


class UnitTestReward:
    """A reward function in the shape that TRL's trainers call.

    Args:
        judge: runs programs; shared, not closed here.
        problems_by_id: their cases are the tests.
        extract: finds the code in a completion (`oorl.data.prompts.extract_code`).
        cache_size: verdicts kept across batches, keyed by problem, language and code; 0 keeps
            none. Verdicts are functions of the program, so a cached one is as good as a new one;
            time-outs and infrastructure errors are never kept.

    Judging can begin while other completions are still being generated: `start` one when it is
    complete, and the call that gives its reward finds the verdict there. What is judged, and the
    rewards, are the same without. A context manager: on leaving, nothing is being judged.

    Raises `InfraError` where no program of a language gets a verdict (`oorl.sandbox.faults`).
    """

    __name__ = "unit_tests"

    def __init__(self, judge: Judging, problems_by_id: Mapping[str, Problem], extract: Extract,
                 cache_size: int = 0) -> None:
        self._judge, self._problems, self._extract = judge, problems_by_id, extract
        self._cache: OrderedDict[Key, Verdict] = OrderedDict()
        self._cache_size = cache_size
        self._counts: dict[str, Counter[str]] = {}
        self._waited_s = 0.0
        self._busy_s = 0.0
        self._faults = FaultWatch()
        self._early: Early[Key, Verdict] = Early(self._ask)

    def __enter__(self) -> UnitTestReward:
        return self

    def __exit__(self, *_: object) -> None:
        self._early.stop()

    def start(self, completion: Any, *, problem_id: str, target_language: str,
              **columns: Any) -> None:
        """Begin to judge one completion in the background. Extra columns are ignored."""
        code = self._extract(text_of(completion), target_language)
        key = (problem_id, target_language, code or "")
        if code is not None and key not in self._cache:
            self._early.start(key)

    def __call__(self, prompts: Sequence[Any], completions: Sequence[Any],
                 completion_ids: Sequence[Any] | None = None, *, problem_id: Sequence[str],
                 target_language: Sequence[str],
                 log_metric: Callable[[str, float], None] | None = None, **columns: Any
                 ) -> list[float | None]:
        """Rewards of a batch, each 1.0, 0.0 or None. Extra columns are ignored.

        `log_metric` is what TRL's trainers pass: it gets this batch's metrics (see `metrics`), with
        the prefix "judge/".
        """
        waited_s, busy_s = self._waited_s, self._busy_s
        verdicts = self.verdicts(completions, problem_id, target_language)
        if log_metric is not None:
            counts: dict[str, Counter[str]] = {}
            for language, verdict in zip(target_language, verdicts, strict=True):
                counts.setdefault(language, Counter())[verdict.status] += 1
            for name, value in summary(
                    counts, self._waited_s - waited_s, self._busy_s - busy_s).items():
                log_metric(f"judge/{name}", value)
        return [reward(v) for v in verdicts]

    def verdicts(self, completions: Sequence[Any], problem_id: Sequence[str],
                 target_language: Sequence[str]) -> list[Verdict]:
        """The verdicts behind the rewards. Identical programs of a batch are judged once."""
        keys: list[Key | None] = []
        for completion, problem, language in zip(completions, problem_id, target_language,
                                                 strict=True):
            code = self._extract(text_of(completion), language)
            keys.append(None if code is None else (problem, language, code))
        known = self._judge_new(keys)
        bad = Verdict(Status.BAD_FORMAT, detail="not exactly one closed block of the language")
        verdicts = [bad if key is None else known[key] for key in keys]
        for language, verdict in zip(target_language, verdicts, strict=True):
            self._counts.setdefault(language, Counter())[verdict.status] += 1
        return verdicts

    def _judge_new(self, keys: Sequence[Key | None]) -> dict[Key, Verdict]:
        """Verdicts for all keys: from the cache, those begun early, or the judge."""
        started = time.monotonic()
        early = self._early.take()
        wanted = list(dict.fromkeys(key for key in keys if key is not None))
        known = {key: self._cache[key] for key in wanted if key in self._cache}
        known.update((key, early[key]) for key in wanted if key in early)
        fresh = [key for key in wanted if key in early or key not in known]
        new = [key for key in wanted if key not in known]
        asked = time.monotonic()
        known.update(zip(new, self._ask(new) if new else [], strict=True))
        ended = time.monotonic()
        self._waited_s += ended - started
        self._busy_s += ended - asked + self._early.take_busy_s()
        self._faults.see((language, f"{problem}\0{code}", known[problem, language, code])
                         for problem, language, code in fresh)
        self._remember(known)
        return known

    def _ask(self, keys: Sequence[Key]) -> list[Verdict]:
        return self._judge.judge([
            self._problems[problem].submission(language, code) for problem, language, code in keys])

    def _remember(self, verdicts: Mapping[Key, Verdict]) -> None:
        for key, verdict in verdicts.items():
            if verdict.status not in (Status.INFRA_ERROR, Status.TIMEOUT, Status.COMPILE_TIMEOUT):
                self._cache[key] = verdict
                self._cache.move_to_end(key)
        while len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)

    def metrics(self) -> dict[str, float]:
        """Rates since the last call, then reset: per language (and over all, without suffix)
        pass, compile, timeout, format and infra; `judge_wait_s`, seconds spent waiting, and
        `judge_busy_s`, seconds the judge was at work, be it beside the generation."""
        found = summary(self._counts, self._waited_s, self._busy_s)
        self._counts, self._waited_s, self._busy_s = {}, 0.0, 0.0
        return found


def reward(verdict: Verdict) -> float | None:
    """1.0 for passed, None for our own faults, else 0.0."""
    if verdict.status is Status.INFRA_ERROR:
        return None
    return 1.0 if verdict.passed else 0.0


def summary(counts: Mapping[str, Counter[str]], waited_s: float, busy_s: float
            ) -> dict[str, float]:
    """Rates over all and, with the suffix "/language", per language; seconds waited and judged."""
    total: Counter[str] = sum(counts.values(), Counter())
    found = {"judge_wait_s": waited_s, "judge_busy_s": busy_s}
    for suffix, some in [("", total), *((f"/{k}", v) for k, v in sorted(counts.items()))]:
        found.update({f"{name}{suffix}": value for name, value in rates(some).items()})
    return found


def rates(counts: Mapping[str, int]) -> dict[str, float]:
    """Shares of outcomes; infrastructure errors count in `infra_rate` only."""
    total = sum(counts.values())
    judged = total - counts.get(Status.INFRA_ERROR, 0)
    found = {"infra_rate": counts.get(Status.INFRA_ERROR, 0) / total} if total else {}
    if judged:
        compiled = sum(n for status, n in counts.items() if status in COMPILED)
        timeouts = counts.get(Status.TIMEOUT, 0) + counts.get(Status.COMPILE_TIMEOUT, 0)
        found |= {
            "pass_rate": counts.get(Status.PASSED, 0) / judged,
            "compile_rate": compiled / judged,
            "timeout_rate": timeouts / judged,
            "format_rate": 1 - counts.get(Status.BAD_FORMAT, 0) / judged,
        }
    return found


def text_of(completion: Any) -> str:
    """A completion's text: a string, or the content of a conversation's last message."""
    return completion if isinstance(completion, str) else str(completion[-1]["content"])
