"""Training on two real processes, with whole and with sharded weights: the trajectory of one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests" / "integration" / "two_processes.py"


def run(kinds, output, processes, *flags):
    launch = [sys.executable]
    if processes > 1:
        launch += ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node",
                   str(processes)]
    environment = os.environ | {
        "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    return subprocess.run(
        [*launch, str(SCRIPT), kinds, str(output), str(processes), *flags], env=environment,
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def results(output, kind, processes):
    folder, ranks = output / kind, range(processes)
    facts = [json.loads((folder / f"facts_{rank}.json").read_text()) for rank in ranks]
    return facts, [torch.load(folder / f"weights_{rank}.pt") for rank in ranks]


KINDS = ["gepo:single_graph", "gepo:two_pass", "gepo:streaming", "oorl:two_pass"]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    output = tmp_path_factory.mktemp("one")
    done = run(",".join(KINDS), output, 1)
    assert done.returncode == 0, done.stderr[-3000:]
    return output


@pytest.mark.parametrize("sharded", [False, True], ids=["DDP", "FSDP2"])
def test_two_processes_follow_the_trajectory_of_one(tmp_path, alone, sharded):
    # Streaming refuses sharded weights: test_oorl_trainer.py.
    kinds = [kind for kind in KINDS if not (sharded and "streaming" in kind)]
    done = run(",".join(kinds), tmp_path, 2, *(["fsdp2"] if sharded else []))
    assert done.returncode == 0, done.stderr[-3000:]
    for kind in kinds:
        (one,), (weights_of_one,) = results(alone, kind, 1)
        both, weights = results(tmp_path, kind, 2)
        assert [f["world"] for f in both] == [f["group"] for f in both] == [2, 2]
        assert both[0]["pid"] != both[1]["pid"]
        assert [f["sharded"] for f in both] == [sharded, sharded]
        assert both[0]["norms"] == pytest.approx(one["norms"], rel=1e-3), kind
        assert both[0]["losses"] == pytest.approx(one["losses"], rel=1e-3, abs=1e-4), kind
        for a, b, c in zip(weights_of_one, *weights, strict=True):
            assert torch.equal(b, c)
            # AdamW's first steps are as long as the learning rate, whatever the gradient's size.
            torch.testing.assert_close(a, b, rtol=1e-2, atol=4e-5)


@pytest.mark.parametrize("kind", [[], ["fsdp2"]], ids=["DDP", "FSDP2"])
def test_a_killed_process_ends_the_run_and_the_next_one_resumes(tmp_path, kind):
    whole = run("oorl:two_pass", tmp_path / "whole", 2, *kind)
    assert whole.returncode == 0, whole.stderr[-3000:]
    dead = run("oorl:two_pass", tmp_path / "cut", 2, "kill", *kind)
    assert dead.returncode != 0
    assert "SIGKILL" in dead.stderr
    assert (tmp_path / "cut" / "oorl:two_pass" / "checkpoint-2" / "trainer_state.json").exists()
    again = run("oorl:two_pass", tmp_path / "cut", 2, "resume", *kind)
    assert again.returncode == 0, again.stderr[-3000:]
    for a, b in zip(*(results(tmp_path / name, "oorl:two_pass", 2)[1][0]
                      for name in ("whole", "cut")), strict=True):
        assert torch.equal(a, b)
