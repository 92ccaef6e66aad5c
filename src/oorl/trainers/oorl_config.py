"""Settings of `OORLTrainer`: TRL's GRPOConfig, the on-policy algorithm, and the GEPO stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trl import GRPOConfig

from oorl.errors import ParamsError
from oorl.losses.gepo import GEPOForm
from oorl.trainers.group_step import checked_form, mode_problem

ALGORITHMS = ("reinforce_pp", "reinforce_pp_baseline", "rloo", "grpo")


def _setting(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass
class OORLConfig(GRPOConfig):
    """What GRPOConfig has, and the fields below; defaults are the paper's where it gives any.

    `num_generations=1` is allowed with `reinforce_pp` (TRL alone refuses it). Under the
    REINFORCE++ algorithms the loss is the token mean over the global batch, whatever
    `loss_type` says, and the KL penalty (`kl_coef`) sits in the return, so `beta` must stay 0.
    `rloo` is TRL's RLOOTrainer's loss: a ratio per sequence, the mean over sequences, and the KL of
    the sequence in its reward.

    Raises:
        ParamsError: with all broken rules at once.
    """

    algorithm: str = _setting("reinforce_pp", f"One of {', '.join(ALGORITHMS)}.")
    kl_coef: float = _setting(
        0.0, "KL penalty inside the return (REINFORCE++, by token) or the reward (RLOO).")
    gamma: float = _setting(1.0, "Discount of the return to go (REINFORCE++).")
    w_rl: float = _setting(1.0, "Weight of the on-policy loss; 0 generates nothing.")
    w_gepo: float = _setting(0.01, "Weight of the GEPO loss; 0 reads no groups.")
    gepo_loss: str = _setting(
        "gepo", "gepo, or dpo: the same groups as pairs (the paper's ablation; see dpo_pairs).")
    gepo_beta: float = _setting(0.1, "Sharpness of the group preference.")
    gepo_lambda: float = _setting(1.0, "Weight of the winners' variance.")
    gepo_length_normalize: bool = _setting(False, "Divide log-ratios by response length.")
    gepo_variance_per_token: bool = _setting(False, "The same, in the variance alone.")
    gepo_label_smoothing: float = _setting(0.0, "Chance that winners and losers are swapped.")
    gepo_mode: str = _setting(
        "single_graph", "single_graph, two_pass (least memory) or streaming (LoRA); see GEPOStep.")
    gepo_max_coefficient: float | None = _setting(
        None, "Clip of a response's coefficient; needs two_pass.")
    gepo_max_length: int = _setting(4096, "Prompt and response in tokens; longer is left out.")
    groups_per_step: int = _setting(2, "GEPO groups per optimiser step and process.")
    gepo_curriculum_steps: int = _setting(
        0, "Steps until every group may be drawn, easy ones first (rows need `hardness`).")

    max_kl: float | None = _setting(
        None, "Stop when the sampled KL to the start (nats per token) exceeds this.")
    cpu_workers: int = _setting(
        0, "On CPU: threads for the two halves of a micro-batch (0: none, 2: both at once).")

    def __post_init__(self) -> None:
        wanted = self.num_generations
        if wanted == 1:
            self.num_generations = 2  # only to pass TRL's check; restored below
        if self.max_kl is not None and self.algorithm == "grpo" and self.beta == 0:
            raise ParamsError("OORLConfig:\n  max_kl: with grpo it needs beta > 0",
                              "Set beta, or choose another algorithm.")
        watched = self.kl_coef or (1e-12 if self.max_kl is not None else 0.0)
        if self.algorithm != "grpo" and watched > 0 and self.beta == 0:
            self.beta = watched  # makes TRL keep a reference model
        super().__post_init__()
        self.num_generations = wanted
        problems = self._problems()
        if problems:
            raise ParamsError("OORLConfig:\n  " + "\n  ".join(problems),
                              "Correct the settings above.")

    def gepo_form(self) -> GEPOForm:
        """The GEPO loss's options; raises `ParamsError` for a value out of range."""
        return checked_form(self.gepo_beta, self.gepo_lambda, self.gepo_length_normalize,
                            self.gepo_variance_per_token, self.gepo_label_smoothing)

    def _problems(self) -> list[str]:
        found = []

        def rule(holds: bool, text: str) -> None:
            if not holds:
                found.append(text)

        rule(self.algorithm in ALGORITHMS,
             f"algorithm = {self.algorithm!r}: must be one of {', '.join(ALGORITHMS)}")
        rule(self.algorithm == "reinforce_pp" or self.num_generations != 1,
             f"num_generations: {self.algorithm} compares a prompt's samples: at least 2")
        rule(self.algorithm == "grpo" or self.beta in (self.kl_coef, 1e-12),
             f"beta = {self.beta}: with {self.algorithm} the KL penalty is kl_coef; leave beta 0")
        rule(self.gepo_loss in ("gepo", "dpo"),
             f"gepo_loss = {self.gepo_loss!r}: must be gepo or dpo")
        rule(self.gepo_curriculum_steps >= 0,
             f"gepo_curriculum_steps = {self.gepo_curriculum_steps}: must not be below 0")
        rule(self.max_kl is None or self.max_kl > 0, f"max_kl = {self.max_kl}: must be above 0")
        rule(min(self.w_rl, self.w_gepo) >= 0 and self.w_rl + self.w_gepo > 0,
             f"w_rl = {self.w_rl}, w_gepo = {self.w_gepo}: neither below 0, not both 0")
        rule(self.w_rl > 0 or self.gradient_accumulation_steps == 1,
             "gradient_accumulation_steps: must be 1 when w_rl = 0; raise groups_per_step instead")
        try:
            self.gepo_form()
        except ParamsError as error:
            found.append(error.problem)
        problem = mode_problem(self.gepo_mode, self.gepo_max_coefficient)
        rule(not problem, "gepo_" + problem)
        rule(self.cpu_workers == 0 or (self.use_cpu and self.world_size == 1
                                       and self.algorithm != "grpo"),
             "cpu_workers: for one CPU process (use_cpu), not with grpo")
        block = (self.steps_per_generation or 1) * self.num_iterations
        saved = int(self.save_steps) * self.gradient_accumulation_steps
        rule(self.save_strategy != "steps" or self.w_rl == 0 or saved % block == 0,
             f"save_steps = {self.save_steps}: times gradient_accumulation_steps must be a "
             f"multiple of steps_per_generation * num_iterations = {block}, or a resumed run "
             "would not repeat the interrupted one")
        return found
