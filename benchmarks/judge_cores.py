"""Throughput by cores: `python -m benchmarks.judge_cores [-n 400] [--rounds 5] [language ...]`.

The same programs (gold programs of the embedded generator, all different) are judged by one worker,
kept with its caller to one core, and by as many workers as the machine has cores, in turn, so that
other work meets both alike. `mixed` is a batch of the paper's six targets in turn, as a step of its
training makes. Printed is the throughput of each and, by language, the median ratio over the
rounds. With two cores 2.0 is the most there can be. Only on an otherwise idle machine is the ratio
worth anything: the load before each round is printed (ours too from the second on), and a busy
machine is remarked at the start. Before that it tells how the machine itself scales, where
processes only compute and where they only fork: a verdict is a dozen calls of the kernel, and the
kernels of some virtual machines gain little from a second core.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from benchmarks.judge import submissions
from oorl.params.rl import RLParams
from oorl.params.sandbox import SandboxParams
from oorl.records import AnySubmission
from oorl.sandbox import Judge

TARGETS = RLParams().targets


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


def mixed(count: int) -> list[AnySubmission]:
    """As many programs, one language after another."""
    each = [submissions(name, -(-count // len(TARGETS))) for name in TARGETS]
    return [program for programs in zip(*each, strict=True) for program in programs][:count]


def measure(language: str, count: int, rounds: int, every: set[int]) -> None:
    """Print one line a round and the median."""
    batch = mixed(count) if language == "mixed" else submissions(language, count)
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


def bare(seconds: float, work: Callable[[], object], every: set[int]) -> float:
    """How much more of `work` a process on each core gets done than one on the first."""
    def done(cores: set[int]) -> int:
        reads = []
        for core in sorted(cores):
            read, write = os.pipe()
            reads.append(read)
            if os.fork() == 0:
                os.sched_setaffinity(0, {core})
                until, count = time.monotonic() + seconds, 0
                while time.monotonic() < until:
                    work()
                    count += 1
                os.write(write, str(count).encode())
                os._exit(0)
            os.close(write)
        counts = [int(os.read(read, 32)) for read in reads]
        for read in reads:
            os.close(read)
            os.wait()
        return sum(counts)

    alone = done({min(every)})
    return done(every) / alone


def fork_and_wait() -> None:
    """What every verdict needs of the kernel at least once."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


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
    computing = bare(2.0, lambda: sum(i * i for i in range(10_000)), every)
    print(f"{cores} cores in place of 1 without any judge: computing {computing:.2f} times, "
          f"fork and wait {bare(2.0, fork_and_wait, every):.2f} times")
    for language in arguments.languages or ("mixed", "python", "javascript", "cpp", "java"):
        measure(language, arguments.n, arguments.rounds, every)


if __name__ == "__main__":
    main()
