"""GEPO groups as a trainer uses them: their tokens, and which group when."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from oorl.errors import DataError


@dataclass(frozen=True)
class TokenGroup:
    """One prompt with n winners and m losers, as token ids (responses end in EOS)."""

    prompt: tuple[int, ...]
    winners: tuple[tuple[int, ...], ...]
    losers: tuple[tuple[int, ...], ...]
    hardness: float = 1.0  # mean share of inputs on which the losers differ; lower is harder

    @property
    def responses(self) -> tuple[tuple[int, ...], ...]:
        return self.winners + self.losers

    @property
    def key(self) -> str:
        """Content hash: the same tokens give the same key in every process."""
        text = repr((self.prompt, self.winners, self.losers))
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def tokenize_groups(
    rows: Iterable[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, max_length: int,
    chat_template_kwargs: Any = None,
) -> tuple[list[TokenGroup], dict[str, int]]:
    """Rows with `prompt`, `chosen` (list) and `rejected` (list) to groups.

    Plain rows hold strings; conversational rows hold message lists, rendered with the
    tokenizer's chat template. An IR cut short is not equivalent to anything, so responses
    longer than `max_length` (prompt included) are left out, never truncated, and groups left
    without a winner or a loser are dropped. A row's `hardness`, if there is one, has a number for
    each rejected response.

    Returns:
        The groups in order, and counts: groups, groups_dropped, responses_dropped.

    Raises:
        DataError: nothing is left.
    """
    groups: list[TokenGroup] = []
    counts = {"groups": 0, "groups_dropped": 0, "responses_dropped": 0}
    for row in rows:
        kept, fits = [], []
        for column in ("chosen", "rejected"):
            pairs = [_tokenize(row["prompt"], response, tokenizer, chat_template_kwargs or {})
                     for response in row[column]]
            fits = [len(p) + len(r) <= max_length for p, r in pairs]
            fitting = list(compress(pairs, fits))
            counts["responses_dropped"] += len(pairs) - len(fitting)
            kept.append(fitting)
        if kept[0] and kept[1]:
            shares = list(compress(row.get("hardness") or [1.0] * len(fits), fits))
            winners, losers = (tuple(response for _, response in part) for part in kept)
            groups.append(TokenGroup(kept[0][0][0], winners, losers, sum(shares) / len(shares)))
        else:
            counts["groups_dropped"] += 1
    counts["groups"] = len(groups)
    if not groups:
        raise DataError(
            f"no GEPO group is left: {counts['groups_dropped']} had no winner or no loser of at "
            f"most {max_length} tokens",
            "Raise the context length, or give groups with at least one winner and one loser.")
    return groups, counts


def _tokenize(
    prompt: Any, response: Any, tokenizer: PreTrainedTokenizerBase, template: Mapping[str, Any]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if isinstance(prompt, str):
        plain: Any = tokenizer(prompt)["input_ids"]
        answer: Any = tokenizer(response, add_special_tokens=False)["input_ids"]
        return tuple(plain), (*answer, int(tokenizer.eos_token_id))
    ids: Any = tokenizer.apply_chat_template(
        prompt, add_generation_prompt=True, tokenize=True, return_dict=False, **template)
    whole: Any = tokenizer.apply_chat_template(
        [*prompt, *response], tokenize=True, return_dict=False, **template)
    if whole[:len(ids)] != ids:
        raise DataError("the chat template does not keep the prompt as a prefix of the whole",
                        "Use a template whose generation prompt starts the assistant's turn.")
    return tuple(ids), tuple(whole[len(ids):])


def drawn_groups(
    count: int, per_step: int, seed: int, step: int, rank: int = 0, world_size: int = 1
) -> list[int]:
    """Indices of the groups that `rank` uses in optimiser step `step`.

    A pure function, so that a resumed run needs no state: the endless sequence of shuffled
    epochs, cut into steps and ranks. Every group comes up once before any comes up twice.
    """
    start = (step * world_size + rank) * per_step
    return [_epoch_order(count, seed, position // count)[position % count]
            for position in range(start, start + per_step)]


def drawn_easy_first(
    hardness: Sequence[float], per_step: int, seed: int, step: int, curriculum_steps: int,
    rank: int = 0, world_size: int = 1,
) -> list[int]:
    """As `drawn_groups`, but before `curriculum_steps` from the easiest groups alone.

    The share that may be drawn grows as the square root of the step, from a tenth to all of them
    (competence-based curriculum, Platanios et al. 2019, arXiv 1903.09848, eq. 7 with c0 = 0.1).
    A group is easy if its losers differ from its winners on most inputs.
    """
    count, everyone = len(hardness), per_step * world_size
    if step >= curriculum_steps:
        return drawn_groups(count, per_step, seed, step - curriculum_steps, rank, world_size)
    easiest = sorted(range(count), key=lambda i: (-hardness[i], i))
    competence = math.sqrt(0.01 + 0.99 * step / curriculum_steps)
    pool = easiest[:max(math.ceil(competence * count), min(count, everyone))]
    order = _epoch_order(len(pool), seed, step)
    return [pool[order[k % len(pool)]] for k in range(rank * per_step, (rank + 1) * per_step)]


def _epoch_order(count: int, seed: int, epoch: int) -> list[int]:
    generator = torch.Generator().manual_seed((seed * 1_000_003 + epoch) % 2**63)
    return torch.randperm(count, generator=generator).tolist()


def dpo_pairs(group: TokenGroup) -> list[TokenGroup]:
    """The group as pairs for DPO, the paper's ablation: winner i with loser i, the shorter list
    taken round again, so that every response is used. Each pair is a group with n = m = 1, whose
    GEPO loss is DPO's."""
    n, m = len(group.winners), len(group.losers)
    return [TokenGroup(group.prompt, (group.winners[i % n],), (group.losers[i % m],))
            for i in range(max(n, m))]
