"""Settings of the dataset stage."""

from __future__ import annotations

from pydantic import Field

from oorl.params.base import Section


class DatasetParams(Section):
    """Translation problems with unit tests, split by problem."""

    source: str = "synthetic"
    problems: int = Field(4000, ge=40, description="distinct functions over all splits")
    cases: int = Field(8, ge=2, le=200, description="unit tests per problem")
    # Shares of the problems; what is left over goes to "rl".
    sft_share: float = Field(0.35, gt=0, lt=1)
    validation_share: float = Field(0.05, gt=0, lt=1)
    test_share: float = Field(0.05, gt=0, lt=1)
    verify_share: float = Field(
        1.0, ge=0, le=1, description="share of held-out gold programs run in the sandbox")
