"""Which core a worker and its programs run on.

A worker, a warm parent and the program take turns. On two cores each turn would wake the other
core up, at the price of a third of a short program's time. So a worker stays where the kernel has
put it, and its programs with it; every `RECONSIDER_S` it is free for one program, and stays where
it is then: a core that others need too is left soon. A judge with a worker for every core gives
each its own instead: left to the kernel two of them often meet on one, since they sleep so much.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import time

RECONSIDER_S = 0.25
NO_CORE = 2**64 - 1
"""What a warm parent is told where it may run anywhere."""

_sched_getcpu = getattr(ctypes.CDLL(None), "sched_getcpu", None)


class Cores:
    """Of one process: the cores it had at its start, and the one it keeps to."""

    def __init__(self) -> None:
        self.all = os.sched_getaffinity(0)
        self.own = NO_CORE
        self.home: int | None = None
        self._free_at = 0.0

    def seat(self, number: int, seats: int) -> None:
        """This is worker `number` of `seats` of one judge."""
        if seats % len(self.all) == 0:
            self.home = sorted(self.all)[number % len(self.all)]

    def now(self) -> int:
        """The core for the next program, `NO_CORE` for any. Called once a program."""
        if _sched_getcpu is None or len(self.all) == 1:
            return NO_CORE
        if self.own == NO_CORE:
            self.own = _sched_getcpu() if self.home is None else self.home
            self._free_at = time.monotonic() + RECONSIDER_S
            self._keep_to({self.own})
        elif self.home is None and time.monotonic() > self._free_at:
            self.own = NO_CORE
            self.release()
            return int(_sched_getcpu())
        return self.own

    def release(self) -> None:
        """Let this process (a child of the worker, before it becomes something else) run on all."""
        self._keep_to(self.all)

    def _keep_to(self, cores: set[int]) -> None:
        with contextlib.suppress(OSError):  # taken from us meanwhile: the kernel's choice is good
            os.sched_setaffinity(0, cores)


CORES = Cores()
