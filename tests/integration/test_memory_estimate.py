"""`oorl memory` against what a step really takes, by the stage's own path in a fresh process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from oorl.params import parse_params
from oorl.params.overrides import overridden
from oorl.trainers.memory import estimate

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests" / "integration" / "memory_of_a_step.py"
SMALL = {
    "base.hidden_size": 128, "base.layers": 4, "base.vocab_size": 4096, "base.max_length": 768,
    "rl.max_steps": 1, "rl.save_every": 1, "rl.prompts_per_step": 2, "rl.num_generations": 2,
    "rl.batch_size": 4, "rl.max_completion_length": 96, "gepo.max_steps": 1,
    "gepo.save_every": 1, "gepo.groups_per_step": 1}


@pytest.mark.parametrize("changes", [
    {"gepo.mode": "single_graph"}, {"gepo.mode": "two_pass"},
    {"gepo.mode": "streaming", "rl.lora_rank": 8}], ids=str)
def test_the_estimate_is_an_upper_bound_and_not_three_times_too_high(changes):
    changes = SMALL | changes
    # Large blocks go back to the system at once, so that the resident size is what is in use.
    environment = os.environ | {
        "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    done = subprocess.run([sys.executable, str(SCRIPT), json.dumps(changes)], env=environment,
                          cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    measured = float(done.stdout.split()[-1])
    text = overridden(ROOT / "params.yaml", changes, "embedded")
    expected = estimate(parse_params(yaml.safe_load(text))).peak / 2**20
    assert 1 < expected / measured < 3, (expected, measured)
