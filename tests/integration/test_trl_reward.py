"""`UnitTestReward` in TRL's own trainers, as it is: one step, with the real judge."""

import pytest
import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

from oorl.errors import IsolationUnavailable
from oorl.params.sandbox import SandboxParams
from oorl.records import Case, Parameter, Problem, Signature, Type
from oorl.rewards import UnitTestReward
from oorl.sandbox import Judge
from tests.unit.trainers.tiny import tiny_model, tiny_tokenizer

PROBLEM = Problem("p1", "synthetic", "rl",
                  Signature("f", (Parameter("x", Type("int")),), Type("int")),
                  (Case((1,), 2), Case((5,), 6)), {})
PROGRAMS = ["def f(x):\n    return x + 1\n", "def f(x):\n    return x\n",
            "def f(x):\n    while True: pass\n", "def f(x) return\n"]


@pytest.mark.parametrize(("trainer", "config"), [(GRPOTrainer, GRPOConfig),
                                                 (RLOOTrainer, RLOOConfig)])
def test_one_step(tmp_path, trainer, config):
    torch.set_num_threads(1)
    seen = []

    def extract(completion: str, language: str) -> str:
        """An untrained model writes no programs: the n-th completion stands for the n-th."""
        assert language == "python"
        seen.append(completion)
        return PROGRAMS[len(seen) % len(PROGRAMS)]

    settings = config(
        output_dir=str(tmp_path), max_steps=1, per_device_train_batch_size=8, num_generations=4,
        max_completion_length=8, report_to=[], logging_steps=1, save_strategy="no", use_cpu=True,
        bf16=False, disable_tqdm=True, beta=0.0)  # no reference: the model has no name to load
    data = Dataset.from_dict({"prompt": ["f="] * 4, "problem_id": ["p1"] * 4,
                              "target_language": ["python"] * 4})
    params = SandboxParams.model_validate({"cpu_time_s": 0.5})
    try:
        with Judge(params) as judge:
            reward = UnitTestReward(judge, {"p1": PROBLEM}, extract)
            run = trainer(model=tiny_model(), reward_funcs=reward, args=settings,
                          train_dataset=data, processing_class=tiny_tokenizer())
            run.train()
    except IsolationUnavailable as error:
        pytest.skip(str(error))
    (entry,) = [e for e in run.state.log_history if "rewards/unit_tests/mean" in e]
    assert len(seen) == 8
    assert entry["rewards/unit_tests/mean"] == pytest.approx(1 / 4)
    assert entry["judge/pass_rate"] == entry["judge/pass_rate/python"] == pytest.approx(1 / 4)
    assert entry["judge/timeout_rate"] == pytest.approx(1 / 4)
    assert entry["judge/compile_rate"] == pytest.approx(3 / 4)
    assert entry["judge/judge_wait_s"] > 0.5
