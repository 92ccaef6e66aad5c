"""Settings of the dataset stage."""

from __future__ import annotations

from pydantic import Field, model_validator

from oorl.params.base import Section


class DatasetParams(Section):
    """Translation problems with unit tests, split by problem."""

    source: str = Field("synthetic", description="synthetic: the embedded generator; jsonl: your "
                        "own problems; apps, mbxp, synthetic1, taco, "
                        "transcoder_gfg: published ones (docs/data.md)")
    path: str = Field("", description="of the source's file or folder (.jsonl, .jsonl.gz, of "
                      "published sets .parquet too), in inputs/ so that DVC sees changes; or a "
                      "published set's hub id")
    revision: str = Field("", description="of the hub data set, a commit; travels with the "
                          "problems; empty: the digest of the local files")
    benchmarks: tuple[str, ...] = Field(
        default=(), description="files or folders of benchmarks (JSON lines, Parquet); problems "
        "that overlap them are refused")
    similarity: float = Field(
        0.8, gt=0, le=2, description="Jaccard similarity of statements or programs from which on "
        "the later of two problems is refused; above 1: none; generated ones differ as they are")
    problems: int = Field(4000, ge=40, description="distinct functions over all splits; of files "
                          "at most so many")
    families: tuple[str, ...] = Field(
        default=(), description="embedded families to draw from; empty: all of them")
    cases: int = Field(8, ge=2, le=200, description="unit tests per problem")
    # Shares of the problems; what is left over goes to "rl".
    sft_share: float = Field(0.35, gt=0, lt=1)
    validation_share: float = Field(0.05, gt=0, lt=1)
    test_share: float = Field(0.05, gt=0, lt=1)
    verify_share: float = Field(
        0.25, ge=0, le=1, description="share of held-out problems whose gold programs are run; "
        "those of files are all run")

    @model_validator(mode="after")
    def _shares_leave_some_for_rl(self) -> DatasetParams:
        taken = self.sft_share + self.validation_share + self.test_share
        if taken >= 1:
            raise ValueError(f"sft_share + validation_share + test_share is {taken:g} and leaves "
                             "nothing for rl; make them sum to less than 1")
        return self
