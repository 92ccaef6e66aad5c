"""How long parsing, deduplicating and decontaminating takes: `python benchmarks/dataset.py [N]`

Writes N rows of APPS's schema (made up: statements of random words, programs of random lines) with
near-duplicates and overlaps with a made-up benchmark planted, then runs what the dataset stage does
before it executes anything. Prints CPU seconds, peak memory, and what was found of what was
planted. dataset.md has a result.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from pathlib import Path

from oorl.data.overlap import Benchmarks, clean
from oorl.data.sources import get_source
from oorl.params.dataset import DatasetParams

LINES = ("x = x * {a} + {b}", "for i in range({a}):\n    x += i % {b}",
         "if x % {a} == {b}:\n    x -= 1",
         "values = [v for v in data if v > {a}]", "x = max(x, len(values) + {b})",
         "while x > {a}:\n    x //= {b}", "total = sum(values[{a}:]) - {b}", "values.sort()",
         "data = sorted(set(data))[:{a}]", "x ^= {a} << {b}", "print(x, {a})")


def statement(words: list[str], rng: random.Random) -> str:
    return " ".join(rng.choice(words) for _ in range(rng.randrange(80, 200)))


def program(rng: random.Random) -> str:
    lines = [rng.choice(LINES).format(a=rng.randrange(2, 99), b=rng.randrange(2, 99))
             for _ in range(rng.randrange(12, 40))]
    return "data = list(map(int, input().split()))\nx = 0\nvalues = []\n" + "\n".join(lines)


def row(number: int, text: str, code: str, rng: random.Random) -> dict[str, object]:
    tests = {"inputs": [" ".join(str(rng.randrange(999)) for _ in range(50)) for _ in range(20)],
             "outputs": [str(i) for i in range(20)]}
    return {"problem_id": number, "question": text, "solutions": json.dumps([code]),
            "input_output": json.dumps(tests), "difficulty": "interview"}


def make(folder: Path, count: int, rng: random.Random) -> tuple[int, int]:
    """Write the rows and the benchmark; how many duplicates and overlaps are planted."""
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randrange(2, 10)))
             for _ in range(4000)]
    tasks = [(statement(words, rng), program(rng)) for _ in range(1000)]
    (folder / "benchmark.jsonl").write_text("".join(
        json.dumps({"prompt": text, "canonical_solution": code}) + "\n" for text, code in tasks))
    written: list[tuple[str, str]] = []
    twins = overlaps = 0
    with (folder / "rows.jsonl").open("w") as file:
        for number in range(count):
            text, code = statement(words, rng), program(rng)
            if written and number % 20 == 7:
                parts = rng.choice(written)[0].split()
                parts[rng.randrange(len(parts))] = "changed"
                text, twins = " ".join(parts), twins + 1
            elif number % 100 == 3:
                code = tasks[overlaps][1].replace("values", "vs").replace("data", "numbers")
                overlaps += 1
            else:
                written.append((text, code))
            file.write(json.dumps(row(number, text, code, rng)) + "\n")
    return twins, overlaps


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("rows", type=int, nargs="?", default=10_000)
    count = options.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        twins, overlaps = make(folder, count, random.Random(1))
        params = DatasetParams.model_validate(
            {"source": "apps", "path": "rows.jsonl", "problems": count})
        started, wall = time.process_time(), time.monotonic()
        loaded = get_source("apps").load(params, 1, folder)
        parsed = time.process_time() - started
        benchmarks = Benchmarks.read(folder, ["benchmark.jsonl"], params.similarity)
        removed = clean(loaded, benchmarks, params.similarity, progress=True)
        cpu = time.process_time() - started
        seconds = time.monotonic() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count} rows, {len(loaded.problems)} kept: {cpu:.0f} CPU s (parsing {parsed:.0f}), "
          f"{seconds:.0f} s, {peak:.0f} MiB at most")
    print(f"near-duplicates {removed['near_duplicates']} of {twins} planted, "
          f"overlaps {removed['in_benchmarks']} of {overlaps}")


if __name__ == "__main__":
    main()
