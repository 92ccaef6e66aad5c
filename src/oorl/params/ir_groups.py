"""Settings of the ir_groups stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from oorl.params.base import Section


class IRGroupsParams(Section):
    """Groups of equivalent and inequivalent LLVM IRs (Wu et al. 2025, sec. 3.2)."""

    source: str = Field(
        "problems", description="problems: C solutions of the dataset stage; transcoder, sltrans, "
        "folder: functions of other files (src/oorl/ir/sources)")
    path: str = Field("", description="of the source's file or folder, or sltrans's hub id")
    languages: tuple[Literal["c", "cpp", "rust"], ...] = Field(
        ("c",), min_length=1, description="of the functions; problems gives C only")
    source_column: str = Field("Source_Code", description="sltrans: the column of the sources")
    hub_split: str = Field("Perf_Optimized", description="sltrans: which split's sources")
    revision: str = Field("", description="sltrans: the hub data set's commit")
    rows: int = Field(20000, ge=1, description="sltrans: rows read per language")
    test_share: float = Field(0.1, ge=0, lt=1, description="of other sources' functions")
    benchmarks: tuple[str, ...] = Field(
        (), description="files whose functions are never used (JSONL, .gz, Parquet)")
    groups: int = Field(600, ge=1, description="training groups wanted")
    test_groups: int = Field(60, ge=0, description="held-out groups, from test problems")
    winners: int = Field(4, ge=1, description="n")
    losers: int = Field(4, ge=1, description="m")
    inputs: int = Field(24, ge=1, description="vetted inputs per function")
    min_inputs: int = Field(10, ge=1, description="fewer vetted inputs: the function is refused")
    max_hardness: float = Field(
        1.0, gt=0, le=1, description="losers differ on at most this share of the inputs")
    max_loser_edits: int = Field(
        0, ge=0, description="losers differ from their winner in at most so many tokens; 0: any")
    select: Literal["short", "varied"] = Field(
        "short", description="short: compact levels first; varied: any level, vectorised ones too")
    workers: int = Field(2, ge=1)
    max_ir_chars: int = Field(6000, ge=100, description="longer IR texts are not used")
