"""dvc.yaml run by DVC: from nothing, again, after changes. Made-up stages, the real graph."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from made_up_pipeline import ROOT, environment, make_project, ran, run

from flows._repro import stage_names


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    make_project(root)
    return root


@pytest.fixture(scope="module")
def finished(project: Path) -> Path:
    """The project after `dvc repro` from clean; a failing validation stopped it once before."""
    stopped = run(project, "dvc", "repro", FAIL="validate")
    assert stopped.returncode != 0
    assert ran(stopped.stdout) == ["dataset", "ir_groups", "validate"]
    assert not (project / "models").exists()
    done = run(project, "dvc", "repro")
    assert done.returncode == 0, done.stdout
    assert ran(done.stdout) == stage_names(project)[2:]
    return project


def test_hashes_are_those_of_dvc(finished: Path) -> None:
    import yaml

    from tasks._provenance import dvc_digest, provenance

    stages = yaml.safe_load((finished / "dvc.lock").read_text())["stages"]
    (finished / "models" / "gepo" / "of a second file").touch()
    assert dvc_digest(finished / "models" / "gepo") != stages["gepo"]["outs"][0]["md5"]
    (finished / "models" / "gepo" / "of a second file").unlink()
    outs = {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}
    assert {path: dvc_digest(finished / path) for path in outs} == outs
    assert provenance(finished, "gepo").missing == ()


def test_a_second_run_does_nothing(finished: Path) -> None:
    done = run(finished, "dvc", "repro")
    assert ran(done.stdout) == []
    assert "up to date" in done.stdout
    assert run(finished, "dvc", "status", "--json").stdout.strip() == "{}"


@pytest.mark.parametrize(("section", "key", "stages"), [
    ("tracking", "experiment: other", []),
    ("register", "min_margin: 0.5", ["register"]),
    ("evaluate", "samples_in_report: 3", ["evaluate", "register"]),
    ("control", "compute_ratio: 0.5", ["control", "evaluate", "register"]),
    ("gepo", "beta: 0.375", ["gepo", "control", "evaluate", "register"]),
    ("rl", "kl_coef: 0.375", ["rl", "gepo", "control", "evaluate", "register"]),
])
def test_a_change_runs_what_depends_on_it_and_going_back_runs_nothing(
        section: str, key: str, stages: list[str], finished: Path) -> None:
    import yaml

    path = finished / "params.yaml"
    before = path.read_text()
    settings = yaml.safe_load(before)
    name, value = key.split(": ")
    settings[section] = {**(settings[section] or {}), name: yaml.safe_load(value)}
    path.write_text(yaml.safe_dump(settings, sort_keys=False))
    assert sorted(ran(run(finished, "dvc", "repro").stdout)) == sorted(stages)
    path.write_text(before)
    assert ran(run(finished, "dvc", "repro").stdout) == []  # all from the cache


def test_deleted_results_come_from_the_cache(finished: Path) -> None:
    shutil.rmtree(finished / "models")
    shutil.rmtree(finished / "reports")
    done = run(finished, "dvc", "repro")
    assert ran(done.stdout) == []
    assert (finished / "models" / "gepo" / "weights").exists()
    assert (finished / "reports" / "evaluation" / "report.html").exists()


def test_a_remote_by_one_command_and_a_clean_clone_that_has_nothing_to_do(
        finished: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", finished)
    told = subprocess.run(["make", "remote"], cwd=finished, text=True, capture_output=True)
    assert (told.returncode, "make remote DIR=" in told.stdout) == (2, True)
    subprocess.run(["make", "remote", f"DIR={tmp_path}/store"], cwd=finished, check=True,
                   env=environment(finished))
    pushed = run(finished, "dvc", "push", "--run-cache")
    assert pushed.returncode == 0, pushed.stdout
    for command in (["add", "dvc.lock", ".dvc/config"], ["commit", "-q", "-m", "results"]):
        subprocess.run(["git", *command], cwd=finished, check=True, env=environment(finished))
    subprocess.run(["git", "clone", "-q", finished, tmp_path / "clone"], check=True)
    clone = tmp_path / "clone"
    assert not (clone / "models").exists()
    pulled = run(clone, "dvc", "pull", "--run-cache")
    assert pulled.returncode == 0, pulled.stdout
    for path in ("models/gepo/weights", "data/problems/problems.parquet"):
        assert (clone / path).read_bytes() == (finished / path).read_bytes()
    assert ran(run(clone, "dvc", "repro").stdout) == []
    assert run(clone, "dvc", "status", "--json").stdout.strip() == "{}"
    (clone / "dvc.lock").unlink()  # the run cache came too: known stages are not run again
    assert ran(run(clone, "dvc", "repro").stdout) == []


def test_metrics_and_plots_are_shown(finished: Path) -> None:
    shown = json.loads(run(finished, "dvc", "metrics", "show", "--json").stdout)
    files = next(iter(shown.values()))["data"]
    assert {f"reports/{name}/summary.json" for name in ("dataset", "rl", "gepo", "control")} <= set(
        files)
    assert all("error" not in file for file in files.values())
    plots = run(finished, "dvc", "plots", "show")
    assert plots.returncode == 0, plots.stdout
    page = (finished / "dvc_plots" / "index.html").read_text()
    for curve in ("reports/base/curve.csv", "reports/rl/curve.csv"):
        assert curve in page
    assert "error" not in plots.stdout.lower()


def test_an_experiment_with_another_setting(finished: Path) -> None:
    done = run(finished, "dvc", "exp", "run", "-S", "register.min_margin=0.25", "-n", "strict")
    assert done.returncode == 0, done.stdout
    assert ran(done.stdout) == ["register"]
    listed = run(finished, "dvc", "exp", "list", "--name-only").stdout
    assert "strict" in listed


def test_an_experiment_waits_in_the_queue_until_it_is_asked_for(finished: Path) -> None:
    done = run(finished, "dvc", "exp", "run", "--queue", "-S", "register.min_margin=0.125",
               "-n", "queued")
    assert (done.returncode, ran(done.stdout)) == (0, []), done.stdout
    assert "Queued" in run(finished, "dvc", "queue", "status").stdout
    done = run(finished, "dvc", "exp", "run", "--run-all")
    assert done.returncode == 0, done.stdout
    assert ran(done.stdout) == ["register"]
    assert "queued" in run(finished, "dvc", "exp", "list", "--name-only").stdout
