"""Token log-probabilities from last hidden states, without (tokens, vocabulary) logits in memory.

Positions are scored in pieces. Where the gradient of the *sum* of the log-probabilities is all that
is wanted (GEPO: one coefficient a response), or the head is frozen (LoRA), a piece's gradient is
taken while its logits are there:

    d logp_t / d h_t       = (W[y_t] - sum_v p_v W[v]) / T
    d (sum_t logp_t) / d W = sum_t (e_{y_t} - p) h_t / T

so nothing is computed twice; elsewhere a piece's logits are computed again in the backward pass.

With a vocabulary of 152k a gradient of the head is the largest thing there is. `in_place` adds it
to the head's own as soon as its factor is known, so that autograd does not hold it beside that of
the (tied) input embedding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

# Positions scored at once, times the vocabulary; what a piece's logits cost in memory (float32).
_LOGITS_AT_ONCE = 2**23


def token_logps(
    head: torch.nn.Module, states: Tensor, targets: Tensor, temperature: float = 1.0,
    entropy: bool = False, uniform: bool = False, in_place: bool = False,
) -> tuple[Tensor, Tensor]:
    """Log-probabilities of targets (K,) given states (K, D), at least in float32.

    Args:
        head: the output embedding; a plain linear layer without bias takes the direct way.
        entropy: give the entropies too; they carry no gradient.
        uniform: the gradient that comes back will be the same for all K.
        in_place: what comes back is a `backward()` of one process alone: the head's gradient may
            be added to its `.grad` by us. Not where anybody waits for it (`_may_add`).

    Returns:
        (K,) log-probabilities and (K,) entropies (empty unless asked for).
    """
    weight: Any = head.weight
    width = getattr(head, "out_features", None) or weight.size(0)
    step = max(1, _LOGITS_AT_ONCE // width)
    learns = torch.is_grad_enabled() and (states.requires_grad or weight.requires_grad)
    plain = type(head) is torch.nn.Linear and head.bias is None and not hasattr(weight, "ds_id")
    if plain and not entropy and (not learns or uniform or not weight.requires_grad):
        logps = _Direct.apply(states, weight, targets, temperature, step, learns,
                              in_place and _may_add(weight))
        return logps, states.new_empty(0)
    pieces = []
    for i in range(0, len(states), step):
        arguments = (head, states[i:i + step], targets[i:i + step], temperature, entropy)
        pieces.append(checkpoint(_piece, *arguments, use_reentrant=False)
                      if learns and len(states) > step else _piece(*arguments))
    logps, entropies = (torch.cat(column) for column in zip(*pieces, strict=True))
    return logps, entropies


def _may_add(weight: Tensor) -> bool:
    """Whether nobody but the optimiser looks at this gradient: no hook, no other process."""
    hooks: Any = (weight._backward_hooks, getattr(weight, "_post_accumulate_grad_hooks", None))
    return weight.is_leaf and not any(hooks) and alone()


def alone() -> bool:
    """Whether no other process has a part in the gradients."""
    return not (torch.distributed.is_available() and torch.distributed.is_initialized())


def _piece(
    head: torch.nn.Module, states: Tensor, targets: Tensor, temperature: float, entropy: bool
) -> tuple[Tensor, Tensor]:
    logits = head(states)
    logits = (logits if logits.dtype == torch.float64 else logits.float()) / temperature
    log_all = logits.log_softmax(-1)
    logps = log_all.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    if not entropy:
        return logps, logps.new_empty(0)
    with torch.no_grad():
        return logps, -(log_all.exp() * log_all).sum(-1)


class _Direct(torch.autograd.Function):
    """The gradients of the module's docstring, made in the forward pass."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, weight: Tensor, targets: Tensor, temperature: float,
                step: int, learns: bool, add: bool) -> Tensor:
        kind = states.device.type
        compute = (torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind)
                   else weight.dtype)
        wide = torch.float64 if weight.dtype == torch.float64 else torch.float32
        of_states = learns and ctx.needs_input_grad[0]
        of_weight = learns and ctx.needs_input_grad[1]
        logps = torch.empty(len(states), dtype=wide, device=states.device)
        ctx.d_states = torch.empty_like(states) if of_states else None
        ctx.d_weight = torch.zeros_like(weight) if of_weight else None
        ctx.weight = weight if of_weight and add else None
        with torch.autocast(kind, enabled=False):
            matrix = weight.to(compute)
            for i in range(0, len(states), step):
                part = states[i:i + step].to(compute)
                target = targets[i:i + step].unsqueeze(-1)
                scores = torch.nn.functional.linear(part, matrix).to(wide)
                if temperature != 1:
                    scores.div_(temperature)
                chosen = scores.gather(-1, target)
                highest = scores.amax(-1, keepdim=True)
                total = scores.sub_(highest).exp_().sum(-1, keepdim=True)
                logps[i:i + step] = (chosen - highest - total.log()).squeeze(-1)
                if not (of_states or of_weight):
                    continue
                scores.div_(-total * temperature)
                scores.scatter_add_(-1, target, torch.full_like(chosen, 1 / temperature))
                slope = scores.to(compute)
                if of_states:
                    ctx.d_states[i:i + step] = slope @ matrix
                if of_weight and compute == weight.dtype:
                    ctx.d_weight.addmm_(slope.t(), part)
                elif of_weight:
                    ctx.d_weight += slope.t() @ part
        return logps

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        grad: Tensor = grads[0]
        d_states = d_weight = None
        if ctx.d_states is not None:
            d_states = ctx.d_states * grad.unsqueeze(-1).to(ctx.d_states.dtype)
        if ctx.d_weight is not None:
            if not bool((grad == grad[0]).all()):
                raise RuntimeError("uniform=True, but the log-probabilities' gradients differ")
            d_weight, ctx.d_weight = ctx.d_weight, None
            if ctx.weight is None or ctx.weight.grad is None:
                d_weight.mul_(grad[0])
            else:
                ctx.weight.grad.add_(d_weight, alpha=grad[0].item())
                d_weight = None
        return d_states, d_weight, None, None, None, None, None
