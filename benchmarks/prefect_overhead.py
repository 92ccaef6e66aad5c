"""Seconds that Prefect adds to each stage, and those of a `dvc repro` that finds nothing to do.

    python benchmarks/prefect_overhead.py [--rounds 5]

The graph, DVC, the flow and the server are the real ones; the stages take no time, so that what is
measured is what lies around them. Each round runs every stage in three ways, taking turns:
directly (`dvc repro --single-item` for one stage after the other, as the flow does), by the flow
in one process, and by the deployment, whose stages go to the workers of their pools. For the flow
it is the time from the run's start to its end as Prefect has it, divided by the stages.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "tests" / "integration")]

import shutil  # noqa: E402

from made_up_pipeline import environment, make_project, run  # noqa: E402

from flows._repro import repro, stage_names  # noqa: E402
from tests.integration.ports import free_port  # noqa: E402


def ask(port: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/{path}", headers={"Content-Type": "application/json"},
        data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.loads(reply.read())


def seconds(flow_run: dict[str, Any]) -> float:
    if flow_run["state_type"] != "COMPLETED":
        raise SystemExit(f"{flow_run['name']}: {flow_run['state']}")
    start, end = (datetime.fromisoformat(flow_run[key]) for key in ("start_time", "end_time"))
    return (end - start).total_seconds()


def direct(root: Path, stages: list[str]) -> float:
    """All stages, one after the other, without Prefect."""
    variables, began = environment(root), time.monotonic()
    for stage in stages:
        if problem := repro(stage, root, lambda _: None, variables, force=True):
            raise SystemExit(problem)
    return time.monotonic() - began


def by_the_flow(root: Path, port: str) -> float:
    """All stages as tasks of one process."""
    done = run(root, "flows.pipeline", "--force", PREFECT_API_URL=f"http://127.0.0.1:{port}/api")
    if done.returncode:
        raise SystemExit(done.stdout)
    (newest,) = ask(port, "flow_runs/filter", {
        "sort": "EXPECTED_START_TIME_DESC", "limit": 1,
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}})
    return seconds(newest)


def by_the_deployment(port: str) -> float:
    """All stages in the pools that they belong to."""
    found = ask(port, "deployments/name/oorl-pipeline/weekly")
    asked = ask(port, f"deployments/{found['id']}/create_flow_run", {
        "parameters": {"parameters": {**found["parameters"]["parameters"], "force": True}},
        "state": {"type": "SCHEDULED"}})
    while True:
        newest = ask(port, f"flow_runs/{asked['id']}")
        if newest["end_time"]:
            return seconds(newest)
        time.sleep(0.5)


def nothing_to_do(root: Path) -> float:
    began = time.monotonic()
    done = run(root, "dvc", "repro")
    if "Running stage" in done.stdout or done.returncode:
        raise SystemExit(done.stdout)
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "project"
        root.mkdir()
        make_project(root)
        shutil.copy(ROOT / "prefect.yaml", root)
        shutil.copytree(ROOT / "mlflow", root / "mlflow")
        stages, port = stage_names(root), str(free_port())
        variables = environment(root, PREFECT_PORT=port, MLFLOW_PORT=str(free_port()),
                                PYTHONPATH=f"{root}/src:{root}")
        stack = [sys.executable, "-m", "flows.stack"]
        try:
            subprocess.run([*stack, "up"], cwd=root, env=variables, check=True,
                           stdout=subprocess.DEVNULL)
            ways: dict[str, Callable[[], float]] = {
                "directly": lambda: direct(root, stages),
                "by the flow": lambda: by_the_flow(root, port),
                "by the deployment": lambda: by_the_deployment(port)}
            found = {name: [] for name in ways}  # type: dict[str, list[float]]
            for number in range(rounds + 1):
                for name, way in ways.items():
                    found[name].append(way() / len(stages))
                if not number:
                    found = {name: [] for name in ways}  # the first round warms up
            idle = [nothing_to_do(root) for _ in range(rounds)]
        finally:
            subprocess.run([*stack, "down"], cwd=root, env=variables, check=False,
                           stdout=subprocess.DEVNULL)
    print(f"prefect {version('prefect')}, dvc {version('dvc')}, {len(stages)} stages, "
          f"{rounds} rounds; seconds a stage, median (least to most)")
    for name, times in found.items():
        more = [a - b for a, b in zip(times, found["directly"], strict=True)]
        print(f"{name:18} {statistics.median(times):5.2f} ({min(times):.2f} to {max(times):.2f}); "
              f"more than directly: {statistics.median(more):5.2f}")
    print(f"`dvc repro` with nothing to do: {statistics.median(idle):.2f} s "
          f"({min(idle):.2f} to {max(idle):.2f})")


if __name__ == "__main__":
    main()
