"""REINFORCE++: a hand-worked batch, masking, degenerate cases."""

import pytest
import torch

from oorl.losses.policy_gradient import (
    group_baseline,
    normalize_globally,
    ppo_clip,
    reinforce_pp_advantages,
    returns_to_go,
    token_kl,
    token_rewards,
)

MASK = torch.tensor([[1, 1, 1], [1, 0, 0]])
KL = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.0, 0.0]], dtype=torch.float64)


def test_hand_worked_batch():
    # R = 1, 0; kl_coef .5: r = (-.05, -.1, .85), (-.2); A = (.7, .75, .85), (-.2).
    # Four tokens: mean .525, deviations .175 .225 .325 -.725, variance .1781875 (biased).
    advantages = reinforce_pp_advantages(
        torch.tensor([1.0, 0.0], dtype=torch.float64), MASK, kl=KL, kl_coef=0.5)
    deviation = ((0.175**2 + 0.225**2 + 0.325**2 + 0.725**2) / 4) ** 0.5
    expected = [[0.175 / deviation, 0.225 / deviation, 0.325 / deviation],
                [-0.725 / deviation, 0.0, 0.0]]
    torch.testing.assert_close(advantages, torch.tensor(expected, dtype=torch.float64))


def test_unbiased_variance_as_in_verl():
    values = torch.tensor([[1.0, 2.0], [4.0, 9.0]], dtype=torch.float64)
    mask = torch.tensor([[1, 1], [1, 0]])
    picked = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)
    expected = (picked - picked.mean()) / (picked.std(unbiased=True) + 1e-8)
    result = normalize_globally(values, mask, unbiased=True)
    torch.testing.assert_close(result[mask.bool()], expected)
    assert result[1, 1] == 0


def test_discounted_return():
    rewards = torch.tensor([[1.0, 2.0, 4.0]])
    assert returns_to_go(rewards, 0.5).tolist() == [[3.0, 4.0, 4.0]]
    assert returns_to_go(rewards).tolist() == [[7.0, 6.0, 4.0]]


def test_reward_sits_on_the_last_real_token():
    placed = token_rewards(torch.tensor([5.0, 7.0]), MASK, None, 0.0)
    assert placed.tolist() == [[0, 0, 5], [7, 0, 0]]
    empty = token_rewards(torch.tensor([5.0]), torch.zeros(1, 3, dtype=torch.long), None, 0.0)
    assert empty.abs().sum() == 0


def test_group_baseline_is_the_mean_of_the_same_prompt():
    rewards = torch.tensor([1.0, 0.0, 1.0, 1.0, torch.nan, 0.0])
    baselined = group_baseline(rewards, 3)
    assert baselined[:3].tolist() == pytest.approx([1 / 3, -2 / 3, 1 / 3])
    assert baselined[3].item() == 0.5
    assert baselined[4].isnan()


def test_unknown_rewards_have_no_part():
    rewards = torch.tensor([1.0, 0.0, torch.nan], dtype=torch.float64)
    mask = torch.ones(3, 2, dtype=torch.long)
    with_unknown = reinforce_pp_advantages(rewards, mask)
    without = reinforce_pp_advantages(rewards[:2], mask[:2])
    torch.testing.assert_close(with_unknown[:2], without)
    assert with_unknown[2].abs().sum() == 0


@pytest.mark.parametrize("reward", [0.0, 0.7, 1.0, 1e6])
def test_equal_rewards_teach_nothing(reward):
    advantages = reinforce_pp_advantages(torch.full((37,), reward), torch.ones(37, 7))
    assert advantages.abs().max() == 0


def test_padding_has_no_effect():
    rewards = torch.tensor([1.0, 0.0], dtype=torch.float64)
    short = reinforce_pp_advantages(rewards, MASK, kl=KL, kl_coef=0.1)
    padding = torch.full((2, 4), 99.0, dtype=torch.float64)
    mask = torch.cat([MASK, torch.zeros(2, 4, dtype=torch.long)], 1)
    kl = token_kl(torch.cat([KL, padding], 1), torch.zeros(2, 7, dtype=torch.float64), mask)
    long = reinforce_pp_advantages(rewards, mask, kl=kl, kl_coef=0.1)
    torch.testing.assert_close(long[:, :3], short)
    assert long[:, 3:].abs().max() == 0


def test_reduce_makes_two_processes_one_batch():
    """Each half normalised with summed statistics equals the whole batch normalised."""
    values, mask = torch.randn(4, 3, dtype=torch.float64), torch.ones(4, 3)
    whole = normalize_globally(values, mask)
    halves = [(values[:2], mask[:2]), (values[2:], mask[2:])]
    totals = iter([
        torch.stack([values.sum(), mask.double().sum()]),
        (values - values.mean()).square().sum(),
    ])
    part = normalize_globally(*halves[0], reduce=lambda _: next(totals))
    torch.testing.assert_close(part, whole[:2])


def test_ppo_clip_by_hand():
    # ratio 1.5 with A 1 is cut at 1.2; with A -1 it is not; ratio .5 with A -1 is cut at .8.
    logps = torch.tensor([[1.5, 1.5, 0.5, 0.5]]).log().requires_grad_()
    advantages = torch.tensor([[1.0, -1.0, -1.0, 1.0]])
    loss, cut = ppo_clip(logps, torch.zeros(1, 4), advantages, 0.2, 0.2)
    torch.testing.assert_close(loss, torch.tensor([[-1.2, 1.5, 0.8, -0.5]]))
    assert cut.tolist() == [[True, False, True, False]]
    loss.sum().backward()
    assert (logps.grad == 0).tolist() == cut.tolist()
