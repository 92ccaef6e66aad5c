"""Drawing tokens: the right distribution, reproducibly."""

import torch

from oorl.generation.sampling import choose, row_keys, uniforms

LOGITS = torch.tensor([2.0, 0.0, 1.0, -50.0, 0.5])


def frequencies(temperature, top_p):
    uniform = uniforms(row_keys([[1]], 0), 1, 40000).flatten()
    tokens, logps = choose(LOGITS.expand(40000, -1), temperature, top_p, uniform)
    return torch.bincount(tokens, minlength=5) / 40000, tokens, logps


def test_frequencies_follow_the_tempered_distribution():
    found, tokens, logps = frequencies(0.5, 1.0)
    expected = (LOGITS / 0.5).softmax(-1)
    assert torch.allclose(found, expected, atol=0.01)
    assert torch.allclose(logps, expected.log()[tokens], atol=1e-5)


def test_top_p_keeps_the_smallest_sufficient_set():
    probs = LOGITS.softmax(-1)                       # .54 .07 .20 0 .12 nearly
    found, _, logps = frequencies(1.0, float(probs[0] + probs[2] / 2))
    kept = torch.tensor([1.0, 0, 1, 0, 0]) * probs
    assert torch.allclose(found, kept / kept.sum(), atol=0.01)
    assert torch.allclose(logps.exp().max(), probs[0])  # before top-p


def test_top_p_always_keeps_the_best():
    assert frequencies(1.0, 1e-6)[0].tolist() == [1, 0, 0, 0, 0]


def test_greedy_takes_the_best_and_scores_it_at_temperature_one():
    tokens, logps = choose(LOGITS[None], 0.0, 1.0, None)
    assert tokens.tolist() == [0]
    assert torch.allclose(logps, LOGITS.log_softmax(-1)[:1])


def test_the_largest_uniform_draws_a_possible_token():
    logits = torch.tensor([[0.0, 0.0, float("-inf"), float("-inf")]])
    for value, expected in ((0.0, 0), (0.5, 1), (1 - 2**-24, 1)):
        tokens, _ = choose(logits, 1.0, 1.0, torch.tensor([value]))
        assert tokens.tolist() == [expected]


def test_uniforms_are_uniform_and_differ_between_rows_and_samples():
    values = uniforms(row_keys([[1], [2], [1]], 9), 4, 500)
    assert values.shape == (3, 4, 500)
    assert values.min() >= 0
    assert values.max() < 1
    histogram = torch.histc(values, 10, 0, 1)
    assert (histogram - 600).abs().max() < 120
    assert len(values.flatten(0, 1)[:, 0].unique()) == 12


def test_more_steps_and_samples_change_no_earlier_draw():
    keys = row_keys([[3, 4]], 1)
    assert torch.equal(uniforms(keys, 3, 5), uniforms(keys, 4, 9)[:, :3, :5])
