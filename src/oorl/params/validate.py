"""Settings of the validate stage."""

from __future__ import annotations

from pydantic import Field

from oorl.params.base import Section


class ValidateParams(Section):
    """Great Expectations suites over problems, splits and IR groups."""

    min_cases: int = Field(2, ge=1)
    min_problems: int = Field(20, ge=1)
    max_code_chars: int = Field(20000, ge=100)
    gold_problems: int = Field(
        20, ge=0, description="drawn by the seed; their solutions are run again in the sandbox")
