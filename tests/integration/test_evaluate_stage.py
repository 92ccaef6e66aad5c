"""The evaluate stage in a project folder of its own, with the real judge.

Contract of a benchmark: reference solutions score 1, wrong ones 0.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest

import tasks.evaluate as stage
from oorl.data.prompts import completion
from oorl.data.tables import write_problems
from oorl.errors import ArtifactError, DataError, UnknownName
from oorl.evaluation.translation import COLUMNS, Completion
from oorl.params import Params, parse_params
from oorl.params.base_model import BaseParams
from oorl.records import Case, Parameter, Problem, Signature, Type
from tasks._stage import StageContext
from tasks._tracking import Tracker

SECTIONS = ("dataset", "ir_groups", "validate", "base", "rl", "gepo", "control", "register",
            "sandbox", "tracking")
TARGETS = ("python", "php", "javascript")


def problem(index: int, split: str = "test") -> Problem:
    name = f"add_{index}"
    return Problem(
        id=f"p{index}", source="made-up", split=split,
        signature=Signature(name, (Parameter("x", Type.parse("int")),), Type.parse("int")),
        cases=(Case((1,), 1 + index), Case((40,), 40 + index)),
        solutions={
            "python": f"def {name}(x):\n    return x + {index}",
            "php": f"function {name}($x) {{\n    return $x + {index};\n}}",
            "javascript": f"function {name}(x) {{\n    return x + {index};\n}}",
        })


def answers(right: Callable[[str], bool]) -> Callable[..., object]:
    """A stand-in for `greedy`: models whose answers are right where `right(prompt)` says so."""
    def greedy(folder: Path, settings: object, base: BaseParams) -> object:
        assert base.model == "embedded"

        def answer(prompts: Sequence[str], /) -> list[Completion]:
            found = []
            for prompt in prompts:
                target = prompt.splitlines()[0].split(" -> ")[1]
                name = prompt.split("add_")[1]
                index = int("".join(c for c in name[:3] if c.isdigit()))
                gold = problem(index).solutions[target]
                good = folder.name == "gepo" or right(prompt)
                code = gold if good else gold.replace(f"+ {index}", f"- {index}")
                found.append(Completion(completion(code, target), len(code)))
            return found
        return answer
    return greedy


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_problems(tmp_path / "data" / "problems" / "problems.parquet",
                   [*(problem(i) for i in range(1, 5)), problem(9, "rl")])
    for name in ("base", "gepo", "control"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "config.json").write_text(f'{{"model": "{name}"}}')
    return tmp_path


def params(**changes: object) -> Params:
    evaluate = {"sources": ["python"], "targets": list(TARGETS), "problems": 10, "batch_size": 2,
                "bootstrap_samples": 100, **changes}
    return parse_params({**{name: {} for name in SECTIONS}, "evaluate": evaluate})


def context(root: Path) -> StageContext:
    return StageContext("evaluate", root, Tracker(None))


def test_scores_files_and_the_same_bytes_again(project: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "greedy", answers(lambda prompt: "-> php" in prompt))
    (project / "reports" / "control").mkdir(parents=True)
    (project / "reports" / "control" / "metrics.json").write_text('{"enabled": false}')
    stage.run(params(), context(project))

    folder = project / "reports" / "evaluation"
    metrics = json.loads((folder / "metrics.json").read_text())
    assert set(metrics["models"]) == {"base", "gepo"}  # a control switched off is left out
    assert metrics["models"]["gepo"]["pass_at_1"] == 1.0
    base = {t: f["pass_at_1"] for t, f in metrics["models"]["base"]["targets"].items()}
    assert base == {"php": 1.0, "javascript": 0.0}  # python comes from python: not asked
    gain = metrics["differences"]["gepo-base"]["mean"]
    assert gain["value"] == 0.5
    assert json.loads((folder / "summary.json").read_text()) == {
        "base": 0.5, "gepo": 1.0, "gepo-base": 0.5, "gepo-base.low": gain["low"],
        "gepo-base.high": gain["high"]}
    rows = pd.read_parquet(folder / "results.parquet")
    assert tuple(rows.columns) == COLUMNS
    assert set(rows["problem_id"]) == {"p1", "p2", "p3", "p4"}  # split test alone
    wrong = rows[~rows["passed"]]
    assert set(wrong["status"]) == {"wrong_answer"}
    assert wrong["detail"].str.len().min() > 0

    written = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(written) == {"metrics.json", "summary.json", "by_target.csv", "results.parquet",
                            "report.html", "by_target.png", "pairs.png"}
    for again in ("caches kept", "caches gone"):
        if again == "caches gone":
            shutil.rmtree(project / ".oorl")
        stage.run(params(), context(project))
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == written


def test_expected_faults_are_named(project: Path) -> None:
    with pytest.raises(UnknownName, match="javascritp"):
        stage.run(params(targets=["javascritp"]), context(project))
    shutil.rmtree(project / "models" / "base")
    with pytest.raises(ArtifactError, match="no model"):
        stage.run(params(), context(project))
    write_problems(project / "data" / "problems" / "problems.parquet", [problem(9, "rl")])
    with pytest.raises(DataError, match="no problem in split 'test'"):
        stage.run(params(), context(project))
