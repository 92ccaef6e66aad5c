"""A model card with the facts of the training, next to every checkpoint."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from oorl.params.files import write_text

# Settings that say how a checkpoint came about; the rest is in training_args.bin.
_SETTINGS = (
    "algorithm", "w_rl", "w_gepo", "gepo_loss", "gepo_beta", "gepo_lambda",
    "gepo_length_normalize", "gepo_variance_per_token", "gepo_label_smoothing", "gepo_mode",
    "groups_per_step", "beta", "lambda_", "length_normalize", "variance_per_token",
    "label_smoothing", "mode", "kl_coef", "max_kl", "epsilon", "num_generations",
    "num_iterations", "temperature", "max_completion_length", "learning_rate",
    "lr_scheduler_type", "warmup_steps", "weight_decay", "max_grad_norm",
    "per_device_train_batch_size", "gradient_accumulation_steps", "max_steps", "bf16", "seed",
)


def write_card(trainer: Any, method: str) -> None:
    """Write README.md into the newest checkpoint of `trainer`, on its main process."""
    state, args = trainer.state, trainer.args
    folder = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
    if not (trainer.is_world_process_zero() and folder.is_dir()):
        return
    start = str(getattr(trainer.model.config, "_name_or_path", "") or "")
    tags = {"library_name": "transformers", "tags": ["oorl", "trl"]}
    if start and not os.path.isabs(start):
        tags["base_model"] = start
    settings = {name: getattr(args, name) for name in _SETTINGS if hasattr(args, name)}
    last: dict[str, Any] = {}
    for entry in state.log_history:
        last.update({k: v for k, v in entry.items() if isinstance(v, int | float)})
    rows = [*[(f"`{k}`", v) for k, v in settings.items()],
            ("groups", getattr(trainer, "group_counts", None)),
            ("processes", trainer.accelerator.num_processes)]
    lines = [
        "---", yaml.safe_dump(tags, sort_keys=True).strip(), "---", "",
        f"# {method}, step {state.global_step}", "",
        f"Trained from {start or 'a model given in memory'} by the method of Wu et al. 2025 "
        "([arXiv 2505.12723](https://arxiv.org/abs/2505.12723)).", "",
        "| setting | value |", "|---|---|", *[f"| {k} | {v} |" for k, v in rows], "",
        "| last logged | value |", "|---|---|",
        *[f"| {k} | {v:.6g} |" for k, v in sorted(last.items())], "",
        "Made with " + ", ".join(
            f"{name} {version(name)}" for name in ("torch", "transformers", "trl")) + ".", ""]
    write_text(folder / "README.md", "\n".join(lines))
