"""GEPO: group equivalent preference optimisation (Wu et al. 2025, sec. 3.2, eq. 8-9).

A group is one prompt x with n winners (equivalent answers) and m losers (inequivalent ones):

    r_hat(x, y) = log pi_theta(y|x) - log pi_ref(y|x)
    d           = mean_i r_hat(x, y_w^i) - mean_j r_hat(x, y_l^j)
    L_GEPO      = -log sigmoid(beta * d) + lambda * Var_i(r_hat(x, y_w^i))

with the population variance.

The defaults are the paper's form. With n = m = 1 the variance is 0 and the loss is DPO's.

All R responses of one or many groups come as flat tensors of shape (R,), and `group_ids` says
which responses belong together, so that groups may differ in size and order. The loss is the
mean over groups; a response's gradient is a scalar times that of its own log-probability, and
`gepo_coefficients` gives these scalars in closed form, so that no two responses need to be in
memory together.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from oorl.errors import DataError


@dataclass(frozen=True)
class GEPOForm:
    """The numbers and options of the loss; the defaults are the paper's form.

    Args:
        beta: sharpness of the preference, > 0.
        lambda_: weight of the winners' variance, >= 0. The variance outweighs the preference
            once the winners' r_hat differ by more than about beta / 2 nats.
        length_normalize: use r_hat / response length everywhere.
        variance_per_token: use r_hat / response length in the variance alone.
        label_smoothing: probability that a group's winners and losers are swapped, in [0, 0.5).
    """

    beta: float = 0.1
    lambda_: float = 1.0
    length_normalize: bool = False
    variance_per_token: bool = False
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        if not self.beta > 0 or not self.lambda_ >= 0 or not 0 <= self.label_smoothing < 0.5:
            raise ValueError(f"{self}: beta > 0, lambda_ >= 0 and 0 <= label_smoothing < 0.5")

    @property
    def needs_lengths(self) -> bool:
        return self.length_normalize or self.variance_per_token


@dataclass(frozen=True)
class _Groups:
    """Which response belongs where; R responses in G groups."""

    index: Tensor  # (R,) long, the group of each response, 0..G-1
    is_winner: Tensor  # (R,) bool
    winners: Tensor  # (G,) float, n of each group
    losers: Tensor  # (G,) float, m of each group

    @staticmethod
    def of(group_ids: Tensor, is_winner: Tensor, dtype: torch.dtype) -> _Groups:
        names, index = torch.unique(group_ids, return_inverse=True)
        winner = is_winner.to(dtype)
        winners = torch.zeros(len(names), dtype=dtype, device=index.device)
        losers = winners.index_add(0, index, 1 - winner)
        winners = winners.index_add(0, index, winner)
        for kind, count in (("winner", winners), ("loser", losers)):
            if len(names) == 0 or bool((count == 0).any()):
                where = names[count == 0].tolist()
                raise DataError(
                    f"GEPO group(s) {where or '(none given)'} without a {kind}",
                    "Every group needs at least one winner and one loser: filter the groups.",
                )
        return _Groups(index, is_winner.bool(), winners, losers)

    def winner_mean(self, values: Tensor) -> Tensor:
        """(R,) -> (G,), the mean over each group's winners."""
        return self._sum(values.masked_fill(~self.is_winner, 0)) / self.winners.to(values.dtype)

    def loser_mean(self, values: Tensor) -> Tensor:
        """(R,) -> (G,), the mean over each group's losers."""
        return self._sum(values.masked_fill(self.is_winner, 0)) / self.losers.to(values.dtype)

    def _sum(self, values: Tensor) -> Tensor:
        return values.new_zeros(len(self.winners)).index_add(0, self.index, values)


def _scaled_ratios(
    log_ratios: Tensor, lengths: Tensor | None, form: GEPOForm
) -> tuple[Tensor, Tensor]:
    """(R,) r_hat as the preference term and as the variance term use it."""
    if not form.needs_lengths:
        return log_ratios, log_ratios
    if lengths is None:
        raise ValueError("length_normalize and variance_per_token need the responses' lengths")
    per_token = log_ratios / lengths.to(log_ratios.dtype)
    return (per_token if form.length_normalize else log_ratios), per_token


def gepo_loss(
    policy_logps: Tensor,
    ref_logps: Tensor,
    group_ids: Tensor,
    is_winner: Tensor,
    form: GEPOForm = GEPOForm(),
    lengths: Tensor | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of eq. 8-9, averaged over groups.

    Args:
        policy_logps: (R,) log pi_theta(y|x), summed over the response's tokens, in nats.
        ref_logps: (R,) log pi_ref(y|x); no gradient flows into it.
        group_ids: (R,) integers; responses with the same number form a group.
        is_winner: (R,) bool.
        form: beta, lambda and options.
        lengths: (R,) response lengths in tokens; needed by the per-token options only.

    Returns:
        The scalar loss, and detached scalars named as in TRL's DPO: `rewards/chosen`,
        `rewards/rejected` (beta * mean r_hat), `rewards/margins`, `rewards/accuracies` (share of
        groups with d > 0), `variance` (before lambda), `log_ratio_spread` (largest minus
        smallest r_hat among a group's winners, mean over groups; nats).

    Raises:
        DataError: a group lacks a winner or a loser.
    """
    ratios, for_variance = _scaled_ratios(policy_logps - ref_logps.detach(), lengths, form)
    groups = _Groups.of(group_ids, is_winner, ratios.dtype)
    chosen, rejected = groups.winner_mean(ratios), groups.loser_mean(ratios)
    logits = form.beta * (chosen - rejected)
    preference = -(1 - form.label_smoothing) * F.logsigmoid(logits)
    preference = preference - form.label_smoothing * F.logsigmoid(-logits)
    deviations = for_variance - groups.winner_mean(for_variance)[groups.index]
    variance = groups.winner_mean(deviations.square())
    loss = (preference + form.lambda_ * variance).mean()
    return loss, _metrics(groups, form, ratios, chosen, rejected, variance)


@torch.no_grad()
def _metrics(
    groups: _Groups, form: GEPOForm, ratios: Tensor, chosen: Tensor, rejected: Tensor,
    variance: Tensor,
) -> dict[str, Tensor]:
    size = len(chosen)
    extremes = [
        ratios.new_full((size,), start).scatter_reduce(
            0, groups.index[groups.is_winner], ratios[groups.is_winner], how)
        for start, how in ((-torch.inf, "amax"), (torch.inf, "amin"))
    ]
    return {
        "rewards/chosen": form.beta * chosen.mean(),
        "rewards/rejected": form.beta * rejected.mean(),
        "rewards/margins": form.beta * (chosen - rejected).mean(),
        "rewards/accuracies": (chosen > rejected).to(ratios.dtype).mean(),
        "variance": variance.mean(),
        "log_ratio_spread": (extremes[0] - extremes[1]).mean(),
    }


@torch.no_grad()
def gepo_coefficients(
    policy_logps: Tensor,
    ref_logps: Tensor,
    group_ids: Tensor,
    is_winner: Tensor,
    form: GEPOForm = GEPOForm(),
    lengths: Tensor | None = None,
) -> Tensor:
    """c = dL/d policy_logps of `gepo_loss`, shape (R,), in closed form; arguments as there.

    With s = sigmoid(-beta d), per group of a batch of G groups:

        winner: c_i = (-beta s / n + (2 lambda / n) (r_i - mean_w r)) / G
        loser:  c_j =   beta s / m / G

    In the paper's form the c of a group sum to 0. `(c * logps).sum().backward()`, one response
    at a time, gives exactly the gradient of the loss.
    """
    ratios, for_variance = _scaled_ratios(policy_logps - ref_logps, lengths, form)
    groups = _Groups.of(group_ids, is_winner, ratios.dtype)
    logits = form.beta * (groups.winner_mean(ratios) - groups.loser_mean(ratios))
    # s without smoothing; in general -dL/dlogits.
    slope = form.beta * (torch.sigmoid(-logits) - form.label_smoothing)
    pull = torch.where(
        groups.is_winner,
        -(slope / groups.winners)[groups.index],
        (slope / groups.losers)[groups.index],
    )
    deviations = for_variance - groups.winner_mean(for_variance)[groups.index]
    tie = torch.where(
        groups.is_winner, 2 * form.lambda_ * deviations / groups.winners[groups.index], 0)
    if lengths is not None and form.needs_lengths:
        tie = tie / lengths
        pull = pull / lengths if form.length_normalize else pull
    return (pull + tie) / len(groups.winners)
