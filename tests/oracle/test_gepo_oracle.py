"""GEPO against a float64 twin written from the paper, shares no code with the loss."""

import math
import random

import pytest
import torch

from oorl.losses.gepo import GEPOForm, gepo_coefficients, gepo_loss


def twin(groups, beta, lambda_, length_normalize=False, variance_per_token=False, smoothing=0.0):
    """Eq. 8-9 in plain Python floats; groups: lists of (policy, ref, is_winner, length)."""
    losses = []
    for group in groups:
        ratio = [p - q for p, q, _, _ in group]
        scaled = [(p - q) / k for p, q, _, k in group]
        used = scaled if length_normalize else ratio
        spread = scaled if length_normalize or variance_per_token else ratio
        win = [r for r, g in zip(used, group, strict=True) if g[2]]
        lose = [r for r, g in zip(used, group, strict=True) if not g[2]]
        z = beta * (sum(win) / len(win) - sum(lose) / len(lose))
        loss = (1 - smoothing) * math.log1p(math.exp(-z)) + smoothing * math.log1p(math.exp(z))
        tied = [r for r, g in zip(spread, group, strict=True) if g[2]]
        mean = sum(tied) / len(tied)
        losses.append(loss + lambda_ * sum((r - mean) ** 2 for r in tied) / len(tied))
    return sum(losses) / len(losses)


def random_groups(seed, count=3):
    rng = random.Random(seed)
    return [
        [(rng.gauss(-40, 3), rng.gauss(-40, 3), i < n, rng.randint(5, 90))
         for i in range(n + rng.randint(1, 5))]
        for n in [rng.randint(1, 5) for _ in range(count)]
    ]


def tensors(groups, dtype=torch.float64):
    flat = [(*row, g) for g, group in enumerate(groups) for row in group]
    policy, ref, winner, length, index = zip(*flat, strict=True)
    return (torch.tensor(policy, dtype=dtype, requires_grad=True), torch.tensor(ref, dtype=dtype),
            torch.tensor(index), torch.tensor(winner), torch.tensor(length))


FORMS = [
    {}, {"beta": 0.7, "lambda_": 0.0}, {"length_normalize": True, "beta": 2.0},
    {"variance_per_token": True}, {"label_smoothing": 0.2},
    {"length_normalize": True, "label_smoothing": 0.1, "lambda_": 3.0},
]


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_loss_and_gradient_match_the_twin(form, seed):
    groups = random_groups(seed)
    policy, ref, index, winner, length = tensors(groups)
    loss, _ = gepo_loss(policy, ref, index, winner, GEPOForm(**form), length)
    arguments = {"beta": 0.1, "lambda_": 1.0} | form
    arguments["smoothing"] = arguments.pop("label_smoothing", 0.0)
    assert loss.item() == pytest.approx(twin(groups, **arguments), rel=1e-12)
    loss.backward()
    step, flat = 1e-5, [(g, i) for g, group in enumerate(groups) for i in range(len(group))]
    for position, (g, i) in enumerate(flat):
        ends = []
        for sign in (1, -1):
            moved = [list(group) for group in groups]
            p, *rest = moved[g][i]
            moved[g][i] = (p + sign * step, *rest)
            ends.append(twin(moved, **arguments))
        assert policy.grad[position].item() == pytest.approx(
            (ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_gradcheck_and_closed_form(form):
    policy, ref, index, winner, length = tensors(random_groups(11))
    form = GEPOForm(**form)
    assert torch.autograd.gradcheck(
        lambda p: gepo_loss(p, ref, index, winner, form, length)[0], (policy,))
    gepo_loss(policy, ref, index, winner, form, length)[0].backward()
    closed = gepo_coefficients(policy, ref, index, winner, form, length)
    torch.testing.assert_close(closed, policy.grad, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_coefficients_sum_to_zero(seed):
    policy, ref, index, winner, _ = tensors(random_groups(seed))
    closed = gepo_coefficients(policy, ref, index, winner)
    assert abs(closed.sum().item()) < 1e-14 * closed.abs().sum().item() + 1e-15


@pytest.mark.parametrize("seed", range(5))
def test_one_winner_one_loser_is_dpo(seed):
    """n = m = 1: the variance is 0, and the loss is TRL's sigmoid DPO loss."""
    import torch.nn.functional as F

    policy, ref = torch.randn(2, generator=torch.Generator().manual_seed(seed)) * 9, torch.zeros(2)
    loss, metrics = gepo_loss(policy, ref, torch.tensor([0, 0]), torch.tensor([True, False]))
    assert metrics["variance"].item() == 0
    dpo = -F.logsigmoid(0.1 * ((policy[0] - ref[0]) - (policy[1] - ref[1])))
    assert loss.item() == pytest.approx(dpo.item(), rel=1e-6)


def test_preference_term_is_at_most_mean_dpo_over_all_pairs():
    """-log sigmoid is convex, so the mean inside is at most the mean outside (Jensen)."""
    groups = random_groups(5, count=1)
    policy, ref, index, winner, _ = tensors(groups)
    loss, _ = gepo_loss(policy, ref, index, winner, GEPOForm(lambda_=0.0))
    losers = [row for row in groups[0] if not row[2]]
    pairs = [twin([[w, loser]], 0.1, 0.0) for w in groups[0] if w[2] for loser in losers]
    assert loss.item() <= sum(pairs) / len(pairs) + 1e-12
