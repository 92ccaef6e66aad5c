"""Seconds to validate 10,000 problems by Great Expectations, rules and Data Docs included.

    PYTHONPATH=src:. python benchmarks/validation.py [rows]
"""

from __future__ import annotations

import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from oorl.data.synthetic import generate_problems
from oorl.params import load_params
from oorl.params.dataset import DatasetParams
from tasks.validation.frames import problem_frame
from tasks.validation.rules import problem_rules
from tasks.validation.suites import run_suites


def main(rows: int) -> None:
    """Make the problems, then time what the stage does with them."""
    root = Path(__file__).resolve().parents[1]
    problems = [one.to_row() for one in generate_problems(
        DatasetParams(problems=rows, cases=4), seed=7)]
    rules = problem_rules(load_params(root / "params.yaml"))
    times = [time.process_time()]
    frame = problem_frame(problems)
    times.append(time.process_time())
    with tempfile.TemporaryDirectory() as docs:
        (found,) = run_suites({"problems": (frame, rules)}, Path(docs)).values()
    times.append(time.process_time())
    print(f"great-expectations {version('great-expectations')}: {len(problems)} problems, "
          f"{len(rules)} rules, {sum(not one.passed for one in found)} broken; CPU seconds: "
          f"columns {times[1] - times[0]:.1f}, rules and Data Docs {times[2] - times[1]:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
