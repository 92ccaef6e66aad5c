"""Warm parents: one process in a cell of its own, every program a fork of it in fresh namespaces.

The parent (`oorl.languages.runtime.warm`) has loaded the interpreter and never sees a candidate.
For each program it makes a child in new pid, mount, ipc and uts namespaces, with a private /tmp;
its network namespace, which only the parent's programs see, is a new one whenever the last of them
left a trace in it. The child gives up all capabilities and takes the system call filter before it
reads the program, which it gets from us by a descriptor of its own. The parent says when the
kernel has emptied the namespaces. It is in a control group with its children, so it costs the
program's limits nothing but its own few megabytes; it is replaced after any fault and after
`LIFETIME` programs.

A command of any other kind is run by it too (`exec_job`): the same namespaces, for a fifth of what
a start of bubblewrap costs.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import time
from dataclasses import replace

from oorl.errors import ToolchainMissing
from oorl.languages import get_language
from oorl.languages.base import Warm, pack_job, warm_part
from oorl.sandbox import seccomp
from oorl.sandbox.cell import NOBODY, Cell, Command, memory_file, wait_for
from oorl.sandbox.cgroups import Group, Usage
from oorl.sandbox.cores import CORES
from oorl.sandbox.tree import descendants
from oorl.sandbox.watch import Limits, Outcome, Watch

CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SETPCAP")
OWN_BYTES = 2**24
"""Memory of the parent, added to the program's limit."""
OWN_PROCESSES = 4
"""bubblewrap's two, the parent, and the init of the program's namespace."""
LIFETIME = 20_000
PATIENCE_S = 30.0


class WarmFailed(Exception):
    """The parent could not start or run the program, for a reason of ours; it has been stopped."""


class WarmParent:
    """Runs programs, one at a time. Starts with the first; `close` kills it.

    `cell` is for the parent alone: its control group counts it and its children. They see
    `binds`, (host, inside) pairs, read-only.
    """

    def __init__(self, cell: Cell, warm: Warm, binds: tuple[tuple[str, str], ...] = ()) -> None:
        self.cell, self.warm, self.binds = cell, warm, binds
        self.pid = self.served = 0
        self._used: Usage | None = None
        self._control: socket.socket | None = None

    @property
    def group(self) -> Group | None:
        """The control group of parent and program."""
        return self.cell.group

    @property
    def hangup(self) -> int:
        """What tells that the caller is gone."""
        return self.cell.hangup

    def run(self, command: Command, limits: Limits) -> Outcome:
        """Run `command.job`. Raises `WarmFailed`; then nothing of it is left running."""
        if self.served >= LIFETIME:
            self.close()
        before = self._used or (self.group.usage() if self.group else Usage())
        try:
            control = self._start(limits)
            outcome = self._run(control, command, limits, before)
        except (OSError, struct.error, ValueError) as error:
            self.close()
            if self.group and self.group.usage().oom_kills > before.oom_kills:
                return Outcome(oom=True)
            raise WarmFailed(str(error)) from None
        except BaseException:
            self.close()
            raise
        if self.group:
            self._used = self.group.usage()
            outcome.count(before, self._used)
        self.served += 1
        return outcome

    def _run(self, control: socket.socket, command: Command, limits: Limits, before: Usage
             ) -> Outcome:
        started = time.monotonic()
        pipes = [os.pipe2(os.O_CLOEXEC) for _ in range(3 if command.channel is None else 2)]
        reads = [read for read, _ in pipes]
        ends = [write for _, write in pipes]
        files = [memory_file("stdin", command.stdin or b""), memory_file("job", command.job)]
        try:
            if os.geteuid() == 0:
                for end in (*ends, *([] if command.channel is None else [command.channel])):
                    os.fchown(end, NOBODY, NOBODY)
            out, channel = ends[0], ends[2] if command.channel is None else command.channel
            if command.stdin is not None:
                out, channel = channel, out
            request = struct.pack("=QQQ", int(limits.cpu_s), limits.disk_bytes, CORES.now())
            socket.send_fds(control, [request], [files[0], out, ends[1], channel, files[1]])
            pidfd = self._pidfd(control)
            for fd in ends:
                os.close(fd)
            ends.clear()
            watch = _Watch(self, pid_of(pidfd), pidfd, limits, before, reads, started)
            watch.names = dict(zip(reads, ("stdout", "stderr", "records"), strict=False))
            watch.control = control
            outcome = watch.until_dead()
        finally:
            for fd in (*reads, *ends, *files):
                os.close(fd)
        if not watch.set_up:
            raise OSError("no namespaces: " + outcome.stderr.decode("utf-8", "replace")[:200])
        outcome.wall_s = time.monotonic() - started
        return outcome

    def _pidfd(self, control: socket.socket) -> int:
        """The parent's first answer."""
        message, fds, _, _ = socket.recv_fds(control, 64, 1)
        if message != b"p" or len(fds) != 1:
            raise OSError(f"no clone: {message!r}")
        return fds[0]

    def _start(self, limits: Limits) -> socket.socket:
        if self.group:
            self.group.limit(limits.memory_bytes + OWN_BYTES,
                             limits.max_processes + OWN_PROCESSES)
        if self._control is not None:
            return self._control
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(PATIENCE_S)
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        channel = os.memfd_create("unused", os.MFD_CLOEXEC)
        try:
            files = {**self.warm.files, "seccomp": seccomp.program() or b""}
            self.pid = self.cell.spawn(
                Command(self.warm.argv, files, self.binds), replace(limits, cpu_s=10**7),
                null, null, null, channel, theirs.fileno(), CAPABILITIES)
        finally:
            theirs.close()
            os.close(null)
            os.close(channel)
        self.served = 0
        return self._control

    def close(self) -> None:
        """Kill the parent and everything in its cell."""
        if self._control is not None:
            self._control.close()
            self._control = self._used = None
        if not self.pid:
            return
        inside = descendants(self.pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.pid = 0
        if self.group:
            self.group.kill()
        wait_for(inside)


class _Watch(Watch):
    """The loop around a fork."""

    control: socket.socket
    set_up = False
    _code: int | None = None

    def bury(self) -> None:
        """The parent's second answer comes when the namespace's init has been waited for, and
        that is after everything in it."""
        if not select.select([self.control], [], [], PATIENCE_S)[0]:
            raise OSError("the warm parent does not answer")
        kind, set_up, code = struct.unpack("=cBi", self.control.recv(64))
        if kind != b"x":
            raise OSError("the warm parent broke its protocol")
        self.set_up, self._code = bool(set_up), code

    def exit_code(self) -> int | None:
        return None if self.outcome.stopped else self._code


def launchers() -> list[Warm]:
    """Parents that can run commands, the best first: a small C program where one can be built, then
    Python's."""
    found: list[Warm] = []
    part = warm_part("launch-warm", "warm_launch.c", "warm.exe", ())
    if part is not None:
        found.append(Warm("launch", {}, ("/prepared/launch-warm/warm.exe",), (part,)))
    with contextlib.suppress(ToolchainMissing):
        python = get_language("python").warm()
        if python is not None:
            found.append(python)
    return found


def exec_job(command: Command) -> bytes:
    """A command and its files as a job for the parent."""
    return pack_job(command.argv, command.files)


def pid_of(pidfd: int) -> int:
    """The process of a pidfd, as seen here; -1 if it is gone."""
    with open(f"/proc/self/fdinfo/{pidfd}") as file:
        return next((int(line.split()[1]) for line in file if line.startswith("Pid:")), -1)
