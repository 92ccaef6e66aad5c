"""The private parts of TRL and transformers that the trainers rely on.

A failure here means an upgrade changed them: read the new code, adapt `oorl.trainers`, and only
then move the pins.
"""

import inspect

import pytest
import transformers
import trl
from accelerate import Accelerator
from accelerate.state import GradientState
from transformers import DynamicCache, Trainer
from transformers.cache_utils import DynamicLayer
from transformers.modeling_layers import GradientCheckpointingLayer
from trl import GRPOConfig, GRPOTrainer
from trl.trainer.utils import RepeatSampler

HOOKS = {
    "_calculate_rewards": "(self, inputs, prompts, completions, completion_ids_list)",
    "_compute_loss": "(self, model, inputs)",
    "_generate_and_score_completions": "(self, inputs)",
    "_generate_single_turn": "(self, prompt_ids, images, multimodal_fields, num_generations, "
                             "has_tool_images)",
    "_get_per_token_logps_and_entropies":
        "(self, model, input_ids, attention_mask, logits_to_keep, batch_size, compute_entropy, "
        "compute_aux_loss, pixel_values, image_grid_thw, num_images, pixel_attention_mask, "
        "spatial_shapes, num_tiles, image_sizes, token_type_ids, mm_token_type_ids, "
        "image_position_ids)",
    "_get_train_sampler": "(self, dataset)",
    "_prepare_inputs": "(self, generation_batch)",
    "training_step": "(self, model, inputs, num_items_in_batch)",
    "log": "(self, logs, start_time)",
    "_save_checkpoint": "(self, model, trial)",
    "_send_telemetry": "(self)",
}


def test_versions():
    assert trl.__version__.startswith("1.16.")
    assert transformers.__version__.startswith("5.23.")


@pytest.mark.parametrize("name", HOOKS)
def test_signatures(name):
    assert f"({', '.join(inspect.signature(getattr(GRPOTrainer, name)).parameters)})" == HOOKS[name]


@pytest.mark.parametrize(("method", "texts"), [
    (GRPOTrainer._generate_and_score_completions, [
        "rewards_per_func = self._calculate_rewards(", '"advantages": advantages',
        '"num_items_in_batch": num_items_in_batch', 'output["old_per_token_logps"]',
        'output["ref_per_token_logps"]', 'output["importance_sampling_ratio"]']),
    (GRPOTrainer._prepare_inputs, [
        "self._step % generate_every == 0 or self._buffered_inputs is None",
        "self._buffered_inputs[self._step % self.args.steps_per_generation]"]),
    (GRPOTrainer._calculate_rewards, ["rewards_per_func = gather(rewards_per_func)"]),
    (GRPOTrainer._get_train_sampler, [
        "mini_repeat_count=self.num_generations,",
        "batch_size=self.args.generation_batch_size // self.num_generations,",
        "repeat_count=self.num_iterations * self.args.steps_per_generation,"]),
    (RepeatSampler.__iter__, ["generator=self.generator"]),
    (GRPOTrainer.training_step, ["self._step += 1"]),
    (GRPOTrainer.log, ["self._metrics[mode]", "logs.update(metrics)"]),
    (GRPOTrainer.__init__, ["self.epsilon_low", "self.epsilon_high", "self.eos_token_ids",
                            "self.num_generations_eval", "self.beta = args.beta"]),
    (Trainer.training_step, ["self.accelerator.backward(loss, **kwargs)"]),
    (Trainer._run_epoch, ["self.current_gradient_accumulation_steps = len(batch_samples)"]),
], ids=lambda value: getattr(value, "__qualname__", ""))
def test_the_lines_relied_on(method, texts):
    source = inspect.getsource(method)
    for text in texts:
        assert text in source


def test_other_members():
    assert GRPOTrainer.loss_is_scaled_for_ga is True
    assert hasattr(DynamicCache, "batch_select_indices")
    fields = GRPOConfig.__dataclass_fields__
    assert {"steps_per_generation", "num_iterations", "num_generations", "beta"} <= fields.keys()
    # The trainer takes the last of these values as the number of optimiser steps.
    source = inspect.getsource(Trainer.set_initial_training_values)
    assert source.rstrip().endswith("max_steps,\n        )")


def test_what_sharing_a_prompt_under_checkpointing_relies_on():
    """`oorl.trainers.prefix` keeps its own read-only cache where others are taken away."""
    init = inspect.getsource(GradientCheckpointingLayer.__init_subclass__)
    assert "if not self._can_checkpoint_with_cache:" in init
    assert "self._gradient_checkpointing_func(partial(forward, self, **kwargs), *args)" in init
    assert GradientCheckpointingLayer._can_checkpoint_with_cache is False
    layer = inspect.signature(DynamicLayer.update).parameters
    assert list(layer)[:3] == ["self", "key_states", "value_states"]


def test_what_several_backward_passes_in_a_step_rely_on():
    """`oorl.trainers.distributed`: accelerate makes DeepSpeed's step when it synchronises."""
    assert "sync_gradients=self.sync_gradients" in inspect.getsource(Accelerator.backward)
    assert hasattr(GradientState, "_set_sync_gradients")
    assert list(inspect.signature(Accelerator.no_sync).parameters) == ["self", "model"]
    assert list(inspect.signature(Trainer._save_checkpoint).parameters) == ["self", "model",
                                                                            "trial"]
