"""Supervised training: what carries loss, that it learns, that it resumes, when it stops."""

import math
from itertools import pairwise

import pytest
import torch
from transformers import AutoModelForCausalLM

from oorl.errors import ArtifactError, TrainingError
from oorl.trainers import pretrain
from oorl.trainers.artifacts import fetch_model, load_model, save_model
from oorl.trainers.base_model import (
    check_pairs,
    exact_match,
    make_mixture,
    schedule,
    train_base,
)
from oorl.trainers.pretrain import (
    Progress,
    Schedule,
    Workers,
    accumulate,
    answer_loss,
    collate,
    mean_losses,
    note_plateau,
    steps_for_tokens,
    tiny_model,
    train,
)
from oorl.trainers.supervised_data import Example, Mixture


def model_of(vocab=50, seed=0):
    return tiny_model(vocab, 32, 2, 4, 128, 0, 1, seed)


EXAMPLES = [Example("a", (5, 6, 7, 8, 9, 0), 3), Example("b", (9, 8, 7, 0), 2),
            Example("b", tuple(range(2, 20)), 17)]


def test_only_the_answer_is_to_be_learnt():
    ids, learn = collate(EXAMPLES[:2])
    assert ids.tolist() == [[5, 6, 7, 8, 9, 0], [9, 8, 7, 0, 0, 0]]
    assert learn.int().tolist() == [[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 0, 0]]


def test_the_loss_is_the_answers_log_likelihood():
    model = model_of()
    expected = 0.0
    for example in EXAMPLES:  # one at a time, unpadded, full logits
        ids = torch.tensor(example.ids)
        logps = model(ids[None]).logits[0].log_softmax(-1)
        for position in range(example.prompt_length, len(ids)):
            expected -= logps[position - 1, ids[position]].item()
    assert answer_loss(model, EXAMPLES).item() == pytest.approx(expected, rel=1e-5)


def test_shards_give_the_gradient_of_the_whole_batch():
    model = model_of()
    with Workers() as workers:
        loss = accumulate(model, [EXAMPLES[:1], EXAMPLES[1:]], workers)
    ours = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    whole = answer_loss(model, EXAMPLES) / 6  # answers of 3, 2 and 1 tokens
    whole.backward()
    assert loss == pytest.approx(float(whole), rel=1e-5)
    for a, p in zip(ours, model.parameters(), strict=True):
        assert torch.allclose(a, p.grad, atol=1e-6)


def test_mean_losses_are_per_target_and_per_token():
    model = model_of()
    found = mean_losses(model, EXAMPLES)
    assert found["a"] == pytest.approx(float(answer_loss(model, EXAMPLES[:1])) / 3, rel=1e-5)
    assert found["b"] == pytest.approx(float(answer_loss(model, EXAMPLES[1:])) / 3, rel=1e-5)


def test_threads_are_given_back():
    before = torch.get_num_threads()
    with Workers():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


@pytest.fixture(scope="module")
def trained(problems, groups, params, tmp_path_factory):
    """A toy base trained with a checkpoint that is never read."""
    path = tmp_path_factory.mktemp("run") / "state.pt"
    model, tokenizer, state = train_base(problems, groups, problems[:8], params, 1,
                                         checkpoint=path, progress=False)
    return model, tokenizer, state, path


def test_training_lowers_the_held_out_loss(trained, params):
    model, tokenizer, state, _ = trained
    curve = state.curve
    assert [row["step"] for row in curve] == [7, 14, 21, 28, 30]
    assert curve[-1]["loss"] < 0.6 * curve[0]["loss"] < math.log(len(tokenizer))
    assert {"loss_python", "loss_php", "train_loss", "tokens"} <= set(curve[0])
    assert not model.training


def test_an_interrupted_run_ends_with_the_same_weights(trained, problems, groups, params, tmp_path,
                                                       monkeypatch):
    model, _, state, _ = trained
    path = tmp_path / "state.pt"
    true, calls = pretrain.accumulate, []

    def stop_in_step_24(*args):
        calls.append(1)
        if len(calls) == 24:
            raise KeyboardInterrupt
        return true(*args)

    monkeypatch.setattr(pretrain, "accumulate", stop_in_step_24)
    with pytest.raises(KeyboardInterrupt):
        train_base(problems, groups, problems[:8], params, 1, checkpoint=path, progress=False)
    monkeypatch.setattr(pretrain, "accumulate", true)
    saved = torch.load(path, weights_only=True)["state"]
    assert saved["step"] == 20
    resumed, _, after = train_base(problems, groups, problems[:8], params, 1, checkpoint=path,
                                   progress=False)
    assert after == state
    for a, b in zip(model.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_saved_models_load_as_transformers_models(trained, tmp_path):
    model, tokenizer, _, _ = trained
    save_model(model, tokenizer, tmp_path / "m")
    loaded, again = load_model(tmp_path / "m", "base")
    assert torch.equal(loaded.lm_head.weight, model.lm_head.weight)
    assert again.eos_token_id == loaded.config.eos_token_id == tokenizer.eos_token_id
    ids = torch.tensor([[5, 6, 7]])
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "m")
    assert torch.allclose(plain(ids).logits, model(ids).logits)
    save_model(model, tokenizer, tmp_path / "m")  # replaces
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m"]


def test_missing_and_damaged_models_are_named(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ArtifactError, match="no model here"):
        load_model(tmp_path / "none", "base")
    save_model(trained[0], trained[1], tmp_path / "m")
    weights = tmp_path / "m" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        load_model(tmp_path / "m", "base")
    with pytest.raises(ArtifactError, match=r"(?s)cannot be loaded.*base\.model"):
        fetch_model(str(tmp_path / "nothing-here"))


def test_exact_match_knows_a_reference_from_a_mistake(trained, problems, params, monkeypatch):
    model, tokenizer, _, _ = trained
    pairs = check_pairs(problems[:4], [], params)
    gold = [[[*tokenizer(p.answer)["input_ids"], tokenizer.eos_token_id]] for p in pairs]
    gold[0][0][3] += 1
    monkeypatch.setattr("oorl.trainers.base_model.generate", lambda *a, **k: gold)
    found = exact_match(model, tokenizer, pairs)
    assert found.pop(pairs[0].target) == 0.75
    assert set(found.values()) == {1.0}


def test_a_loss_that_is_not_finite_stops_training():
    model = model_of()
    with torch.no_grad():
        model.model.norm.weight.fill_(float("nan"))
    with pytest.raises(TrainingError, match="nan"):
        train(model, Mixture(EXAMPLES, [], 0.0, 64, 1), Schedule(3, 1e-3, 1e-2), progress=False)


def test_the_rate_is_warmed_up_held_and_decayed_to_nothing():
    plan = Schedule(100, 1.0, 1.0, decay_steps=40)
    factors = [plan.factor(step, 100 - plan.decay_steps) for step in range(100)]
    assert factors[0] == pytest.approx(1 / pretrain.WARMUP_STEPS)
    assert factors[pretrain.WARMUP_STEPS:61] == [1.0] * (61 - pretrain.WARMUP_STEPS)
    assert factors[-1] == pytest.approx(1 / plan.decay_steps)
    assert all(a > b for a, b in pairwise(factors[60:]))


def test_a_plateau_starts_the_decay_early():
    plan = Schedule(1000, 1.0, 1.0, 400, check_every=10, patience=2, min_improvement=0.01)
    state = Progress(decay_start=600)
    for step, loss in ((10, 2.0), (20, 1.0), (30, 1.0), (40, 0.9), (50, 0.9), (60, 0.895)):
        state.step = step
        note_plateau(state, plan, loss)
    assert (state.decay_start, state.plateau_step) == (60, 60)
    state.step = 70
    note_plateau(state, plan, 1.0)
    assert state.decay_start == 60


@pytest.mark.parametrize(("steps", "decay"), [(1000, 40), (80, 40), (79, 39), (1, 1)])
def test_a_short_run_decays_for_at_most_half_of_its_steps(params, steps, decay):
    plan = schedule(params.model_copy(update={"decay_steps": 40, "max_steps": 1000}), steps)
    assert (plan.max_steps, plan.decay_steps) == (steps, decay)


def test_a_plateau_ends_training_early():
    plan = Schedule(60, 1e-3, 1e-2, 24, check_every=2, patience=2)
    state = train(model_of(), Mixture(EXAMPLES, [], 0.0, 64, 1), plan, progress=False,
                  check=lambda model: {"loss": 1.0})
    assert state.plateau_step == 6  # the first check improves on infinity, two do not
    assert state.step == 6 + plan.decay_steps
    assert len(state.curve) == state.step // 2


def test_steps_for_tokens_is_what_training_then_counts(problems, groups, params):
    from oorl.trainers.base_model import corpus
    from oorl.trainers.tokenizer import train_tokenizer

    tokenizer = train_tokenizer(corpus(problems, groups), 360, 256)
    mixture = make_mixture(problems, groups, tokenizer, params, 1, order_seed=2)
    steps = steps_for_tokens(mixture, 9000)
    plan = schedule(params, steps, stop_early=False)
    state = train(model_of(len(tokenizer)), mixture, plan, progress=False)
    assert state.step == steps
    assert 9000 <= state.tokens < 9000 + params.tokens_per_batch
    assert steps_for_tokens(mixture, 0) == 1
