"""Settings of the base stage: the model to start from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from oorl.params.base import Section

Share = Annotated[float, Field(ge=0, le=1)]


class BaseParams(Section):
    """`model: embedded` trains a tiny causal LM from scratch; anything else is a hub id or path,
    taken as it is (the remaining keys then only describe the control's supervised data)."""

    model: str = Field("embedded", min_length=1)
    device: str = Field("auto", pattern="^(auto|cpu|cuda)$", description="of rl, gepo and "
                        "evaluate; auto: a GPU if there is one, and none needed for small models")
    hidden_size: int = Field(128, ge=16, multiple_of=16)
    layers: int = Field(4, ge=1)
    heads: int = Field(4, ge=1)
    vocab_size: int = Field(1024, ge=300)
    max_length: int = Field(1024, ge=64, description="context in tokens")
    language_shares: dict[str, Share] = Field(
        default_factory=dict, description="share of the sft problems whose gold translation may be "
        "shown, per target language: the imbalance that RL is to overcome")
    ir_share: float = Field(0.1, ge=0, lt=1, description="share of C-to-IR tokens")
    max_steps: int = Field(1500, ge=1)
    tokens_per_batch: int = Field(2048, ge=64, description="padding included")
    learning_rate: float = Field(5e-3, gt=0, description="AdamW: embeddings and norms")
    muon_learning_rate: float = Field(0.03, gt=0, description="Muon: matrices")
    decay_steps: int = Field(500, ge=1, description="the learning rate's linear decay at the end")
    eval_every: int = Field(250, ge=1, description="steps between checks of the held-out loss")
    patience: int = Field(1, ge=1, description="checks in a row without improvement that are a "
                          "plateau: the decay begins")
    min_improvement: float = Field(0.05, ge=0, lt=1, description="share of the best loss by which "
                                   "a check must lower it to count as improvement")
    save_every: int = Field(250, ge=1)

    @property
    def prompt_style(self) -> str:
        """The style of prompts that suits the model."""
        return "compact" if self.model == "embedded" else "chat"
