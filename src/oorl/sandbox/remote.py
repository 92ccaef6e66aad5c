"""The client of `oorl serve`: a judge with the same interface, whose programs run elsewhere."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

import requests
from tqdm import tqdm

from oorl.errors import DataError, InfraError, ParamsError
from oorl.records import AnySubmission, Json, Status, Submission, Verdict
from oorl.sandbox.elsewhere import NO_RESULTS
from oorl.sandbox.wire import submission_to_row, verdict_from_row

CHUNK = 256
"""Submissions of one request: results come in steps, and one lost request loses little."""


class RemoteJudge:
    """Judges by `oorl serve` at `url` ("http://host:8450"). Safe to use from several threads.

    A busy (429), failing (5xx) or unreachable service is tried again, with growing pauses, for
    `patience_s` seconds; then the submissions of that request get `INFRA_ERROR`, which a reward
    leaves out of its batch. The token is sent as it is in the variable OORL_TOKEN.

    Raises `InfraError` for a wrong token or a service that cannot judge at all, and `DataError`
    for what it calls a bad submission: trying again would not help.
    """

    def __init__(self, url: str, *, token: str | None = None, timeout_s: float = 600.0,
                 patience_s: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self.timeout_s, self.patience_s = timeout_s, patience_s
        self._session = requests.Session()
        self._session.trust_env = False
        token = os.environ.get("OORL_TOKEN", "") if token is None else token
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> RemoteJudge:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def results(self, submissions: Sequence[Submission]) -> list[list[Json] | str]:
        """Raises `ParamsError`: only verdicts come back from there."""
        raise ParamsError(*NO_RESULTS)

    def judge(self, submissions: Sequence[AnySubmission], progress: bool = False
              ) -> list[Verdict]:
        """One verdict per submission, in order."""
        with tqdm(total=len(submissions), desc="judge", unit="program", disable=not progress,
                  file=sys.stderr) as bar:
            verdicts = []
            for _, verdict in self.judge_iter(submissions):
                verdicts.append(verdict)
                bar.update()
        return verdicts

    __call__ = judge

    async def judge_async(self, submissions: Sequence[AnySubmission]) -> list[Verdict]:
        """`judge` for coroutines, in a thread."""
        return await asyncio.to_thread(self.judge, submissions)

    def judge_iter(self, submissions: Sequence[AnySubmission]) -> Iterator[tuple[int, Verdict]]:
        """(index, verdict), in order, in steps of `CHUNK`."""
        for start in range(0, len(submissions), CHUNK):
            part = submissions[start:start + CHUNK]
            yield from enumerate(self._request(part), start)

    def _request(self, part: Sequence[AnySubmission]) -> list[Verdict]:
        body = {"submissions": [submission_to_row(s) for s in part]}
        deadline, pause_s = time.monotonic() + self.patience_s, 0.25
        while True:
            problem, wait_s = "", pause_s
            try:
                answer = self._session.post(f"{self.url}/v1/judge", json=body,
                                            timeout=self.timeout_s)
                if answer.ok:
                    return self._verdicts(answer.json(), len(part))
                self._refuse(answer)
                problem = f"{answer.status_code}: {answer.text[:200]}"
                wait_s = max(pause_s, float(answer.headers.get("Retry-After") or 0))
            except (requests.ConnectionError, requests.Timeout, ValueError, KeyError) as error:
                problem = f"{type(error).__name__}: {error}"[:200]
            if time.monotonic() + wait_s > deadline:
                lost = Verdict(Status.INFRA_ERROR, detail=f"{self.url}: {problem}")
                return [lost] * len(part)
            time.sleep(wait_s)
            pause_s = min(10.0, 2 * pause_s)

    def _refuse(self, answer: requests.Response) -> None:
        """Raise for answers that would be the same another time."""
        text = f"{self.url} answers {answer.status_code}: {answer.text[:300]}"
        if answer.status_code in (401, 403):
            raise InfraError(text, "Set OORL_TOKEN to the token the service was started with.")
        if answer.status_code == 501:
            raise InfraError(text, "Run `oorl doctor` on the service's machine.")
        if answer.status_code in (400, 404, 405, 413, 422):
            raise DataError(text, "Client and service must be of one version; see the message.")

    @staticmethod
    def _verdicts(body: Any, count: int) -> list[Verdict]:
        verdicts = [verdict_from_row(row) for row in body["verdicts"]]
        if len(verdicts) != count:
            raise ValueError(f"{len(verdicts)} verdicts for {count} submissions")
        return verdicts
