"""CPU and wall time per verdict, for each language: `python benchmarks/judge.py [-n 40]`.

Gold programs of the embedded generator (functions of a few lines, their unit tests) are judged
by one warm worker. CPU is everything a verdict costs: the cell with compiler and program, as the
control group counts it, and the worker process itself. Results of one machine are in judge.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import time

from oorl.data.synthetic import generate_problems
from oorl.languages import PROBE_CASES, PROBE_SIGNATURE, get_language
from oorl.params.dataset import DatasetParams
from oorl.params.sandbox import SandboxParams
from oorl.records import Submission
from oorl.sandbox import Judge, available_languages

HERTZ = os.sysconf("SC_CLK_TCK")


def submissions(language: str, count: int) -> list[Submission]:
    """Gold programs of distinct problems; the probe program where the generator has none."""
    problems = generate_problems(DatasetParams.model_validate({"problems": 6 * count}), seed=5)
    found = [Submission(language, p.solutions[language], p.signature, p.cases)
             for p in problems if language in p.solutions][:count]
    code = get_language(language).probes["ok"].code
    return found or [Submission(language, code + "\n" * i, PROBE_SIGNATURE, PROBE_CASES)
                     for i in range(count)]


def worker_cpu_s(judge: Judge) -> float:
    """CPU seconds of the worker processes themselves."""
    total = 0
    for pid in judge.worker_pids():
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / HERTZ


def measure(language: str, count: int, warm: bool = True) -> tuple[float, float, float, int]:
    """(cell CPU ms, worker CPU ms, wall ms, failures) per verdict."""
    batch = submissions(language, count)
    with Judge(SandboxParams.model_validate({"workers": 1}), use_warm=warm) as judge:
        judge.judge(batch[:20])  # warm: prepared header, compile server
        before, started = worker_cpu_s(judge), time.perf_counter()
        verdicts = judge.judge(batch[20:])
        wall_s = time.perf_counter() - started
        worker_s = worker_cpu_s(judge) - before
    n = len(verdicts)
    cell_s = sum(v.cpu_s for v in verdicts)
    return (1000 * cell_s / n, 1000 * worker_s / n, 1000 * wall_s / n,
            sum(not v.passed for v in verdicts))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("-n", type=int, default=40, help="programs per language")
    options.add_argument("--cold", action="store_true", help="a new bubblewrap for every command")
    options.add_argument("languages", nargs="*")
    arguments = options.parse_intermixed_args()
    available = available_languages()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
          f"Linux {platform.release()}\n")
    print("| language | CPU ms: cell | CPU ms: worker | wall ms | not passed | versions |\n"
          "|---|---|---|---|---|---|")
    for name in arguments.languages or available:
        if isinstance(available[name], str):
            cell, worker, wall, failed = measure(get_language(name).name, arguments.n + 20,
                                                 not arguments.cold)
            print(f"| {name} | {cell:.1f} | {worker:.1f} | {wall:.1f} | {failed} of {arguments.n} "
                  f"| {available[name]} |", flush=True)


if __name__ == "__main__":
    main()
