"""Trains one joint step at the longest texts that the settings let through; prints its peak in MB.

    memory_of_a_step.py CHANGES_AS_JSON        run by test_memory_estimate.py
"""

import json
import sys
import tempfile
from pathlib import Path

import torch
import yaml

from benchmarks.gepo_memory import Peak
from oorl.generation import generate
from oorl.params import parse_params
from oorl.params.overrides import overridden
from oorl.trainers import translation
from oorl.trainers.pretrain import tiny_model
from tests.unit.trainers.tiny import tiny_tokenizer

ROOT = Path(__file__).resolve().parents[2]


def endless(_):
    """A rollout engine whose completions all reach their limit."""
    def rollout(model, prompt_ids, *, on_done=None, **options):
        return generate(model, prompt_ids, eos_token_id=-1, **options)

    return rollout


def rewards(prompts, completions, **_):
    return [float(number % 2) for number in range(len(completions))]


def main(changes):
    torch.set_num_threads(1)
    params = parse_params(yaml.safe_load(overridden(ROOT / "params.yaml", changes, "embedded")))
    base, rl, gepo, groups = params.base, params.rl, params.gepo, params.ir_groups
    length, half = base.max_length, base.max_length // 2
    rows = [{"prompt": "a" * (length - rl.max_completion_length), "problem_id": str(i),
             "source_language": "python", "target_language": "php"}
            for i in range(rl.prompts_per_step)]
    row = {"prompt": "b" * half, "chosen": ["c" * (half - 1 - i) for i in range(groups.winners)],
           "rejected": ["d" * (half - 1 - i) for i in range(groups.losers)]}
    translation.engine = endless
    config = translation.make_config(
        rl, gepo, output_dir=Path(tempfile.mkdtemp()), seed=1, style="compact", max_length=length)
    with Peak() as peak:
        model = tiny_model(base.vocab_size, base.hidden_size, base.layers, base.heads, length,
                           1, 0, seed=0)
        translation.train_translation(
            model, tiny_tokenizer(), rows, rewards, config, name="gepo", targets=rl.targets,
            groups=[row], lora_rank=rl.lora_rank)
    print(peak.added)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
