"""A process tree read from /proc: the stand-in for control groups where none can be had."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

_PAGE = os.sysconf("SC_PAGE_SIZE")
_HERTZ = os.sysconf("SC_CLK_TCK")


@dataclass
class TreeUsage:
    """Sums over living processes; CPU includes children that were waited for."""

    rss_bytes: int = 0
    processes: int = 0
    cpu_s: float = 0.0


def descendants(root: int) -> list[int]:
    """All living processes below `root`. Orphans of a pid namespace hang below its init."""
    found: list[int] = []
    queue = [root]
    while queue:
        pid = queue.pop()
        children: list[int] = []
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/children") as file:
                    children += map(int, file.read().split())
        found += children
        queue += children
    return found


def tree_memory_bytes(root: int) -> int:
    """Memory of the tree with shared pages counted once (exact, and slower than `tree_usage`).

    Raises `OSError` where the kernel does not tell.
    """
    total = 0
    for pid in [root, *descendants(root)]:
        with (contextlib.suppress(FileNotFoundError, ProcessLookupError),
              open(f"/proc/{pid}/smaps_rollup") as file):
            total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    return total * 1024


def tree_usage(root: int) -> TreeUsage:
    """What the tree below `root` uses now. Threads count as processes; pages that processes share
    are counted once for each."""
    usage = TreeUsage()
    for pid in [root, *descendants(root)]:
        with contextlib.suppress(OSError, IndexError, ValueError):
            with open(f"/proc/{pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            usage.cpu_s += sum(int(fields[i]) for i in (11, 12, 13, 14)) / _HERTZ
            usage.processes += int(fields[17])
            usage.rss_bytes += int(fields[21]) * _PAGE
    return usage
