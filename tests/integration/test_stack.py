"""`make up` for real: servers answer, the worker runs the deployment, `down` leaves nothing."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.made_up_pipeline import ROOT, make_project, run


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/{path}", headers={"Content-Type": "application/json"},
        data=None if body is None else json.dumps(body).encode())
    for left in range(9, -1, -1):
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return json.loads(reply.read())
        except urllib.error.HTTPError as error:
            # what a busy server's database answers; Prefect's own client waits and asks again, too
            if error.code != 503 or not left:
                raise
            time.sleep(1)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    root = tmp_path_factory.mktemp("stack")
    make_project(root)
    shutil.copy(ROOT / "prefect.yaml", root)
    shutil.copytree(ROOT / "mlflow", root / "mlflow")
    ports = {"PREFECT_PORT": str(free_port()), "MLFLOW_PORT": str(free_port())}
    try:
        done = run(root, "flows.stack", "up", PYTHONPATH=f"{root}/src:{root}", **ports)
        assert done.returncode == 0, done.stdout
        yield root, ports
    finally:
        run(root, "flows.stack", "down", PYTHONPATH=f"{root}/src:{root}", **ports)


def test_the_worker_runs_the_deployment(stack: tuple[Path, dict[str, str]]) -> None:
    root, ports = stack
    server = int(ports["PREFECT_PORT"])
    deployment = ask(server, "api/deployments/name/oorl-pipeline/nightly")
    made = ask(server, f"api/deployments/{deployment['id']}/create_flow_run",
               {"parameters": {"parameters": {"stages": ["dataset", "ir_groups"]}},
                "state": {"type": "SCHEDULED"}})
    until = time.monotonic() + 180
    while (found := ask(server, f"api/flow_runs/{made['id']}"))["state_type"] not in (
            "COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
        assert time.monotonic() < until, found["state"]
        time.sleep(0.5)
    assert found["state_type"] == "COMPLETED", found["state"]
    assert (root / "data" / "ir_groups" / "groups.parquet").exists()
    assert not (root / "models" / "base").exists()
    tasks = ask(server, "api/task_runs/filter",
                {"flow_runs": {"id": {"any_": [made["id"]]}}, "sort": "EXPECTED_START_TIME_ASC"})
    assert [task["name"] for task in tasks] == ["dataset", "ir_groups"]


def test_both_pages_are_served(stack: tuple[Path, dict[str, str]]) -> None:
    for port in stack[1].values():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as reply:
            assert b"<html" in reply.read(2000).lower()


def test_up_again_changes_nothing_and_a_dead_worker_comes_back(
        stack: tuple[Path, dict[str, str]]) -> None:
    root, ports = stack

    def pids(command: str) -> tuple[int, dict[str, str]]:
        done = run(root, "flows.stack", command, PYTHONPATH=f"{root}/src:{root}", **ports)
        return done.returncode, dict(re.findall(r"^(\w+) +runs \((\d+)\)", done.stdout, re.M))

    status, before = pids("status")
    assert (status, set(before)) == (0, {"prefect", "mlflow", "worker"})
    subprocess.run(["kill", f"-{signal.SIGKILL.value}", before["worker"]], check=True)
    deadline = time.monotonic() + 10
    while pids("status")[0] == 0 and time.monotonic() < deadline:
        pass
    assert pids("status")[0] == 1
    status, after = pids("up")
    assert status == 0
    assert (after["prefect"], after["mlflow"]) == (before["prefect"], before["mlflow"])
    assert after["worker"] != before["worker"]


def test_a_port_in_use_is_named_and_down_leaves_nothing(
        stack: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    root, ports = stack
    make_project(tmp_path)
    done = run(tmp_path, "flows.stack", "up", PYTHONPATH=f"{tmp_path}/src:{tmp_path}", **ports)
    assert done.returncode == 1
    assert f"another program answers at http://127.0.0.1:{ports['PREFECT_PORT']}" in done.stdout
    done = run(root, "flows.stack", "down", PYTHONPATH=f"{root}/src:{root}", **ports)
    assert done.stdout.strip() == "ended: worker, mlflow, prefect"
    left = subprocess.run(["pgrep", "-f", str(root)], capture_output=True, text=True).stdout
    assert left == ""
