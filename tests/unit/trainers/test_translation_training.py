"""Prompts, curve and checkpoints of the on-policy stages; and the whole run with a toy judge."""

import json

import pytest
import torch

from oorl.errors import DataError, ParamsError
from oorl.params.gepo import GEPOParams
from oorl.params.rl import RLParams
from oorl.records import (
    Case,
    IRGroup,
    Loser,
    Parameter,
    Problem,
    Signature,
    Type,
    Winner,
)
from oorl.trainers.preference import PreferenceCheck
from oorl.trainers.translation import (
    by_target,
    curve_row,
    group_rows,
    latest_checkpoint,
    make_config,
    prompts_needed,
    sample_prompts,
    summary,
    train_translation,
)
from tests.unit.trainers.tiny import tiny_model, tiny_tokenizer

INT = Type.parse("int")


def problem(number, *languages, padding=0):
    signature = Signature(f"f{number}", (Parameter("a", INT),), INT)
    return Problem(
        id=f"p{number}", source="made up", split="rl", signature=signature,
        cases=(Case((1,), number),),
        solutions=dict.fromkeys(languages, f"f{number}" + "x" * padding))


def sample(problems, count=10, limit=200, **settings):
    params = RLParams(**{"targets": ("python", "cpp", "php")} | settings)
    return sample_prompts(problems, tiny_tokenizer(), params, count=count, seed=1,
                          style="compact", max_prompt_tokens=limit)


def test_source_and_target_always_differ_and_sampling_is_a_function_of_the_seed():
    problems = [problem(i, "python", "cpp") for i in range(5)]
    rows, counts = sample(problems, count=60)
    assert counts == {"prompts": 60, "too_long": 0, "unsupported": 0}
    pairs = {(r["source_language"], r["target_language"]) for r in rows}
    assert pairs == {("python", "cpp"), ("cpp", "python"), ("python", "php"), ("cpp", "php")}
    assert rows == sample(problems, count=60)[0]
    for start in range(0, 60, 5):  # each pass takes every problem once
        assert len({r["problem_id"] for r in rows[start:start + 5]}) == 5
    assert rows[0]["prompt"].startswith(
        f"{rows[0]['source_language']} -> {rows[0]['target_language']}\n")


def test_target_weights():
    rows, _ = sample([problem(i, "python") for i in range(4)], count=300,
                     target_weights={"php": 3.0})
    share = sum(r["target_language"] == "php" for r in rows) / 300
    assert 0.67 < share < 0.83
    only, _ = sample([problem(1, "python")], target_weights={"cpp": 0.0})
    assert {r["target_language"] for r in only} == {"php"}


def test_long_prompts_and_hopeless_problems_are_left_out_and_counted():
    problems = [problem(0, "python"), problem(1, "python", padding=300), problem(2, "java")]
    rows, counts = sample(problems, count=3)
    assert {r["problem_id"] for r in rows} == {"p0"}
    assert counts["too_long"] >= 2
    assert counts["unsupported"] >= 2
    with pytest.raises(DataError, match="none of 1 problems"):
        sample(problems[1:2])


def test_a_weight_for_no_target_is_refused():
    with pytest.raises(ParamsError, match="ruby: not in"):
        sample([problem(0, "python")], target_weights={"ruby": 1.0})


def test_chat_style_makes_conversations():
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    rows, _ = sample_prompts([problem(0, "python")], tokenizer, RLParams(targets=("cpp",)),
                             count=1, seed=0, style="chat", max_prompt_tokens=1000)
    assert rows[0]["prompt"][0]["role"] == "user"
    assert "Translate this Python function" in rows[0]["prompt"][0]["content"]


def test_rewards_are_logged_by_target():
    logged = {}
    reward = by_target(lambda prompts, completions, **_: [1.0, 0.0, None, None])
    result = reward(["p"] * 4, ["c"] * 4, target_language=["php", "php", "php", "cpp"],
                    log_metric=logged.__setitem__)
    assert result == [1.0, 0.0, None, None]
    assert logged == {"reward/php": 0.5}


def test_curve_row_and_summary():
    entry = {"step": 3, "reward": 0.5, "reward/php": 0.25, "time/step_s": 5.0,
             "time/generate_s": 1.0, "time/judge_s": 1.5, "tokens/generated": 10.0,
             "tokens/prefill": 4.0, "tokens/trained": 7.0, "unrelated": 1}
    row = curve_row(entry, ["php", "cpp"])
    assert row == {"step": 3, "reward": 0.5, "reward_php": 0.25, "seconds_updating": 2.5,
                   "seconds_generating": 1.0, "seconds_judging": 1.5, "tokens_generated": 10.0,
                   "tokens_prefill": 4.0, "tokens_trained": 7.0}
    rewards = [0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9, 0.7]
    found = summary([row | {"reward": r} for r in rewards], parameters=100, started=0.0)
    assert found["tokens"] == {"generated": 80, "prefill": 32, "forward": 0, "trained": 56}
    assert found["flops"] == 100 * (2 * 112 + 6 * 56)
    assert found["reward_first_quarter"] == pytest.approx(0.1)
    assert found["reward_last_quarter"] == pytest.approx(0.8)


def test_a_checkpoint_cut_short_is_passed_over(tmp_path):
    assert latest_checkpoint(tmp_path) is None
    for step, state in ((2, "{}"), (10, "{}"), (11, '{"half'), (12, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    assert latest_checkpoint(tmp_path).name == "checkpoint-10"


def test_samples_per_backward_divide_the_batch(tmp_path):
    rl = RLParams(prompts_per_step=6, num_generations=5, batch_size=8)
    config = make_config(rl, None, output_dir=tmp_path, seed=0, style="compact", max_length=64)
    assert config.per_device_train_batch_size == 6
    assert config.gradient_accumulation_steps == 5
    assert prompts_needed(RLParams(num_iterations=2, prompts_per_step=6), 5) == 18


def toy_reward(prompts, completions, *, problem_id, target_language, **_):
    """A random model writes no program; letters are what it can learn here."""
    assert all(name.startswith("p") for name in problem_id)
    return [sum("a" <= c <= "m" for c in text) / 12 for text in completions]


def group(number, split):
    losers = tuple(Loser(ir, 0, "swap", {}, 0.5) for ir in (f"sub {number}", "nop"))
    return IRGroup(id=f"g{number}", problem_id=f"p{number}", split=split, language="c",
                   source_code=f"f{number}", signature="", inputs=[],
                   winners=(Winner(f"add {number}", "O0"), Winner(f"lea {number}", "O2")),
                   losers=losers)


@pytest.mark.parametrize("gepo", [None, GEPOParams(max_steps=4, save_every=2, groups_per_step=2)],
                         ids=["rl", "gepo"])
def test_the_whole_run_and_its_resume(tmp_path, gepo):
    problems = [problem(i, "python", "cpp") for i in range(8)]
    rl = RLParams(targets=("python", "php"), max_steps=4, prompts_per_step=4, num_generations=4,
                  batch_size=8, save_every=2, max_completion_length=12)
    tokenizer = tiny_tokenizer()
    rows, _ = sample_prompts(problems, tokenizer, rl, count=prompts_needed(rl, 4), seed=1,
                             style="compact", max_prompt_tokens=200)
    groups = group_rows([group(i, "rl") for i in range(5)], "compact") if gepo else None
    held_out = group_rows([group(9, "test")], "compact")

    def go(folder):
        model = tiny_model()
        config = make_config(rl, gepo, output_dir=tmp_path / folder, seed=5, style="compact",
                             max_length=200)
        check = PreferenceCheck(model, tokenizer, held_out, 200, config)
        seen = []
        _, curve = train_translation(
            model, tokenizer, rows, toy_reward, config, name="rl", targets=rl.targets,
            groups=groups, on_row=seen.append)
        return model, curve, seen, check.finish(model)

    model, curve, seen, preference = go("whole")
    assert [row["step"] for row in curve] == [1, 2, 3, 4]
    assert seen == curve
    assert preference["before"]["loss"] == pytest.approx(0.6931, abs=1e-4)
    assert preference["after"]["loss"] != preference["before"]["loss"]
    assert ("gepo_loss" in curve[0]) == (gepo is not None)
    # The last checkpoint cut short: the run goes on from the one before.
    state = tmp_path / "whole" / "checkpoint-4" / "trainer_state.json"
    assert json.loads(state.read_text())["global_step"] == 4
    state.unlink()
    again, longer, seen, _ = go("whole")
    assert [row["step"] for row in seen] == [3, 4]
    assert [row["step"] for row in longer] == [1, 2, 3, 4]
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    # A whole last checkpoint: nothing is left to do.
    done, final, seen, _ = go("whole")
    assert seen == []
    assert [row["step"] for row in final] == [1, 2, 3, 4]
    for a, b in zip(model.parameters(), done.parameters(), strict=True):
        assert torch.equal(a, b)


CHAT = "{% for m in messages %}{{ m['content'] }}{% endfor %}"


@pytest.mark.parametrize("lora_rank", [0, 4])
def test_a_bf16_model_with_a_chat_template_trains_as_the_large_profiles_do(tmp_path, lora_rank):
    """Qwen3 in bf16, non-thinking chat, joint objective; all weights or adapters."""
    rl = RLParams(targets=("php",), max_steps=2, prompts_per_step=2, num_generations=2,
                  batch_size=1, save_every=2, max_completion_length=8, learning_rate=1e-5)
    gepo = GEPOParams(max_steps=2, save_every=2, groups_per_step=2,
                      mode="streaming" if lora_rank else "two_pass")
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = CHAT
    rows, _ = sample_prompts([problem(i, "python") for i in range(4)], tokenizer, rl, count=4,
                             seed=1, style="chat", max_prompt_tokens=3000)
    groups = group_rows([group(i, "rl") for i in range(3)], "chat")
    config = make_config(rl, gepo, output_dir=tmp_path, seed=5, style="chat", max_length=3000)
    model = tiny_model(dtype=torch.bfloat16, max_position_embeddings=3000)
    names = list(dict(model.named_parameters()))
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    def reward(prompts, completions, **columns):
        return toy_reward(prompts, [c[-1]["content"] for c in completions], **columns)

    _, curve = train_translation(model, tokenizer, rows, reward, config, name="gepo",
                                 targets=rl.targets, groups=groups, lora_rank=lora_rank)
    assert [row["step"] for row in curve] == [1, 2]
    assert curve[0]["gepo_loss"] == pytest.approx(0.6931, abs=1e-2)
    after = dict(model.named_parameters())
    assert list(after) == names  # adapters are merged, nothing is left of them
    if not lora_rank:  # in float32 an update this small is not lost
        assert all(not torch.equal(after[name].float(), before[name].float())
                   for name in names if name.endswith("weight"))
        assert all(p.dtype == torch.float32 for p in after.values())
