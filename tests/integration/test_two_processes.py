"""Training on two real processes, with whole and with sharded weights: the trajectory of one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
DEEPSPEED = ROOT / ".venv" / "deepspeed"
SCRIPT = ROOT / "tests" / "integration" / "two_processes.py"


def run(kinds, output, processes, *flags):
    deepspeed = {flag for flag in flags if flag.startswith("zero")}
    if deepspeed and not DEEPSPEED.exists():
        if os.environ.get("CI"):
            pytest.fail("DeepSpeed is not there: run `make deepspeed`, as `make test` does")
        pytest.skip("`make deepspeed` installs what this needs")
    launch = [sys.executable]
    if processes > 1:
        launch += ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node",
                   str(processes)]
    environment = os.environ | {
        "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"} | ({
            "ACCELERATE_TORCH_DEVICE": "cpu", "ACCELERATE_USE_DEEPSPEED": "true",
            "DS_ACCELERATOR": "cpu", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}:{DEEPSPEED}",
        } if deepspeed else {"ACCELERATE_USE_CPU": "true"})
    return subprocess.run(
        [*launch, str(SCRIPT), kinds, str(output), str(processes), *flags], env=environment,
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def results(output, kind, processes):
    folder, ranks = output / kind, range(processes)
    facts = [json.loads((folder / f"facts_{rank}.json").read_text()) for rank in ranks]
    return facts, [torch.load(folder / f"weights_{rank}.pt") for rank in ranks]


KINDS = ["gepo:single_graph", "gepo:two_pass", "gepo:streaming", "oorl:two_pass"]
SHARDED = {"ddp": False, "fsdp2": True, "zero2": False, "zero3": True}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """How a run was made to where its results are; made when first asked for."""
    found = {}

    def output(how):
        if how not in found:
            found[how] = tmp_path_factory.mktemp(how)
            # Streaming refuses sharded weights: test_oorl_trainer.py.
            kinds = [k for k in KINDS if not (SHARDED.get(how) and "streaming" in k)]
            done = run(",".join(kinds), found[how], *((1,) if how == "alone" else (2, how)))
            assert done.returncode == 0, done.stderr[-3000:]
        return found[how]

    return output


@pytest.mark.parametrize("how", SHARDED)
def test_two_processes_follow_the_trajectory_of_one(outputs, how):
    for folder in sorted(outputs(how).iterdir()):
        kind = folder.name
        (one,), (alone,) = results(outputs("alone"), kind, 1)
        both, weights = results(outputs(how), kind, 2)
        assert [f["world"] for f in both] == [f["group"] for f in both] == [2, 2]
        assert both[0]["pid"] != both[1]["pid"]
        assert [f["sharded"] for f in both] == [SHARDED[how], SHARDED[how]]
        assert both[0]["norms"] == pytest.approx(one["norms"], rel=1e-3), kind
        assert both[0]["losses"] == pytest.approx(one["losses"], rel=1e-3, abs=1e-4), kind
        for a, b, c in zip(alone, *weights, strict=True):
            assert torch.equal(b, c)
            # AdamW's first steps are as long as the learning rate, whatever the gradient's size.
            torch.testing.assert_close(a, b, rtol=1e-2, atol=4e-5)


def resumes_to_the_same_bits(whole, cut, how):
    done = run("oorl:two_pass", cut, 2, "resume", how)
    assert done.returncode == 0, done.stderr[-3000:]
    for a, b in zip(*(results(output, "oorl:two_pass", 2)[1][0] for output in (whole, cut)),
                    strict=True):
        assert torch.equal(a, b)


def test_a_killed_process_ends_the_run_and_the_next_one_resumes(tmp_path, outputs):
    dead = run("oorl:two_pass", tmp_path, 2, "kill", "ddp")
    assert dead.returncode != 0
    assert "SIGKILL" in dead.stderr
    assert (tmp_path / "oorl:two_pass" / "checkpoint-2" / "trainer_state.json").exists()
    resumes_to_the_same_bits(outputs("ddp"), tmp_path, "ddp")


def test_sharded_weights_are_resumed_to_the_same_bits(tmp_path, outputs):
    kind = "oorl:two_pass"
    shutil.copytree(outputs("fsdp2") / kind, tmp_path / kind,
                    ignore=shutil.ignore_patterns("checkpoint-4", "weights_*", "facts_*"))
    resumes_to_the_same_bits(outputs("fsdp2"), tmp_path, "fsdp2")
