"""Settings of the ir_groups stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from oorl.params.base import Section


class IRGroupsParams(Section):
    """Groups of equivalent and inequivalent LLVM IRs (Wu et al. 2025, sec. 3.2)."""

    groups: int = Field(600, ge=1, description="training groups wanted")
    test_groups: int = Field(60, ge=0, description="held-out groups, from test problems")
    winners: int = Field(4, ge=1, description="n")
    losers: int = Field(4, ge=1, description="m")
    inputs: int = Field(24, ge=1, description="vetted inputs per function")
    min_inputs: int = Field(10, ge=1, description="fewer vetted inputs: the function is refused")
    select: Literal["short", "varied"] = Field(
        "short", description="short: compact levels first; varied: any level, vectorised ones too")
    workers: int = Field(2, ge=1)
    max_ir_chars: int = Field(6000, ge=100, description="longer IR texts are not used")
