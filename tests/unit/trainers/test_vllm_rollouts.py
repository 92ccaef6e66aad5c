"""OORLTrainer with TRL's vLLM: the engine, which needs a GPU, is a stand-in of TRL's own class."""

import copy
import inspect
from types import SimpleNamespace

import pytest
import torch
from trl.generation.vllm_generation import VLLMGeneration
from trl.trainer import grpo_trainer

from tests.unit.trainers.test_oorl_trainer import engine, logged, make, weights


class Engine:
    """What TRL asks of vLLM: weights when they are new, completions with their log-probabilities.

    Called as TRL's class can be called, or not at all.
    """

    made: "Engine"
    seed = staticmethod(lambda: 0)

    def __init__(self, *args, **kwargs):
        asked = inspect.signature(VLLMGeneration.__init__).bind(self, *args, **kwargs).arguments
        self.mode, self.model, self.syncs = asked["mode"], asked["model"], 0
        self.vllm_client = SimpleNamespace(get_server_info=lambda: {
            "model_config": {"logprobs_mode": "processed_logprobs"}})
        self.sync_weights()
        Engine.made = self

    def sync_weights(self):
        self.policy = copy.deepcopy(self.model).eval()
        self.syncs += 1

    def generate(self, *args, **kwargs):
        asked = inspect.signature(VLLMGeneration.generate).bind(self, *args, **kwargs).arguments
        count, prompts = asked["num_generations"], asked["prompts"]
        completions = [list(c) for row in engine(
            self.policy, prompts[::count], num_generations=count, max_new_tokens=8,
            temperature=1.0, seed=Engine.seed()) for c in row]
        logps = []
        for prompt, completion in zip(prompts, completions, strict=True):
            with torch.no_grad():
                logits = self.policy(input_ids=torch.tensor([prompt + completion])).logits[0]
            scores = logits[len(prompt) - 1:-1].log_softmax(-1)
            logps.append([[float(s[t])] for s, t in zip(scores, completion, strict=True)])
        return prompts, completions, logps, None


@pytest.mark.parametrize("mode", ["colocate", "server"])
def test_vllm_trains_as_any_other_engine(tmp_path, monkeypatch, mode):
    monkeypatch.setattr(grpo_trainer, "VLLMGeneration", Engine)
    settings = {"max_steps": 2, "w_gepo": 0.01, "max_grad_norm": 1.0}
    known = make(tmp_path / "known", **settings)
    known.train()
    trainer = make(tmp_path / "vllm", rollout_fn=None, use_vllm=True, vllm_mode=mode, **settings)
    monkeypatch.setattr(Engine, "seed", trainer._rollout_seed)
    trainer.train()
    assert Engine.made.mode == mode
    assert Engine.made.syncs == 2 + 1  # each step samples from the weights of the step before it
    ratios = logged(trainer, "sampling/importance_sampling_ratio/mean")
    assert len(ratios) == 2
    assert ratios == pytest.approx([1] * 2, abs=1e-3)
    assert logged(trainer, "reward") == pytest.approx(logged(known, "reward"))
    for name, value in weights(known).items():
        torch.testing.assert_close(weights(trainer)[name], value, rtol=1e-3, atol=1e-4)
