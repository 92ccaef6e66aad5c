"""On-policy training on translation prompts: which prompts, which settings, what is recorded."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from tqdm import tqdm
from transformers import PreTrainedModel, PrinterCallback, TrainerCallback

from oorl.data.prompts import (
    chat_template_kwargs,
    ir_completion,
    ir_prompt,
    translation_prompt,
)
from oorl.errors import ParamsError
from oorl.generation import generate
from oorl.generation.sampling import OnDone
from oorl.params.gepo import GEPOParams
from oorl.params.rl import RLParams
from oorl.records import IRGroup, Problem
from oorl.trainers.oorl import OORLTrainer, RolloutFn
from oorl.trainers.oorl_config import OORLConfig
from oorl.trainers.pairs import BalancedDraw, Draw, Pair, WeightedDraw

Row = dict[str, Any]

CURVE = {
    "reward": "reward", "loss": "loss", "kl": "kl", "entropy": "entropy",
    "grad_norm": "grad_norm", "learning_rate": "learning_rate",
    "completion_length": "completions/mean_length", "truncated": "completions/clipped_ratio",
    "seconds_generating": "time/generate_s", "seconds_judging": "time/judge_s",
    "seconds_updating": "time/update_s", "cpu_seconds": "time/cpu_s",
    "tokens_generated": "tokens/generated", "tokens_prefill": "tokens/prefill",
    "tokens_forward": "tokens/forward", "tokens_trained": "tokens/trained",
    "gepo_loss": "gepo/loss", "gepo_accuracy": "gepo/rewards/accuracies",
    "gepo_margin": "gepo/rewards/margins", "gepo_variance": "gepo/variance",
}
"""Columns of the curve, and where they come from in the trainer's log; absent ones are left out."""


def sample_prompts(
    problems: Sequence[Problem], tokenizer: Any, params: RLParams, *, count: int, seed: int,
    style: str, max_prompt_tokens: int,
) -> tuple[list[Row], dict[str, int]]:
    """`count` prompts over shuffled passes through the problems; a pure function of its arguments.

    The languages are drawn by `params.target_weights`, or evenly over all pairs with
    `params.balanced`: see `oorl.trainers.pairs`.

    Returns:
        Rows with prompt, problem_id, source_language, target_language; and counts: prompts,
        too_long (longer than `max_prompt_tokens`, skipped), unsupported (no pair of languages);
        balanced also problems (different ones), not_needed, and the prompts of each pair.

    Raises:
        DataError: a whole pass yields no prompt.
        ParamsError: a weight for a language that is not a target.
    """
    if strange := sorted(set(params.target_weights) - set(params.targets)):
        raise ParamsError(f"rl.target_weights: {', '.join(strange)}: not in rl.targets",
                          "Name languages of rl.targets only.")
    rows: list[Row] = []
    rng = random.Random(f"{seed}:prompts")
    draw: Draw = BalancedDraw(params, rng, count) if params.balanced else WeightedDraw(params, rng)
    while len(rows) < count:
        before = len(rows)
        for problem in rng.sample(list(problems), len(problems)):
            if len(rows) == count:
                break
            pairs = draw.candidates(problem)
            row = _first_short_prompt(problem, pairs, tokenizer, style, max_prompt_tokens)
            if row is not None:
                draw.use((row["source_language"], row["target_language"]))
                rows.append(row)
            elif pairs:
                draw.counts["too_long"] += 1
        if len(rows) == before:
            raise draw.exhausted(len(problems))
    counts = {"prompts": len(rows), **draw.counts}
    if params.balanced:
        counts["problems"] = len({row["problem_id"] for row in rows})
    return rows, counts


def _first_short_prompt(
    problem: Problem, pairs: Iterable[Pair], tokenizer: Any, style: str, max_prompt_tokens: int,
) -> Row | None:
    for source, target in pairs:
        prompt = _as_prompt(translation_prompt(problem, source, target, style=style), style)
        if _length(prompt, tokenizer) <= max_prompt_tokens:
            return {"prompt": prompt, "problem_id": problem.id,
                    "source_language": source, "target_language": target}
    return None


def _as_prompt(text: str, style: str) -> Any:
    return text if style == "compact" else [{"role": "user", "content": text}]


def _length(prompt: Any, tokenizer: Any) -> int:
    if isinstance(prompt, str):
        return len(tokenizer(prompt)["input_ids"])
    return len(tokenizer.apply_chat_template(
        prompt, add_generation_prompt=True, tokenize=True, return_dict=False,
        **chat_template_kwargs("chat")))


def group_rows(groups: Iterable[IRGroup], style: str) -> list[Row]:
    """IR groups as GEPO rows: prompt, chosen (winners), rejected (losers), hardness."""
    def answer(ir: str) -> Any:
        text = ir_completion(ir)
        return text if style == "compact" else [{"role": "assistant", "content": text}]

    return [{"prompt": _as_prompt(ir_prompt(group.source_code, style, group.language), style),
             "chosen": [answer(winner.ir) for winner in group.winners],
             "rejected": [answer(loser.ir) for loser in group.losers],
             "hardness": [loser.hardness for loser in group.losers]} for group in groups]


def make_config(
    rl: RLParams, gepo: GEPOParams | None, *, output_dir: Path, seed: int, style: str,
    max_length: int, device: str = "cpu",
) -> OORLConfig:
    """The trainer's settings; without `gepo`, on-policy RL alone.

    `device` is `choose_device`'s answer.

    Optimiser and schedule are the paper's: AdamW, no weight decay, cosine, warm-up 3 %.
    """
    samples = rl.prompts_per_step * rl.num_generations
    batch = next(n for n in range(min(rl.batch_size, samples), 0, -1) if samples % n == 0)
    gpu, small = device == "cuda", style == "compact"
    stage = gepo or rl
    parallel = not gpu and small and rl.algorithm != "grpo"
    weights: Row = {"w_gepo": 0.0} if gepo is None else {
        "w_rl": gepo.w_rl, "w_gepo": gepo.w_gepo, "gepo_loss": gepo.loss, "gepo_beta": gepo.beta,
        "gepo_lambda": gepo.lambda_, "gepo_length_normalize": gepo.length_normalize,
        "gepo_variance_per_token": gepo.variance_per_token, "gepo_mode": gepo.mode,
        "gepo_label_smoothing": gepo.label_smoothing, "groups_per_step": gepo.groups_per_step,
        "gepo_curriculum_steps": gepo.curriculum_steps,
        "gepo_max_length": max_length}
    alone = gepo is not None and gepo.w_rl == 0
    return OORLConfig(
        output_dir=str(output_dir), seed=seed, max_steps=stage.max_steps,
        per_device_train_batch_size=samples if alone else batch,
        gradient_accumulation_steps=1 if alone else samples // batch,
        num_generations=rl.num_generations, num_iterations=rl.num_iterations,
        max_completion_length=rl.max_completion_length, temperature=rl.temperature,
        algorithm=rl.algorithm, epsilon=rl.epsilon, kl_coef=rl.kl_coef,
        learning_rate=rl.learning_rate, max_grad_norm=rl.max_grad_norm, weight_decay=0.0,
        lr_scheduler_type="cosine", warmup_steps=int(0.03 * stage.max_steps), optim="adamw_torch",
        save_strategy="steps", save_steps=stage.save_every, save_total_limit=2,
        logging_steps=1, report_to=[], disable_tqdm=True, shuffle_dataset=False,
        use_cpu=not gpu, bf16=gpu and not small, activation_checkpointing=not small,
        cpu_workers=2 if parallel else 0, chat_template_kwargs=chat_template_kwargs(style),
        dataloader_pin_memory=False, **weights)


def prompts_needed(rl: RLParams, max_steps: int) -> int:
    """Prompts of a run of `max_steps` optimiser steps."""
    return -(-max_steps // rl.num_iterations) * rl.prompts_per_step


def engine(eos_token_id: int | Sequence[int]) -> RolloutFn:
    """Our own sampler as the trainer's rollout engine."""
    def rollout(
        model: PreTrainedModel, prompt_ids: list[list[int]], *, num_generations: int,
        max_new_tokens: int, temperature: float, seed: int, on_done: OnDone | None = None,
    ) -> list[list[list[int]]]:
        return generate(model, prompt_ids, num_generations=num_generations, seed=seed,
                        max_new_tokens=max_new_tokens, temperature=temperature,
                        eos_token_id=eos_token_id, on_done=on_done)

    return rollout


def by_target(reward: Callable[..., list[float | None]]) -> Callable[..., list[float | None]]:
    """The same reward function, which also logs the mean for each target language."""
    def unit_tests(
        prompts: Any, completions: Any, *, target_language: Sequence[str],
        log_metric: Callable[[str, float], None], **columns: Any,
    ) -> list[float | None]:
        rewards = reward(prompts, completions, target_language=target_language, **columns)
        for target in sorted(set(target_language)):
            known = [r for r, t in zip(rewards, target_language, strict=True)
                     if t == target and r is not None]
            if known:
                log_metric(f"reward/{target}", sum(known) / len(known))
        return rewards

    if hasattr(reward, "start"):  # it can begin early
        unit_tests.start = reward.start  # type: ignore[attr-defined]
    return unit_tests


def curve_row(entry: Mapping[str, Any], targets: Sequence[str]) -> Row:
    """One log entry of the trainer as a row of the curve."""
    rollout = entry.get("time/generate_s", 0.0) + entry.get("time/judge_s", 0.0)
    entry = {**entry, "time/update_s": entry["time/step_s"] - rollout}
    columns = {"step": "step"} | CURVE | {f"reward_{t}": f"reward/{t}" for t in targets}
    return {column: entry[key] for column, key in columns.items()
            if entry.get(key) is not None}


class _Reporter(TrainerCallback):
    """A bar on stderr, and each step's row to `on_row`."""

    def __init__(self, name: str, targets: Sequence[str], on_row: Callable[[Row], None]) -> None:
        self._name, self._targets, self._on_row = name, targets, on_row

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._bar = tqdm(total=state.max_steps, initial=state.global_step, desc=self._name,
                         mininterval=1)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if "grad_norm" in (logs or {}):
            row = curve_row({**logs, "step": state.global_step}, self._targets)
            self._bar.update(state.global_step - self._bar.n)
            self._bar.set_postfix({k: f"{row[k]:.3f}" for k in ("reward", "gepo_loss")
                                   if k in row})
            self._on_row(row)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._bar.close()


def train_translation(
    model: PreTrainedModel, tokenizer: Any, rows: Sequence[Row], reward: Any, config: OORLConfig,
    *, name: str, targets: Sequence[str], groups: Sequence[Row] | None = None,
    on_row: Callable[[Row], None] = lambda row: None, lora_rank: int = 0,
) -> tuple[OORLTrainer, list[Row]]:
    """Train `model` in place, resuming from the newest whole checkpoint in `config.output_dir`.

    All weights are trained in float32, whatever they came in: an update of the paper's size,
    5e-7, is less than the rounding of bfloat16. With `lora_rank` adapters are trained instead,
    in float32 too, and merged into the weights at the end.

    Returns the trainer and the curve from step 1, whatever was resumed.
    """
    if not lora_rank:
        model.float()
    trainer = OORLTrainer(
        model, by_target(reward), config, Dataset.from_list(list(rows)), groups=groups,
        rollout_fn=engine(tokenizer.eos_token_id), processing_class=tokenizer,
        peft_config=adapters(lora_rank) if lora_rank else None)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_Reporter(name, targets, on_row))
    checkpoint = latest_checkpoint(Path(str(config.output_dir)))
    if checkpoint:
        tqdm.write(f"{name}: resuming from {checkpoint.name}", file=sys.stderr)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if lora_rank:
        trained: Any = trainer.model
        trained.merge_and_unload()  # in place: `model` is what the adapters were laid around
    history = [entry for entry in trainer.state.log_history if "grad_norm" in entry]
    return trainer, [curve_row(entry, targets) for entry in history]


def adapters(rank: int) -> Any:
    """PEFT's settings: LoRA on all linear layers but the head."""
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear",
                      task_type="CAUSAL_LM")


def latest_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that was written to its end (its state file comes last), or None."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda p: int(p.name.rpartition("-")[2]))
    for path in reversed(found):
        try:
            json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        return path
    return None


def summary(curve: Sequence[Row], parameters: int, started: float) -> Row:
    """Totals of a run: tokens, FLOPs (2N per token generated, prefilled or run forward, 6N per
    token trained), time, and the mean reward of the first and the last quarter of the steps."""
    def total(column: str) -> float:
        return sum(row.get(column, 0.0) for row in curve)

    kinds = ("generated", "prefill", "forward", "trained")
    tokens = {kind: int(total(f"tokens_{kind}")) for kind in kinds}
    forward = tokens["generated"] + tokens["prefill"] + tokens["forward"]
    rewards = [row["reward"] for row in curve if "reward" in row]
    quarter = max(1, len(rewards) // 4)
    found: Row = {
        "steps": curve[-1]["step"] if curve else 0, "parameters": parameters, "tokens": tokens,
        "flops": parameters * (2 * forward + 6 * tokens["trained"]),
        "cpu_seconds": total("cpu_seconds"), "seconds": time.monotonic() - started,
        "seconds_generating": total("seconds_generating"),
        "seconds_judging": total("seconds_judging"),
        "seconds_updating": total("seconds_updating"),
    }
    if rewards:
        found["reward_first_quarter"] = sum(rewards[:quarter]) / quarter
        found["reward_last_quarter"] = sum(rewards[-quarter:]) / quarter
    return found
