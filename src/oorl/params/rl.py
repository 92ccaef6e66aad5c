"""Settings of the on-policy RL stage."""

from __future__ import annotations

from pydantic import Field, model_validator

from oorl.params.base import Section


class RLParams(Section):
    """REINFORCE++ (Hu 2025, arXiv 2501.03262) on translation prompts, binary reward (eq. 4)."""

    sources: tuple[str, ...] = ("python", "cpp")
    targets: tuple[str, ...] = ("python", "cpp", "java", "php", "bash", "javascript")
    target_weights: dict[str, float] = Field(
        default_factory=dict, description="chances of the targets; those not named have 1")
    balanced: bool = Field(
        False, description="all pairs of a source and a target get the same number of prompts, "
        "as in the paper's recipe (docs/data.md); without target_weights")
    algorithm: str = Field("reinforce_pp",
                           pattern="^(reinforce_pp|reinforce_pp_baseline|rloo|grpo)$")
    max_steps: int = Field(30, ge=1, description="optimiser steps")
    prompts_per_step: int = Field(32, ge=1)
    num_generations: int = Field(8, ge=1, description="samples per prompt")
    batch_size: int = Field(32, ge=1, description="samples per backward pass; memory only")
    num_iterations: int = Field(1, ge=1, description="optimiser passes over each rollout batch")
    temperature: float = Field(0.8, gt=0)
    max_completion_length: int = Field(256, ge=8)
    learning_rate: float = Field(5e-4, gt=0)
    epsilon: float = Field(0.2, gt=0, description="PPO clip")
    kl_coef: float = Field(0.0, ge=0, description="token-level KL in the return")
    max_grad_norm: float = Field(1.0, gt=0)
    lora_rank: int = Field(0, ge=0, description="rank of the adapters that are trained, on all "
                           "linear layers of the decoder; 0 trains all weights")
    save_every: int = Field(10, ge=1)

    @model_validator(mode="after")
    def _balanced_has_no_weights(self) -> RLParams:
        if self.balanced and self.target_weights:
            raise ValueError("balanced draws all targets evenly, target_weights does not; set "
                             "target_weights: {} or balanced: false")
        return self
