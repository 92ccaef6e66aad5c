"""OORLTrainer: it learns, resumes bit for bit, weighs its two halves, and names faults."""

import math
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from accelerate.utils import DistributedType
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM

from oorl.errors import ArtifactError, DataError, InfraError, ParamsError, TrainingError
from oorl.generation import generate
from oorl.trainers import oorl as oorl_module
from oorl.trainers.distributed import refuse_streaming
from oorl.trainers.groups import TokenGroup, dpo_pairs, drawn_easy_first, drawn_groups
from oorl.trainers.logps import add_response_head
from oorl.trainers.oorl import OORLConfig, OORLTrainer
from oorl.trainers.reference import ReferenceLogps
from tests.unit.trainers.tiny import GROUPS, tiny_model, tiny_tokenizer

PROMPTS = [f"{c}{tail}=\n" for tail in ("", "12") for c in "abcdefghijklmnop"]


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def share_of_letters(completions, **_):
    return [sum("a" <= c <= "m" for c in text) / max(1, len(text)) for text in completions]


def engine(model, prompt_ids, *, num_generations, max_new_tokens, temperature, seed):
    return generate(model, prompt_ids, num_generations=num_generations, seed=seed,
                    max_new_tokens=max_new_tokens, temperature=temperature, eos_token_id=1)


def make(output_dir, reward=share_of_letters, rollout_fn=engine, groups=GROUPS, model=None,
         peft_config=None, **settings):
    arguments = {
        "output_dir": str(output_dir), "max_steps": 4, "per_device_train_batch_size": 16,
        "gradient_accumulation_steps": 2, "num_generations": 4, "max_completion_length": 8,
        "learning_rate": 5e-3, "w_gepo": 0.0, "bf16": False, "activation_checkpointing": False,
        "report_to": [], "logging_steps": 1, "save_strategy": "no", "use_cpu": True,
        "disable_tqdm": True, "seed": 3,
    } | settings
    held_out = Dataset.from_dict({"prompt": PROMPTS[:4]})
    return OORLTrainer(
        model or tiny_model(), reward, OORLConfig(**arguments),
        Dataset.from_dict({"prompt": PROMPTS}), rollout_fn=rollout_fn,
        eval_dataset=held_out if "eval_strategy" in settings else None,
        groups=groups if arguments["w_gepo"] > 0 else None, processing_class=tiny_tokenizer(),
        peft_config=peft_config)


def logged(trainer, key):
    return [entry[key] for entry in trainer.state.log_history if key in entry]


def weights(trainer):
    return {name: p.detach().clone() for name, p in trainer.model.named_parameters()}


@pytest.mark.parametrize("settings", [
    {}, {"algorithm": "reinforce_pp_baseline"}, {"algorithm": "grpo"}, {"num_generations": 1},
    {"algorithm": "rloo"},
    {"w_gepo": 0.01}, {"num_iterations": 2, "max_steps": 30}, {"rollout_fn": None},
], ids=str)
def test_reward_rises(tmp_path, settings):
    trainer = make(tmp_path, **{"max_steps": 15} | settings)
    trainer.train()
    rewards = logged(trainer, "reward")
    assert sum(rewards[-3:]) / 3 > sum(rewards[:3]) / 3 + 0.1
    lengths = sum(logged(trainer, "completions/mean_length"))
    assert sum(logged(trainer, "tokens/generated")) == pytest.approx(32 * lengths)


def test_gepo_alone_learns_the_preference_and_generates_nothing(tmp_path):
    def forbidden(*_, **__):
        raise AssertionError("generated")

    trainer = make(tmp_path, rollout_fn=forbidden, reward=None, w_rl=0.0, w_gepo=1.0,
                   gradient_accumulation_steps=1, max_steps=40, groups_per_step=3,
                   learning_rate=2e-3)
    trainer.train()
    losses = logged(trainer, "gepo/loss")
    assert losses[0] == pytest.approx(0.6931, abs=1e-3)
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])
    assert logged(trainer, "gepo/rewards/accuracies")[-1] == 1.0


@pytest.mark.parametrize("settings", [
    {"w_gepo": 0.1}, {"num_iterations": 2, "save_steps": 2}, {"w_rl": 0.0, "w_gepo": 1.0,
                                                             "gradient_accumulation_steps": 1},
    {"w_gepo": 0.1, "rollout_fn": None}, {"w_gepo": 0.1, "cpu_workers": 2},
], ids=str)
def test_resume_equals_uninterrupted_bit_for_bit(tmp_path, settings):
    settings = {"save_strategy": "steps", "save_steps": 2, "max_steps": 6} | settings
    whole = make(tmp_path / "whole", **settings)
    whole.train()
    interrupted = make(tmp_path / "cut", **settings)

    class Stop(Exception):
        pass

    step = interrupted.training_step

    def stopping(*args, **kwargs):
        if interrupted.state.global_step == 5:
            raise Stop
        return step(*args, **kwargs)

    interrupted.training_step = stopping
    with pytest.raises(Stop):
        interrupted.train()
    resumed = make(tmp_path / "cut", **settings)
    resumed.train(resume_from_checkpoint=str(tmp_path / "cut" / "checkpoint-4"))
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(resumed)[name]), name
    for key in ("loss", "grad_norm", "reward", "gepo/loss", "tokens/trained"):
        assert logged(whole, key) == logged(resumed, key)


def test_the_reference_is_read_on_resume_never_recomputed(tmp_path, monkeypatch):
    settings = {"w_gepo": 0.1, "save_strategy": "steps", "save_steps": 2}
    make(tmp_path, **settings).train()
    monkeypatch.setattr(oorl_module.ReferenceLogps, "compute",
                        lambda *_, **__: pytest.fail("recomputed"))
    make(tmp_path, **settings).train(resume_from_checkpoint=str(tmp_path / "checkpoint-2"))
    Path(tmp_path / "gepo_reference_0.pt").unlink()
    with pytest.raises(ArtifactError, match="not found"):
        make(tmp_path, **settings).train(resume_from_checkpoint=str(tmp_path / "checkpoint-2"))


def test_other_groups_on_resume_are_refused(tmp_path):
    settings = {"w_gepo": 0.1, "save_strategy": "steps", "save_steps": 2}
    make(tmp_path, **settings).train()
    changed = [row | {"prompt": "other\n"} for row in GROUPS]
    with pytest.raises(ArtifactError, match="do not cover"):
        make(tmp_path, groups=changed, **settings).train(
            resume_from_checkpoint=str(tmp_path / "checkpoint-2"))


def test_the_two_gradients_add_up(tmp_path):
    """One SGD step of OORL moves as far as w_rl and w_gepo alone together (no clipping)."""
    def moved(**settings):
        trainer = make(tmp_path, max_steps=1, optim="sgd", learning_rate=1e-3, max_grad_norm=1e9,
                       lr_scheduler_type="constant", weight_decay=0.0, **settings)
        before = weights(trainer)
        trainer.train()
        return {name: value - before[name] for name, value in weights(trainer).items()}

    both = moved(w_rl=0.7, w_gepo=0.5)
    rl = moved(w_rl=0.7, w_gepo=0.0)
    gepo = moved(w_rl=0.0, w_gepo=0.5, gradient_accumulation_steps=1)
    full = moved(w_rl=1.0, w_gepo=0.0)
    for name, value in both.items():
        torch.testing.assert_close(value, rl[name] + gepo[name], rtol=1e-3, atol=2e-7)
        torch.testing.assert_close(rl[name], 0.7 * full[name], rtol=1e-3, atol=2e-7)
    assert max(value.abs().max() for value in gepo.values()) > 1e-5


@pytest.mark.parametrize("settings", [
    {"gradient_accumulation_steps": 4, "per_device_train_batch_size": 8},
    {"activation_checkpointing": True}, {"cpu_workers": 2}, {"cpu_workers": 1},
], ids=str)
def test_micro_batching_and_checkpointing_change_nothing(tmp_path, settings):
    def after(**other):
        trainer = make(tmp_path, max_steps=1, optim="sgd", max_grad_norm=1e9, w_gepo=0.1, **other)
        trainer.train()
        logs = trainer.state.log_history[0]
        names = ["loss", "entropy", "gepo/loss"]
        if "activation_checkpointing" not in settings:  # which runs prompts once per sample
            names.append("tokens/trained")
        return weights(trainer) | {name: torch.tensor(logs[name]) for name in names}

    expected = after()
    for name, value in after(**settings).items():
        torch.testing.assert_close(value, expected[name], rtol=1e-4, atol=1e-6)


def test_every_epoch_has_its_own_order_wherever_the_run_began(tmp_path):
    def order(epoch):
        trainer = make(tmp_path)
        trainer.state.epoch = epoch
        return list(trainer._get_train_sampler())

    first, second = order(0), order(1)
    assert first != second
    assert second == order(1.25)
    assert set(first) == set(second) == set(range(32))


def test_every_group_is_drawn_once_before_any_twice_on_all_ranks():
    drawn = [i for step in range(6) for rank in range(2) for i in drawn_groups(
        12, 2, seed=1, step=step, rank=rank, world_size=2)]
    assert sorted(drawn[:12]) == list(range(12))
    assert sorted(drawn[12:]) == list(range(12))
    assert drawn[:12] != drawn[12:]
    assert drawn_groups(12, 2, 1, 3) == drawn_groups(12, 2, 1, 3)


def test_a_curriculum_widens_from_the_easiest_groups_to_all_of_them():
    hardness = [k / 100 for k in range(100)]  # group 99 is the easiest

    def drawn(step, **place):
        return drawn_easy_first(hardness, 2, 1, step, 10, **place)

    hardest = [min(min(drawn(step, rank=rank, world_size=2)) for rank in range(2))
               for step in range(10)]
    assert hardest[0] >= 90
    for step, group in enumerate(hardest):
        assert group >= 100 - math.ceil(100 * math.sqrt(0.01 + 0.99 * step / 10))
    assert min(hardest) < 40
    for step in range(10):  # the ranks share one draw
        assert len({*drawn(step, rank=0, world_size=2), *drawn(step, rank=1, world_size=2)}) == 4
    assert sorted(i for step in range(10, 60) for i in drawn(step)) == list(range(100))
    assert drawn_easy_first(hardness, 2, 1, 3, 0) == drawn_groups(100, 2, 1, 3)
    assert drawn_easy_first([0.5], 3, 1, 0, 10) == [0, 0, 0]  # fewer groups than a step asks for


def test_the_stream_follows_the_curriculum(tmp_path):
    groups = [{**GROUPS[0], "prompt": f"p{k}", "hardness": [k / 40] * len(GROUPS[0]["rejected"])}
              for k in range(40)]
    trainer = make(tmp_path, groups=groups, w_gepo=1.0, gepo_curriculum_steps=20)
    first = [group.hardness for step in range(2) for group in trainer._drawn(step)]
    assert min(first) >= 1 - math.sqrt(0.01 + 0.99 / 20) - 1 / 40


def test_equal_rewards_move_nothing(tmp_path):
    trainer = make(tmp_path, reward=lambda completions, **_: [1.0] * len(completions),
                   max_steps=1, weight_decay=0.0)
    before = weights(trainer)
    trainer.train()
    assert all(torch.equal(value, before[name]) for name, value in weights(trainer).items())


def test_unjudged_completions_are_masked(tmp_path):
    def reward(completions, **_):
        return [None if i % 4 == 0 else v for i, v in enumerate(share_of_letters(completions))]

    trainer = make(tmp_path, reward=reward, max_steps=1)
    seen = []
    advantages = trainer._advantages
    trainer._advantages = lambda output: seen.append(advantages(output)) or seen[-1]
    trainer.train()
    assert seen[0][::4].abs().sum() == 0
    assert seen[0][1::4].abs().sum() > 0


def test_a_failing_reward_function_is_named(tmp_path):
    def reward(completions, **_):
        raise OSError("sandbox gone")

    with pytest.raises(InfraError, match=r"\(reward\) failed: OSError: sandbox gone"):
        make(tmp_path, reward=reward).train()


def test_nothing_judged_is_an_infra_error(tmp_path):
    with pytest.raises(InfraError, match="could be judged"):
        make(tmp_path, reward=lambda completions, **_: [None] * len(completions)).train()


def test_a_rollout_engine_that_gives_empty_completions_is_named(tmp_path):
    def broken(model, prompt_ids, *, num_generations, **_):
        return [[[]] * num_generations for _ in prompt_ids]

    with pytest.raises(InfraError, match="32 of them empty"):
        make(tmp_path, rollout_fn=broken).train()


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path):
    model = tiny_model()
    with torch.no_grad():
        model.model.norm.weight[0] = torch.nan

    def sampler(model, prompt_ids, *, num_generations, **_):
        return [[[5 + i, 1] for i in range(num_generations)] for _ in prompt_ids]

    with pytest.raises(TrainingError, match="nan at step 0"):
        make(tmp_path, model=model, rollout_fn=sampler).train()


def test_a_reference_of_another_model_is_refused(tmp_path, monkeypatch):
    compute = oorl_module.ReferenceLogps.compute

    def other(model, groups, workers):
        stranger = tiny_model(seed=9)
        oorl_module.add_response_head(stranger)
        return compute(stranger, groups)

    monkeypatch.setattr(oorl_module.ReferenceLogps, "compute", other)
    with pytest.raises(ArtifactError, match="differ by"):
        make(tmp_path, w_gepo=0.1).train()


@pytest.mark.parametrize(("settings", "text"), [
    ({"algorithm": "ppo"}, "algorithm = 'ppo'"),
    ({"beta": 0.1}, "leave beta 0"),
    ({"w_rl": 0.0}, "not both 0"),
    ({"w_rl": 0.0, "w_gepo": 1.0}, "must be 1 when w_rl = 0"),
    ({"gepo_mode": "fast"}, "gepo_mode = 'fast'"),
    ({"gepo_max_coefficient": 1.0}, "needs mode two_pass"),
    ({"gepo_beta": 0.0}, "beta > 0"),
    ({"gepo_loss": "ipo"}, "must be gepo or dpo"),
    ({"algorithm": "rloo", "num_generations": 1}, "at least 2"),
    ({"max_kl": 0.0}, "must be above 0"),
    ({"save_strategy": "steps", "save_steps": 3, "num_iterations": 2}, "must be a multiple"),
])
def test_settings_that_make_no_sense(tmp_path, settings, text):
    with pytest.raises(ParamsError, match="OORLConfig") as caught:
        make(tmp_path, **settings)
    assert text in str(caught.value)


def test_too_few_prompts_are_refused(tmp_path):
    with pytest.raises(DataError, match="32 prompts, but one batch of rollouts takes 64"):
        make(tmp_path, num_generations=2, gradient_accumulation_steps=8)


def test_kl_in_the_return(tmp_path):
    """A KL penalty needs a reference on disk; it is 0 at step 0 and grows later."""
    tiny_model().save_pretrained(tmp_path / "base")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    trainer = make(tmp_path / "run", model=model, kl_coef=0.1, max_steps=6)
    trainer.train()
    kl = logged(trainer, "kl")
    assert kl[0] == pytest.approx(0, abs=1e-5)
    assert kl[-1] > 1e-3


def test_a_kl_to_a_model_without_a_path_is_refused(tmp_path):
    with pytest.raises(DataError, match="needs a reference"):
        make(tmp_path, kl_coef=0.1)


@pytest.mark.parametrize("algorithm", ["reinforce_pp", "rloo", "grpo"])
def test_evaluation_during_training_has_its_own_samples_and_changes_nothing(tmp_path, algorithm):
    settings = {"algorithm": algorithm, "max_steps": 2, "w_gepo": 0.01}
    plain = make(tmp_path / "plain", **settings)
    plain.train()
    asked = []

    def counted(*args, **options):
        asked.append((len(args[1]), options["num_generations"]))
        return engine(*args, **options)

    trainer = make(tmp_path / "own", rollout_fn=counted, eval_strategy="steps", eval_steps=1,
                   num_generations_eval=2, per_device_eval_batch_size=8, **settings)
    trainer.train()
    rewards = logged(trainer, "eval_reward")
    assert len(rewards) == 2
    assert all(0 <= reward <= 1 for reward in rewards)
    assert asked.count((4, 2)) == 2  # four prompts, two samples of each, after each step
    assert len(logged(trainer, "eval_loss")) == 2
    for name, value in weights(plain).items():
        torch.testing.assert_close(weights(trainer)[name], value)


def test_a_kl_that_blows_up_ends_the_run_with_a_reason(tmp_path):
    tiny_model().save_pretrained(tmp_path / "base")
    def run(**settings):
        model = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
        trainer = make(tmp_path / "run", model=model, max_steps=8, **settings)
        trainer.train()
        return trainer

    stopped = run(max_kl=1e-3)
    assert 1 < stopped.state.global_step < 8
    assert "above max_kl = 0.001" in stopped.stopped
    watched = run(max_kl=1e3)
    assert watched.state.global_step == 8
    assert watched.stopped == ""
    plain = run()  # watching changes nothing
    assert logged(watched, "grad_norm") == pytest.approx(logged(plain, "grad_norm"), rel=1e-3)


def test_dpo_takes_the_same_groups_as_pairs(tmp_path):
    group = TokenGroup((5, 6), ((7, 1), (8, 1), (9, 1)), ((10, 1), (11, 1)))
    pairs = dpo_pairs(group)
    assert [(p.winners, p.losers) for p in pairs] == [
        (((7, 1),), ((10, 1),)), (((8, 1),), ((11, 1),)), (((9, 1),), ((10, 1),))]
    trainer = make(tmp_path, reward=None, w_rl=0.0, w_gepo=1.0, gepo_loss="dpo", max_steps=30,
                   gradient_accumulation_steps=1, groups_per_step=3, learning_rate=2e-3)
    trainer.train()
    losses = logged(trainer, "gepo/loss")
    assert losses[0] == pytest.approx(0.6931, abs=1e-3)
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])
    assert logged(trainer, "gepo/variance") == [0.0] * 30


def test_a_prompt_longer_than_the_context_is_named(tmp_path):
    with pytest.raises(DataError, match="max_completion_length = 254 that exceeds"):
        make(tmp_path, max_completion_length=254).train()


def test_a_card_lies_next_to_every_checkpoint(tmp_path):
    make(tmp_path, w_gepo=0.1, save_strategy="steps", save_steps=2).train()
    for step in (2, 4):
        card = (tmp_path / f"checkpoint-{step}" / "README.md").read_text()
        assert f"step {step}" in card
        assert "| `w_gepo` | 0.1 |" in card
        assert "2505.12723" in card
        assert "| gepo/loss |" in card


class Beginning:
    """A reward function that can begin early, and notes what it was given when."""

    __name__ = "beginning"

    def __init__(self, fault=None):
        self.begun, self.batches, self.fault = [], [], fault

    def start(self, completion, *, letter, **columns):
        assert set(columns) <= {"trainer_state"}
        if self.fault is not None:
            raise self.fault
        self.begun.append((completion, letter))

    def __call__(self, prompts, completions, *, letter, **_):
        self.batches.append((self.begun, list(zip(completions, letter, strict=True))))
        self.begun = []
        return share_of_letters([c if isinstance(c, str) else c[0]["content"]
                                 for c in completions])


def run_beginning(folder, reward, chat=False, **settings):
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    prompts = [[{"role": "user", "content": p}] if chat else p for p in PROMPTS]
    trainer = make(folder, reward=reward, max_steps=2, **settings)
    trainer = OORLTrainer(
        tiny_model(), reward, trainer.args,
        Dataset.from_dict({"prompt": prompts, "letter": [p[0] for p in PROMPTS]}),
        rollout_fn=stepwise, processing_class=tokenizer)
    trainer.train()
    return trainer


def stepwise(model, prompt_ids, *, on_done=None, **options):
    return generate(model, prompt_ids, eos_token_id=1, on_done=on_done, **options)


@pytest.mark.parametrize("chat", [False, True])
def test_rewards_begin_while_others_are_generated_and_change_nothing(tmp_path, chat):
    early = Beginning()
    with_start = run_beginning(tmp_path, early, chat)
    plain = run_beginning(tmp_path, early.__call__, chat)
    assert len(early.batches) == 4
    for begun, batch in early.batches[:2]:
        assert len(begun) == 32
        assert sorted(map(str, begun)) == sorted(map(str, batch))
    for name, value in weights(with_start).items():
        assert torch.equal(value, weights(plain)[name]), name
    assert not early.batches[-1][0]  # a plain function is only called with whole batches


def test_a_reward_function_that_fails_early_is_named(tmp_path):
    with pytest.raises(InfraError, match=r"\(beginning\) failed: OSError: gone"):
        run_beginning(tmp_path, Beginning(OSError("gone")))


@pytest.mark.parametrize(("mode", "kl_coef"), [("two_pass", 0.0), ("streaming", 0.05)])
def test_lora_trains_adapters_alone_against_the_bare_model(tmp_path, mode, kl_coef):
    """The reference of both halves is the model with its adapter disabled; resume is exact."""
    tiny_model().save_pretrained(tmp_path / "base")

    def lora(folder, **settings):
        model = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
        return make(tmp_path / folder, model=model, w_gepo=0.1, gepo_mode=mode, kl_coef=kl_coef,
                    save_strategy="steps", save_steps=2,
                    peft_config=LoraConfig(r=4, target_modules="all-linear"), **settings)

    trainer = lora("run")
    assert trainer.ref_model is None
    bare = {n: p.clone() for n, p in trainer.model.named_parameters() if not p.requires_grad}
    trainer.train()
    for name, value in bare.items():
        assert torch.equal(value, trainer.model.get_parameter(name))
    assert logged(trainer, "gepo/loss")[0] == pytest.approx(0.6931, abs=1e-3)
    alone = tiny_model()
    add_response_head(alone)
    for group in trainer._drawn(3):
        expected = ReferenceLogps.compute(alone, [group]).of(group)
        for a, b in zip(expected, trainer._reference.of(group), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)
    if kl_coef:
        kl = logged(trainer, "kl")
        assert kl[0] == pytest.approx(0, abs=1e-5)
        assert kl[-1] > 1e-3

    resumed = lora("run")
    resumed.train(resume_from_checkpoint=str(tmp_path / "run" / "checkpoint-2"))
    for name, value in weights(trainer).items():
        assert torch.equal(value, weights(resumed)[name]), name
    assert any("lora_B" in n and bool(p.any()) for n, p in weights(trainer).items())


@pytest.mark.parametrize(("kind", "stage", "refused"), [
    ("FSDP", 0, True), ("DEEPSPEED", 3, True), ("DEEPSPEED", 2, False), ("MULTI_CPU", 0, False)])
def test_streaming_with_sharded_parameters_is_refused(kind, stage, refused):
    from types import SimpleNamespace as Facts  # such processes cannot be had in this one

    accelerator = Facts(distributed_type=DistributedType[kind],
                        state=Facts(deepspeed_plugin=Facts(zero_stage=stage)))
    refuse_streaming(accelerator, "two_pass", "gepo_mode")
    with pytest.raises(ParamsError, match="two_pass") if refused else nullcontext():
        refuse_streaming(accelerator, "streaming", "gepo_mode")
