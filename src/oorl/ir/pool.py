"""Worker processes for chunks; one that LLVM aborts costs the function to blame, not the build."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from oorl.errors import InfraError
from oorl.ir.work import Source
from oorl.ir.worker import read_frame, write_frame
from oorl.records import IRGroup

Result = IRGroup | str
"""A group, or the reason why there is none."""


class Pool:
    """Worker processes, started when needed. A worker that dies has its chunk halved."""

    def __init__(self, workers: int, arguments: tuple[Any, ...]) -> None:
        self._size, self._arguments = workers, arguments
        self._idle: list[subprocess.Popen[bytes]] = []
        self._busy: dict[subprocess.Popen[bytes], tuple[Any, Sequence[Source]]] = {}
        self._selector = selectors.DefaultSelector()

    @property
    def idle(self) -> int:
        return self._size - len(self._busy)

    def submit(self, key: Any, chunk: Sequence[Source]) -> None:
        worker = self._idle.pop() if self._idle else self._start()
        assert worker.stdin
        assert worker.stdout
        self._busy[worker] = (key, chunk)
        self._selector.register(worker.stdout, selectors.EVENT_READ, worker)
        with contextlib.suppress(BrokenPipeError):  # `wait` sees the end of its output
            write_frame(worker.stdin, (chunk, *self._arguments))  # type: ignore[arg-type]

    def wait(self) -> tuple[Any, list[Result]]:
        """The next finished chunk. Raises what the worker raised, if it is meant for users."""
        ready = self._selector.select()
        worker = min((event[0].data for event in ready), key=lambda w: w.pid)
        key, chunk = self._busy.pop(worker)
        self._selector.unregister(worker.stdout)
        answer = self._answer(worker)
        return key, self._halves(chunk) if answer is None else answer

    def _answer(self, worker: subprocess.Popen[bytes]) -> list[Result] | None:
        assert worker.stdout is not None
        try:
            kind, value = read_frame(worker.stdout)  # type: ignore[arg-type]
        except EOFError:
            self._stop(worker)
            return None
        self._idle.append(worker)
        if kind == "error":
            raise value[0](*value[1:])
        if kind == "bug":
            raise InfraError(f"an IR worker failed:\n{value}", "Report this as a bug.")
        return list(value)

    def _halves(self, chunk: Sequence[Source]) -> list[Result]:
        """A chunk that killed its worker: what is to blame is refused, the rest is built."""
        if len(chunk) == 1:
            return ["crashes LLVM"]
        middle = len(chunk) // 2
        results: list[Result] = []
        for half in (chunk[:middle], chunk[middle:]):
            worker = self._start()
            assert worker.stdin is not None
            write_frame(worker.stdin, (half, *self._arguments))  # type: ignore[arg-type]
            answer = self._answer(worker)
            if worker in self._idle:
                self._idle.remove(worker)
                self._stop(worker)
            results += self._halves(half) if answer is None else answer
        return results

    def _start(self) -> subprocess.Popen[bytes]:
        home = str(Path(__file__).parents[2])
        path = os.pathsep.join(p for p in (home, os.environ.get("PYTHONPATH", "")) if p)
        # LLVM allocates and frees much: large pages save a few per cent of all CPU time.
        environment = {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1",
                       "OMP_NUM_THREADS": "1", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
        return subprocess.Popen([sys.executable, "-m", "oorl.ir.worker"], env=environment,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL)

    def _stop(self, worker: subprocess.Popen[bytes]) -> None:
        worker.kill()
        for stream in (worker.stdin, worker.stdout):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        worker.wait()

    def close(self) -> None:
        for worker in [*self._idle, *self._busy]:
            self._stop(worker)
        self._selector.close()
