"""Tracking with a real MLflow store: what is logged, and that no fault of it reaches the stage."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow_store import new_store

from oorl.params import load_params
from tasks import _delivery
from tasks._link import link
from tests.integration.ports import free_port

ROOT = Path(__file__).parents[2]
SECTIONS = ("dataset", "ir_groups", "validate", "base", "rl", "gepo", "control", "evaluate",
            "register", "sandbox")
STAGE = """
import os, pathlib, sys
from tasks._stage import stage_main

def run(params, ctx):
    for step in range(5):
        ctx.log_metrics({"loss": 1 / (step + 1), "reward/php %": step, "note": "text"}, step=step)
    pathlib.Path("a.txt").write_text("hello")
    ctx.log_dataset(pathlib.Path("a.txt"), "problems")
    ctx.log_artifact(pathlib.Path("a.txt"))
    exec(sys.argv[1] if len(sys.argv) > 1 else "")

stage_main("rl", run)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_text(
        "".join(f"{name}: {{}}\n" for name in SECTIONS) + "tracking: {}\n")
    (tmp_path / "stage.py").write_text(STAGE)
    new_store(tmp_path)
    return tmp_path


def python(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Without what MLflow has set in this process for other tests."""
    clean = {key: value for key, value in os.environ.items()
             if key not in ("MLFLOW_TRACKING_URI", "OORL_PIPELINE", "DVC_STAGE")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, text=True, capture_output=True,
        env={**clean, "PYTHONPATH": f"{ROOT}:{ROOT}/src", **variables})


def stage(project: Path, extra: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    return python(project, "stage.py", extra, **variables)


def runs(project: Path) -> list[Run]:
    client = MlflowClient(f"sqlite:///{project}/.oorl/mlflow.db")
    experiment = client.get_experiment_by_name("oorl")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], order_by=["start_time ASC"]))


def test_a_run_holds_settings_curves_data_and_origin(project: Path) -> None:
    subprocess.run("git init -q && git -c user.name=a -c user.email=a@b commit -q "
                   "--allow-empty -m x", shell=True, cwd=project, check=True)
    (project / "dvc.lock").write_text("lock")
    done = stage(project)
    assert (done.returncode, done.stderr) == (0, "")
    (run,) = runs(project)
    client = MlflowClient(f"sqlite:///{project}/.oorl/mlflow.db")
    assert (run.info.run_name, run.info.status) == ("rl", "FINISHED")
    assert run.data.params["rl.epsilon"] == "0.2"
    assert "seed" in run.data.params
    assert "gepo.beta" not in run.data.params
    curve = client.get_metric_history(run.info.run_id, "loss")
    assert [(m.step, round(m.value, 3)) for m in curve] == [
        (0, 1.0), (1, 0.5), (2, 0.333), (3, 0.25), (4, 0.2)]
    assert run.data.metrics["reward/php _"] == 4
    assert run.data.metrics["stage.seconds"] > 0
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == (
        "problems", "5d41402abc4b2a76b9719d911017c592")
    assert [a.path for a in client.list_artifacts(run.info.run_id)] == ["a.txt"]
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, text=True,
                          capture_output=True).stdout.strip()
    assert run.data.tags["mlflow.source.git.commit"] == head
    assert len(run.data.tags["dvc.lock"]) == 64


WATCHED = """
import time
end = time.monotonic() + 120
def kept():
    return "".join(path.read_text() for path in pathlib.Path(".oorl").rglob("lines.jsonl"))
while kept().count("system/cpu") < 3 and time.monotonic() < end:
    time.sleep(0.05)
"""


def test_the_machine_is_watched_while_a_stage_runs(
        project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = stage(project, WATCHED, MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL="0.2",
                 OORL_PIPELINE="prefect-1")
    assert (done.returncode, done.stderr) == (0, "")
    (run,) = [run for run in runs(project) if run.info.run_name == "rl"]
    client = MlflowClient(f"sqlite:///{project}/.oorl/mlflow.db")
    for name in ("cpu_utilization_percentage", "system_memory_usage_megabytes",
                 "disk_usage_megabytes", "network_receive_megabytes"):
        history = client.get_metric_history(run.info.run_id, f"system/{name}")
        assert len(history) >= 4  # and one at the stage's end
        assert [m.step for m in history] == list(range(len(history)))
    assert run.data.metrics["system/system_memory_usage_megabytes"] > 10
    assert _delivery.waiting(project) == 0
    told = python(project, "-m", "tasks._link", "prefect-1", MLFLOW_PORT="5001").stdout.strip()
    assert told.startswith("http://127.0.0.1:5001/#/experiments/")
    assert told.endswith(f"/runs/{run.data.tags['mlflow.parentRunId']}")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert link(load_params(project / "params.yaml"), project, "prefect-2") == ""


def test_one_parent_for_each_pipeline_run(project: Path) -> None:
    for pipeline in ("one", "one", "two"):
        assert stage(project, OORL_PIPELINE=pipeline).returncode == 0
    found = runs(project)
    parents = [run for run in found if run.info.run_name == "pipeline"]
    children = [run.data.tags["mlflow.parentRunId"] for run in found
                if run.info.run_name == "rl"]
    assert len(parents) == 2
    first, second = (run.info.run_id for run in parents)
    assert children == [first, first, second]
    assert {run.info.status for run in parents} == {"FINISHED"}


def test_the_status_tells_how_a_stage_ended(project: Path) -> None:
    from oorl.errors import DataError

    stage(project, "from oorl.errors import DataError; raise DataError('p7 is bad', 'Go away.')")
    stage(project, "raise KeyboardInterrupt")
    stage(project, "os.kill(os.getpid(), 9)", OORL_PIPELINE="p")
    until = time.monotonic() + 60
    while any(run.info.status == "RUNNING" for run in runs(project)):  # the helper's last words
        assert time.monotonic() < until
        time.sleep(0.2)
    found = {(run.info.run_name, run.info.status) for run in runs(project)}
    assert found == {("rl", "FAILED"), ("rl", "KILLED"), ("pipeline", "KILLED")}
    (failed,) = [run for run in runs(project) if run.info.status == "FAILED"]
    assert failed.data.tags["error"] == str(DataError("p7 is bad", "Go away."))


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "nonsense://x", "sqlite:////dev/null/x.db"])
def test_a_store_that_fails_costs_one_line_and_the_right_one_gets_all(
        uri: str, project: Path) -> None:
    done = stage(project, MLFLOW_TRACKING_URI=uri, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    assert done.returncode == 0
    said = [line for line in done.stderr.splitlines() if "does not answer" in line]
    assert len(said) == 1
    assert "Traceback" not in done.stderr
    assert _delivery.waiting(project) == 1
    assert _delivery.leftovers(project, f"sqlite:///{project}/.oorl/mlflow.db") == (1, [])
    assert _delivery.waiting(project) == 0
    (run,) = runs(project)
    assert (run.info.status, run.data.metrics["loss"]) == ("FINISHED", 0.2)
    assert run.info.end_time is not None
    assert run.info.end_time - run.info.start_time < 1000 * (run.data.metrics["stage.seconds"] + 5)


def test_tracking_can_be_switched_off(project: Path) -> None:
    text = (project / "params.yaml").read_text().replace("tracking: {}",
                                                         "tracking: {enabled: false}")
    (project / "params.yaml").write_text(text)
    shutil.rmtree(project / ".oorl")
    assert stage(project).returncode == 0
    assert not (project / ".oorl").exists()


# --- a server that goes away -----------------------------------------------------------------


LONG_STAGE = """
import pathlib, time
from tasks._stage import stage_main

def await_file(name):
    while not pathlib.Path(name).exists():
        time.sleep(0.02)

def run(params, ctx):
    for step in range(10):
        ctx.log_metrics({"loss": step}, step=step)
        if step == 4:
            await_file("server.gone")
    pathlib.Path("a.txt").write_text("of step 9")
    ctx.log_artifact(pathlib.Path("a.txt"))
    pathlib.Path("logged").touch()
    await_file("server.back")

stage_main("rl", run)
"""


def until(true: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    end = time.monotonic() + 240
    while not true():
        assert process is None or process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.1)


class Server:
    """A real tracking server over HTTP, with its own artifact store."""

    def __init__(self, root: Path) -> None:
        port = free_port()
        self.address, self.root = f"http://127.0.0.1:{port}", root
        self.command = [
            sys.executable, "-m", "mlflow", "server", "--backend-store-uri", new_store(root),
            "--artifacts-destination", str(root / "artifacts"), "--workers", "1",
            "--host", "127.0.0.1", "--port", str(port)]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, start_new_session=True, env={
                    **os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                    "MLFLOW_DISABLE_TELEMETRY": "true"})
        until(self.answers)

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.root / "log").read_text()[-3000:]
        try:
            urllib.request.urlopen(f"{self.address}/health", timeout=5).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_a_server_stopped_in_mid_run_loses_nothing(project: Path, server: Server) -> None:
    (project / "long.py").write_text(LONG_STAGE)
    variables = {"MLFLOW_TRACKING_URI": server.address, "OORL_PIPELINE": "p"}
    clean = {key: value for key, value in os.environ.items() if key != "DVC_STAGE"}
    running = subprocess.Popen(
        [sys.executable, "long.py"], cwd=project, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env={**clean, "PYTHONPATH": f"{ROOT}:{ROOT}/src", **variables})
    client = MlflowClient(server.address)

    def found(name: str) -> list[Run]:
        experiment = client.get_experiment_by_name("oorl")
        return [] if experiment is None else [
            run for run in client.search_runs([experiment.experiment_id])
            if run.info.run_name == name]

    def curve(run: Run) -> list[tuple[int, float]]:
        return [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")]

    try:
        until(lambda: any(len(curve(run)) == 5 for run in found("rl")), running)
        server.stop()
        (project / "server.gone").touch()
        until((project / "logged").exists, running)
        (project / "a.txt").unlink()  # as DVC does before a stage runs again
        whole = stage(project, "", **variables)  # a stage that meets no server from start to end
        assert whole.returncode == 0
        assert whole.stderr.count("does not answer") == 1
        server.start()
        (project / "server.back").touch()
        printed = running.communicate(timeout=240)[0]
    finally:
        running.kill()
    assert running.returncode == 0, printed
    assert printed.count("does not answer") == 1
    assert _delivery.waiting(project) == 0, printed
    late, first = sorted(found("rl"), key=lambda run: run.info.start_time, reverse=True)
    assert curve(first) == [(step, float(step)) for step in range(10)]
    assert [step for step, _ in curve(late)] == [0, 1, 2, 3, 4]
    assert {run.info.status for run in (late, first)} == {"FINISHED"}
    assert Path(client.download_artifacts(first.info.run_id, "a.txt")).read_text() == "of step 9"
    assert Path(client.download_artifacts(late.info.run_id, "a.txt")).read_text() == "hello"
    (parent,) = found("pipeline")
    assert parent.info.status == "FINISHED"
    assert {run.data.tags["mlflow.parentRunId"] for run in (late, first)} == {parent.info.run_id}


def test_delivering_twice_changes_nothing_and_a_refused_entry_stops_no_other(
        project: Path) -> None:
    stage(project, MLFLOW_TRACKING_URI="http://127.0.0.1:9", MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    (folder,) = (project / ".oorl" / "tracking").glob("*-*")
    spool = _delivery.Spool(folder)
    lines = (folder / "lines.jsonl").read_bytes().splitlines(keepends=True)
    bad = json.dumps(["params", {"values": {"seed": "another"}}]).encode() + b"\n"
    (folder / "lines.jsonl").write_bytes(b"".join([*lines[:-1], bad, lines[-1]]))
    uri = f"sqlite:///{project}/.oorl/mlflow.db"
    for _ in range(2):
        _delivery.deliver(spool, uri)
        (folder / "state.json").unlink()  # killed before it could be written
    (run,) = runs(project)
    assert run.info.status == "FINISHED"
    history = MlflowClient(uri).get_metric_history(run.info.run_id, "loss")
    assert [m.step for m in history] == [0, 1, 2, 3, 4]
    assert '"another"' in (folder / "refused.jsonl").read_text()
