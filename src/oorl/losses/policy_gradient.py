"""Policy gradients without a critic: REINFORCE++, with and without baseline, and RLOO.

REINFORCE++ (Hu 2025, arXiv 2501.03262), for B completions of at most T tokens, `mask` (B, T)
marking the real ones:

    KL_t   = log pi_old(a_t|s_t) - log pi_ref(a_t|s_t)
    r_t    = [t is the last token] * R - kl_coef * KL_t
    A_t    = sum_{i >= t} gamma^(i-t) r_i                        (return to go)
    A_t'   = (A_t - mean A) / (std A + eps)       over all tokens of the *global* batch
    L      = -E_t[min(ratio_t A_t', clip(ratio_t, 1 - eps_low, 1 + eps_high) A_t')]

REINFORCE++-baseline subtracts the mean reward of the same prompt's samples from R first. Unlike
GRPO, the scale is global: a prompt on which all samples but one agree does not get blown up.

RLOO (Ahmadian et al. 2024, arXiv 2402.14740) takes a whole completion as one action. With k samples
of a prompt, R_i less the KL of the sequence:

    A_i = R_i - mean_{j != i} R_j
    L   = -E_i[min(ratio_i A_i, clip(ratio_i, 1 - eps_low, 1 + eps_high) A_i)]
    ratio_i = pi(y_i|x) / pi_old(y_i|x)

REINFORCE++'s paper leaves open whether the variance is the biased one (OpenRLHF) or not (verl); we
use the biased one unless told otherwise. All functions are pure; those that need the global batch
take `reduce`, which sums a tensor over processes (the identity on one).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Reduce = Callable[[Tensor], Tensor]


def token_kl(per_token_logps: Tensor, ref_per_token_logps: Tensor, mask: Tensor) -> Tensor:
    """(B, T) sampled KL of policy to reference ("k1"): the log-ratio; 0 outside the mask."""
    return (per_token_logps - ref_per_token_logps).masked_fill(~mask.bool(), 0.0)


def token_rewards(rewards: Tensor, mask: Tensor, kl: Tensor | None, kl_coef: float) -> Tensor:
    """(B, T): the sequence reward (B,) on each completion's last token, less the KL penalty.

    A completion with an empty mask gets nothing.
    """
    positions = torch.arange(mask.size(1), device=mask.device)
    last = torch.where(mask.bool(), positions, -1).amax(dim=1, keepdim=True)
    result = torch.where(positions == last, rewards.unsqueeze(1), 0.0)
    return result if kl is None else result - kl_coef * kl


def returns_to_go(rewards: Tensor, gamma: float = 1.0) -> Tensor:
    """(B, T) -> (B, T), A_t = r_t + gamma * A_{t+1}."""
    if gamma == 1.0:
        return rewards.flip(1).cumsum(1).flip(1)
    result = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[:, 0])
    for t in range(rewards.size(1) - 1, -1, -1):
        following = rewards[:, t] + gamma * following
        result[:, t] = following
    return result


def group_baseline(rewards: Tensor, num_generations: int) -> Tensor:
    """(B,) less the mean over each run of `num_generations` samples; NaN ("unknown") is ignored."""
    groups = rewards.view(-1, num_generations)
    return (groups - groups.nanmean(dim=1, keepdim=True)).view(-1)


def leave_one_out(rewards: Tensor, num_generations: int) -> Tensor:
    """(B,) less the mean of the *other* samples of the same run of `num_generations`.

    NaN ("unknown") has no part in any mean; it, and a sample without known others, becomes 0.
    """
    groups = rewards.view(-1, num_generations)
    known = (~groups.isnan()).sum(1, keepdim=True)
    others = (groups.nansum(1, keepdim=True) - groups) / (known - 1)
    result = torch.where((known > 1) & ~groups.isnan(), groups - others, 0.0)
    return result.view(-1)


def normalize_globally(
    values: Tensor, mask: Tensor, reduce: Reduce | None = None, unbiased: bool = False,
    eps: float = 1e-8,
) -> Tensor:
    """(B, T) to mean 0 and standard deviation 1 over all masked tokens of all processes.

    Two passes (first the mean, then the deviations), so that a large mean costs no precision.
    Tokens weigh equally, so long completions weigh more. Values that are all equal become 0.
    """
    reduce = reduce or (lambda x: x)
    weight = mask.to(values.dtype)
    total = reduce(torch.stack([(values * weight).sum(), weight.sum()]))
    count = total[1].clamp(min=1)
    centred = (values - total[0] / count) * weight
    variance = reduce(centred.square().sum()) / (count - float(unbiased)).clamp(min=1)
    deviation = variance.sqrt()
    # Equal values differ by rounding alone; dividing that by itself would invent advantages.
    rounding = 1e-6 * (1 + (total[0] / count).abs())
    return torch.where(deviation > rounding, centred / (deviation + eps), 0.0)


def reinforce_pp_advantages(
    rewards: Tensor,
    mask: Tensor,
    *,
    kl: Tensor | None = None,
    kl_coef: float = 0.0,
    gamma: float = 1.0,
    reduce: Reduce | None = None,
) -> Tensor:
    """Token-level advantages, (B, T), zero outside the mask.

    Args:
        rewards: (B,) sequence rewards, after `group_baseline` for REINFORCE++-baseline. NaN
            means unknown (our own fault, not the program's): no part in mean and deviation,
            advantage 0.
        mask: (B, T), 1 on completion tokens.
        kl: (B, T) from `token_kl`, or None for no penalty.
        kl_coef: weight of the penalty inside the return.
        gamma: discount of the return to go; 1 in the paper.
        reduce: sums a tensor over processes.
    """
    known = ~rewards.isnan()
    mask = mask * known.unsqueeze(1)
    per_token = token_rewards(rewards.nan_to_num(nan=0.0), mask, kl, kl_coef)
    return normalize_globally(returns_to_go(per_token * mask, gamma), mask, reduce)


def ppo_clip(
    per_token_logps: Tensor,
    old_per_token_logps: Tensor,
    advantages: Tensor,
    epsilon_low: float,
    epsilon_high: float,
) -> tuple[Tensor, Tensor]:
    """Clipped policy-gradient loss per token (Wu et al. 2025, eq. 5), all tensors (B, T).

    Returns:
        The loss before masking and averaging, and a bool tensor: where clipping cut the gradient.
    """
    ratio = torch.exp(per_token_logps - old_per_token_logps)
    clipped = ratio.clamp(1 - epsilon_low, 1 + epsilon_high)
    loss = -torch.min(ratio * advantages, clipped * advantages)
    cut = ((ratio < 1 - epsilon_low) & (advantages < 0)) | (
        (ratio > 1 + epsilon_high) & (advantages > 0))
    return loss, cut


def sequence_clip(
    per_token_logps: Tensor,
    old_per_token_logps: Tensor,
    mask: Tensor,
    advantages: Tensor,
    epsilon_low: float,
    epsilon_high: float,
) -> tuple[Tensor, Tensor]:
    """`ppo_clip` with each completion as one action: logps and mask (B, T), advantages (B,).

    Returns:
        The loss and where clipping cut the gradient, (B,) each.
    """
    log_ratio = ((per_token_logps - old_per_token_logps) * mask).sum(1)
    return ppo_clip(log_ratio, torch.zeros_like(log_ratio), advantages, epsilon_low, epsilon_high)
