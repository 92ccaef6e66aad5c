"""Settings of the GEPO / OORL stage."""

from __future__ import annotations

from pydantic import Field

from oorl.params.base import Section


class GEPOParams(Section):
    """OORL's joint objective: w_rl * L_onpolicy + w_gepo * L_GEPO (Wu et al. 2025, sec. 3.3).

    The on-policy half uses section `rl` but for the number of steps.
    """

    start_from: str = Field("rl", pattern="^(base|rl)$")
    w_rl: float = Field(1.0, ge=0, description="0 gives GEPO alone")
    w_gepo: float = Field(0.01, ge=0, description="0 gives on-policy RL alone")
    loss: str = Field("gepo", pattern="^(gepo|dpo)$",
                      description="dpo: the same groups as pairs, the paper's ablation")
    beta: float = Field(0.1, gt=0)
    lambda_: float = Field(1.0, ge=0, alias="lambda")
    length_normalize: bool = Field(
        False, description="log-ratios per token; keeps the variance from outweighing the rest")
    variance_per_token: bool = Field(False, description="the same, in the variance alone")
    label_smoothing: float = Field(0.0, ge=0, lt=0.5)
    mode: str = Field("single_graph", pattern="^(single_graph|two_pass|streaming)$",
                      description="two_pass needs the least memory; streaming is for LoRA")
    max_steps: int = Field(20, ge=1)
    groups_per_step: int = Field(2, ge=1)
    curriculum_steps: int = Field(
        0, ge=0, description="groups with easy losers first, all from this step on; 0: at once")
    save_every: int = Field(10, ge=1)
