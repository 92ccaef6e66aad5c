"""GEPO: hand-worked numbers, invariances, refusals."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from oorl.errors import DataError
from oorl.losses.gepo import GEPOForm, gepo_coefficients, gepo_loss

WINNER = torch.tensor([True, True, False, False])
ONE = torch.zeros(4, dtype=torch.long)


def test_hand_worked_group():
    # r = 1, 3 | 0, -2: d = 2 - (-1) = 3; beta d = .3; population variance of (1, 3) is 1.
    policy = torch.tensor([-9.0, -7.0, -10.0, -12.0])
    loss, metrics = gepo_loss(policy, torch.full((4,), -10.0), ONE, WINNER)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-0.3)) + 1.0, rel=1e-6)
    assert metrics["rewards/chosen"].item() == pytest.approx(0.2)
    assert metrics["rewards/rejected"].item() == pytest.approx(-0.1)
    assert metrics["rewards/margins"].item() == pytest.approx(0.3)
    assert metrics["rewards/accuracies"].item() == 1.0
    assert metrics["variance"].item() == pytest.approx(1.0)
    assert metrics["log_ratio_spread"].item() == pytest.approx(2.0)


def test_hand_worked_coefficients():
    # s = sigmoid(-.3); winners -.1 s / 2 + (2 / 2) (r - 2); losers .1 s / 2.
    policy = torch.tensor([1.0, 3.0, 0.0, -2.0], dtype=torch.float64)
    s = 1 / (1 + math.exp(0.3))
    expected = [-0.05 * s - 1, -0.05 * s + 1, 0.05 * s, 0.05 * s]
    closed = gepo_coefficients(policy, torch.zeros(4), ONE, WINNER)
    assert closed.tolist() == pytest.approx(expected)


def test_log_2_at_the_start():
    logps = torch.tensor([-3.0, -50.0, -7.0, -90.0])
    loss, metrics = gepo_loss(logps, logps.clone(), ONE, WINNER)
    assert loss.item() == pytest.approx(math.log(2), abs=1e-7)
    assert metrics["rewards/accuracies"].item() == 0.0  # a tie is not a win


def test_no_gradient_into_the_reference():
    policy, ref = torch.randn(4, requires_grad=True), torch.randn(4, requires_grad=True)
    gepo_loss(policy, ref, ONE, WINNER)[0].backward()
    assert ref.grad is None
    assert policy.grad is not None


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_order_of_responses_and_names_of_groups_do_not_matter(seed):
    generator = torch.Generator().manual_seed(seed)
    policy = torch.randn(11, generator=generator, dtype=torch.float64)
    ref = torch.randn(11, generator=generator, dtype=torch.float64)
    index = torch.tensor([0] * 3 + [1] * 5 + [2] * 3)
    winner = torch.tensor([1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1]).bool()
    order = torch.randperm(11, generator=generator)
    names = torch.randperm(3, generator=generator) * 7 - 3
    loss, _ = gepo_loss(policy, ref, index, winner)
    moved, _ = gepo_loss(policy[order], ref[order], names[index[order]], winner[order])
    assert moved.item() == pytest.approx(loss.item(), rel=1e-12)


def test_repeating_every_response_changes_nothing():
    policy, ref = torch.randn(4).double(), torch.randn(4).double()
    loss, _ = gepo_loss(policy, ref, ONE, WINNER)
    twice, _ = gepo_loss(policy.repeat(2), ref.repeat(2), ONE.repeat(2), WINNER.repeat(2))
    assert twice.item() == pytest.approx(loss.item(), rel=1e-12)


def test_groups_average():
    policy, ref = torch.randn(8).double(), torch.randn(8).double()
    both, _ = gepo_loss(policy, ref, torch.cat([ONE, ONE + 1]), WINNER.repeat(2))
    alone = [gepo_loss(policy[i:i + 4], ref[i:i + 4], ONE, WINNER)[0] for i in (0, 4)]
    assert both.item() == pytest.approx((sum(alone) / 2).item(), rel=1e-12)


def test_a_shift_common_to_a_group_changes_nothing():
    """The partition function of eq. 6 cancels in the difference and in the variance."""
    policy, ref = torch.randn(4).double(), torch.randn(4).double()
    loss, _ = gepo_loss(policy, ref, ONE, WINNER)
    assert gepo_loss(policy + 5, ref, ONE, WINNER)[0].item() == pytest.approx(loss.item())


@pytest.mark.parametrize("winner", [[True] * 4, [False] * 4])
def test_a_group_without_winner_or_loser_is_refused(winner):
    with pytest.raises(DataError, match=r"group\(s\) \[6\] without a"):
        gepo_loss(torch.zeros(4), torch.zeros(4), ONE + 6, torch.tensor(winner))


def test_no_responses_are_refused():
    nothing = torch.zeros(0)
    with pytest.raises(DataError, match="none given"):
        gepo_loss(nothing, nothing, nothing.long(), nothing.bool())


def test_extreme_margins_stay_finite():
    policy = torch.tensor([-1e5, -1e5, 0.0, 0.0], requires_grad=True)
    loss, _ = gepo_loss(policy, torch.zeros(4), ONE, WINNER)
    loss.backward()
    assert loss.isfinite()
    assert policy.grad.isfinite().all()


@pytest.mark.parametrize("bad", [{"beta": 0.0}, {"lambda_": -1.0}, {"label_smoothing": 0.5}])
def test_bad_forms_are_refused(bad):
    with pytest.raises(ValueError, match="beta > 0"):
        GEPOForm(**bad)


def test_per_token_options_need_lengths():
    with pytest.raises(ValueError, match="lengths"):
        gepo_loss(torch.zeros(4), torch.zeros(4), ONE, WINNER, GEPOForm(length_normalize=True))
