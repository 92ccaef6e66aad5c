"""The dataset stage: files, counts, quarantine, refusal of empty splits."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oorl.data.sources import Loaded
from oorl.data.tables import read_problems
from oorl.errors import DataError
from oorl.evaluation.benchmarks import crossway
from oorl.params import Params, parse_params
from oorl.records import Status, Submission, Verdict
from tasks import dataset
from tasks._stage import StageContext
from tasks._tracking import Tracker

OTHERS = ("ir_groups", "validate", "base", "rl", "gepo", "control", "evaluate", "register",
          "sandbox", "tracking")


def settings(**knobs: Any) -> Params:
    return parse_params({"seed": 5, "dataset": {"problems": 80, **knobs},
                         **{name: {} for name in OTHERS}})


def run(root: Path, params: Params) -> dict[str, Any]:
    dataset.run(params, StageContext("dataset", root, Tracker(None)))
    return json.loads((root / "reports/dataset/metrics.json").read_text())


def test_files_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    params = settings(verify_share=0.0)
    metrics = [run(tmp_path / name, params) for name in ("a", "b")]
    assert metrics[0] == metrics[1]
    one, two = ((tmp_path / name / dataset.PROBLEMS).read_bytes() for name in ("a", "b"))
    assert one == two
    assert metrics[0]["problems"] == {"in": 80, "kept": 80, "refused": 0}
    assert sum(metrics[0]["splits"].values()) == 80


def test_failing_gold_programs_are_quarantined_and_counted(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class FailsPhpWithFor:
        def __init__(self, params: object) -> None:
            pass

        def __enter__(self) -> "FailsPhpWithFor":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def judge_iter(self, submissions: Sequence[Submission]) -> Iterator[tuple[int, Verdict]]:
            for index, s in enumerate(submissions):
                yield index, Verdict(Status.WRONG_ANSWER if s.language == "php"
                                     and "for (" in s.code else Status.PASSED)

    monkeypatch.setattr(dataset, "open_judge", FailsPhpWithFor)
    monkeypatch.setattr(dataset, "available_languages", lambda: {"php": "8.2", "python": "3"})
    metrics = run(tmp_path, settings(verify_share=1.0, test_share=0.3, validation_share=0.2))
    refused = {entry["problem"] for entry in metrics["refused"]}
    assert refused
    assert metrics["problems"] == {"in": 80, "kept": 80 - len(refused), "refused": len(refused)}
    assert metrics["verified"]["skipped_languages"] == [
        "bash", "c", "cpp", "java", "javascript", "lua", "perl", "ruby"]
    kept = read_problems(tmp_path / dataset.PROBLEMS)
    assert not refused & {p.id for p in kept}
    held_out = [p for p in kept if p.split in ("validation", "test")]
    assert all("for (" not in p.solutions["php"] for p in held_out)
    assert any("for (" in p.solutions["php"] for p in kept if p.split == "sft")


@pytest.mark.parametrize(("trusted", "kept"), [(False, ["own"]), (True, ["own", "taken"])])
def test_rows_that_the_packages_own_benchmark_has_are_refused(
        tmp_path: Path, trusted: bool, kept: list[str]) -> None:
    ours = crossway.read_problem(crossway.ROOT / "dynamic" / "coin-purses.toml")
    code = re.sub(r"\bpurses\b", "bags", ours.solutions["python"])
    loaded = Loaded([replace(ours, id="taken", solutions={"python": code}),
                     replace(ours, id="own", solutions={"python": "def f(a): return a + 1\n"})],
                    trusted=trusted)
    figures = dataset.overlap(loaded, settings(), StageContext("dataset", tmp_path, Tracker(None)))
    assert sorted(p.id for p in loaded.problems) == kept
    if not trusted:
        assert figures["in_benchmarks"] == 1
        assert loaded.refused[0]["reason"] == "its python program is in coin-purses.toml"


def test_an_empty_split_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="validation") as caught:
        run(tmp_path, settings(verify_share=0.0, validation_share=1e-9))
    assert "shares" in caught.value.remedy
    assert not (tmp_path / dataset.PROBLEMS).exists()
