"""The memory estimate: exact where it can be; what the large profiles need."""

from pathlib import Path

import pytest
import torch
import yaml
from peft import get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from oorl.cli import main
from oorl.errors import ArtifactError
from oorl.params import parse_params
from oorl.params.overrides import overridden, profile_names
from oorl.trainers.memory import KNOWN, estimate, shape_of
from oorl.trainers.pretrain import tiny_model as embedded_model
from oorl.trainers.translation import adapters
from tests.unit.trainers.tiny import tiny_model

ROOT = Path(__file__).parents[3]


def settings(profile="embedded", **changes):
    return parse_params(yaml.safe_load(overridden(ROOT / "params.yaml", changes, profile)))


def test_the_embedded_models_parameters_are_counted_exactly():
    base = settings().base
    model = embedded_model(base.vocab_size, base.hidden_size, base.layers, base.heads,
                           base.max_length, 1, 0, seed=0)
    assert estimate(settings()).parameters == model.num_parameters()


@pytest.mark.parametrize("make", [
    tiny_model, lambda: tiny_model(tie_word_embeddings=False),
    lambda: LlamaForCausalLM(LlamaConfig(
        vocab_size=50, hidden_size=32, intermediate_size=40, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2))], ids=["tied", "untied", "llama"])
def test_a_models_own_configuration_is_read(make, tmp_path):
    model = make()
    model.save_pretrained(tmp_path)
    params = settings(**{"base.model": str(tmp_path), "rl.lora_rank": 4})
    found = estimate(params)
    assert found.parameters == model.num_parameters()
    wrapped = get_peft_model(model, adapters(4))
    assert found.trained == sum(p.numel() for p in wrapped.parameters() if p.requires_grad)


def test_states_of_the_optimiser_are_counted_exactly():
    params = settings()
    base = params.base
    model = embedded_model(base.vocab_size, base.hidden_size, base.layers, base.heads,
                           base.max_length, 1, 0, seed=0)
    optimizer = torch.optim.AdamW(model.parameters())
    model(input_ids=torch.tensor([[5, 6, 7]])).logits.sum().backward()
    optimizer.step()
    held = [x for p in model.parameters() for x in (p, p.grad, optimizer.state[p]["exp_avg"],
                                                    optimizer.state[p]["exp_avg_sq"])]
    assert sum(estimate(params).always.values()) == sum(x.numel() * x.itemsize for x in held)


def test_what_the_large_profiles_need():
    assert KNOWN["Qwen/Qwen3-8B"].parameters == 8_190_735_360  # as its model card has it: 8.2 B
    assert estimate(settings("qwen3-8b-lora")).peak < 80e9
    assert 140e9 < estimate(settings("qwen3-8b")).peak < 180e9


def test_the_papers_four_gpus_of_80_gb_are_enough():
    each = estimate(settings("qwen3-8b"), gpus=4)
    assert each.always["weights (bf16)"] == 2 * each.parameters
    assert each.peak < 80e9
    assert each.host == 16 * each.parameters
    assert "main memory" in each.text()
    assert "main memory" not in estimate(settings("qwen3-8b")).text()


def test_a_mode_that_holds_more_is_told():
    one, all_at_once = (max(estimate(settings("qwen3-8b", **{"gepo.mode": mode})).phases.values())
                        for mode in ("two_pass", "single_graph"))
    assert all_at_once > 1.5 * one


def test_a_model_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ArtifactError, match="its shape cannot be read"):
        shape_of(settings(**{"base.model": str(tmp_path)}))


@pytest.mark.parametrize("name", profile_names(ROOT))
def test_the_command(name, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(["memory", name]) == 0
    assert "at most" in capsys.readouterr().out
