"""GEPOTrainer: it learns, resumes bit for bit, reads conversations, refuses what it cannot use."""

import pytest
import torch

from oorl.errors import ArtifactError, DataError, ParamsError, TrainingError
from oorl.trainers.gepo import GEPOConfig, GEPOTrainer
from oorl.trainers.groups import tokenize_groups
from oorl.trainers.logps import add_response_head
from oorl.trainers.reference import ReferenceLogps
from tests.unit.trainers.tiny import GROUPS, tiny_model, tiny_tokenizer


def make(output_dir, rows=GROUPS, **settings):
    arguments = {
        "output_dir": str(output_dir), "max_steps": 6, "per_device_train_batch_size": 2,
        "learning_rate": 2e-3, "report_to": [], "logging_steps": 1, "save_strategy": "no",
        "use_cpu": True, "disable_tqdm": True, "seed": 3,
    } | settings
    return GEPOTrainer(tiny_model(), GEPOConfig(**arguments), rows, GROUPS[:2],
                       processing_class=tiny_tokenizer())


def logged(trainer, key):
    return [entry[key] for entry in trainer.state.log_history if key in entry]


@pytest.mark.parametrize("mode", ["single_graph", "two_pass", "streaming"])
def test_the_preference_is_learned(tmp_path, mode):
    trainer = make(tmp_path, max_steps=30, mode=mode)
    trainer.train()
    losses = logged(trainer, "loss")
    assert losses[0] == pytest.approx(0.6931, abs=1e-3)
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])
    held = trainer.evaluate()
    assert held["eval_rewards/accuracies"] == 1.0
    assert held["eval_loss"] < 0.5


def test_accumulation_is_a_larger_batch(tmp_path):
    def after(**settings):
        trainer = make(tmp_path, max_steps=1, optim="sgd", max_grad_norm=1e9, **settings)
        trainer.train()
        return list(trainer.model.parameters())

    at_once = after(per_device_train_batch_size=4)
    in_parts = after(per_device_train_batch_size=2, gradient_accumulation_steps=2)
    for a, b in zip(at_once, in_parts, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)


def test_resume_equals_uninterrupted_bit_for_bit(tmp_path):
    settings = {"save_strategy": "steps", "save_steps": 2}
    whole = make(tmp_path, **settings)
    whole.train()
    for step in (2, 4):
        resumed = make(tmp_path, **settings)
        resumed.train(resume_from_checkpoint=str(tmp_path / f"checkpoint-{step}"))
        for a, b in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
            assert torch.equal(a, b)
        assert logged(whole, "loss") == logged(resumed, "loss")


def test_a_clipped_coefficient_bounds_the_update(tmp_path):
    def norm(**settings):
        trainer = make(tmp_path, max_steps=1, optim="sgd", mode="two_pass", **settings)
        trainer.train()
        return logged(trainer, "grad_norm")[0]

    assert norm(max_coefficient=1e-4) < 0.1 * norm()


def test_long_responses_are_left_out_and_counted():
    tokenizer = tiny_tokenizer()
    rows = [
        {"prompt": "ab", "chosen": ["c" * 5, "d" * 50], "rejected": ["e", "f" * 50, "g"],
         "hardness": [0.25, 1.0, 0.75]},
        {"prompt": "ab", "chosen": ["c" * 50], "rejected": ["e"]},
    ]
    groups, counts = tokenize_groups(rows, tokenizer, 20)
    assert counts == {"groups": 1, "groups_dropped": 1, "responses_dropped": 3}
    assert [len(r) for r in groups[0].winners] == [6]  # with EOS
    assert groups[0].hardness == 0.5  # of the losers that are kept
    with pytest.raises(DataError, match="no GEPO group is left"):
        tokenize_groups(rows[1:], tokenizer, 20)


def test_conversations_use_the_chat_template():
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'][0] }}:{{ m['content'] }};{% endfor %}"
        "{% if add_generation_prompt %}a:{% endif %}")
    row = {"prompt": [{"role": "user", "content": "x"}],
           "chosen": [[{"role": "assistant", "content": "y"}]],
           "rejected": [[{"role": "assistant", "content": "zz"}]]}
    group = tokenize_groups([row], tokenizer, 50)[0][0]
    assert tokenizer.decode(group.prompt).replace(" ", "") == "u:x;a:"
    assert tokenizer.decode(group.winners[0]).replace(" ", "") == "y;"
    assert tokenizer.decode(group.losers[0]).replace(" ", "") == "zz;"


def test_a_template_that_rewrites_the_prompt_is_refused():
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = "{{ messages | length }}{{ messages[0]['content'] }}"
    row = {"prompt": [{"role": "user", "content": "x"}],
           "chosen": [[{"role": "assistant", "content": "y"}]],
           "rejected": [[{"role": "assistant", "content": "z"}]]}
    with pytest.raises(DataError, match="prefix"):
        tokenize_groups([row], tokenizer, 50)


def test_a_damaged_reference_is_named(tmp_path):
    path = tmp_path / "reference.pt"
    path.write_bytes(b"not a tensor file")
    with pytest.raises(ArtifactError, match="damaged"):
        ReferenceLogps.load(path)


@pytest.mark.parametrize("settings", [
    {"mode": "fast"}, {"max_coefficient": 1.0}, {"beta": -1.0}, {"label_smoothing": 0.7}])
def test_settings_that_make_no_sense(tmp_path, settings):
    with pytest.raises(ParamsError):
        make(tmp_path, **settings)


@pytest.mark.parametrize("mode", ["single_graph", "two_pass", "streaming"])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_lora_learns_from_the_bare_model_as_reference(tmp_path, mode, dropout):
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(tiny_model(), LoraConfig(
        r=4, lora_dropout=dropout, target_modules="all-linear"))
    args = GEPOConfig(
        str(tmp_path), max_steps=20, per_device_train_batch_size=2, learning_rate=2e-2, mode=mode,
        report_to=[], logging_steps=1, save_steps=20, use_cpu=True, disable_tqdm=True)
    trainer = GEPOTrainer(model, args, GROUPS, processing_class=tiny_tokenizer())
    bare = {n: p.clone() for n, p in model.named_parameters() if not p.requires_grad}
    trainer.train()
    losses = logged(trainer, "loss")
    if dropout == 0:
        assert losses[0] == pytest.approx(0.6931, abs=1e-3)
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])
    for name, value in bare.items():
        assert torch.equal(value, model.get_parameter(name))
    alone = tiny_model()
    add_response_head(alone)
    expected = ReferenceLogps.compute(alone, trainer._train_groups)
    for group in trainer._train_groups:
        for a, b in zip(expected.of(group), trainer._reference.of(group), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)
    assert (tmp_path / "checkpoint-20" / "adapter_model.safetensors").exists()
    assert "GEPO, step 20" in (tmp_path / "checkpoint-20" / "README.md").read_text()


@pytest.mark.parametrize("mode", ["single_graph", "two_pass", "streaming"])
def test_bf16_autocast_trains(tmp_path, mode):
    trainer = make(tmp_path, max_steps=20, mode=mode, bf16=True)
    trainer.train()
    losses = logged(trainer, "loss")
    assert losses[0] == pytest.approx(0.6931, abs=0.05)
    assert sum(losses[-5:]) < sum(losses[:5])


def test_evaluation_during_training(tmp_path):
    trainer = make(tmp_path, max_steps=4, eval_strategy="steps", eval_steps=2)
    trainer.train()
    assert len(logged(trainer, "eval_loss")) == 2
    assert logged(trainer, "eval_rewards/margins")[-1] > 0


def test_an_exploding_learning_rate_is_named(tmp_path):
    model = tiny_model()
    trainer = make(tmp_path, max_steps=2)
    trainer.model.lm_head.weight.data[5, 0] = torch.nan
    del model
    with pytest.raises((TrainingError, ArtifactError), match="nan"):
        trainer.train()
