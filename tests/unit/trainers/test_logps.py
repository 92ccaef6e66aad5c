"""Response log-probabilities against the model's plain forward."""

import pytest
import torch

from oorl.trainers import head
from oorl.trainers.logps import ResponseBatch, add_response_head, can_share_prefix
from tests.unit.trainers.tiny import tiny_model

PROMPTS = [[5, 6, 7, 8], [9, 10], [11, 12, 13]]
RESPONSES = [[[20, 21, 22], [23, 1]], [[24, 25, 26, 27, 1]], [[1], [28, 29, 1], [30, 31, 1]]]


def plain(model, prompt, response, temperature=1.0):
    """The model's own forward on one unpadded sequence."""
    logits = model(input_ids=torch.tensor([prompt + response])).logits[0] / temperature
    scores = logits.log_softmax(-1)[len(prompt) - 1:-1]
    return scores[range(len(response)), response], -(scores.exp() * scores).sum(-1)


@pytest.fixture
def model():
    model = tiny_model()
    add_response_head(model)
    return model


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_equals_the_plain_forward_row_by_row(model, share, temperature):
    batch = ResponseBatch.of(PROMPTS, RESPONSES, pad_token_id=0)
    output = model(response_batch=batch, share_prefix=share, temperature=temperature, entropy=True)
    row = 0
    for prompt, responses in zip(PROMPTS, RESPONSES, strict=True):
        for response in responses:
            expected, entropy = plain(model, prompt, response, temperature)
            torch.testing.assert_close(output.logps[row, :len(response)], expected)
            torch.testing.assert_close(output.entropies[row, :len(response)], entropy)
            assert output.logps[row, len(response):].abs().sum() == 0
            row += 1


@pytest.mark.parametrize("share", [True, False])
def test_gradients_equal_the_plain_forward(model, share):
    batch = ResponseBatch.of(PROMPTS, RESPONSES, pad_token_id=0)
    model(response_batch=batch, share_prefix=share).logps.sum().backward()
    got = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    sum(plain(model, p, r)[0].sum() for p, group in zip(PROMPTS, RESPONSES, strict=True)
        for r in group).backward()
    for a, b in zip(got, model.parameters(), strict=True):
        torch.testing.assert_close(a, b.grad, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("uniform", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_scoring_in_pieces_changes_nothing(model, monkeypatch, uniform, frozen, temperature):
    model.lm_head.weight.requires_grad_(not frozen)
    batch = ResponseBatch.of(PROMPTS, RESPONSES, pad_token_id=0)
    asked = {"response_batch": batch, "temperature": temperature}
    whole = model(**asked).logps
    (3 * whole.sum()).backward()
    gradient = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    monkeypatch.setattr(head, "_LOGITS_AT_ONCE", 3 * 61)
    pieces = model(**asked, uniform=uniform).logps
    (3 * pieces.sum()).backward()
    torch.testing.assert_close(pieces, whole)
    for name, value in gradient.items():
        torch.testing.assert_close(model.get_parameter(name).grad, value, rtol=1e-4, atol=1e-4)


def test_a_broken_promise_of_uniform_gradients_is_noticed(model):
    batch = ResponseBatch.of(PROMPTS, RESPONSES, pad_token_id=0)
    with pytest.raises(RuntimeError, match="uniform=True"):
        model(response_batch=batch, uniform=True).logps.square().sum().backward()


@pytest.mark.parametrize("looked_at", [False, True])
def test_in_place_gradients_are_autograds(model, looked_at):
    """Added once, to what is there; through autograd where somebody hooks the gradient. The weight
    is the input embedding's too."""
    model.double()
    weight, seen = model.lm_head.weight, []
    asked = {"response_batch": ResponseBatch.of(PROMPTS, RESPONSES, pad_token_id=0),
             "uniform": True}
    expected = torch.autograd.grad((3 * model(**asked).logps).sum(), weight)[0]
    if looked_at:
        weight.register_hook(lambda grad: seen.append(grad.clone()))
    for times in (1, 2, 3):
        (3 * model(**asked, in_place=True).logps).sum().backward()
        torch.testing.assert_close(weight.grad, times * expected, rtol=1e-12, atol=1e-12)
    assert len(seen) == (3 if looked_at else 0)
    if looked_at:
        torch.testing.assert_close(seen[1], expected)


def test_one_token_responses(model):
    batch = ResponseBatch.of([[5, 6]], [[[1], [7]]], pad_token_id=0)
    shared = model(response_batch=batch).logps
    joined = model(response_batch=batch, share_prefix=False).logps
    torch.testing.assert_close(shared, joined)


def test_without_the_keyword_the_forward_is_the_original(model):
    ids = torch.tensor([[5, 6, 7]])
    torch.testing.assert_close(model(input_ids=ids).logits, tiny_model()(input_ids=ids).logits)


def test_prompts_are_shared_while_layers_are_checkpointed(model):
    model.train()
    batch = ResponseBatch.of(PROMPTS, RESPONSES, pad_token_id=0)
    model(response_batch=batch).logps.sum().backward()
    expected = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    model.activation_checkpointing_enable()
    assert can_share_prefix(model)
    model(response_batch=batch).logps.sum().backward()
    for a, b in zip(expected, model.parameters(), strict=True):
        torch.testing.assert_close(a, b.grad, rtol=1e-4, atol=1e-4)


def test_no_sharing_where_layers_are_recomputed_reentrantly_or_keep_other_states(model):
    model.train().activation_checkpointing_enable({"use_reentrant": True})
    assert not can_share_prefix(model)
    assert can_share_prefix(model.eval())
    model.config.layer_types = ["linear_attention", "full_attention"]
    assert not can_share_prefix(model)


def test_other_caches_are_refused_while_checkpointing_as_before(model):
    model.train().activation_checkpointing_enable()
    ids = torch.tensor([[5, 6, 7, 8]])
    first = model(input_ids=ids, use_cache=True).logits
    first.sum().backward()
    again = tiny_model().train()
    again(input_ids=ids).logits.sum().backward()
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-4)
