"""Settings of the register stage: the promotion gate."""

from __future__ import annotations

from pydantic import Field

from oorl.params.base import Section


class RegisterParams(Section):
    """A model is promoted only if it beats the incumbent by this gate."""

    model_name: str = Field("oorl-translator", min_length=1)
    candidate: str = Field("gepo", pattern="^(base|rl|gepo|control)$")
    min_margin: float = Field(0.0, ge=0, description="least gain in mean pass@1, in points/100")
    require_interval_above: float = Field(0.0, description="lower end of the paired interval")
    max_language_drop: float = Field(0.1, ge=0, le=1, description="no target may fall by more")
