"""Soak: `python benchmarks/soak.py [-n 100000]`: good, bad and hostile programs without end.

Prints, as it goes, verdicts, the memory of this process and of the workers with all they keep
(proportional set size), and what the sandbox has left on the machine: processes, control groups,
mounts, open descriptors, files in /tmp. Exits with 1 if a verdict is not the known one, if the
memory at the end is more than a quarter (and 16 MiB) above that after the first tenth, or if
anything is left behind. Results of one machine are in soak.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from oorl.params.sandbox import SandboxParams
from oorl.records import (
    AnySubmission,
    AssertionSubmission,
    Case,
    Parameter,
    Signature,
    StdioCase,
    StdioSubmission,
    Submission,
    Type,
)
from oorl.sandbox import Judge, available_languages
from oorl.sandbox.tree import descendants, tree_memory_bytes

SIGNATURE = Signature("f", (Parameter("x", Type("int")),), Type("int"))
CASES = (Case((1,), 2), Case((5,), 6))

# (weight, language, code, statuses that are right)
PROGRAMS = [
    (400, "python", "def f(x):\n    return x + 1\n", "passed"),
    (200, "python", "def f(x):\n    return x\n", "wrong_answer"),
    (60, "python", "def f(x) return\n", "compile_error"),
    (60, "python", "def f(x):\n    return [][x]\n", "runtime_error"),
    (40, "python", "import os\ndef f(x):\n    os._exit(0)\n", "protocol_violation"),
    (20, "python", "import os, time\ndef f(x):\n    if os.fork() == 0: time.sleep(60)\n"
                   "    return x + 1\n", "passed"),
    (20, "python", "import os\ndef f(x):\n    open('/tmp/' + os.urandom(4).hex(), 'w').write('x')\n"
                   "    return x + 1\n", "passed"),
    (10, "python", "import os, signal\ndef f(x):\n    for _ in range(200):\n"
                   "        if os.fork() == 0: signal.pause()\n    return x + 1\n",
     "process_limit memory_limit"),
    (10, "python", "def f(x):\n    return len(bytearray(1 << 30))\n", "memory_limit"),
    (10, "python", "def f(x):\n    while True: print('x' * 9999)\n", "output_limit"),
    (10, "python", "import os\ndef f(x):\n    os.kill(1, 9)\n    try: os.kill(-1, 9)\n"
                   "    except OSError: pass\n    return x + 1\n",
     "passed"),
    (4, "python", "def f(x):\n    while True: pass\n", "timeout"),
    (1, "python", "import os, signal\ndef f(x):\n    os.kill(os.getpid(), signal.SIGSTOP)\n",
     "timeout"),
    (40, "bash", "f() { echo $(($1 + 1)); }", "passed"),
    (10, "bash", "f() { (setsid sleep 60 >&2 &) </dev/null; echo $(($1 + 1)); }", "passed"),
    (40, "perl", "sub f { return $_[0] + 1 }", "passed"),
    (30, "javascript", "function f(x) { return x + 1 }", "passed"),
    (10, "javascript", "function f(x) { process.exit(0) }", "protocol_violation"),
    (10, "java", "static long f(long x) { return x + 1; }", "passed"),
    (4, "java", "static long f(long x) { return y; }", "compile_error"),
    (10, "go", "func f(x int) int { return x + 1 }", "passed"),
    (4, "go", "import \"fmt\"\nfunc f(x int) int { fmt.Print(x); return x }", "wrong_answer"),
    (4, "go", "import \"os\"\nfunc init() { os.Exit(0) }\nfunc f(x int) int { return x + 1 }",
     "protocol_violation"),
    (2, "go", "func f(x int) int { return y }", "compile_error"),
    (10, "cpp", "long long f(long long x) { return x + 1; }", "passed"),
    (2, "cpp", '#include "/dev/zero"\n', "compile_error compile_timeout"),
]


def batch(size: int, start: int, found: set[str]) -> list[tuple[AnySubmission, frozenset[str]]]:
    """`size` distinct submissions of the mix, from number `start` on."""
    mix = [(language, code, right) for weight, language, code, right in PROGRAMS
           for _ in range(weight) if language in found]
    made: list[tuple[AnySubmission, frozenset[str]]] = []
    for number in range(start, start + size):
        language, code, right = mix[number * 7919 % len(mix)]
        mark = {"python": "#", "bash": "#", "perl": "#"}.get(language, "//")
        made.append((Submission(language, f"{code}\n{mark} {number}\n", SIGNATURE, CASES),
                     frozenset(right.split())))
        if number % 20 == 0:
            made[-1] = (StdioSubmission("python", f"print(input())  # {number}",
                                        (StdioCase("a", "a"),)), frozenset(["passed"]))
        elif number % 20 == 10:
            made[-1] = (AssertionSubmission("python", f"x = {number}", "exit()"),
                        frozenset(["protocol_violation"]))
    return made


def memory_mib(judge: Judge) -> tuple[float, float]:
    """(this process, workers and what they keep)."""
    own = next(int(line.split()[1]) / 1024 for line in Path("/proc/self/status").read_text()
               .splitlines() if line.startswith("VmRSS"))
    return own, sum(tree_memory_bytes(pid) for pid in judge.worker_pids()) / 2**20


def left_behind(workers: Sequence[int] = ()) -> dict[str, int]:
    """What a sandbox could leave on the machine: of ours, or counted before and after."""
    groups = sum(1 for pid in workers for _ in Path("/sys/fs/cgroup").glob(f"**/oorl-{pid}-*"))
    return {"processes": len(descendants(os.getpid())), "cgroups": groups,
            # containers and their networks, which come and go by themselves, left out
            "mounts": sum(line.split()[2] not in ("overlay", "nsfs")
                          for line in Path("/proc/mounts").read_text().splitlines()),
            "descriptors": len(os.listdir("/proc/self/fd")),
            "tmp": sum(1 for _ in Path(tempfile.gettempdir()).glob("*oorl*"))}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("-n", type=int, default=100_000, help="verdicts (default 100000)")
    options.add_argument("--batch", type=int, default=500)
    options.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    arguments = options.parse_args()
    found = {name for name, state in available_languages().items() if isinstance(state, str)}
    before = left_behind()
    params = SandboxParams.model_validate({"cpu_time_s": 1.0, "run_timeout_s": 10.0,
                                           "compile_timeout_s": 10.0, "memory_bytes": 2**28})
    started, done, early = time.monotonic(), 0, 0.0
    faults: Counter[str] = Counter()
    workers_seen: list[int] = []
    with Judge(params) as judge:
        while done < arguments.n and time.monotonic() - started < arguments.seconds:
            programs = batch(arguments.batch, done, found)
            for (submission, right), verdict in zip(
                    programs, judge.judge([s for s, _ in programs]), strict=True):
                if verdict.status not in right:
                    faults[f"{verdict.status}, not {'/'.join(sorted(right))}"] += 1
                    print(submission.language, submission.code[:60], verdict, file=sys.stderr)
            done += len(programs)
            workers_seen = sorted({*workers_seen, *judge.worker_pids()})
            own, workers = memory_mib(judge)
            if done >= arguments.n / 10 and not early:
                early = own + workers
            print(f"{done} verdicts, {time.monotonic() - started:.0f} s, {own:.0f} + {workers:.0f} "
                  f"MiB, {len(descendants(os.getpid()))} processes, faults {sum(faults.values())}",
                  flush=True)
    after = left_behind(workers_seen)
    print(f"before {before}\nafter  {after}\nfaults {dict(faults)}")
    grown = own + workers > max(1.25 * early, early + 16) if early else False
    if faults or grown or after != before:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
