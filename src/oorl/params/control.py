"""Settings of the control stage: more supervised training at equal compute."""

from __future__ import annotations

from pydantic import Field

from oorl.params.base import Section


class ControlParams(Section):
    """The honest baseline: the base trained on, supervised, for the compute of rl + gepo."""

    enabled: bool = True
    compute_ratio: float = Field(1.0, gt=0, description="1 = as many FLOPs as rl and gepo took")
