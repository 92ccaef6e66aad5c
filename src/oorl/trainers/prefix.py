"""A prompt's keys and values, computed once and read by all its responses, with exact gradients.

transformers' caches grow in place, which autograd and gradient checkpointing cannot bear. Here one
cache records what the layers make of the prompts and another, read-only, lays it before the keys
and values of a response. Recomputing a checkpointed layer reads the same prefix again, so both
work under (non-reentrant) gradient checkpointing, after `allow_checkpointing`.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import register_dataclass
from transformers import Cache, PreTrainedModel
from transformers.cache_utils import DynamicLayer


@dataclass
class Prefix:
    """What G prompts leave behind: `keys`, `values` per layer (G, H, P, D); `last` (G, 1, D), the
    state that predicts a response's first token."""

    keys: list[Tensor]
    values: list[Tensor]
    last: Tensor

    @property
    def tensors(self) -> list[Tensor]:
        return [*self.keys, *self.values, self.last]

    def cut(self) -> Prefix:
        """The same numbers as leaves of a graph of their own; their gradients are the prompt's
        share, to be sent on by `meet`."""
        leaves = [x.detach().requires_grad_(x.requires_grad) for x in self.tensors]
        count = len(self.keys)
        return Prefix(leaves[:count], leaves[count:-1], leaves[-1])


# FSDP2 finds the tensors of an output this way.
register_dataclass(Prefix)


class _Sent(torch.autograd.Function):
    """A loss whose backward also hands `grads` to `tensors`, as they are."""

    @staticmethod
    def forward(ctx: Any, loss: Tensor, grads: Sequence[Tensor], *_tensors: Tensor) -> Tensor:
        ctx.grads = grads
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return (grads[0], None, *ctx.grads)


def meet(loss: Tensor, tensors: Sequence[Tensor], grads: Sequence[Tensor | None]) -> Tensor:
    """`loss`, whose backward also goes on from `tensors` with gradients known already.

    These are not multiplied with what comes back to the loss: they came out of a backward pass
    that scaled them already.
    """
    pairs = [(t, g) for t, g in zip(tensors, grads, strict=True)
             if t.requires_grad and g is not None]
    result: Tensor = _Sent.apply(loss, [g for _, g in pairs], *(t for t, _ in pairs))
    return result


class _Recording(DynamicLayer):
    """Keeps the keys and values of the first update; a recomputation changes nothing."""

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> Any:
        if not self.is_initialized:
            self.keys, self.values = key_states, value_states
            self.is_initialized = True
        return key_states, value_states


class _Reading(DynamicLayer):
    """The prefix before whatever is given; never changes."""

    def __init__(self, keys: Tensor, values: Tensor, index: Tensor | None) -> None:
        super().__init__()
        self.keys, self.values, self._index = keys, values, index
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> Any:
        keys: Any = self.keys
        values: Any = self.values
        if self._index is not None:
            keys, values = keys[self._index], values[self._index]
        return torch.cat([keys, key_states], -2), torch.cat([values, value_states], -2)


class PrefixCache(Cache):
    """Records prompts (`PrefixCache.recording`) or reads them (`PrefixCache.reading`)."""

    @staticmethod
    def recording(model: PreTrainedModel) -> PrefixCache:
        count = model.config.get_text_config().num_hidden_layers
        return PrefixCache(layers=[_Recording() for _ in range(count)])

    @staticmethod
    def reading(prefix: Prefix, index: Tensor | None) -> PrefixCache:
        """`index` (R,): the prompt of each response; None if there is one of each."""
        return PrefixCache(layers=[
            _Reading(k, v, index) for k, v in zip(prefix.keys, prefix.values, strict=True)])

    def recorded(self, last: Tensor) -> Prefix:
        layers: Any = self.layers
        return Prefix([x.keys for x in layers], [x.values for x in layers], last)


def can_share_prefix(model: Any) -> bool:
    """Whether the architecture keeps a prompt in keys and values alone, for every layer."""
    config = model.config.get_text_config()
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    if not (kinds <= {"full_attention", "sliding_attention"}
            and getattr(config, "num_kv_shared_layers", 0) in (0, None)
            and hasattr(config, "num_hidden_layers")):
        return False
    if not (model.training and model.is_activation_checkpointing):
        return True
    layers = [m for m in model.modules() if getattr(m, "gradient_checkpointing", False)
              and hasattr(m, "_can_checkpoint_with_cache")]
    return bool(layers) and all(_keeps_prefix(layer) for layer in layers)


def _keeps_prefix(layer: Any) -> bool:
    """Whether a checkpointed layer was adapted, and is recomputed in the non-reentrant way."""
    options = getattr(getattr(layer, "_gradient_checkpointing_func", None), "keywords", {})
    return layer._can_checkpoint_with_cache and not options.get("use_reentrant", False)


def allow_checkpointing(model: torch.nn.Module) -> None:
    """Let checkpointed layers keep a `PrefixCache`; any other cache they refuse as before."""
    layer: Any
    for layer in model.modules():
        if hasattr(layer, "_can_checkpoint_with_cache") and "forward" not in vars(layer):
            layer._can_checkpoint_with_cache = True
            layer.forward = types.MethodType(_forward, layer)


def _forward(self: Any, *args: Any, **kwargs: Any) -> Any:
    cache = kwargs.get("past_key_values")
    if self.gradient_checkpointing and self.training and not isinstance(cache, PrefixCache):
        kwargs["past_key_values"], kwargs["use_cache"] = None, False
    # The class's forward, looked up late: FSDP2 exchanges the class after this was installed.
    return type(self).forward(self, *args, **kwargs)
