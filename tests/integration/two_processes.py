"""Trains a tiny model; run by test_two_processes.py, alone or under torchrun.

    two_processes.py TRAINER:MODE,... OUTPUT_DIR PROCESSES [kill] [resume] [fsdp2 | zero2 | zero3]
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch
import torch.distributed
from datasets import Dataset

from oorl.generation import generate
from oorl.trainers.gepo import GEPOConfig, GEPOTrainer
from oorl.trainers.oorl import OORLConfig, OORLTrainer
from tests.integration import sharding
from tests.unit.trainers.tiny import GROUPS, tiny_model, tiny_tokenizer

# Whole batches only: where an epoch's last one is short, processes fill theirs up.
ROWS = [*GROUPS, *[row | {"prompt": "g" + row["prompt"]} for row in GROUPS[:2]]]
COMMON = {
    "max_steps": 4, "learning_rate": 2e-4, "report_to": [], "logging_steps": 1,
    "save_strategy": "steps", "save_steps": 2, "use_cpu": True, "disable_tqdm": True, "seed": 3,
    "max_grad_norm": 1.0, "bf16": False,
}


def letters(completions, **_):
    return [sum("a" <= c <= "m" for c in text) / 8 for text in completions]


def engine(model, prompt_ids, *, num_generations, max_new_tokens, temperature, seed):
    """Draws by prompt alone, so that it does not matter which process asks.

    Half of all tokens end a completion, so that processes need unequal numbers of tokens.
    """
    ends = [1, *range(3, 34)]
    return [generate(model, [prompt], num_generations=num_generations, seed=7, eos_token_id=ends,
                     max_new_tokens=max_new_tokens, temperature=temperature,
                     backend="transformers")[0] for prompt in prompt_ids]


def gepo(output, processes, mode, **more):
    args = GEPOConfig(output_dir=output, mode=mode, per_device_train_batch_size=4 // processes,
                      **COMMON | more)
    return GEPOTrainer(tiny_model(), args, ROWS, processing_class=tiny_tokenizer())


def oorl(output, processes, mode, **more):
    prompts = [f"{a}{b}=\n" for a in "abcdefgh" for b in "123"]
    args = OORLConfig(
        output_dir=output, per_device_train_batch_size=16 // processes, num_generations=4,
        max_completion_length=8, w_gepo=0.1, groups_per_step=2 // processes, gepo_mode=mode,
        activation_checkpointing=False, **COMMON | more)
    return OORLTrainer(
        tiny_model(), letters, args, Dataset.from_dict({"prompt": prompts}), groups=ROWS,
        rollout_fn=engine, processing_class=tiny_tokenizer())


def dies_in_step(trainer, number):
    step = trainer.training_step

    def dying(*args, **kwargs):
        if trainer.state.global_step == number and trainer.accelerator.process_index == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*args, **kwargs)

    trainer.training_step = dying


def one(kind, output, processes, flags):
    name, _, mode = kind.partition(":")
    more = {k: v for flag in flags for k, v in sharding.SETTINGS.get(flag, {}).items()}
    trainer = {"gepo": gepo, "oorl": oorl}[name](str(output), processes, mode, **more)
    if "kill" in flags:
        dies_in_step(trainer, 3)
    trainer.train(
        resume_from_checkpoint=str(output / "checkpoint-2") if "resume" in flags else None)
    history = trainer.state.log_history
    weights = list(trainer.accelerator.unwrap_model(trainer.model).parameters())
    facts = {
        "world": trainer.accelerator.num_processes,
        "group": torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1,
        "pid": os.getpid(),
        "sharded": all(map(sharding.is_sharded, weights)),
        "losses": [e["loss"] for e in history if "loss" in e],
        "norms": [e["grad_norm"] for e in history if "grad_norm" in e],
    }
    rank = trainer.accelerator.process_index
    (output / f"facts_{rank}.json").write_text(json.dumps(facts))
    torch.save([sharding.whole(p) for p in weights], output / f"weights_{rank}.pt")


def main(kinds, output, processes, *flags):
    torch.set_num_threads(1)
    for kind in sharding.SETTINGS.keys() & set(flags):
        sharding.prepare(kind)
    for kind in kinds.split(","):
        folder = Path(output, kind)
        folder.mkdir(exist_ok=True, parents=True)
        one(kind, folder, int(processes), flags)


if __name__ == "__main__":
    main(*sys.argv[1:])
