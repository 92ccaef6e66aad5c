"""The attack corpus as data: a module for each language, rows numbered as in `ROWS`.

`ATTACKS` of a module holds (rows, program, allowed statuses). Most programs pass if and only if the
attack fails; all are bounded in count and time. A tuple of programs is judged in turn, and the last
one's verdict counts. `SLOW` holds those that end at a wall limit only: they are judged side by
side. `ABSENT` says why a row cannot be written in a language.

Placeholders: @SECRET@ a host file everybody may read, @HOST@ its folder, @PORT@ a port open on the
host's loopback, @PLANT@, @LOOK@, @REACH@ and @ESCAPE@ the commands below.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import NamedTuple

from oorl.records import Status

ROWS = {
    1: "fork bomb", 2: "1.5 GB of memory", 3: "unbounded output",
    4: "a correct program that prints 300 KB", 5: "300 MB on disk", 6: "read a host file",
    7: "read a secret from the environment", 8: "reach loopback or the internet",
    9: "kill the runner", 10: "trace the runner", 11: "write outside its directory",
    12: "poison an installed package or a shared cache for the next job",
    13: "a daemon that outlives the verdict", 14: "escape by chroot, mount or a new user namespace",
    15: "a child keeps stdout open", 16: "ignore signals, stop itself", 17: "wait for stdin",
    18: "invalid UTF-8 on stdout", 19: "surrogates in the source text",
    20: "endless compiles", 21: "a 600 MB object file",
    22: "a host secret by way of the compiler or loader",
    23: "symbolic links that lead out", 24: "leave before the tests end",
    25: "override equality or the driver's parts, read its own tests",
    26: "initialisers that leave, hang or leave later",
    27: "handlers for what nobody caught", 28: "forged results", 29: "a correct prefix",
    30: "template, macro and constant-evaluation bombs", 31: "attacks on the warm parent",
    32: "another job's files and state"}

NOT_COMPILED = ("nothing is compiled before the run: what endless loading would do is done at run "
                "time, under the limits of rows 2, 3 and 16")
NO_RAW_CALLS = "no call of ptrace(2) without a foreign function interface"

S = Status
LEFT = {S.PROTOCOL_VIOLATION}
BAD_COMPILE = {S.COMPILE_ERROR, S.COMPILE_TIMEOUT}
DISK = {S.PASSED, S.MEMORY_LIMIT, S.RUNTIME_ERROR, S.OUTPUT_LIMIT}
"""Refused, or stopped at the limit of memory, or of a file's size."""

PLACES = ("/tmp /dev/shm /job /usr/lib /usr/local/lib /usr/share /var/tmp /prepared "
          "/prepared/* /usr/lib/python3/dist-packages")
PLANT = (f"for p in {PLACES}; do echo x >$p/plant; done 2>/dev/null; "
         "(setsid sleep 60 </dev/null >/dev/null 2>&1 &)")
"""Writes wherever another job might look, and leaves a process behind."""
LOOK = (f"for p in {PLACES}; do [ -e $p/plant ] && exit 0; done; "
        "grep -qs sleep /proc/[0-9]*/comm && exit 0; exit 1")
"""Succeeds if it finds anything of `PLANT`."""
REACH = ("bash -c ': </dev/tcp/127.0.0.1/@PORT@ || : </dev/tcp/8.8.8.8/53' 2>/dev/null")
"""Succeeds if it reaches the host or the internet."""
ESCAPE = ("{ unshare -U true || mount -t tmpfs none /tmp || chroot / true || "
          "echo x >/usr/plant || echo x >/job/plant || echo x >/plant; } 2>/dev/null")
"""Succeeds if it gets out of the cell or changes it."""
COMMANDS = {"@PLANT@": PLANT, "@LOOK@": LOOK, "@ESCAPE@": ESCAPE, "@REACH@": REACH}

ELSEWHERE = {
    "test_isolation.py": [("python", (12, 31, 32))],
    "test_warm_javascript.py": [("javascript", (12, 31, 32))],
    "test_warm_scripts.py": [("perl", (12, 31, 32)), ("php", (12, 31, 32))],
    "test_warm_r.py": [("r", (12, 31, 32))],
    "test_warm_compilers.py": [("cpp", (12, 31, 32)), ("rust", (12, 31, 32))]}
"""Rows that a test of its own has, by language."""

Entry = tuple[set[int], "str | tuple[str, ...]", set[Status]]


class Attack(NamedTuple):
    """One program of the corpus, or several that are judged in turn."""

    language: str
    rows: frozenset[int]
    programs: tuple[str, ...]
    allowed: frozenset[Status]


def languages() -> list[str]:
    """Those with a module here."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def attacks(kind: str = "ATTACKS") -> Iterator[Attack]:
    """All of them, `ATTACKS` or `SLOW`, by language."""
    for language in languages():
        entries: list[Entry] = getattr(_module(language), kind, [])
        for rows, programs, allowed in entries:
            texts = (programs,) if isinstance(programs, str) else programs
            yield Attack(language, frozenset(rows), tuple(map(_filled, texts)), frozenset(allowed))


def absent(language: str) -> dict[int, str]:
    """Rows that cannot be written in a language, and why."""
    return dict(_module(language).ABSENT)


def _module(language: str):
    return importlib.import_module(f"{__name__}.{language}")


def _filled(program: str) -> str:
    for name, command in COMMANDS.items():
        program = program.replace(name, command)
    return program
