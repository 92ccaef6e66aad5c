"""The fast loop against transformers: same tokens, same log-probabilities."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from oorl.generation import fast, generate, is_supported, rollout

SIZES = {"vocab_size": 97, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
         "max_position_embeddings": 256, "head_dim": 8, "initializer_range": 0.3}
YARN = {"rope_type": "yarn", "rope_theta": 5e3, "factor": 2.0,
        "original_max_position_embeddings": 64}
EOS = 5


def make(architecture="qwen3", **settings):
    config = {"num_attention_heads": 4, "num_key_value_heads": 2, **SIZES, **settings}
    torch.manual_seed(1)
    kind, cls = {"qwen3": (Qwen3Config, Qwen3ForCausalLM),
                 "llama": (LlamaConfig, LlamaForCausalLM)}[architecture]
    model = cls(kind(**config)).double().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name or "bias" in name:  # ones and zeros would hide a mistake
                parameter.copy_(torch.rand_like(parameter) + 0.5)
    return model


def random_prompts(count=13, seed=0, longest=30):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, longest, (count,), generator=generator)
    return [torch.randint(6, 97, (n,), generator=generator).tolist() for n in lengths.tolist()]


MODELS = {
    "qwen3 gqa": {},
    "qwen3 tied": {"tie_word_embeddings": True},
    "qwen3 biases": {"attention_bias": True},
    "qwen3 one kv head, odd theta": {
        "num_key_value_heads": 1, "rope_parameters": {"rope_type": "default", "rope_theta": 300.0}},
    "qwen3 wide heads": {"head_dim": 16},
    "llama mha": {"architecture": "llama", "num_key_value_heads": 4},
    "llama gqa tied biases": {"architecture": "llama", "tie_word_embeddings": True,
                              "attention_bias": True, "mlp_bias": True},
    "llama yarn": {"architecture": "llama", "rope_parameters": YARN},
}


@pytest.mark.parametrize("settings", MODELS.values(), ids=MODELS.keys())
def test_greedy_is_transformers_token_for_token(settings):
    model, prompts = make(**settings), random_prompts()
    options = {"max_new_tokens": 24, "eos_token_id": [EOS, 6, 7, 8]}
    ours = rollout(model, prompts, backend="fast", batch_size=5, **options)
    theirs = rollout(model, prompts, backend="transformers", **options)
    assert ours.tokens == theirs.tokens
    assert len({len(row) for rows in ours.tokens for row in rows}) > 1  # some rows ended early
    for a, b in zip(ours.logps, theirs.logps, strict=True):
        assert a[0] == pytest.approx(b[0], abs=1e-5)


def test_greedy_suffix_longer_than_its_first_block():
    model, prompts = make(), random_prompts(3)
    options = {"max_new_tokens": 3 * fast.SUFFIX_BLOCK // 2, "eos_token_id": 0}
    ours = generate(model, prompts, backend="fast", **options)
    assert max(len(rows[0]) for rows in ours) > fast.SUFFIX_BLOCK
    assert ours == generate(model, prompts, backend="transformers", **options)


def test_sampled_logps_are_the_models_at_that_temperature():
    model, prompts = make(), random_prompts(6)
    result = rollout(model, prompts, max_new_tokens=12, num_generations=5, temperature=0.7,
                     seed=3, eos_token_id=list(range(EOS, 30)), batch_size=20)
    lengths = set()
    for prompt, rows, logps in zip(prompts, result.tokens, result.logps, strict=True):
        assert len(rows) == 5
        for row, logp in zip(rows, logps, strict=True):
            lengths.add(len(row))
            logits = model(torch.tensor([prompt + row])).logits[0, len(prompt) - 1:-1] / 0.7
            expected = logits.log_softmax(-1).gather(1, torch.tensor(row)[:, None])[:, 0]
            assert logp == pytest.approx(expected.tolist(), abs=1e-4)
            assert all(t >= 30 or t < EOS for t in row[:-1])
            assert len(row) == 12 or EOS <= row[-1] < 30
    assert len(lengths) > 3  # rows ended at different steps, so compaction was exercised


def test_draws_do_not_depend_on_the_batch():
    model, prompts = make(), random_prompts(9)
    options = {"max_new_tokens": 10, "num_generations": 3, "temperature": 1.0,
               "eos_token_id": list(range(EOS, 20))}
    whole = generate(model, prompts, seed=4, **options)
    assert whole == generate(model, prompts, seed=4, batch_size=3, threads=1, **options)
    assert whole[2:5] == generate(model, prompts[2:5], seed=4, **options)
    assert whole[::-1] == generate(model, prompts[::-1], seed=4, **options)
    assert whole != generate(model, prompts, seed=5, **options)
    assert len({tuple(row) for row in whole[0]}) > 1
    twice = generate(model, [prompts[0], prompts[0]], seed=4, **options)
    assert twice[0] == whole[0] != twice[1]


def test_weights_are_read_at_every_call():
    model, prompts = make(), random_prompts(2)
    before = generate(model, prompts, max_new_tokens=6, eos_token_id=EOS)
    with torch.no_grad():
        model.lm_head.weight.copy_(model.lm_head.weight.roll(1, 0))
    after = generate(model, prompts, max_new_tokens=6, eos_token_id=EOS)
    assert [rows[0][0] for rows in after] == [(rows[0][0] + 1) % 97 for rows in before]


def test_number_of_threads_is_restored():
    before = torch.get_num_threads()
    generate(make(), random_prompts(4), max_new_tokens=2, eos_token_id=EOS, threads=2)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("settings", [
    {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1},
    {"architecture": "llama", "rope_parameters": {
        "rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}},
])
def test_what_is_not_covered_goes_to_transformers(settings):
    model, prompts = make(**settings), random_prompts(3)
    assert not is_supported(model)
    with pytest.raises(ValueError, match="does not cover"):
        generate(model, prompts, backend="fast", max_new_tokens=2, eos_token_id=EOS)
    assert len(generate(model, prompts, max_new_tokens=2, eos_token_id=EOS)) == 3


def test_bad_requests_are_refused():
    with pytest.raises(ValueError, match="non-empty"):
        generate(make(), [[1], []], max_new_tokens=2, eos_token_id=EOS)
    with pytest.raises(ValueError, match="backend"):
        generate(make(), [[1]], backend="vllm", max_new_tokens=2, eos_token_id=EOS)


def test_buckets_hold_every_prompt_once_longest_first():
    lengths = [5, 90, 7, 7, 4000, 3000, 1]
    buckets = fast.cut_buckets(lengths, k=4, batch_size=12, threads=2)
    assert sorted(i for b in buckets for i in b) == list(range(7))
    assert [i for b in buckets for i in b] == [4, 5, 1, 2, 3, 0, 6]
    assert all(len(b) <= 3 for b in buckets)
    assert all(len(b) * max(lengths[i] for i in b) <= fast.MAX_PREFILL_TOKENS for b in buckets)


@pytest.mark.parametrize("backend", ["fast", "transformers"])
def test_every_completion_is_handed_on_once_when_it_ends(backend):
    model, prompts, seen = make(), random_prompts(6), []
    options = {"max_new_tokens": 12, "num_generations": 3, "temperature": 1.0, "seed": 4,
               "eos_token_id": list(range(EOS, 20)), "batch_size": 18, "threads": 1}
    told = generate(model, prompts, backend=backend, **options,
                    on_done=lambda *where_and_what: seen.append(where_and_what))
    assert told == generate(model, prompts, backend=backend, **options)
    assert len(seen) == 18
    assert {(p, s): tokens for p, s, tokens in seen} == {
        (p, s): tokens for p, rows in enumerate(told) for s, tokens in enumerate(rows)}
    if backend == "fast":  # one bucket: the short ones did not wait for the long ones
        lengths = [len(tokens) for *_, tokens in seen]
        assert lengths == sorted(lengths)
        assert lengths[0] < lengths[-1]
