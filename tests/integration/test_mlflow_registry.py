"""The gate and a real registry (SQLite): first champion, refusal, replacement, two at once."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient
from mlflow_store import new_store

from oorl.errors import ArtifactError, DataError
from oorl.params import Params, parse_params
from tasks import _registry, register, versions
from tasks._provenance import DATA, dvc_digest
from tasks._stage import StageContext
from tasks._tracking import Tracker

ROOT = Path(__file__).parents[2]
WEAK, MIDDLE, STRONG = "1000000000" * 4, "1110000000" * 4, "1111110000" * 4
NAME = "translator"
SECTIONS = ("dataset", "ir_groups", "validate", "base", "rl", "gepo", "control", "evaluate",
            "sandbox", "tracking")


def params(**gate: Any) -> Params:
    return parse_params({**{stage: {} for stage in SECTIONS},
                         "register": {"model_name": NAME, "upload": False, **gate}})


class Project:
    """A project folder in a Git repository as the evaluate stage leaves it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        new_store(root)
        text = yaml.safe_dump({**{stage: {} for stage in SECTIONS},
                               "register": {"model_name": NAME, "upload": False}})
        (root / "params.yaml").write_text(text)
        (root / ".gitignore").write_text(".oorl\ndata\nmodels\nreports\n")
        (root / "tasks").mkdir()
        for path in DATA.values():
            (root / path).parent.mkdir(parents=True)
            (root / path).write_text(path)
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "start")

    def git(self, *arguments: str) -> str:
        return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
                              cwd=self.root, check=True, text=True, capture_output=True).stdout

    def lock(self) -> None:
        """dvc.lock as DVC would write it for the files that are there."""
        made = {**DATA, **{path.name: f"models/{path.name}"
                           for path in (self.root / "models").iterdir()}}
        (self.root / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": {
            stage: {"outs": [{"path": path, "md5": dvc_digest(self.root / path)}]}
            for stage, path in made.items()}}))

    def evaluated(self, passed: Mapping[str, str], weights: str = "") -> None:
        rows = [{"model": model, "problem_id": f"p{number}", "source": "python", "target": "php",
                 "status": "passed" if mark == "1" else "wrong_answer", "passed": mark == "1",
                 "completion": "..."}
                for model, marks in passed.items() for number, mark in enumerate(marks)]
        folder = self.root / "reports" / "evaluation"
        folder.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).to_parquet(folder / "results.parquet", index=False)
        (folder / "metrics.json").write_text(json.dumps(
            {"confidence": 0.95, "bootstrap_samples": 500, "problems": 40, "models": {
                model: {"pass_at_1": marks.count("1") / 40, "low": 0.1, "high": 0.9, "targets": {
                    "php": {"pass_at_1": marks.count("1") / 40, "low": 0.1, "high": 0.9}}}
                for model, marks in passed.items()}}))
        for model, marks in passed.items():
            (self.root / "models" / model).mkdir(parents=True, exist_ok=True)
            (self.root / "models" / model / "weights").write_text(marks + weights)
        self.lock()

    def register(self, **gate: Any) -> dict[str, Any]:
        register.run(params(**gate), StageContext("register", self.root, Tracker(None)))
        path = self.root / "reports" / "register" / "decision.json"
        return dict(json.loads(path.read_text()))

    def registry(self) -> _registry.Registry:
        found = register.open_registry(params(), self.root)
        assert isinstance(found, _registry.Registry)
        return found

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(f"sqlite:///{self.root}/.oorl/mlflow.db")

    def aliases(self) -> dict[str, str]:
        found = self.client.get_registered_model(NAME).aliases
        return {name: str(version) for name, version in found.items()}

    def events(self) -> list[tuple[str, str, str]]:
        return [(e.action, e.version, e.previous) for e in self.registry().history()]

    def oorl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "oorl.cli", *arguments], cwd=self.root, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("MLFLOW_TRACKING_URI", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT}/src")
    return Project(tmp_path)


def test_the_life_of_a_champion(project: Project) -> None:
    # nobody is champion: the candidate has to beat the base, and does not
    project.evaluated({"base": MIDDLE, "gepo": WEAK})
    decision = project.register()
    assert (decision["decision"], decision["incumbent"]) == ("refused", "base")
    assert project.aliases() == {"challenger": "1"}

    # a better one becomes champion
    project.evaluated({"base": WEAK, "gepo": MIDDLE})
    decision = project.register()
    assert (decision["decision"], decision["version"]) == ("promoted", "2")
    assert decision["gain"]["value"] == pytest.approx(0.2)
    assert project.aliases() == {"champion": "2"}
    champion = project.client.get_model_version_by_alias(NAME, "champion")
    assert champion.tags["decision"] == "promoted"
    assert champion.tags["digest"] == decision["digest"]
    assert "+20.0 points" in champion.description
    assert champion.tags["reason.1"].startswith("met: mean pass@1 changes by +20.0 points")
    assert (float(champion.tags["gain"]), champion.tags["compared_with"]) == (0.2, "base")

    # the same model again: nothing changes
    assert project.register()["decision"] == "is champion"
    assert project.aliases() == {"champion": "2"}

    # better than the base, but worse than the champion, whose results the registry kept
    project.evaluated({"base": "0" * 40, "gepo": WEAK})
    decision = project.register()
    assert (decision["decision"], decision["incumbent"]) == ("refused", "champion, version 2")
    assert decision["version"] == "1"  # the very model that was refused first
    assert project.aliases() == {"champion": "2", "challenger": "1"}
    assert project.register(incumbent="base")["decision"] == "promoted"
    assert project.aliases() == {"champion": "1"}

    # better than the champion
    project.evaluated({"base": WEAK, "gepo": STRONG})
    assert project.register()["decision"] == "promoted"
    assert project.aliases() == {"champion": "3"}

    assert project.events() == [
        ("promoted", "2", ""), ("promoted", "1", "2"), ("promoted", "3", "1")]


def test_a_champion_judged_on_other_problems_stays(project: Project) -> None:
    project.evaluated({"base": WEAK, "gepo": MIDDLE})
    project.register()
    project.evaluated({"base": WEAK[:30], "gepo": STRONG[:30]})
    decision = project.register()
    assert decision["decision"] == "refused"
    assert "not comparable" in decision["reasons"][0]
    assert project.aliases()["champion"] == "1"


def test_the_base_cannot_beat_itself(project: Project) -> None:
    project.evaluated({"base": STRONG, "gepo": WEAK})
    assert project.register(candidate="base")["decision"] == "refused"


def test_what_is_missing_is_named(project: Project) -> None:
    project.evaluated({"base": WEAK})
    (project.root / "models" / "gepo").mkdir()
    with pytest.raises(DataError, match="no rows of model 'gepo'"):
        project.register()
    (project.root / "models" / "gepo").rmdir()
    with pytest.raises(ArtifactError, match="no model"):
        project.register()


def test_a_registry_that_does_not_answer_is_an_error_with_a_remedy(
        project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.evaluated({"base": WEAK, "gepo": MIDDLE})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ArtifactError, match="does not answer"):
        project.register()


# --- origin ---------------------------------------------------------------------------------


def kept(project: Project, file: str) -> str:
    version = project.registry().versions()[-1]
    return Path(project.client.download_artifacts(version.results_run, file)).read_text()


def test_a_version_says_what_it_was_made_from(project: Project) -> None:
    project.evaluated({"base": WEAK, "gepo": STRONG})
    (project.root / "tasks" / "mine.py").write_text("new = 1\n")
    decision = project.register()
    assert decision["decision"] == "promoted"
    assert decision["reasons"][-1] == "met: code and data of the model are known"
    tags = project.registry().versions()[-1].tags
    assert tags["git.commit"] == project.git("rev-parse", "HEAD").strip()
    assert tags["dvc.md5"] == dvc_digest(project.root / "models" / "gepo")
    assert tags["data.dataset"] == hashlib.md5(DATA["dataset"].encode()).hexdigest()
    assert "tasks/mine.py" in tags["git.uncommitted"]
    assert kept(project, "dvc.lock") == (project.root / "dvc.lock").read_text()
    # commit and patch give the code back
    (project.root / "p.patch").write_text(kept(project, "code.patch"))
    (project.root / "tasks" / "mine.py").unlink()
    project.git("apply", "p.patch")
    assert (project.root / "tasks" / "mine.py").read_text() == "new = 1\n"


def test_a_model_of_unknown_origin_is_refused_with_the_gaps(project: Project) -> None:
    project.evaluated({"base": WEAK, "gepo": STRONG})
    (project.root / "models" / "gepo" / "weights").write_text("by hand")
    decision = project.register()
    assert decision["decision"] == "refused"
    assert "models/gepo is not what stage gepo made" in decision["reasons"][-1]
    assert "Not known" in kept(project, "model_card.md")
    (project.root / "dvc.lock").unlink()
    assert "dvc.lock is missing" in project.register()["reasons"][-1]
    assert project.register(provenance="off")["decision"] == "promoted"


def test_what_is_not_committed_can_be_refused(project: Project) -> None:
    project.evaluated({"base": WEAK, "gepo": STRONG})
    decision = project.register(provenance="committed")
    assert decision["decision"] == "refused"
    assert "not committed: dvc.lock" in decision["reasons"][-1]
    project.git("add", "dvc.lock")
    project.git("commit", "-q", "-m", "lock")
    assert project.register(provenance="committed")["decision"] == "promoted"


def test_every_version_has_a_card(project: Project) -> None:
    project.evaluated({"base": WEAK, "gepo": STRONG})
    project.register()
    card = (project.root / "reports" / "register" / "model_card.md").read_text()
    assert card == kept(project, "model_card.md")
    front = yaml.safe_load(card.split("---")[1])
    assert front["library_name"] == "transformers"
    assert "| php | 60.0 (10.0 to 90.0) | 10.0 (10.0 to 90.0) |" in card
    assert "**promoted**, compared with base" in card
    assert "| gepo.lambda | 1.0 |" in card
    assert f"| git.commit | {project.git('rev-parse', 'HEAD').strip()} |" in card


# --- by hand, and two at once ---------------------------------------------------------------


def test_promotion_by_hand_rollback_and_history(
        project: Project, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    project.evaluated({"base": WEAK, "gepo": MIDDLE})
    project.register()
    project.evaluated({"base": WEAK, "gepo": "1" * 40})
    project.register(min_margin=1)  # refused: a challenger
    assert project.aliases() == {"champion": "1", "challenger": "2"}

    done = project.oorl("promote")
    assert (done.returncode, "version 2: promoted" in done.stdout) == (0, True), done.stdout
    assert "champion, version 1" in done.stdout

    def oorl(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        status = versions.main(arguments)
        return status, "".join(capsys.readouterr())

    monkeypatch.chdir(project.root)
    status, told = oorl("promote", "1")
    assert (status, "NOT met: mean pass@1" in told) == (1, True)
    status, told = oorl("promote", "1", "--override", "the new one is slow")
    assert (status, "version 1: override" in told) == (0, True)
    description = project.client.get_model_version(NAME, "1").description
    assert "by hand: the new one is slow" in description
    assert "NOT met" in description

    status, told = oorl("rollback", "--why", "wrong button")
    assert (status, "version 2: rollback" in told) == (0, True)
    assert project.aliases()["champion"] == "2"
    assert oorl("rollback")[0] == 0  # further back: who was champion before version 2
    assert project.aliases()["champion"] == "1"
    status, told = oorl("rollback", "--to", "7")
    assert (status, "no version '7'" in told) == (1, True)
    assert project.events() == [("promoted", "1", ""), ("promoted", "2", "1"),
                                ("override", "1", "2"), ("rollback", "2", "1"),
                                ("rollback", "1", "2")]
    status, told = oorl("history")
    assert (status, "wrong button" in told) == (0, True)
    assert "+70.0 (" in told


RACER = """
import pathlib, sys, time
from tasks import _registry, versions
appoint = _registry.Registry.appoint
def late(self, *arguments):
    pathlib.Path(sys.argv[1] + ".decided").touch()
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    return appoint(self, *arguments)
_registry.Registry.appoint = late
sys.exit(versions.main(["promote", sys.argv[1]]))
"""


def test_of_two_promotions_at_once_one_wins(project: Project) -> None:
    """Both have beaten the old champion before either is appointed; they do not beat each other."""
    project.evaluated({"base": WEAK, "gepo": MIDDLE})
    project.register()
    for weights in ("a", "b"):
        project.evaluated({"base": WEAK, "gepo": STRONG}, weights)
        project.register(min_margin=1)
    racers = {number: subprocess.Popen(
        [sys.executable, "-c", RACER, number], cwd=project.root, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for number in ("2", "3")}
    try:
        until = time.monotonic() + 240
        while not all((project.root / f"{number}.decided").exists() for number in racers):
            for racer in racers.values():
                assert racer.poll() is None, racer.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.05)
        (project.root / "go").touch()
        ends = {number: racer.communicate(timeout=240)[0] for number, racer in racers.items()}
    finally:
        for racer in racers.values():
            racer.kill()
    codes = {number: racer.returncode for number, racer in racers.items()}
    assert sorted(codes.values()) == [0, 1], ends
    winner, loser = sorted(codes, key=codes.__getitem__)
    assert project.aliases()["champion"] == winner
    assert project.events() == [("promoted", "1", ""), ("promoted", winner, "1")]
    assert f"champion, version {winner}" in ends[loser]
    assert project.client.get_model_version(NAME, loser).tags["decision"] == "refused"
    assert [m.name for m in project.client.search_registered_models()] == [NAME]  # no lock left


def test_a_lock_left_by_a_dead_process_is_broken(project: Project,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    project.evaluated({"base": WEAK, "gepo": MIDDLE})
    project.register(min_margin=1)
    monkeypatch.setattr(_registry, "LOCK_STALE_S", 0.3)
    project.client.create_registered_model(f"{NAME}.lock", {"holder": "elsewhere 1"})
    project.registry().appoint("1", "", "promoted", "why")
    assert project.aliases() == {"champion": "1"}
    with pytest.raises(_registry.Superseded):
        project.registry().appoint("1", "", "promoted", "against a champion of before")
    assert len(project.events()) == 1


def test_a_refused_gate_has_nothing_to_roll_back(project: Project) -> None:
    project.evaluated({"base": MIDDLE, "gepo": WEAK})
    project.register()
    with pytest.raises(ArtifactError, match="has no champion"):
        versions.rollback(params(), project.root)


def test_status_tells_the_champion_and_needs_no_server(
        project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import status

    assert "none yet" in status.champion(params(), project.root)
    project.evaluated({"base": WEAK, "gepo": STRONG})
    project.register()
    told = status.champion(params(), project.root)
    assert "version 1 (gepo, commit" in told
    assert "gain over base: +50.0" in told
    assert "php     60.0" in told
    assert "runs: none yet" in status.tracked(params(), project.root)
    assert "no Prefect server answers" in status.flow_runs("http://127.0.0.1:9/api")


def test_the_commands_of_a_project_need_a_project(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "oorl.cli", "status"], cwd=tmp_path, text=True,
                          capture_output=True, env={"PYTHONPATH": f"{ROOT}/src", "PATH": "/bin"})
    assert done.returncode == 1
    assert "is no project folder" in done.stderr
    assert "Traceback" not in done.stderr
