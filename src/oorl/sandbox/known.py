"""Verdicts on disk, so that judging goes on where it was interrupted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from oorl.records import AnySubmission, Status, Verdict
from oorl.sandbox.faults import FaultWatch
from oorl.sandbox.judge import submission_id


class Judging(Protocol):
    """The part of `oorl.sandbox.Judge` that is needed here."""

    def judge_iter(self, submissions: Sequence[AnySubmission], /
                   ) -> Iterator[tuple[int, Verdict]]: ...


class LineLog:
    """JSON values appended to a file, one a line; without a path it keeps nothing.

    An interruption can cut off the last line: reading drops such a line from the file.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> list[Any]:
        """All whole lines, oldest first."""
        if self._path is None or not self._path.exists():
            return []
        raw = self._path.read_bytes()
        whole = raw[:raw.rfind(b"\n") + 1]
        if whole != raw:
            os.truncate(self._path, len(whole))
        return [json.loads(line) for line in whole.splitlines()]

    def append(self, value: Any) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.write(json.dumps(value).encode() + b"\n")


class VerdictCache:
    """Verdicts by the submission's id, shared by all models; one program is judged once.

    With a path it is also kept on disk. Infrastructure errors are never kept: they are retried.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._log = LineLog(path)
        self._known = {key: Verdict(Status(status), *rest)
                       for key, status, *rest in self._log.read()}

    def get(self, key: str) -> Verdict | None:
        return self._known.get(key)

    def put(self, key: str, verdict: Verdict) -> None:
        if verdict.status is Status.INFRA_ERROR:
            return
        self._known[key] = verdict
        self._log.append([key, verdict.status, verdict.passed_cases, verdict.total_cases,
                          verdict.detail, verdict.cpu_s, verdict.wall_s])


def judge_known(submissions: Sequence[AnySubmission], judge: Judging, cache: VerdictCache,
                title: str, progress: bool) -> list[Verdict]:
    """One verdict per submission, in order; what the cache has is not judged again.

    Raises `InfraError` where no program of a language gets a verdict (`oorl.sandbox.faults`).
    """
    keys = [submission_id(s) for s in submissions]
    wanted = dict(zip(keys, submissions, strict=True))
    found = {key: verdict for key in wanted if (verdict := cache.get(key)) is not None}
    waiting = [key for key in wanted if key not in found]
    faults = FaultWatch()
    with tqdm(total=len(waiting), desc=title, unit="program", disable=not progress,
              mininterval=1) as bar:
        for index, verdict in judge.judge_iter([wanted[key] for key in waiting]):
            key = waiting[index]
            found[key] = verdict
            cache.put(key, verdict)
            faults.see([(wanted[key].language, key, verdict)])
            bar.update()
    return [found[key] for key in keys]
