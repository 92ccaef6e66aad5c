"""Settings of the evaluate stage."""

from __future__ import annotations

from pydantic import Field

from oorl.params.base import Section


class EvaluateParams(Section):
    """Greedy pass@1 on held-out functions, paired bootstrap over problems."""

    sources: tuple[str, ...] = Field(
        ("python", "cpp"), min_length=1, description="languages translated from")
    targets: tuple[str, ...] = Field(
        ("python", "cpp", "java", "php", "bash", "javascript", "ruby", "perl", "lua"),
        min_length=1, description="languages translated into, never from themselves")
    problems: int = Field(100, ge=2, description="held-out problems used, all if there are fewer")
    batch_size: int = Field(64, ge=1, description="prompts decoded together")
    max_completion_length: int = Field(256, ge=8, description="tokens; longer answers are cut off")
    bootstrap_samples: int = Field(2000, ge=100, description="redraws of the problems")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="of the intervals")
    samples_in_report: int = Field(24, ge=0, description="translations shown in the report")
