"""Throughput by cores: `python -m benchmarks.judge_cores [-n 400] [--rounds 5] [language ...]`.

The same programs (gold programs of the embedded generator, all different) are judged by one worker,
kept with its caller to one core, and by as many workers as the machine has cores, in turn, so that
other work meets both alike. Printed is the throughput of each and, by language, the median ratio
over the rounds. With two cores 2.0 is the most there can be. Only on an otherwise idle machine is
the ratio worth anything: the load before each round is printed (ours too from the second on), and
a busy machine is remarked at the start.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.judge import submissions
from oorl.params.sandbox import SandboxParams
from oorl.records import AnySubmission
from oorl.sandbox import Judge


def wall_s(judge: Judge, batch: Sequence[AnySubmission]) -> float:
    """Seconds for a batch. Raises `SystemExit` if a program does not pass."""
    started = time.perf_counter()
    verdicts = judge.judge(batch)
    seconds = time.perf_counter() - started
    failed = [v for v in verdicts if not v.passed]
    if failed:
        raise SystemExit(f"{len(failed)} of {len(batch)} programs did not pass, the first: "
                         f"{failed[0].status} {failed[0].detail}")
    return seconds


@contextmanager
def kept_to(cores: set[int]) -> Iterator[None]:
    """The caller, and what it starts meanwhile, on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def measure(language: str, count: int, rounds: int, every: set[int]) -> None:
    """Print one line a round and the median."""
    batch = submissions(language, count)
    ratios, cores, first = [], len(every), {min(every)}
    with (Judge(SandboxParams.model_validate({"workers": 1})) as one,
          Judge(SandboxParams.model_validate({"workers": cores})) as all_cores):
        for judge, on in ((one, first), (all_cores, every)):
            with kept_to(on):
                judge.judge(batch[:10 * cores])  # warm, and its processes started
        for _ in range(rounds):
            load = os.getloadavg()[0]
            with kept_to(first):
                alone = wall_s(one, batch)
            together = wall_s(all_cores, batch)
            ratios.append(alone / together)
            print(f"{language}: {len(batch) / alone:.0f} and {len(batch) / together:.0f} "
                  f"verdicts/s, ratio {ratios[-1]:.2f}, load {load:.1f}", flush=True)
    print(f"{language}: median ratio {statistics.median(ratios):.2f} with {cores} cores")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("-n", type=int, default=400, help="programs per language")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("languages", nargs="*")
    arguments = options.parse_intermixed_args()
    every = os.sched_getaffinity(0)
    cores = len(every)
    print(f"{platform.machine()}, {cores} cores, Linux {platform.release()}")
    if os.getloadavg()[0] > cores / 10:
        print("this machine is busy with other work: these figures will not mean much")
    for language in arguments.languages or ("python", "javascript", "cpp", "java"):
        measure(language, arguments.n, arguments.rounds, every)


if __name__ == "__main__":
    main()
