"""Pools whose workers start a container for each run: a real stage in one, with a real engine.

Needs the image `oorl-worker` and prefect-docker (docs/operations.md, "Containers and Kubernetes"),
so it runs only when asked for, as test_compose.py does, which builds the image:

    OORL_DOCKER=1 python -m pytest tests/integration/test_docker_pool.py
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from test_compose import engine, project
from test_stack import ask, finish, start

from tests.integration.made_up_pipeline import ROOT, environment
from tests.integration.ports import free_port

IMAGE = "oorl-worker"


def image() -> bool:
    return not subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True).returncode


pytestmark = [
    pytest.mark.slow, pytest.mark.timeout(1500),
    pytest.mark.skipif(not os.environ.get("OORL_DOCKER"), reason="needs images: OORL_DOCKER=1"),
    pytest.mark.skipif(not engine() or not image(), reason=f"no Docker engine has {IMAGE}"),
    pytest.mark.skipif(not find_spec("prefect_docker"), reason="no prefect-docker here")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server with Docker pools, the deployments and a worker of the pool `cpu`; its port."""
    root = project(tmp_path_factory.mktemp("docker"))
    root.parent.chmod(0o755)
    home, port = tmp_path_factory.mktemp("prefect"), free_port()
    variables = environment(
        root, PREFECT_HOME=str(home), PREFECT_API_URL=f"http://127.0.0.1:{port}/api",
        PREFECT_WORKER_QUERY_SECONDS="2", PWD="/project",
        PYTHONPATH=f"{ROOT}/src:{ROOT}:{os.environ.get('PYTHONPATH', '')}")
    started = []

    def begin(*command: str) -> None:
        with (home / f"{command[0]}.log").open("wb") as log:
            started.append(subprocess.Popen(
                [sys.executable, "-m", "prefect", *command], cwd=root, env=variables, stdout=log,
                stderr=log, start_new_session=True))

    try:
        begin("server", "start", "--host", "0.0.0.0", "--port", str(port))  # for containers, too
        until = time.monotonic() + 180
        while True:
            try:
                ask(port, "api/health")
                break
            except OSError:
                assert time.monotonic() < until, (home / "server.log").read_text()
                time.sleep(0.5)
        for command in (["flows._server", "--type", "docker", "--project", str(root)],
                        ["prefect", "--no-prompt", "deploy", "--all"]):
            subprocess.run([sys.executable, "-m", *command], cwd=root, env=variables, check=True)
        begin("worker", "start", "--pool", "cpu")
        yield port
        print((home / "worker.log").read_text()[-3000:])
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def containers() -> list[str]:
    return subprocess.run(["docker", "ps", "--all", "--quiet", "--filter", f"ancestor={IMAGE}"],
                          capture_output=True, text=True, check=True).stdout.split()


def await_gone(before: list[str]) -> None:
    until = time.monotonic() + 120
    while set(containers()) - set(before):
        assert time.monotonic() < until, "a container outlived its run"
        time.sleep(0.5)


def test_a_stage_runs_in_a_container_of_its_pool(server: int) -> None:
    """Programs are judged in it, isolated; the data lie in the project's folder afterwards."""
    before = containers()
    run = start(server, "oorl-stage/cpu", stages=["dataset"])
    found = finish(server, run, 600)
    assert found["state_type"] == "COMPLETED", found["state"]
    assert found["infrastructure_pid"], "it was no container"
    (folder,) = {Path(one["base_job_template"]["variables"]["properties"]["volumes"]["default"][0]
                      .split(":")[0]) for one in ask(server, "api/work_pools/filter", {})}
    assert (folder / "data/problems/problems.parquet").stat().st_uid == 1000
    assert '"programs"' in (folder / "reports/dataset/metrics.json").read_text()
    await_gone(before)


def test_cancelling_ends_the_container(server: int) -> None:
    before = containers()
    run = start(server, "oorl-stage/cpu", stages=["dataset"], force=True)
    until = time.monotonic() + 240
    while ask(server, f"api/flow_runs/{run['id']}")["state_type"] != "RUNNING":
        assert time.monotonic() < until
        time.sleep(0.2)
    ask(server, f"api/flow_runs/{run['id']}/set_state", {"state": {"type": "CANCELLING"}})
    assert finish(server, run)["state_type"] == "CANCELLED"
    await_gone(before)
