"""The base and control stages: what they read and write, and how they fail."""

import csv
import json

import pytest
import yaml

from oorl.data.tables import write_problems
from oorl.errors import ArtifactError, DataError
from oorl.ir.tables import write_groups
from oorl.params import parse_params
from oorl.trainers import base_model
from oorl.trainers.artifacts import load_model
from tasks import base, control
from tasks._stage import StageContext
from tasks._tracking import Tracker
from tests.unit.pretrain.conftest import make_problem


@pytest.fixture
def settings(params, request):
    raw = yaml.safe_load((request.config.rootpath / "params.yaml").read_text(encoding="utf-8"))
    raw["base"] = params.model_dump(mode="json")
    return raw


@pytest.fixture
def project(tmp_path, problems, groups):
    held_out = [make_problem(40 + i, "validation") for i in range(4)]
    write_problems(tmp_path / base.PROBLEMS, [*problems, *held_out])
    write_groups(tmp_path / base.GROUPS, groups)
    return tmp_path


def execute(stage, raw, root):
    stage.run(parse_params(raw), StageContext(stage.__name__.split(".")[1], root, Tracker(None)))
    path = root / "reports" / stage.__name__.split(".")[1]
    with (path / "curve.csv").open() as file:
        return json.loads((path / "metrics.json").read_text()), list(csv.DictReader(file))


def spend(root, rl, gepo):
    for stage, flops in (("rl", rl), ("gepo", gepo)):
        path = root / "reports" / stage / "metrics.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(flops if isinstance(flops, dict) else {"flops": flops}))


def test_base_then_control_at_equal_compute(settings, project):
    metrics, curve = execute(base, settings, project)
    model, tokenizer = load_model(project / "models" / "base", "base")
    assert metrics["parameters"] == model.num_parameters()
    assert metrics["vocab_size"] == len(tokenizer)
    assert metrics["flops"] == 6 * metrics["parameters"] * metrics["tokens"]
    assert metrics["shown"] == {"python": 40, "cpp": 40, "javascript": 20, "php": 4}
    assert set(metrics["exact_match"]) == {"python", "cpp", "javascript", "php"}
    assert int(curve[-1]["step"]) == metrics["steps"] == 30
    assert float(curve[-1]["loss"]) < float(curve[0]["loss"])

    spend(project, rl=1e10, gepo=5e9)
    settings["control"] = {"compute_ratio": 0.5}
    metrics, curve = execute(control, settings, project)
    step = 6 * model.num_parameters() * settings["base"]["tokens_per_batch"]
    assert metrics["flops_budget"] == 7.5e9
    assert 7.5e9 <= metrics["flops"] < 7.5e9 + step
    assert int(curve[-1]["step"]) == metrics["steps"]
    after, _ = load_model(project / "models" / "control", "control")
    assert not (after.lm_head.weight == model.lm_head.weight).all()


def test_base_is_reproducible(settings, project):
    settings["base"]["max_steps"] = 6
    files = []
    for _ in range(2):
        execute(base, settings, project)
        folder = project / "models" / "base"
        files.append({p.name: p.read_bytes() for p in sorted(folder.iterdir())})
    assert files[0] == files[1]


def test_a_finished_checkpoint_is_not_trained_again(settings, project, monkeypatch):
    execute(base, settings, project)
    first = (project / "models" / "base" / "model.safetensors").read_bytes()
    steps = []
    true = base_model.train_base

    def count(*args, on_row, **kwargs):
        return true(*args, on_row=lambda row: steps.append(row["step"]), **kwargs)

    monkeypatch.setattr(base_model, "train_base", count)
    execute(base, settings, project)
    assert steps == [21, 28, 30]  # from the checkpoint of step 20
    assert (project / "models" / "base" / "model.safetensors").read_bytes() == first


def test_a_switched_off_control_leaves_no_model(settings, project):
    settings["control"] = {"enabled": False}
    metrics, _ = execute(control, settings, project)
    assert metrics["enabled"] is False
    assert list((project / "models" / "control").iterdir()) == []


def test_control_needs_the_flops_of_both(settings, project):
    settings["base"]["max_steps"] = 2
    execute(base, settings, project)
    for broken in ({}, {"flops": None}, {"flops": "many"}):
        spend(project, rl=1e9, gepo=broken)
        with pytest.raises(DataError, match="gepo"):
            execute(control, settings, project)


def test_missing_inputs_are_named(settings, tmp_path):
    with pytest.raises(DataError, match="problems"):
        execute(base, settings, tmp_path)
    with pytest.raises(ArtifactError, match="base"):
        execute(control, settings, tmp_path)


def test_another_model_is_taken_as_it_is(settings, project, tmp_path):
    settings["base"]["max_steps"] = 2
    execute(base, settings, project)
    (project / "models" / "base").rename(tmp_path / "mine")
    settings["base"]["model"] = str(tmp_path / "mine")
    metrics, _ = execute(base, settings, project)
    assert metrics["steps"] == 0
    copy = project / "models" / "base" / "model.safetensors"
    assert copy.read_bytes() == (tmp_path / "mine" / "model.safetensors").read_bytes()
    settings["base"]["model"] = str(tmp_path / "no-such-model")
    with pytest.raises(ArtifactError, match="no-such-model"):
        execute(base, settings, project)
