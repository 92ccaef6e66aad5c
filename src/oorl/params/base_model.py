"""Settings of the base stage: the model to start from."""

from __future__ import annotations

from pydantic import Field

from oorl.params.base import Section


class BaseParams(Section):
    """`model: embedded` trains a tiny causal LM from scratch; anything else is a hub id or path."""

    model: str = "embedded"
    hidden_size: int = Field(128, ge=16)
    layers: int = Field(4, ge=1)
    heads: int = Field(4, ge=1)
    vocab_size: int = Field(768, ge=300)
    max_length: int = Field(1024, ge=64, description="context in tokens")
    # Share of the sft problems whose gold translation the base may see, per target language;
    # the imbalance is what gives the base the paper's disparity.
    language_shares: dict[str, float] = Field(default_factory=dict)
    ir_share: float = Field(0.1, ge=0, le=1, description="share of C-to-IR batches")
    max_steps: int = Field(1500, ge=1)
    tokens_per_batch: int = Field(1024, ge=64)
    learning_rate: float = Field(5e-3, gt=0)
    muon_learning_rate: float = Field(0.03, gt=0)
    eval_every: int = Field(250, ge=1, description="steps between plateau checks")
    patience: int = Field(3, ge=1, description="checks without improvement that end training")
    save_every: int = Field(250, ge=1)
