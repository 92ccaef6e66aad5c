"""The gate and a real registry (SQLite): first champion, refusal, replacement, repetition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient

from oorl.errors import ArtifactError, DataError
from oorl.params import Params, parse_params
from tasks import register
from tasks._stage import StageContext
from tasks._tracking import Tracker

WEAK, MIDDLE, STRONG = "1000000000" * 4, "1110000000" * 4, "1111110000" * 4
NAME = "translator"


def params(**gate: Any) -> Params:
    return parse_params({
        **{stage: {} for stage in ("dataset", "ir_groups", "validate", "base", "rl", "gepo",
                                   "control", "evaluate", "sandbox", "tracking")},
        "register": {"model_name": NAME, **gate}})


class Project:
    """A project folder as the evaluate stage leaves it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def evaluated(self, passed: Mapping[str, str]) -> None:
        rows = [{"model": model, "problem_id": f"p{number}", "source": "python", "target": "php",
                 "status": "passed" if mark == "1" else "wrong_answer", "passed": mark == "1",
                 "completion": "..."}
                for model, marks in passed.items() for number, mark in enumerate(marks)]
        folder = self.root / "reports" / "evaluation"
        folder.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).to_parquet(folder / "results.parquet", index=False)
        (folder / "metrics.json").write_text('{"confidence": 0.95, "bootstrap_samples": 500}')
        for model, marks in passed.items():
            (self.root / "models" / model).mkdir(parents=True, exist_ok=True)
            (self.root / "models" / model / "weights").write_text(marks)

    def register(self, **gate: Any) -> dict[str, Any]:
        register.run(params(**gate), StageContext("register", self.root, Tracker(None)))
        path = self.root / "reports" / "register" / "decision.json"
        return dict(json.loads(path.read_text()))

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(f"sqlite:///{self.root}/.oorl/mlflow.db")

    def aliases(self) -> dict[str, str]:
        found = self.client.get_registered_model(NAME).aliases
        return {name: str(version) for name, version in found.items()}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / ".oorl").mkdir()
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
