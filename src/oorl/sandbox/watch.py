"""Watching one running command: limits, output drained and capped, until all of it is dead."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from dataclasses import dataclass
from typing import Protocol

from oorl.sandbox.cgroups import Group, Usage
from oorl.sandbox.tree import tree_memory_bytes, tree_usage

KEEP_BYTES = 8192
"""How much of stdout and stderr is kept for people to read."""
TICK_S = 0.05
"""How often a process tree without a control group is looked at."""


@dataclass(frozen=True)
class Limits:
    """What one command may use."""

    wall_s: float
    cpu_s: float
    memory_bytes: int
    max_processes: int
    output_bytes: int
    disk_bytes: int = 64 * 2**20


@dataclass
class Outcome:
    """What became of a command. `stopped` says which limit of ours ended it, if one did;
    `records` is what was collected."""

    exit_code: int | None = None
    stopped: str = ""
    records: bytes = b""
    stdout: bytes = b""
    stderr: bytes = b""
    oom: bool = False
    refused_forks: bool = False
    cpu_s: float = 0.0
    wall_s: float = 0.0

    def count(self, before: Usage, after: Usage) -> None:
        """Take what a control group counted meanwhile."""
        self.cpu_s = after.cpu_s - before.cpu_s
        self.oom = after.oom_kills > before.oom_kills
        self.refused_forks = after.refused_forks > before.refused_forks


class Watched(Protocol):
    """What a watch must know of the cell."""

    @property
    def group(self) -> Group | None:
        """Its control group."""

    @property
    def hangup(self) -> int:
        """A descriptor that hangs up when the caller is gone, or -1."""


class Watch:
    """The loop around one running command. How it is ended, and what it ended with, is for the
    kinds of cell to say."""

    def __init__(self, cell: Watched, pid: int, pidfd: int, limits: Limits, before: Usage,
                 reads: list[int], started: float) -> None:
        self.cell, self.pid, self.pidfd, self.limits = cell, pid, pidfd, limits
        self.before, self.started = before, started
        self.names = dict(zip(reads, ("stdout", "stderr", "status", "records"), strict=False))
        self.data: dict[str, bytearray] = {name: bytearray() for name in
                                           ("stdout", "stderr", "status", "records")}
        self.drained = 0
        self.outcome = Outcome()

    def until_dead(self) -> Outcome:
        """Watch until the command has ended or must end. Closes `pidfd`."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        if self.cell.hangup >= 0:
            poll.register(self.cell.hangup, 0)
        for fd in self.names:
            os.set_blocking(fd, False)
            poll.register(fd, select.POLLIN)
        try:
            self._loop(poll)
        finally:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            os.close(self.pidfd)
            self.bury()
        for fd in self.names:
            self._drain(fd)
        outcome = self.outcome
        outcome.records = bytes(self.data["records"])
        outcome.stdout, outcome.stderr = bytes(self.data["stdout"]), bytes(self.data["stderr"])
        outcome.exit_code = self.exit_code()
        return outcome

    def bury(self) -> None:
        """Return only when nothing of the command is alive, or waits to be waited for."""
        raise NotImplementedError

    def exit_code(self) -> int | None:
        """What it ended with, None if it was never started or killed by us."""
        raise NotImplementedError

    def _loop(self, poll: select.poll) -> None:
        look_at = time.monotonic() + self._pause_s()
        while not self.outcome.stopped:
            for fd, event in poll.poll(max(1, (look_at - time.monotonic()) * 1000)):
                if fd == self.pidfd:
                    return
                if fd == self.cell.hangup:
                    self.outcome.stopped = "hangup"
                elif not self._drain(fd) and event & (select.POLLHUP | select.POLLERR):
                    poll.unregister(fd)
            if not self.outcome.stopped and time.monotonic() >= look_at:
                self.outcome.stopped = self._over_limit()
                look_at = time.monotonic() + self._pause_s()

    def _drain(self, fd: int) -> bool:
        """Read what there is; False at the end of the stream. Bytes over the cap are dropped."""
        name = self.names[fd]
        data = self.data[name]
        keep = self.limits.output_bytes if name == "records" else KEEP_BYTES
        for _ in range(64):
            try:
                chunk = os.read(fd, 65536)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self.drained += len(chunk)
            data += chunk[:max(0, keep - len(data))]
            if self.drained > self.limits.output_bytes and not self.outcome.stopped:
                self.outcome.stopped = "output"
                return True
        return True

    def _pause_s(self) -> float:
        """Seconds until something can be over a limit."""
        wall = self.started + self.limits.wall_s - time.monotonic()
        if self.cell.group is None:
            return min(wall, TICK_S)
        left = self.limits.cpu_s - (self.cell.group.cpu_s() - self.before.cpu_s)
        return min(wall, max(0.01, left / (os.cpu_count() or 1)))

    def _over_limit(self) -> str:
        if time.monotonic() - self.started > self.limits.wall_s:
            return "wall"
        if self.cell.group:
            used = self.cell.group.cpu_s() - self.before.cpu_s
            return "cpu" if used > self.limits.cpu_s else ""
        usage = tree_usage(self.pid)
        self.outcome.cpu_s = max(self.outcome.cpu_s, usage.cpu_s)
        if usage.processes > self.limits.max_processes + 2:  # bubblewrap's own two
            self.outcome.refused_forks = True
            return "processes"
        if usage.rss_bytes > self.limits.memory_bytes and self._really_over():
            self.outcome.oom = True
            return "memory"
        return "cpu" if usage.cpu_s > self.limits.cpu_s else ""

    def _really_over(self) -> bool:
        try:
            return tree_memory_bytes(self.pid) > self.limits.memory_bytes
        except OSError:
            return True
