"""One isolated cell: a command in its own namespaces, watched from outside until all is dead.

Isolation is bubblewrap: new user, pid, mount, network, ipc and uts namespaces; /usr read-only;
a private /tmp of limited size, everything else read-only; an empty environment; uid `nobody`
(on the host too, if we are root); no new privileges; a system call filter. Memory and processes
are limited by a control group, or, where none can be had, by watching the process tree. The
cell ends when its first process ends: the kernel kills the rest with the pid namespace.

Descriptors of the command: 0 /dev/null, 1 and 2 drained and capped, 3 the private channel. The
process that runs cells must have descriptors 0 to 3 occupied (see `oorl.sandbox.worker`).
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import glob
import json
import os
import resource
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from oorl.sandbox import seccomp
from oorl.sandbox.cgroups import Group, Usage
from oorl.sandbox.cores import CORES
from oorl.sandbox.tree import descendants
from oorl.sandbox.watch import Limits, Outcome, Watch

NOBODY = 65534
SETTINGS = ("/etc/mono", "/etc/R", "/etc/racket", "/etc/ldc2.conf", "/var/lib/ghc")
"""What some compilers and interpreters need from outside /usr."""
PR_SET_CHILD_SUBREAPER = 36
@dataclass(frozen=True)
class Command:
    """A command for a cell. `files` appear read-only in /job, or where an absolute name says;
    `binds` are (host, inside) pairs, read-only too.

    `channel` is an open descriptor for 3; without one, what is written to 3 is collected. A
    command with `stdin` is a whole program: it reads that, and its stdout is collected instead.
    """

    argv: tuple[str, ...]
    files: Mapping[str, bytes]
    binds: tuple[tuple[str, str], ...] = ()
    channel: int | None = None
    stdin: bytes | None = None
    job: bytes = b""


@dataclass
class Cell:
    """Runs commands one at a time. `group` is None where control groups cannot be had."""

    bwrap: str
    group: Group | None
    limits: Limits
    hangup: int = -1
    _filter: int = -1
    _base: tuple[str, ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        rules = seccomp.program()
        if rules is not None:
            self._filter = memory_file("seccomp", rules)
        self._base = base_arguments(self.bwrap)

    def run(self, command: Command, limits: Limits | None = None) -> Outcome:
        """Run to the end or a limit. Raises `OSError` only for faults of our own."""
        limits = limits or self.limits
        before = Usage()
        if self.group:
            self.group.limit(limits.memory_bytes, limits.max_processes)
            before = self.group.usage()
        pipes = [os.pipe2(os.O_CLOEXEC) for _ in range(3 if command.channel is not None else 4)]
        started = time.monotonic()
        ends = [w for _, w in pipes]
        try:
            pid = self._spawn(command, limits, ends)
            for end in ends:
                os.close(end)
            watch = _Watch(self, pid, os.pidfd_open(pid), limits, before, [r for r, _ in pipes],
                           started)
            outcome = watch.until_dead()
        finally:
            for read, _ in pipes:
                os.close(read)
        outcome.wall_s = time.monotonic() - started
        if self.group:
            outcome.count(before, self.group.usage())
        return outcome

    def _spawn(self, command: Command, limits: Limits, ends: list[int]) -> int:
        """`spawn` with the write ends of stdout, stderr, status and, if collected, records.

        Pipes belong to the program's uid, so that it can open /dev/stdout and the like.
        """
        if os.geteuid() == 0:
            for end in (*ends[:2], *ends[3:]):
                os.fchown(end, NOBODY, NOBODY)
        if command.stdin is None:
            return self.spawn(command, limits, ends[0], ends[1], ends[2],
                              command.channel if command.channel is not None else ends[3])
        stdin = memory_file("stdin", command.stdin)
        try:
            return self.spawn(command, limits, ends[3], ends[1], ends[2], ends[0], stdin)
        finally:
            os.close(stdin)

    def spawn(self, command: Command, limits: Limits, stdout: int, stderr: int, status: int,
              channel: int, stdin: int | None = None, capabilities: Sequence[str] = ()) -> int:
        """Start bubblewrap in a fork; returns its pid. The caller owns all descriptors.

        A command with `capabilities` is one of ours that makes namespaces for its children: it has
        them in the cell's user namespace, and no system call filter. Never a candidate.
        """
        files = {name: memory_file(name, data) for name, data in command.files.items()}
        argv = list(self._base)
        argv += ["--size", str(limits.disk_bytes), "--tmpfs", "/tmp", "--dir", "/job"]
        for name, fd in files.items():
            inside = name if name.startswith("/") else f"/job/{name}"
            argv += ["--perms", "0555", "--ro-bind-data", str(fd), inside]
        for host, inside in (*command.binds, *tool_binds(command.argv[0])):
            argv += ["--ro-bind", host, inside]
        argv += ["--remount-ro", "/", "--json-status-fd", str(status), "--chdir", "/tmp"]
        for capability in capabilities:
            argv += ["--cap-add", capability]
        if self._filter >= 0 and not capabilities:
            os.lseek(self._filter, 0, os.SEEK_SET)
            argv += ["--seccomp", str(self._filter)]
        argv += ["--", *command.argv]
        null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) if stdin is None else stdin
        if os.geteuid() == 0:
            os.fchown(channel, NOBODY, NOBODY)
        try:
            pid = os.fork()
            if pid == 0:
                self._exec(argv, limits, (null, stdout, stderr, channel),
                           [*files.values(), status, self._filter])
            return pid
        finally:
            for fd in files.values():
                os.close(fd)
            if stdin is None:
                os.close(null)

    def _exec(self, argv: list[str], limits: Limits, standard: tuple[int, ...],
              inherited: list[int]) -> None:
        """In the child: join the group, take the limits, drop the uid, become bubblewrap."""
        try:
            if self.group:
                for fd in self.group.join_fds:
                    os.write(fd, b"0")
            high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 64) for fd in standard]
            for number, fd in enumerate(high):
                os.dup2(fd, number)
                os.close(fd)
            for fd in inherited:
                if fd >= 0:
                    os.set_inheritable(fd, True)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them
                signal.signal(number, signal.SIG_DFL)
            CORES.release()
            _rlimit(resource.RLIMIT_CPU, int(limits.cpu_s) + 2)
            _rlimit(resource.RLIMIT_FSIZE, limits.disk_bytes)
            _rlimit(resource.RLIMIT_NOFILE, 512)
            _rlimit(resource.RLIMIT_CORE, 0)
            os.setsid()
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            os.execve(argv[0], argv, ENVIRONMENT)
        finally:
            os._exit(127)


ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp",
               "LANG": "C.UTF-8"}


class _Watch(Watch):
    """The loop around bubblewrap."""

    def bury(self) -> None:
        os.waitpid(self.pid, 0)
        init = self._init_pid()
        if self.cell.group:
            if not self.cell.group.kill():
                raise OSError("processes of a cell could not be killed")
        else:
            self._kill_tree(init)
        # bubblewrap leaves its namespace's init to whoever adopts it: us, see `adopt_orphans`.
        wait_for([init])

    def _kill_tree(self, init: int) -> None:
        deadline = time.monotonic() + 5
        while init and os.path.exists(f"/proc/{init}") and time.monotonic() < deadline:
            for pid in [init, *descendants(init)]:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.001)

    def _init_pid(self) -> int:
        for fd, name in self.names.items():
            if name == "status":
                self._drain(fd)
        return int(self._status().get("child-pid", 0))

    def _status(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in self.data["status"].decode("utf-8", "replace").splitlines():
            with contextlib.suppress(ValueError):
                found.update(json.loads(line))
        return found

    def exit_code(self) -> int | None:
        # Without this line bubblewrap never started the command, or died with it.
        return self._status().get("exit-code")


def adopt_orphans() -> None:
    """Become the parent of what this process's children leave behind.

    Else pid 1 is, which in a container may be slow to wait or never do it; until then each dead
    init counts against its control group's process limit.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def wait_for(pids: Iterable[int]) -> None:
    """Wait for those of `pids` that are children of this process."""
    for pid in pids:
        if pid > 0:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _rlimit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def memory_file(name: str, data: bytes) -> int:
    """An anonymous file holding `data`, at its start."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def base_arguments(bwrap: str) -> tuple[str, ...]:
    """What every cell has in common: namespaces and the read-only system."""
    argv = [bwrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc",
            "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent", "--new-session",
            "--uid", str(NOBODY), "--gid", str(NOBODY), "--hostname", "sandbox",
            "--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = f"/{name}"
        if os.path.islink(path):
            argv += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            argv += ["--ro-bind", path, path]
    for path in ("/etc/alternatives", "/etc/ld.so.cache", *SETTINGS,
                 *sorted(glob.glob("/etc/java-*"))):
        argv += ["--ro-bind-try", path, path]
    return (*argv, "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev")


def tool_binds(executable: str) -> tuple[tuple[str, str], ...]:
    """The prefix of a tool installed outside /usr (a node in the home folder), read-only."""
    if not executable.startswith(("/usr/", "/bin/", "/job/")):
        real = os.path.realpath(executable)
        prefix = os.path.dirname(os.path.dirname(real))
        if not real.startswith("/usr/") and prefix.count("/") > 1:
            return ((prefix, prefix),)
    return ()
