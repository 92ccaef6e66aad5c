"""The ir_groups stage on a small table of problems."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oorl.data.synthetic import generate_problems
from oorl.data.tables import read_problems, write_problems
from oorl.errors import DataError
from oorl.ir.tables import read_groups
from oorl.ir.verify import verify_groups
from oorl.params import Params, parse_params
from oorl.params.dataset import DatasetParams
from tasks._stage import StageContext
from tasks._tracking import Tracker
from tasks.ir_groups import GROUPS, PROBLEMS, run

SECTIONS = ("dataset", "validate", "base", "rl", "gepo", "control", "evaluate", "register",
            "sandbox", "tracking")


def params(groups: int, test_groups: int) -> Params:
    return parse_params({**{name: {} for name in SECTIONS},
                         "ir_groups": {"groups": groups, "test_groups": test_groups}})


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    write_problems(folder / PROBLEMS, generate_problems(DatasetParams(problems=160), 11))
    return folder


def test_groups_of_all_splits_and_metrics(root: Path) -> None:
    run(params(11, 3), StageContext("ir_groups", root, Tracker(None)))
    groups = read_groups(root / GROUPS)
    assert [g.id for g in groups] == sorted(g.id for g in groups)
    by_split = {s: [g for g in groups if g.split == s] for s in ("sft", "rl", "test")}
    assert {s: len(found) for s, found in by_split.items()} == {"sft": 6, "rl": 5, "test": 3}
    metrics = json.loads((root / "reports/ir_groups/metrics.json").read_text())
    assert metrics["groups"] == 14
    assert metrics["splits"]["test"]["kept"] == 3
    for counts in metrics["splits"].values():
        assert counts["in"] == counts["kept"] + sum(counts["refused"].values())
    assert verify_groups(by_split["test"]).failures == []
    first = (root / GROUPS).read_bytes()
    run(params(11, 3), StageContext("ir_groups", root, Tracker(None)))
    assert (root / GROUPS).read_bytes() == first


def test_no_problems_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    write_problems(tmp_path / PROBLEMS, [])
    with pytest.raises(DataError, match="IR group"):
        run(params(2, 0), StageContext("ir_groups", tmp_path, Tracker(None)))


def test_a_folder_as_source_without_what_is_held_out(root: Path) -> None:
    """Splits by function, each function once, none of the test problems, counts that add up."""
    held_out = next(p for p in read_problems(root / PROBLEMS, splits=["test"])
                    if "c" in p.solutions)
    folder = root / "sources"
    folder.mkdir()
    for k in range(24):
        (folder / f"f{k:02}.c").write_text(
            f"int f{k}(int a, int b) {{ int s = {k}; for (int i = 0; i < a; i++) "
            f"if (i % {k % 7 + 2} != 0) s += b * {k % 5 + 1}; return s - a; }}\n")
    (folder / "twin.c").write_text((folder / "f00.c").read_text().replace("f0", "other"))
    (folder / "held_out.c").write_text(held_out.solutions["c"])
    settings = parse_params({**{name: {} for name in SECTIONS}, "ir_groups": {
        "groups": 60, "test_groups": 20, "source": "folder", "path": "sources",
        "test_share": 0.25}})
    run(settings, StageContext("ir_groups", root, Tracker(None)))
    groups = read_groups(root / GROUPS)
    by_split = {s: [g for g in groups if g.split == s] for s in ("sft", "rl", "test")}
    assert all(by_split.values())
    names = {g.problem_id for g in groups}
    assert len(names & {"folder:f00.c:f0", "folder:twin.c:other"}) == 1
    train = {g.problem_id for s in ("sft", "rl") for g in by_split[s]}
    assert not any("held_out" in name for name in train)
    metrics = json.loads((root / "reports/ir_groups/metrics.json").read_text())
    assert sum(c["in"] for c in metrics["splits"].values()) == 26
