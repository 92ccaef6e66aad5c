"""Log-probabilities of several responses to each prompt, with the prompt computed once.

`add_response_head` teaches a causal LM a second forward: `model(response_batch=batch, ...)`
returns log-probabilities (and entropies) of response tokens. It is a keyword of the *same*
`forward`, so that autocast, DDP and FSDP wrappers around the model stay in charge; install it
before the model is wrapped.

Two layouts, equal up to rounding:

- shared prefix: every prompt runs once, its keys and values are handed to all its responses.
  For k responses per prompt this saves (k - 1) prompts of compute (see `oorl.trainers.prefix`).
- joined: prompt and response run as one sequence, once per response; for architectures that keep
  more of a prompt than keys and values.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import register_dataclass
from transformers import PreTrainedModel

from oorl.trainers.head import token_logps
from oorl.trainers.prefix import Prefix, PrefixCache, allow_checkpointing, can_share_prefix

__all__ = ["ResponseBatch", "ResponseLogps", "add_response_head", "can_share_prefix"]


@dataclass(frozen=True)
class ResponseBatch:
    """G prompts with R responses: prompts padded on the left, responses on the right.

    Shapes: `prompt_ids`, `prompt_mask` (G, P); `response_ids`, `response_mask` (R, T);
    `prompt_index` (R,), the prompt of each response.
    """

    prompt_ids: Tensor
    prompt_mask: Tensor
    response_ids: Tensor
    response_mask: Tensor
    prompt_index: Tensor

    @staticmethod
    def of(
        prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[Sequence[int]]],
        pad_token_id: int, device: torch.device | str = "cpu",
    ) -> ResponseBatch:
        """From token ids; `responses[g]` answer `prompts[g]`."""
        flat = [response for group in responses for response in group]
        prompt_ids, prompt_mask = _pad(prompts, pad_token_id, left=True)
        response_ids, response_mask = _pad(flat, pad_token_id, left=False)
        index = torch.tensor([g for g, group in enumerate(responses) for _ in group])
        tensors = (prompt_ids, prompt_mask, response_ids, response_mask, index)
        return ResponseBatch(*(tensor.to(device) for tensor in tensors))

    @property
    def token_count(self) -> tuple[int, int]:
        """Real tokens in (prompts, responses)."""
        return int(self.prompt_mask.sum()), int(self.response_mask.sum())


def _pad(rows: Sequence[Sequence[int]], value: int, left: bool) -> tuple[Tensor, Tensor]:
    width = max(len(row) for row in rows)
    ids, mask = [], []
    for row in rows:
        gap = width - len(row)
        ids.append([value] * gap + list(row) if left else list(row) + [value] * gap)
        mask.append([0] * gap + [1] * len(row) if left else [1] * len(row) + [0] * gap)
    return torch.tensor(ids), torch.tensor(mask)


@dataclass
class ResponseLogps:
    """(R, T) in float32: log-probabilities, 0 outside the mask; entropies (no gradient) or None."""

    logps: Tensor
    entropies: Tensor | None


# FSDP2 finds the tensors of an output this way.
register_dataclass(ResponseLogps)


def add_response_head(model: Any) -> None:
    """Give `model.forward` the keyword `response_batch` (see the module's docstring).

    `model` is a PreTrainedModel, or a PeftModel around one.

    With it, `forward(response_batch=..., share_prefix=bool, temperature=float, entropy=bool)`
    returns `ResponseLogps`; without it, the forward is the original one. Further keywords:
    `prefix_only=True` returns the prompts' `Prefix` instead, and `prefix=...` takes one (its own
    or a `cut` of it) in place of running the prompts; `uniform=True` promises that the gradients
    of all the log-probabilities will be equal, which spares work, and `in_place=True` that they
    come of a `backward()`, which spares memory (see `oorl.trainers.head`).
    """
    model = model.get_base_model() if hasattr(model, "get_base_model") else model
    original = model.forward

    @functools.wraps(original)
    def forward(self: PreTrainedModel, *args: Any, response_batch: ResponseBatch | None = None,
                share_prefix: bool = True, prefix: Prefix | None = None, prefix_only: bool = False,
                temperature: float = 1.0, entropy: bool = False, uniform: bool = False,
                in_place: bool = False, **kwargs: Any) -> Any:
        if response_batch is None:
            return original(*args, **kwargs)
        if prefix is None and share_prefix:
            prefix = _run_prompts(self, response_batch)
        if prefix_only:
            return prefix
        hidden = (_joined_hidden(self, response_batch) if prefix is None
                  else _shared_hidden(self, response_batch, prefix))
        return _score(self, hidden, response_batch, temperature, entropy, uniform, in_place)

    model.forward = types.MethodType(forward, model)
    allow_checkpointing(model)


def _positions(mask: Tensor) -> Tensor:
    return (mask.cumsum(1) - 1).clamp(min=0)


def _run_prompts(model: PreTrainedModel, batch: ResponseBatch) -> Prefix:
    cache = PrefixCache.recording(model)
    output = model.base_model(
        input_ids=batch.prompt_ids, attention_mask=batch.prompt_mask,
        position_ids=_positions(batch.prompt_mask), past_key_values=cache, use_cache=False)
    return cache.recorded(output.last_hidden_state[:, -1:])


def _shared_hidden(model: PreTrainedModel, batch: ResponseBatch, prefix: Prefix) -> Tensor:
    """(R, T, D): the states that predict each response token; each prompt ran once."""
    index = None if len(batch.prompt_ids) == len(batch.response_ids) == 1 else batch.prompt_index
    first = prefix.last if index is None else prefix.last[index]
    if batch.response_ids.size(1) == 1:
        return first
    mask = torch.cat([batch.prompt_mask[batch.prompt_index], batch.response_mask[:, :-1]], 1)
    rest = model.base_model(
        input_ids=batch.response_ids[:, :-1], attention_mask=mask,
        position_ids=_positions(mask)[:, batch.prompt_ids.size(1):],
        past_key_values=PrefixCache.reading(prefix, index), use_cache=False)
    return torch.cat([first, rest.last_hidden_state], 1)


def _joined_hidden(model: PreTrainedModel, batch: ResponseBatch) -> Tensor:
    """(R, T, D) as `_shared_hidden`, running prompt and response as one sequence."""
    prompt_mask = batch.prompt_mask[batch.prompt_index]
    mask = torch.cat([prompt_mask, batch.response_mask], 1)
    ids = torch.cat([batch.prompt_ids[batch.prompt_index], batch.response_ids], 1)
    output = model.base_model(
        input_ids=ids, attention_mask=mask, position_ids=_positions(mask), use_cache=False)
    return output.last_hidden_state[:, batch.prompt_ids.size(1) - 1:-1]


def _score(
    model: PreTrainedModel, hidden: Tensor, batch: ResponseBatch, temperature: float,
    entropy: bool, uniform: bool, in_place: bool,
) -> ResponseLogps:
    """Project the unpadded positions only."""
    head: Any = model.get_output_embeddings()
    mask = batch.response_mask.bool()
    logps, entropies = token_logps(
        head, hidden[mask], batch.response_ids[mask], temperature, entropy, uniform,
        in_place)
    empty = torch.zeros(mask.shape, dtype=logps.dtype, device=mask.device)
    return ResponseLogps(
        empty.masked_scatter(mask, logps),
        empty.masked_scatter(mask, entropies) if entropy else None,
    )
