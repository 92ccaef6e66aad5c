"""Settings of the evaluate stage."""

from __future__ import annotations

from pydantic import Field

from oorl.params.base import Section


class EvaluateParams(Section):
    """Greedy pass@1 on held-out functions, paired bootstrap over problems."""

    sources: tuple[str, ...] = ("python", "cpp")
    targets: tuple[str, ...] = ("python", "cpp", "java", "php", "bash", "javascript",
                                "ruby", "perl", "lua")
    problems: int = Field(100, ge=2, description="held-out problems used")
    batch_size: int = Field(64, ge=1)
    max_completion_length: int = Field(256, ge=8)
    bootstrap_samples: int = Field(2000, ge=100)
    confidence: float = Field(0.95, gt=0.5, lt=1)
    samples_in_report: int = Field(24, ge=0)
