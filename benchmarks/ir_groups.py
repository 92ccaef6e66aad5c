"""Groups per CPU second: `oorl.ir` against the naive way, in one run on the same functions.

    python -m benchmarks.ir_groups [--data gfg.jsonl.gz] [--functions 256] [--naive 4]
                                   [--available] [--two]

The naive way starts a compiler process for each level, each sanitizer build and each variant, links
it with a C main and runs the binary; it keeps the same promises (4 winners, 4 losers, inputs vetted
by a trapping build, losers confirmed after -O2) with the same mutation operators. CPU seconds count
all child processes; they repeat within 10 % on an idle machine, and are inflated by a busy one.
Without --data the functions are the embedded generator's; with it, the file's C programs
(TransCoder's evaluation set: rows with `programs["c"]` that define `f_gold`). --available says how
many functions have 4, 12, 16 and 24 distinct winners, --two how much faster two workers are.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from oorl.data.synthetic import generate_problems
from oorl.ir import groups, mutate, verify
from oorl.ir.compile import CFunction, find_clang, native_compiler, screen
from oorl.ir.groups import build_from_sources, sources_of
from oorl.ir.work import Source
from oorl.params.dataset import DatasetParams
from oorl.params.ir_groups import IRGroupsParams
from oorl.records import IRGroup, Json, Winner

HELPERS = {
    "min": "int min(int x, int y) { return (x < y)? x: y; }",
    "max": "int max(int x, int y) { return (x > y)? x: y; }",
    "cmpfunc": "int cmpfunc(const void *a, const void *b) { return *(int *)a - *(int *)b; }",
    "sort": "void sort(int arr[], int n) { qsort(arr, n, sizeof(int), cmpfunc); }",
}
LEVELS = ("-O0", "-O1", "-O2", "-Oz")


def transcoder(path: Path) -> list[Source]:
    """The C functions of TransCoder's file, each with the helpers that it uses."""
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            text = json.loads(line)["programs"].get("c", "")
            start, end = (re.search(rf"^.*\b{name}\b", text, re.M) for name in
                          ("f_gold", "f_filled"))
            if not start or not end:
                continue
            body = text[start.start():end.start()].strip()
            used = [code for name, code in HELPERS.items() if re.search(rf"\b{name}\s*\(", body)
                    or (name == "cmpfunc" and re.search(r"\bsort\s*\(", body))]
            function = CFunction("\n".join([*used, body]), "f_gold")
            if not screen(function):
                found.append(Source(f"gfg-{number}", "sft", function))
    return found


def cpu() -> float:
    """CPU seconds of this process and of the children it has waited for."""
    return sum(os.times()[:4])


def ours(sources: Sequence[Source]) -> tuple[list[IRGroup], float]:
    start = cpu()
    built, counts = build_from_sources(sources, IRGroupsParams(workers=1), 1)
    spent = cpu() - start
    compiled = counts["in"] - counts["refused"].get("does not compile", 0)
    print(f"oorl.ir: {len(built)} groups of {compiled} functions that compile, {spent:.1f} CPU s, "
          f"{len(built) / spent:.1f} groups/CPU-s; refused {counts['refused']}")
    return built, spent / len(built)


def shell(command: list[str], stdin: str | None = None) -> str | None:
    """A tool's standard output, or None."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False,
                          timeout=60, errors="replace")
    return done.stdout if done.returncode == 0 else None


def naive(group: IRGroup) -> bool:
    """Make one group anew, a process at a time; True if it came out complete."""
    clang = [find_clang(), "clang", "-target", "x86_64-linux-gnu", "-w", "-fno-ident"]
    name = verify._prototype(group.signature)[0]
    rng = random.Random(0)
    truth = native(group, name, ["-O0"])
    native(group, name, ["-O0", "-fsanitize=undefined", "-fsanitize-trap"])
    for level in LEVELS:  # an IR by level, then a binary of it
        shell([*clang, "-S", "-emit-llvm", level, "-nostdinc", "-x", "c", "-", "-o", "-"],
              group.source_code)
    for winner in group.winners:
        if native_ir(group, winner.ir, name, "-O0") != truth:
            return False
    losers = 0
    for index, winner in enumerate(group.winners):
        for _, ir in mutate.mutants(winner.ir, rng):
            answers = native_ir(group, ir, name, "-O0")
            if answers and answers != truth and native_ir(group, ir, name, "-O2") == answers:
                losers += 1
                break
        if losers <= index:
            return False
    return True


def native_ir(group: IRGroup, ir: str, name: str, level: str) -> Json:
    """What one IR does on all inputs, as its own program."""
    with tempfile.TemporaryDirectory() as folder:
        text, built = Path(folder) / "a.ll", Path(folder) / "a.o"
        text.write_text(verify._link_texts([ir]))
        if shell([find_clang(), "clang", "-target", "x86_64-linux-gnu", level, "-w", "-c", "-x",
                  "ir", str(text), "-o", str(built)]) is None:
            return None
        return native(group, name, ["-O0"], built)


def native(group: IRGroup, name: str, flags: list[str], built: Path | None = None,
           ) -> Json:
    """Compile a program around the source (and an IR's object), run it once, read it."""
    alone = IRGroup(**{**{f: getattr(group, f) for f in group.__dataclass_fields__},
                       "winners": (Winner("", ""),) if built else (), "losers": ()})
    _, returns, parameters = verify._prototype(group.signature)
    with tempfile.TemporaryDirectory() as folder:
        text, program = Path(folder) / "g.c", Path(folder) / "g"
        text.write_text(verify._program(alone, name, returns, parameters, 1 if built else 0))
        objects = [str(built)] if built else []
        if shell([*native_compiler(), *flags, "-w", str(text), *objects, "-o", str(program), "-lm",
                  "-no-pie"]) is None:
            return None
        try:
            done = subprocess.run([str(program)], capture_output=True, check=False, timeout=60)
        except subprocess.TimeoutExpired:  # a mutant that loops, on a busy machine
            return None
    read = verify._read(done.stderr.decode("latin-1"), group, returns, parameters)
    return read.get("0" if built else "source")


def available(sources: Sequence[Source]) -> None:
    """Groups with more and more winners asked for: a floor of the mean number that there is."""
    floor, last, base = 0.0, 0, 0
    for winners in (4, 12, 16, 24):
        params = IRGroupsParams(winners=winners, losers=1, max_ir_chars=30_000)
        built, _ = build_from_sources(sources, params, 1, progress=False)
        base = base or len(built)
        floor += (winners - last) * len(built) / base
        last = winners
        print(f"{winners} winners: {len(built)} functions")
    print(f"so of the functions with 4, the mean has {floor:.1f} or more")


def two_workers(sources: Sequence[Source]) -> None:
    """Wall time of one worker against two, the better of two runs each, in turn."""
    spent: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(2):
        for workers in spent:
            start = time.perf_counter()
            build_from_sources(sources, IRGroupsParams(workers=workers), 1, progress=False)
            spent[workers].append(time.perf_counter() - start)
    one, two = (min(times) for times in spent.values())
    print(f"one worker {one:.1f} s, two workers {two:.1f} s, ratio {one / two:.2f}")


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--data", type=Path, help="TransCoder's gfg.jsonl.gz")
    options.add_argument("--functions", type=int, default=256)
    options.add_argument("--naive", type=int, default=4, help="groups made the naive way")
    options.add_argument("--available", action="store_true")
    options.add_argument("--two", action="store_true")
    chosen = options.parse_args()
    print(f"{groups.toolchain()}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    if chosen.data:
        sources = transcoder(chosen.data)
    else:
        sources = sources_of(generate_problems(DatasetParams(problems=2 * chosen.functions), 1))[0]
    if chosen.available:
        return available(sources[:chosen.functions])
    if chosen.two:
        return two_workers(sources[:chosen.functions])
    built, ours_s = ours(sources[:chosen.functions])
    sample = random.Random(1).sample(built, min(chosen.naive, len(built)))
    start = cpu()
    complete = sum(naive(group) for group in sample)
    naive_s = (cpu() - start) / max(1, len(sample))
    print(f"naive: {complete} of {len(sample)} complete, {naive_s * 1e3:.0f} CPU ms a group; "
          f"oorl.ir: {ours_s * 1e3:.0f} CPU ms; ratio {naive_s / ours_s:.0f}")


if __name__ == "__main__":
    sys.exit(main())
