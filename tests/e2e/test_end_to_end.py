"""The real pipeline at its smallest: what `dvc repro` makes, remakes, resumes and refuses."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from oorl.trainers.translation import latest_checkpoint
from tests.e2e.conftest import CUT_OFF, Project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

STAGES = ["dataset", "ir_groups", "validate", "base", "rl", "gepo", "control", "evaluate",
          "register"]


def test_every_stage_leaves_what_it_promises(project: Project) -> None:
    assert set(project.lock()) == set(STAGES)
    scores = json.loads((project.root / "reports/evaluation/metrics.json").read_text())
    assert set(scores["models"]) == {"base", "rl", "gepo", "control"}
    html = (project.root / "reports/evaluation/report.html").read_text()
    assert "http://" not in re.sub(r"http://www\.w3\.org/\S+", "", html)
    decision = json.loads((project.root / "reports/register/decision.json").read_text())
    assert decision["decision"] in ("promoted", "refused")
    assert decision["reasons"]


def test_the_pipeline_ran_without_a_network(project: Project) -> None:
    """The fixture's namespace has no way out: what ran in it needed none."""
    code = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    done = subprocess.run([*CUT_OFF, sys.executable, "-c", code], capture_output=True, text=True)
    assert "Network is unreachable" in done.stderr
    devices = subprocess.run([*CUT_OFF, "cat", "/proc/net/dev"], capture_output=True, text=True)
    assert [line.split(":")[0].strip() for line in devices.stdout.splitlines()[2:]] == ["lo"]


def test_tracking_has_one_parent_and_a_child_for_each_stage(project: Project) -> None:
    with sqlite3.connect(project.root / ".oorl" / "mlflow.db") as database:
        parents = dict(database.execute(
            "select r.name, t.value from runs r left join tags t "
            "on t.run_uuid = r.run_uuid and t.key = 'mlflow.parentRunId'").fetchall())
        statuses = {s for (s,) in database.execute("select distinct status from runs")}
    assert set(STAGES) <= set(parents)
    assert len({parents[stage] for stage in STAGES}) == 1
    assert statuses == {"FINISHED"}


def test_second_repro_does_nothing(project: Project) -> None:
    before = (project.root / "dvc.lock").read_bytes()
    output = project.run("dvc", "repro")
    assert "Running stage" not in output
    assert (project.root / "dvc.lock").read_bytes() == before


def test_a_param_reruns_only_what_depends_on_it(project: Project) -> None:
    old = project.params()["evaluate"]["bootstrap_samples"]
    project.set({"evaluate": {"bootstrap_samples": old + 1}})
    try:
        output = project.run("dvc", "repro")
    finally:
        project.set({"evaluate": {"bootstrap_samples": old}})
    assert re.findall(r"Running stage '(\w+)'", output) == ["evaluate", "register"]


def test_killed_in_mid_stage_it_resumes_to_the_same_model(project: Project) -> None:
    expected = project.hashes("rl")
    shutil.rmtree(project.root / ".oorl" / "checkpoints")
    shutil.rmtree(project.root / "models" / "rl")
    running = project.start("dvc", "repro", "--single-item", "--force", "rl")
    checkpoints = project.root / ".oorl/checkpoints"
    until = time.monotonic() + 600
    while running.poll() is None and not any(map(latest_checkpoint, checkpoints.glob("rl-*"))):
        assert time.monotonic() < until, "no checkpoint appeared"
        time.sleep(0.05)
    assert running.poll() is None, "the stage ended before it could be killed"
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    _await_no_process_in(project.root)
    assert not (project.root / "models" / "rl").exists(), "a half-made model looks whole"
    output = project.run("dvc", "repro", "--single-item", "--force", "rl")
    assert "resum" in output.lower()
    assert project.hashes("rl") == expected


def test_a_broken_data_file_stops_at_validate(project: Project) -> None:
    path = project.root / "data/problems/problems.parquet"
    good = path.read_bytes()
    table = pq.read_table(path)
    rows = table.to_pylist()
    leaked = next(row for row in rows if row["split"] == "test")
    victim = next(row for row in rows if row["split"] == "sft")
    victim.update({key: leaked[key] for key in ("signature", "cases", "solutions")})
    path.unlink()  # a link into DVC's cache must not be written through
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    try:
        output = project.run("tasks.validate", expect=1)
    finally:
        path.unlink()
        path.write_bytes(good)
    assert "Traceback" not in output
    assert victim["id"] in output or leaked["id"] in output
    project.run("tasks.validate")


def test_a_worse_model_is_refused_by_the_gate(project: Project) -> None:
    """The base against itself, or against a champion: no gain, so no promotion."""
    project.set({"register": {"candidate": "base"}})
    try:
        project.run("tasks.register")
        decision = json.loads((project.root / "reports/register/decision.json").read_text())
    finally:
        project.set({"register": {"candidate": "gepo"}})
    assert decision["decision"] == "refused"
    assert decision["reasons"]


def test_a_registered_version_is_evaluated_from_the_registry_alone(project: Project) -> None:
    """The model's folder is away: the weights that the version holds are used."""
    models = project.root / "models"
    (models / "gepo").rename(models / "away")
    try:
        output = project.run("tasks.evaluate_registered", "--model", "1", "--problems", "2")
    finally:
        (models / "away").rename(models / "gepo")
    assert re.search(r"^\| mean \| \d+\.\d", output, re.MULTILINE), output
    kept = json.loads((project.root / ".oorl/evaluations/1.json").read_text())
    assert set(kept["targets"]) == {"php", "bash", "perl"}
    assert "oorl-translator, version 1" in output
    assert "no version '9'" in project.run("tasks.evaluate_registered", "--model", "9", expect=1)


def test_wrong_params_are_named_without_a_traceback(project: Project) -> None:
    project.set({"rl": {"learning_rat": 1, "temperature": -1}})
    try:
        output = project.run("tasks.rl", expect=1)
    finally:
        values = project.params()
        del values["rl"]["learning_rat"], values["rl"]["temperature"]
        (project.root / "params.yaml").write_text(json.dumps(values))
    assert "rl.learning_rat" in output
    assert "did you mean 'learning_rate'" in output
    assert "rl.temperature" in output
    assert "Traceback" not in output


def test_a_corrupted_model_is_named_without_a_traceback(project: Project) -> None:
    weights = project.root / "models/base/model.safetensors"
    good = weights.read_bytes()
    shutil.rmtree(project.root / ".oorl" / "checkpoints", ignore_errors=True)
    weights.unlink()
    weights.write_bytes(good[: len(good) // 2])
    try:
        output = project.run("tasks.rl", expect=1)
    finally:
        weights.unlink()
        weights.write_bytes(good)
    assert "models/base" in output
    assert "Traceback" not in output


def test_the_flow_runs_the_same_stages_without_a_server(project: Project) -> None:
    """Everything is cached by now: the flow must find that out, and finish."""
    project.run("dvc", "repro")
    output = project.run("flows.pipeline")
    for stage in STAGES:
        assert stage in output
    assert "Running stage" not in output


def _await_no_process_in(root: Path) -> None:
    """Wait until no process works in the project; fail if one outlives the kill."""
    until = time.monotonic() + 40
    while time.monotonic() < until:
        left = [p for p in Path("/proc").glob("[0-9]*/cwd") if _inside(p, root)]
        if not left:
            return
        time.sleep(0.2)
    raise AssertionError(f"orphans: {[Path(p.parent, 'cmdline').read_text() for p in left]}")


def _inside(link: Path, root: Path) -> bool:
    try:
        return Path(os.readlink(link)).is_relative_to(root)
    except OSError:
        return False
