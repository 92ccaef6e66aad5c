"""Tracking with a real MLflow store: what is logged, and that no fault of it reaches the stage."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

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
    return tmp_path


def stage(project: Path, extra: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items()
             if key not in ("MLFLOW_TRACKING_URI", "OORL_PIPELINE", "DVC_STAGE")}
    return subprocess.run(
        [sys.executable, "stage.py", extra], cwd=project, text=True, capture_output=True,
        env={**clean, "PYTHONPATH": f"{ROOT}:{ROOT}/src", **variables})


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
def test_a_store_that_fails_costs_one_warning(uri: str, project: Path) -> None:
    done = stage(project, MLFLOW_TRACKING_URI=uri, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    assert done.returncode == 0
    warnings = [line for line in done.stderr.splitlines() if "tracking is off" in line]
    assert len(warnings) == 1
    assert "Traceback" not in done.stderr


def test_tracking_can_be_switched_off(project: Path) -> None:
    text = (project / "params.yaml").read_text().replace("tracking: {}",
                                                         "tracking: {enabled: false}")
    (project / "params.yaml").write_text(text)
    assert stage(project).returncode == 0
    assert not (project / ".oorl").exists()
