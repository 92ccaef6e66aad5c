"""Memory and process limits by control groups, version 1 or 2.

A worker makes one group and uses it for one program after another, so that a verdict costs no
directory. Where no group can be made (an ordinary user without delegation), `create` returns
None and the cell falls back to watching its process tree: see `oorl.sandbox.cell`.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "oorl-"


@dataclass
class Usage:
    """Counters of a group since it was made."""

    cpu_s: float = 0.0
    oom_kills: int = 0
    refused_forks: int = 0


@dataclass
class Group:
    """One control group: `directories` by controller (all the same directory in version 2)."""

    version: int
    directories: dict[str, Path]
    join_fds: list[int] = field(default_factory=list)
    limits: tuple[int, int] = (0, 0)
    _files: dict[str, int] = field(default_factory=dict)

    def open(self) -> None:
        """Open what a child writes "0" to in order to join; children inherit nothing else."""
        for directory in dict.fromkeys(self.directories.values()):
            self.join_fds.append(os.open(directory / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC))

    def limit(self, memory_bytes: int, max_processes: int) -> None:
        """Set the limits for what runs next."""
        if self.limits == (memory_bytes, max_processes):
            return
        memory, pids = self.directories["memory"], self.directories["pids"]
        (pids / "pids.max").write_text(str(max_processes))
        if self.version == 2:
            (memory / "memory.max").write_text(str(memory_bytes))
            with contextlib.suppress(OSError):
                (memory / "memory.swap.max").write_text("0")
        else:
            # A smaller limit must go to `memory` first, a larger one to `memory and swap`.
            for name in ("limit", "memsw.limit", "limit"):
                with contextlib.suppress(OSError):
                    (memory / f"memory.{name}_in_bytes").write_text(str(memory_bytes))
        self.limits = (memory_bytes, max_processes)

    def usage(self) -> Usage:
        """Read the counters."""
        refused = _counter(self._read("pids", "pids.events"), b"max")
        kills = self._read("memory", "memory.events" if self.version == 2 else "memory.oom_control")
        return Usage(self.cpu_s(), _counter(kills, b"oom_kill"), refused)

    def cpu_s(self) -> float:
        """CPU seconds used so far by everything that ever ran in the group."""
        if self.version == 2:
            return _counter(self._read("memory", "cpu.stat"), b"usage_usec") / 1e6
        return int(self._read("cpuacct", "cpuacct.usage")) / 1e9

    def _read(self, controller: str, name: str) -> bytes:
        """A file of the group, kept open since each verdict reads it; empty if there is none."""
        if name not in self._files:
            try:
                path = self.directories[controller] / name
                self._files[name] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return b""
        return os.pread(self._files[name], 4096, 0)

    def processes(self) -> list[int]:
        """Processes in the group now."""
        text = (self.directories["pids"] / "cgroup.procs").read_text()
        return [int(pid) for pid in text.split()]

    def kill(self, patience_s: float = 5.0) -> bool:
        """Kill what is left and wait until the group is empty. False if it never is."""
        deadline = time.monotonic() + patience_s
        while pids := self.processes():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                return False
            time.sleep(0.0005)
        return True

    def remove(self) -> None:
        """Kill what is left and remove the group."""
        self.kill()
        self.close()
        _remove(self.directories)

    def close(self) -> None:
        """Close what is open."""
        for fd in (*self.join_fds, *self._files.values()):
            os.close(fd)
        self.join_fds.clear()
        self._files.clear()


def create(name: str) -> Group | None:
    """Make a group `oorl-<pid>-<name>`, or None where this is not possible."""
    label = f"{PREFIX}{os.getpid()}-{name}"
    for version, parents in _parents():
        directories = {kind: parent / label for kind, parent in parents.items()}
        group = Group(version, directories)
        try:
            for parent in set(parents.values()):
                _remove_stale(parent)
            for directory in dict.fromkeys(directories.values()):
                directory.mkdir(exist_ok=True)
            group.limit(2**26, 8)
            group.usage()
            group.open()
            return group
        except OSError:
            group.close()
            _remove(directories)
    return None


def _parents() -> list[tuple[int, dict[str, Path]]]:
    """Places where groups may be made, best first."""
    mounts = _mounts()
    own = _own_paths()
    found: list[tuple[int, dict[str, Path]]] = []
    if {"memory", "pids", "cpuacct"} <= mounts.keys():
        parents = {}
        for kind in ("memory", "pids", "cpuacct"):
            inside = mounts[kind] / own.get(kind, "")
            parents[kind] = inside if inside.is_dir() else mounts[kind]
        found.append((1, parents))
    if "" in mounts:
        inside = mounts[""] / own.get("", "")
        for parent in dict.fromkeys((inside, inside.parent, mounts[""])):
            if parent.is_relative_to(mounts[""]) and _delegate(parent):
                found.append((2, {"memory": parent, "pids": parent}))
    return found


def _delegate(parent: Path) -> bool:
    """Does `parent` hand memory and pids on to its children? Turned on if need be."""
    control = parent / "cgroup.subtree_control"
    try:
        if not {"memory", "pids"} <= set(control.read_text().split()):
            control.write_text("+memory +pids")
        return {"memory", "pids"} <= set(control.read_text().split())
    except OSError:
        return False


def _mounts() -> dict[str, Path]:
    """Mount points by version 1 controller; the unified hierarchy under ""."""
    found: dict[str, Path] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        if kind == "cgroup2":
            found[""] = Path(left.split()[4])
        elif kind == "cgroup":
            for option in options.split(","):
                found[option] = Path(left.split()[4])
    return found


def _own_paths() -> dict[str, str]:
    """This process's path below each hierarchy."""
    found = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, kinds, path = line.split(":", 2)
        for kind in kinds.split(","):
            found[kind] = path.lstrip("/")
    return found


def _remove_stale(parent: Path) -> None:
    """Remove groups whose maker is gone (killed before it could clean up)."""
    for directory in parent.glob(f"{PREFIX}*-*"):
        maker = re.match(rf"{PREFIX}(\d+)-", directory.name)
        if maker and not Path(f"/proc/{maker[1]}").exists():
            with contextlib.suppress(OSError):
                directory.rmdir()


def _remove(directories: dict[str, Path]) -> None:
    for directory in dict.fromkeys(directories.values()):
        with contextlib.suppress(OSError):
            directory.rmdir()


def _counter(text: bytes, key: bytes) -> int:
    """`key` in lines of "key value"; 0 where there is none."""
    for line in text.splitlines():
        name, _, value = line.partition(b" ")
        if name == key:
            return int(value)
    return 0
