"""Supervised training of a small causal LM from scratch or onwards, on CPU.

An own straight loop: with a model of a million parameters a step lasts tens of milliseconds, and
what makes it fast lies between the library calls. Every batch is cut into two shards, whose
gradients are computed by two threads with one intra-op thread each and added: a small matrix is
not worth sharing between threads, and no process needs starting or feeding. Muon for matrices
(Jordan 2024), AdamW for embeddings and norms.

The learning rate is warmed up, held, and decayed linearly at the end. The decay starts when the
checks stop improving (a plateau), or so that it ends at `max_steps` (Hägele et al. 2024,
arXiv 2405.18392).

Resuming repeats the uninterrupted run bit for bit on the same machine: batches are a pure
function of (seed, step) and a checkpoint holds everything else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from tqdm import tqdm
from transformers import PreTrainedModel, Qwen3Config, Qwen3ForCausalLM

from oorl.errors import TrainingError
from oorl.trainers.supervised_data import SHARDS, Example, Mixture, cut_batches

WARMUP_STEPS = 20
ADAM_BETAS = (0.9, 0.95)
MAX_GRAD_NORM = 1.0  # for AdamW's parameters; Muon's update has a fixed norm

Check = Callable[[PreTrainedModel], Mapping[str, float]]
"""Measures the model; the key "loss" decides about the plateau, all keys go to the curve."""


@dataclass(frozen=True)
class Schedule:
    """How long, how fast, how often."""

    max_steps: int
    learning_rate: float
    muon_learning_rate: float
    decay_steps: int = 1          # the linear decay at the end
    check_every: int = 0          # 0: never, so there is no plateau either
    patience: int = 1             # checks in a row without improvement: a plateau
    min_improvement: float = 0.0  # the share by which a check must lower the best loss
    save_every: int = 0           # 0: never

    def factor(self, step: int, decay_start: int) -> float:
        """The share of the learning rate used by `step` (from 0)."""
        warm = min(1.0, (step + 1) / WARMUP_STEPS)
        return warm * min(1.0, max(0.0, 1 - (step - decay_start) / self.decay_steps))


@dataclass
class Progress:
    """Where a run stands; saved with its checkpoints."""

    step: int = 0
    tokens: int = 0               # real ones: prompt and answer, no padding
    decay_start: int = 0
    plateau_step: int | None = None
    best_loss: float = float("inf")
    stale_checks: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)


def tiny_model(vocab_size: int, hidden_size: int, layers: int, heads: int, max_length: int,
               eos_token_id: int, pad_token_id: int, seed: int) -> Qwen3ForCausalLM:
    """A randomly initialised Qwen3: QK-norm, RoPE, grouped queries, tied embeddings."""
    config = Qwen3Config(
        vocab_size=vocab_size, hidden_size=hidden_size, intermediate_size=3 * hidden_size,
        num_hidden_layers=layers, num_attention_heads=heads,
        num_key_value_heads=max(1, heads // 2), head_dim=hidden_size // heads,
        max_position_embeddings=max_length, tie_word_embeddings=True,
        initializer_range=hidden_size**-0.5 / 2,
        eos_token_id=eos_token_id, pad_token_id=pad_token_id, bos_token_id=None)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Qwen3ForCausalLM(config)


def collate(examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids padded at the end with 0, and the mask of tokens to learn: (B, L) each.

    Padding needs no attention mask: it comes after everything, and attention is causal.
    """
    width = max(len(e.ids) for e in examples)
    ids = torch.zeros(len(examples), width, dtype=torch.long)
    learn = torch.zeros(len(examples), width, dtype=torch.bool)
    for row, example in enumerate(examples):
        ids[row, :len(example.ids)] = torch.tensor(example.ids)
        learn[row, example.prompt_length:len(example.ids)] = True
    return ids, learn


def answer_loss(model: PreTrainedModel, examples: Sequence[Example]) -> torch.Tensor:
    """Summed negative log-likelihood, in nats, of the answers' tokens given their prompts.

    Only positions to be learnt reach the vocabulary projection.
    """
    ids, learn = (x.to(model.device) for x in collate(examples))
    hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
    where = learn[:, 1:]
    logits = model.get_output_embeddings()(hidden[:, :-1][where])
    return functional.cross_entropy(logits.float(), ids[:, 1:][where], reduction="sum")


class Workers:
    """Threads for the shards of a batch, one intra-op thread each while the block lasts."""

    def __enter__(self) -> Workers:
        self._before = torch.get_num_threads()
        torch.set_num_threads(1)
        self._pool = ThreadPoolExecutor(min(SHARDS, os.cpu_count() or 1))
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self._before)

    def map(self, function: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
        return list(self._pool.map(function, values))


def mean_losses(model: PreTrainedModel, examples: Sequence[Example],
                tokens_per_batch: int = 2048) -> dict[str, float]:
    """Mean loss per answer token, in nats, for each target."""
    def measure(batch: list[Example]) -> tuple[float, int]:
        with torch.no_grad():
            return float(answer_loss(model, batch)), sum(
                len(e.ids) - e.prompt_length for e in batch)

    by_target: dict[str, list[Example]] = {}
    for example in sorted(examples, key=lambda e: len(e.ids)):
        by_target.setdefault(example.target, []).append(example)
    losses = {}
    with Workers() as workers:
        for target in sorted(by_target):
            parts = workers.map(measure, cut_batches(by_target[target], tokens_per_batch))
            losses[target] = sum(x for x, _ in parts) / sum(n for _, n in parts)
    return losses


class Optimizers:
    """Muon for the matrices inside the layers, AdamW for the rest.

    Muon's orthogonalisation costs a fifth of a small step, so it is spread over the workers.
    """

    def __init__(self, model: PreTrainedModel, schedule: Schedule) -> None:
        matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "layers." in n]
        known = {id(p) for p in matrices}
        self._rest = [p for p in model.parameters() if id(p) not in known]
        self._all = [
            *(torch.optim.Muon(matrices[i::SHARDS], lr=schedule.muon_learning_rate,
                               weight_decay=0.0) for i in range(SHARDS)),
            torch.optim.AdamW(self._rest, lr=schedule.learning_rate, betas=ADAM_BETAS,
                              weight_decay=0.0)]
        self._rates = [group["lr"] for o in self._all for group in o.param_groups]

    def step(self, factor: float, workers: Workers) -> None:
        torch.nn.utils.clip_grad_norm_(self._rest, MAX_GRAD_NORM)
        groups = [group for o in self._all for group in o.param_groups]
        for group, rate in zip(groups, self._rates, strict=True):
            group["lr"] = rate * factor
        workers.map(lambda optimizer: optimizer.step(), self._all)

    def state_dict(self) -> list[dict[str, Any]]:
        return [o.state_dict() for o in self._all]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        for optimizer, state in zip(self._all, states, strict=True):
            optimizer.load_state_dict(state)


def train(model: PreTrainedModel, mixture: Mixture, schedule: Schedule, *,
          check: Check | None = None, checkpoint: Path | None = None,
          on_row: Callable[[dict[str, float]], None] | None = None,
          progress: bool = True, name: str = "train") -> Progress:
    """Train `model` in place until it stops improving, or for `max_steps`.

    Args:
        check: called every `check_every` steps and at the end.
        checkpoint: a file; an interrupted run continues from it.
        on_row: called with each new row of the curve.

    Raises:
        TrainingError: the loss is not finite.
    """
    optimizers = Optimizers(model, schedule)
    state = Progress(decay_start=schedule.max_steps - schedule.decay_steps)
    if checkpoint is not None and checkpoint.exists():
        state = load_checkpoint(checkpoint, model, optimizers)
        if progress:
            tqdm.write(f"{name}: resuming from step {state.step}", file=sys.stderr)
    model.train()
    feed = Feed(mixture, state.step)
    with Workers() as workers, tqdm(total=schedule.max_steps, initial=state.step, desc=name,
                                    unit="step", disable=not progress, mininterval=1) as bar:
        while state.step < state.decay_start + schedule.decay_steps:
            batch = feed.batch(state.step)
            loss = accumulate(model, batch, workers)
            optimizers.step(schedule.factor(state.step, state.decay_start), workers)
            state.step += 1
            state.tokens += sum(len(e.ids) for shard in batch for e in shard)
            bar.update()
            last = state.step == state.decay_start + schedule.decay_steps
            if schedule.check_every and (state.step % schedule.check_every == 0 or last):
                row = {"step": state.step, "tokens": state.tokens, "train_loss": loss}
                if check is not None:
                    row |= check(model)
                    model.train()
                    note_plateau(state, schedule, row.get("loss", loss))
                state.curve.append(row)
                bar.set_postfix({k: f"{v:.3f}" for k, v in row.items() if "loss" in k})
                if on_row is not None:
                    on_row(row)
            if checkpoint is not None and schedule.save_every and not last and (
                    state.step % schedule.save_every == 0):
                save_checkpoint(checkpoint, model, optimizers, state)
    model.eval()
    return state


def accumulate(model: PreTrainedModel, batch: list[list[Example]], workers: Workers) -> float:
    """Put the gradient of the batch's mean loss per answer token into `.grad`; returns the loss.

    Shards are added in their order, whichever thread finishes first.
    """
    parameters = list(model.parameters())
    full = [shard for shard in batch if shard]
    count = sum(len(e.ids) - e.prompt_length for shard in full for e in shard)

    def differentiate(shard: list[Example]) -> tuple[float, tuple[torch.Tensor, ...]]:
        loss = answer_loss(model, shard) / count
        return float(loss.detach()), torch.autograd.grad(loss, parameters)

    parts = workers.map(differentiate, full)
    loss = sum(value for value, _ in parts)
    if not torch.tensor(loss).isfinite():
        raise TrainingError(f"the supervised loss is {loss}",
                            "Lower base.learning_rate and base.muon_learning_rate.")
    for parameter, *grads in zip(parameters, *(grads for _, grads in parts), strict=True):
        parameter.grad = sum(grads[1:], start=grads[0])
    return loss


class Feed:
    """The batch of any step; keeps one epoch in memory."""

    def __init__(self, mixture: Mixture, step: int) -> None:
        self._mixture = mixture
        self._number = 0
        self._first = 0
        self._epoch = mixture.epoch(0)
        self.batch(step)

    def batch(self, step: int) -> list[list[Example]]:
        """`step` must not go back."""
        while step >= self._first + len(self._epoch):
            self._first += len(self._epoch)
            self._number += 1
            self._epoch = self._mixture.epoch(self._number)
        return self._epoch[step - self._first]


def steps_for_tokens(mixture: Mixture, tokens: float) -> int:
    """The least number of steps that trains on at least `tokens` tokens (one at least)."""
    feed, total, step = Feed(mixture, 0), 0, 0
    while step == 0 or total < tokens:
        total += sum(len(e.ids) for shard in feed.batch(step) for e in shard)
        step += 1
    return step


def note_plateau(state: Progress, schedule: Schedule, loss: float) -> None:
    """Start the decay once `patience` checks in a row have not improved."""
    if loss < state.best_loss * (1 - schedule.min_improvement):
        state.best_loss, state.stale_checks = loss, 0
    else:
        state.stale_checks += 1
    if state.stale_checks >= schedule.patience and state.step < state.decay_start:
        state.decay_start = state.plateau_step = state.step


def save_checkpoint(path: Path, model: PreTrainedModel, optimizers: Optimizers,
                    state: Progress) -> None:
    """Replace the checkpoint as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save({"model": model.state_dict(), "optimizers": optimizers.state_dict(),
                "state": asdict(state)}, temporary)
    os.replace(temporary, path)


def load_checkpoint(path: Path, model: PreTrainedModel, optimizers: Optimizers) -> Progress:
    saved = torch.load(path, weights_only=True)
    model.load_state_dict(saved["model"])
    optimizers.load_state_dict(saved["optimizers"])
    return Progress(**saved["state"])
