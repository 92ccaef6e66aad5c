"""The judge: submissions in, verdicts out, many at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import secrets
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from tqdm import tqdm

import oorl
from oorl.errors import InfraError
from oorl.languages import get_language
from oorl.params.sandbox import SandboxParams
from oorl.records import (
    AnySubmission,
    AssertionSubmission,
    Json,
    Status,
    StdioSubmission,
    Submission,
    Verdict,
    canonical,
    stable_id,
)
from oorl.sandbox.elsewhere import check
from oorl.sandbox.isolation import require_bubblewrap
from oorl.sandbox.verdicts import (
    Observation,
    answers,
    conclude,
    conclude_assertions,
    conclude_stdio,
)
from oorl.sandbox.watch import Limits
from oorl.sandbox.worker import COLD, Settings, Task, WholeTask, read_frame, write_frame

T = TypeVar("T")


def limits_of(params: SandboxParams) -> Limits:
    """The limits of one program."""
    return Limits(params.run_timeout_s, params.cpu_time_s, params.memory_bytes,
                  params.max_processes, params.output_bytes)


def settings_of(params: SandboxParams, bwrap: str, use_cgroups: bool, use_warm: bool
                ) -> list[Settings]:
    """What each worker is told."""
    return [Settings(bwrap, limits_of(params), params.compile_timeout_s, use_cgroups, use_warm,
                     seat, params.workers) for seat in range(params.workers)]


WORKER = ("-c", "from oorl.sandbox.worker import main; main()")
"""A worker, after the interpreter."""


class Judge:
    """Judges programs in isolated cells, `params.workers` at a time.

    `verdicts = judge(submissions)` and `await judge.judge_async(submissions)` return them in
    order; `judge_iter` yields them as they finish. Use it as a context manager, or call `close`.
    Workers start with the first batch and are separate lean processes, so the caller may hold
    gigabytes of model. Equal submissions of one batch are judged once; with `cache_size`, so many
    verdicts are kept for later batches too (no time-outs and no faults of ours, which may change).
    A fault of the machinery gives `INFRA_ERROR` after a second try, never a failing verdict. Safe
    to call from several threads, one batch at a time.

    Raises `IsolationUnavailable` where no sandbox can be had and `ToolchainMissing` for a
    language without its tools; a bad program is never an error.
    """

    def __init__(self, params: SandboxParams | None = None, *, use_cgroups: bool = True,
                 use_warm: bool = True, cache_size: int = 0) -> None:
        self.params = params or SandboxParams.model_validate({})
        self.use_cgroups, self.use_warm = use_cgroups, use_warm
        self.cache = RecentVerdicts(cache_size)
        self._workers: list[_Connection] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def judge(self, submissions: Sequence[AnySubmission], progress: bool = False) -> list[Verdict]:
        """One verdict per submission, in order."""
        verdicts: list[Verdict | None] = [None] * len(submissions)
        with tqdm(total=len(submissions), desc="judge", unit="program", disable=not progress,
                  file=sys.stderr) as bar:
            for index, verdict in self.judge_iter(submissions):
                verdicts[index] = verdict
                bar.update()
        return [v for v in verdicts if v is not None]

    __call__ = judge

    async def judge_async(self, submissions: Sequence[AnySubmission]) -> list[Verdict]:
        """`judge` for coroutines, in a thread. Cancelled, it ends with the next verdict."""
        cancelled = threading.Event()

        def run() -> list[Verdict]:
            verdicts: dict[int, Verdict] = {}
            for index, verdict in self.judge_iter(submissions):
                if cancelled.is_set():
                    break
                verdicts[index] = verdict
            return [verdicts[index] for index in sorted(verdicts)]

        try:
            return await asyncio.to_thread(run)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def judge_iter(self, submissions: Sequence[AnySubmission]
                   ) -> Iterator[tuple[int, Verdict]]:
        """(index, verdict) as they finish; duplicates follow their original at once."""
        self._check(sorted({s.language for s in submissions}))
        same: dict[str, list[int]] = {}
        for index, submission in enumerate(submissions):
            same.setdefault(submission_id(submission), []).append(index)
        known = {key: verdict for key in same if (verdict := self.cache.get(key)) is not None}
        for key, verdict in known.items():
            for index in same.pop(key):
                yield index, verdict
        firsts = {indices[0]: key for key, indices in same.items()}
        with self._lock:
            for first, verdict in self._run(list(firsts), submissions):
                self.cache.put(firsts[first], verdict)
                for index in same[firsts[first]]:
                    yield index, verdict

    def results(self, submissions: Sequence[Submission]) -> list[list[Json] | str]:
        """What the functions return, case by case, or why one does not answer them all: for tests
        that are made by running a reference. Nobody looks at `expected`."""
        self._check(sorted({s.language for s in submissions}))
        found: list[list[Json] | str] = [""] * len(submissions)

        def one(worker: _Connection, index: int) -> list[Json] | str:
            asked = submissions[index]
            seen = worker.observe(Task(asked.language, asked.code, asked.signature,
                                       tuple(case.args for case in asked.cases)))
            return answers(seen, get_language(asked.language), asked.signature)

        with self._lock:
            for index, result in self._spread(list(range(len(submissions))), one):
                found[index] = result
        return found

    def control_groups(self) -> bool:
        """Do the workers use control groups? (False: the process tree is watched instead.)"""
        self._start()
        return all(worker.control_groups for worker in self._workers)

    def cold_parents(self) -> dict[str, str]:
        """Warm parents that failed so far, by name, and why: their programs start cold instead."""
        found: dict[str, str] = {}
        with self._lock:
            for worker in self._workers:
                found |= worker.ask(COLD) or {}
        return found

    def worker_pids(self) -> list[int]:
        """The worker processes now running."""
        return [worker.pid for worker in self._workers if worker.pid]

    def close(self) -> None:
        """Stop the workers and everything they run."""
        for worker in self._workers:
            worker.close()
        self._workers.clear()

    def _check(self, languages: Sequence[str]) -> None:
        check(languages)

    def _start(self) -> None:
        if not self._workers:
            self._workers = [_Connection(settings) for settings in settings_of(
                self.params, require_bubblewrap(), self.use_cgroups, self.use_warm)]

    def _run(self, indices: list[int], submissions: Sequence[AnySubmission]
             ) -> Iterator[tuple[int, Verdict]]:
        return self._spread(indices, lambda worker, i: self._one(worker, submissions[i]))

    def _spread(self, indices: list[int], one: Callable[[_Connection, int], T]
                ) -> Iterator[tuple[int, T]]:
        """Feed the workers from one queue, a thread each; yields as answers arrive."""
        self._start()
        todo: queue.SimpleQueue[int] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[int, T] | BaseException] = queue.SimpleQueue()
        for index in indices:
            todo.put(index)
        stop = threading.Event()

        def feed(worker: _Connection) -> None:
            try:
                while not stop.is_set():
                    index = todo.get_nowait()
                    done.put((index, one(worker, index)))
            except queue.Empty:
                pass
            except BaseException as error:
                done.put(error)

        threads = [threading.Thread(target=feed, args=(w,), daemon=True) for w in self._workers]
        for thread in threads:
            thread.start()
        try:
            for _ in indices:
                item = done.get()
                if isinstance(item, BaseException):
                    raise item
                yield item
        except BaseException:
            # Interrupted or abandoned: a worker in the middle of a program must not answer late.
            stop.set()
            self.close()
            raise
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _one(self, worker: _Connection, submission: AnySubmission) -> Verdict:
        language, code = submission.language, submission.code
        tolerance = self.params.float_tolerance
        if isinstance(submission, StdioSubmission):
            stdins = tuple(case.stdin for case in submission.cases)
            seen = worker.observe(WholeTask(language, code, stdins))
            return conclude_stdio(seen, submission.cases, tolerance)
        if isinstance(submission, AssertionSubmission):
            secret = secrets.token_hex(16)
            seen = worker.observe(WholeTask(language, code, ("",), submission.tests, secret))
            return conclude_assertions(seen, secret)
        seen = worker.observe(Task(language, code, submission.signature,
                                   tuple(case.args for case in submission.cases)))
        return conclude(seen, get_language(language), submission.signature, submission.cases,
                        tolerance)


class RecentVerdicts:
    """The last `size` verdicts by submission id; safe to use from several threads."""

    CHANGING = frozenset((Status.INFRA_ERROR, Status.TIMEOUT, Status.COMPILE_TIMEOUT))

    def __init__(self, size: int) -> None:
        self.size = size
        self._verdicts: OrderedDict[str, Verdict] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._verdicts)

    def get(self, key: str) -> Verdict | None:
        """The verdict, now the youngest; None if it is not kept."""
        with self._lock:
            if key in self._verdicts:
                self._verdicts.move_to_end(key)
            return self._verdicts.get(key)

    def put(self, key: str, verdict: Verdict) -> None:
        """Keep a verdict that would be the same another time; the oldest goes."""
        if not self.size or verdict.status in self.CHANGING:
            return
        with self._lock:
            self._verdicts[key] = verdict
            while len(self._verdicts) > self.size:
                self._verdicts.popitem(last=False)


def submission_id(submission: AnySubmission) -> str:
    """Equal for submissions that must get the same verdict."""
    if isinstance(submission, StdioSubmission):
        return stable_id("stdio", submission.language, submission.code,
                         canonical([[c.stdin, c.stdout] for c in submission.cases]), length=32)
    if isinstance(submission, AssertionSubmission):
        return stable_id("assertions", submission.language, submission.code, submission.tests,
                         length=32)
    return stable_id(submission.language, submission.code,
                     canonical(submission.signature.to_json()),
                     canonical([[list(c.args), c.expected] for c in submission.cases]), length=32)


class _Connection:
    """A worker process seen from the parent; restarted once when it dies under a task. `command`
    starts it elsewhere than in this interpreter."""

    def __init__(self, settings: Settings, command: Sequence[str] = ()) -> None:
        self.settings = settings
        self.command = list(command) or [sys.executable, *WORKER]
        self.control_groups = False
        self._process: subprocess.Popen[bytes] | None = None
        self._start()

    @property
    def pid(self) -> int:
        """The process id, 0 if it is not running."""
        return self._process.pid if self._process else 0

    def observe(self, task: Task | WholeTask) -> Observation:
        for _ in range(2):
            try:
                self._start()
                seen = self._exchange(task)
            except (BrokenPipeError, InfraError, ValueError):
                seen = None
            if seen is not None:
                assert isinstance(seen, Observation)
                return seen
            self.close()
        return Observation([], Status.INFRA_ERROR, detail="the worker process died twice")

    def ask(self, question: str) -> Any:
        """The answer to a question about the worker itself; None if it is gone."""
        return self._exchange(question)

    def _start(self) -> None:
        if self._process is not None:
            return
        source = str(Path(oorl.__file__).parent.parent)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(
            p for p in (source, os.environ.get("PYTHONPATH")) if p)}
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
            start_new_session=True)
        answer = self._exchange(self.settings)
        if answer is None:
            self.close()
            raise InfraError("a sandbox worker did not start", "Run `oorl doctor`.")
        self.control_groups = bool(answer)

    def _exchange(self, message: Any) -> Any:
        """Send one object and wait for the answer; None if the worker is gone."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None
        write_frame(process.stdin, message)
        return read_frame(process.stdout)

    def close(self) -> None:
        """End of input ends the worker; a stuck one is killed, and its cells with it."""
        process, self._process = self._process, None
        if process is None or process.stdin is None or process.stdout is None:
            return
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


