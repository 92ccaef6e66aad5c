"""The embedded base model: its corpus, its tokenizer, its training and what it can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from oorl.errors import DataError
from oorl.generation import generate
from oorl.params.base_model import BaseParams
from oorl.records import IRGroup, Problem
from oorl.trainers.pretrain import Progress, Schedule, mean_losses, tiny_model, train
from oorl.trainers.supervised_data import (
    IR,
    Mixture,
    Pair,
    encode_pairs,
    ir_pairs,
    translation_pairs,
)
from oorl.trainers.tokenizer import encode_texts, train_tokenizer

CHECK_PROBLEMS = 40  # validation problems looked at by the checks
MAX_NEW_TOKENS = 320


def prompt_style(params: BaseParams) -> str:
    """The style of prompts that suits the model."""
    return params.prompt_style


def corpus(problems: Sequence[Problem], groups: Sequence[IRGroup]) -> list[str]:
    """What the tokenizer is trained on: every language of the sft problems, and one IR each."""
    texts = [code for problem in problems for _, code in sorted(problem.solutions.items())]
    return texts + [group.winners[0].ir for group in groups]


def make_mixture(problems: Sequence[Problem], groups: Sequence[IRGroup], tokenizer: Any,
                 params: BaseParams, seed: int, order_seed: int) -> Mixture:
    """The supervised data that `params` allows. `seed` picks what is shown, `order_seed` when.

    Raises `DataError` if nothing is left to show.
    """
    style = prompt_style(params)
    translations = encode_pairs(
        tokenizer, translation_pairs(problems, params.language_shares, seed, style=style),
        params.max_length)
    irs = encode_pairs(tokenizer, ir_pairs(groups, style=style), params.max_length)
    if not translations:
        raise DataError("the sft split gives no translation to learn from",
                        "Raise base.language_shares, base.max_length or dataset.problems.")
    return Mixture(translations, irs, params.ir_share, params.tokens_per_batch, order_seed)


def check_pairs(problems: Sequence[Problem], groups: Sequence[IRGroup],
                params: BaseParams) -> list[Pair]:
    """Held-out pairs for the checks: all shown targets at full share, and IR."""
    shares = dict.fromkeys(params.language_shares, 1.0)
    return [*translation_pairs(problems[:CHECK_PROBLEMS], shares, 0, style=prompt_style(params)),
            *ir_pairs(groups[:CHECK_PROBLEMS])]


def loss_check(tokenizer: Any, pairs: Sequence[Pair],
               max_length: int) -> Callable[[PreTrainedModel], dict[str, float]]:
    """A check giving the loss of each target, and as "loss" their mean over the languages: the
    weak ones, whose losses are largest, weigh most."""
    examples = encode_pairs(tokenizer, pairs, max_length)

    def check(model: PreTrainedModel) -> dict[str, float]:
        losses = mean_losses(model, examples)
        languages = [loss for target, loss in losses.items() if target != IR]
        mean = sum(languages) / len(languages)
        return {"loss": mean, **{f"loss_{target}": loss for target, loss in losses.items()}}

    return check


def exact_match(model: PreTrainedModel, tokenizer: Any, pairs: Sequence[Pair]) -> dict[str, float]:
    """Share of greedy translations that equal the reference, per language.

    A lower bound of pass@1 that needs no sandbox; the evaluate stage measures the real thing.
    """
    pairs = [pair for pair in pairs if pair.target != IR]
    completions = generate(model, encode_texts(tokenizer, [p.prompt for p in pairs]),
                           max_new_tokens=MAX_NEW_TOKENS, eos_token_id=tokenizer.eos_token_id)
    hits: dict[str, list[bool]] = {}
    for pair, (ids,) in zip(pairs, completions, strict=True):
        text = tokenizer.decode(ids, skip_special_tokens=True)
        hits.setdefault(pair.target, []).append(text == pair.answer)
    return {target: sum(found) / len(found) for target, found in sorted(hits.items())}


def train_base(problems: Sequence[Problem], groups: Sequence[IRGroup],
               validation: Sequence[Problem], params: BaseParams, seed: int, *,
               checkpoint: Path | None = None,
               on_row: Callable[[dict[str, float]], None] | None = None,
               progress: bool = True) -> tuple[PreTrainedModel, Any, Progress]:
    """Tokenizer and model from scratch on the sft `problems` and IR `groups`.

    Returns the model, its tokenizer and the finished progress with the curve.
    """
    tokenizer = train_tokenizer(corpus(problems, groups), params.vocab_size, params.max_length)
    mixture = make_mixture(problems, groups, tokenizer, params, seed, order_seed=seed)
    model = tiny_model(len(tokenizer), params.hidden_size, params.layers, params.heads,
                       params.max_length, tokenizer.eos_token_id, tokenizer.pad_token_id, seed)
    check = loss_check(tokenizer, check_pairs(validation, [], params), params.max_length)
    state = train(model, mixture, schedule(params, params.max_steps), check=check,
                  checkpoint=checkpoint, on_row=on_row, progress=progress, name="base")
    return model, tokenizer, state


def schedule(params: BaseParams, max_steps: int, stop_early: bool = True) -> Schedule:
    """The schedule of `params`; for fewer steps, with as many checks as fit and a decay of at most
    half of them."""
    every = min(params.eval_every, max(1, max_steps // 4))
    decay = max(1, min(params.decay_steps, max_steps // 2))
    patience = params.patience if stop_early else max_steps
    return Schedule(max_steps, params.learning_rate, params.muon_learning_rate, decay,
                    check_every=every, patience=patience,
                    min_improvement=params.min_improvement, save_every=params.save_every)
