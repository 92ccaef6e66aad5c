"""The trainers' gradients and losses against autograd, TRL, and a plain-Python REINFORCE++."""

import math
import random

import pytest
import torch
from datasets import Dataset
from transformers.models.qwen3.modeling_qwen3 import Qwen3RMSNorm
from trl import DPOConfig, DPOTrainer, GRPOTrainer, RLOOConfig, RLOOTrainer

from oorl.losses.gepo import GEPOForm, gepo_loss
from oorl.losses.policy_gradient import leave_one_out, reinforce_pp_advantages
from oorl.trainers.group_step import GEPOStep
from oorl.trainers.groups import tokenize_groups
from oorl.trainers.logps import add_response_head
from oorl.trainers.reference import ReferenceLogps
from tests.unit.trainers.test_oorl_trainer import make
from tests.unit.trainers.tiny import GROUPS, tiny_model, tiny_tokenizer


@pytest.fixture
def float64_norm(monkeypatch):
    """transformers' RMSNorm computes in float32 whatever its input is."""
    def forward(self, hidden):
        variance = hidden.pow(2).mean(-1, keepdim=True)
        return self.weight * hidden * torch.rsqrt(variance + self.variance_epsilon)

    monkeypatch.setattr(Qwen3RMSNorm, "forward", forward)


def policy_and_reference(dtype):
    policy, reference = tiny_model(0, dtype), tiny_model(0, dtype)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in policy.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.add_((0.02 * noise).to(dtype))
    return policy, reference


def sequence_logp(model, prompt, response):
    """Sum of log-probabilities by the model's plain forward on one unpadded sequence."""
    logits = model(input_ids=torch.tensor([list(prompt + response)])).logits[0]
    scores = logits.log_softmax(-1)[len(prompt) - 1:-1]
    return scores[range(len(response)), list(response)].sum()


@pytest.mark.parametrize("form", [
    GEPOForm(), GEPOForm(beta=0.5, lambda_=0.1), GEPOForm(length_normalize=True),
    GEPOForm(variance_per_token=True, label_smoothing=0.1)], ids=str)
@pytest.mark.parametrize("mode", ["single_graph", "two_pass", "streaming"])
@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("share", [False, True])
def test_backward_equals_autograd_of_the_whole_loss(
        float64_norm, form, mode, checkpointing, share):
    groups, _ = tokenize_groups(GROUPS[:3], tiny_tokenizer(), 200)
    policy, reference = policy_and_reference(torch.float64)
    losses = []
    for group in groups:
        logps = torch.stack([sequence_logp(policy, group.prompt, r) for r in group.responses])
        ref = torch.stack([sequence_logp(reference, group.prompt, r) for r in group.responses])
        n, m = len(group.winners), len(group.losers)
        losses.append(gepo_loss(
            logps, ref, torch.zeros(n + m), torch.tensor([True] * n + [False] * m), form,
            torch.tensor([len(r) for r in group.responses]))[0])
    loss = sum(losses) / len(losses)
    loss.backward()
    expected = {name: p.grad.clone() for name, p in policy.named_parameters()}
    policy.zero_grad()

    add_response_head(policy)
    add_response_head(reference)
    policy.train()
    if checkpointing:
        policy.gradient_checkpointing_enable()
    stored = ReferenceLogps.compute(reference, groups)
    metrics = GEPOStep(form, mode, share_prefix=share).backward(
        policy, policy, groups, stored, lambda x, leaves=(): x.backward())
    assert metrics["loss"] == pytest.approx(loss.item(), rel=1e-10)
    for name, parameter in policy.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-9, atol=1e-11)


def test_one_winner_one_loser_equals_trl_dpo(tmp_path):
    """Loss to 1e-6 and gradients, against TRL's own trainer on the same pairs."""
    rows = [{"prompt": row["prompt"], "chosen": row["chosen"][0], "rejected": row["rejected"][0]}
            for row in GROUPS]
    policy, reference = policy_and_reference(torch.float32)
    args = DPOConfig(
        output_dir=str(tmp_path), per_device_train_batch_size=len(rows), beta=0.1, bf16=False,
        activation_checkpointing=False, report_to=[], use_cpu=True)
    trainer = DPOTrainer(policy, reference, args, train_dataset=Dataset.from_list(rows),
                         processing_class=tiny_tokenizer())
    batch = next(iter(trainer.get_train_dataloader()))
    loss = trainer.compute_loss(trainer.model, batch)
    loss.backward()
    expected = {name: p.grad.clone() for name, p in policy.named_parameters()}

    policy, reference = policy_and_reference(torch.float32)
    groups, _ = tokenize_groups(
        [row | {"chosen": [row["chosen"]], "rejected": [row["rejected"]]} for row in rows],
        tiny_tokenizer(), 200)
    add_response_head(policy)
    add_response_head(reference)
    metrics = GEPOStep(GEPOForm(beta=0.1, lambda_=0.0)).backward(
        policy, policy, groups, ReferenceLogps.compute(reference, groups),
        lambda x, leaves=(): x.backward())
    assert abs(loss.item() - math.log(2)) > 1e-3
    # What differs is float32's rounding: TRL's head computes in it whatever the weights are, and
    # sums the tokens' log-probabilities before it takes differences.
    assert metrics["loss"] == pytest.approx(loss.item(), abs=1e-6)
    for name, parameter in policy.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-3, atol=1e-5)


def test_reinforce_loss_equals_trls_on_the_same_advantages(tmp_path):
    """Our `_compute_loss` and forward against GRPOTrainer's own, token mean ("dapo")."""
    trainer = make(tmp_path, num_iterations=2, max_steps=2)
    seen = []
    ours = trainer._compute_loss

    def compare(model, inputs):
        inputs = inputs | {"old_per_token_logps": inputs["old_per_token_logps"] + 0.3 * torch.sin(
            torch.arange(inputs["advantages"].numel()).view_as(inputs["advantages"]))}
        loss = ours(model, inputs)
        gradient = torch.autograd.grad(loss, model.parameters(), retain_graph=True)
        forward = trainer._get_per_token_logps_and_entropies
        trainer._get_per_token_logps_and_entropies = (
            lambda *args, **kwargs: GRPOTrainer._get_per_token_logps_and_entropies(
                trainer, *args, **kwargs))
        theirs = GRPOTrainer._compute_loss(trainer, model, inputs)
        trainer._get_per_token_logps_and_entropies = forward
        expected = torch.autograd.grad(theirs, model.parameters())
        torch.testing.assert_close(loss, theirs, rtol=1e-5, atol=1e-7)
        for a, b in zip(gradient, expected, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6)
        seen.append(trainer._metrics["train"]["clip_ratio/region_mean"][-1])
        return loss

    trainer._compute_loss = compare
    trainer.train()
    assert len(seen) == 4
    assert max(seen) > 0  # clipping was in play


def test_rloo_loss_equals_trls_on_the_same_advantages(tmp_path):
    """Our `_compute_loss` under rloo against RLOOTrainer's own, with a ratio that clips."""
    trainer = make(tmp_path / "ours", algorithm="rloo", num_iterations=2, max_steps=2,
                   learning_rate=5e-4)
    theirs = RLOOTrainer(
        tiny_model(), trainer.reward_funcs[0], RLOOConfig(
            str(tmp_path / "theirs"), per_device_train_batch_size=16, num_generations=4,
            gradient_accumulation_steps=2, bf16=False, activation_checkpointing=False,
            report_to=[], use_cpu=True, beta=0.0),
        trainer.train_dataset, processing_class=tiny_tokenizer())
    theirs.model.train()
    clipped, ours = [], trainer._compute_loss

    def compare(model, inputs):
        shift = 0.1 * torch.sin(torch.arange(inputs["old_per_token_logps"].numel()).view_as(
            inputs["old_per_token_logps"]).float())
        inputs = inputs | {"old_per_token_logps": inputs["old_per_token_logps"] + shift}
        loss = ours(model, inputs)
        gradient = torch.autograd.grad(loss, model.parameters(), retain_graph=True)
        old = (inputs["old_per_token_logps"] * inputs["completion_mask"]).sum(1)
        expected = RLOOTrainer._compute_loss(theirs, model, inputs | {"old_logps": old})
        expected = expected / trainer.current_gradient_accumulation_steps
        torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-6)
        for a, b in zip(gradient, torch.autograd.grad(expected, model.parameters()), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6)
        clipped.append(theirs._metrics["train"]["clip_ratio/region_mean"][-1])
        return loss

    trainer._compute_loss = compare
    trainer.train()
    assert len(clipped) == 4
    assert 0 < max(clipped) < 1


@pytest.mark.parametrize("seed", range(4))
def test_rloo_advantages_match_the_twin(seed):
    """arXiv 2402.14740: each reward less the mean of its siblings', in plain Python."""
    rng = random.Random(seed)
    rewards = [[rng.choice([0.0, 1.0, 0.5, math.nan]) for _ in range(4)] for _ in range(6)]
    expected = []
    for group in rewards:
        for i, reward in enumerate(group):
            others = [r for j, r in enumerate(group) if j != i and not math.isnan(r)]
            known = others and not math.isnan(reward)
            expected.append(reward - sum(others) / len(others) if known else 0.0)
    flat = torch.tensor(rewards, dtype=torch.float64).view(-1)
    assert leave_one_out(flat, 4).tolist() == pytest.approx(expected, abs=1e-12)


def reinforce_pp_twin(rewards, kls, beta, gamma):
    """arXiv 2501.03262 in plain Python: rewards per sequence, KL per token, ragged lists."""
    advantages = []
    for reward, kl in zip(rewards, kls, strict=True):
        per_token = [-beta * k for k in kl]
        per_token[-1] += reward
        advantages.append([
            sum(gamma ** (i - t) * per_token[i] for i in range(t, len(per_token)))
            for t in range(len(per_token))])
    flat = [a for row in advantages for a in row]
    mean = sum(flat) / len(flat)
    deviation = math.sqrt(sum((a - mean) ** 2 for a in flat) / len(flat))
    return [[(a - mean) / deviation for a in row] for row in advantages]


@pytest.mark.parametrize(("beta", "gamma"), [(0.0, 1.0), (0.1, 1.0), (0.05, 0.9)])
@pytest.mark.parametrize("seed", range(4))
def test_reinforce_pp_advantages_match_the_twin(beta, gamma, seed):
    rng = random.Random(seed)
    lengths = [rng.randint(1, 9) for _ in range(7)]
    rewards = [float(rng.random() < 0.5) for _ in lengths[:-2]] + [1.0, 0.0]
    kls = [[rng.gauss(0, 1) for _ in range(n)] for n in lengths]
    mask = torch.tensor([[t < n for t in range(9)] for n in lengths]).long()
    kl = torch.zeros(7, 9, dtype=torch.float64)
    for row, values in enumerate(kls):
        kl[row, :len(values)] = torch.tensor(values, dtype=torch.float64)
    result = reinforce_pp_advantages(
        torch.tensor(rewards, dtype=torch.float64), mask, kl=kl, kl_coef=beta, gamma=gamma)
    for row, expected in enumerate(reinforce_pp_twin(rewards, kls, beta, gamma)):
        assert result[row, :len(expected)].tolist() == pytest.approx(expected, abs=1e-6)
        assert result[row, len(expected):].abs().sum() == 0
