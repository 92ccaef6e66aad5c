"""What the deployments may be asked: the forms of Prefect's UI."""
# No `from __future__ import annotations`: Prefect resolves the parameters' types at run time.

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Parameters(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class PipelineParameters(Parameters):
    """What a run may be asked to do differently."""

    profile: str = Field(
        default="", description="of profiles/, written to params.yaml; empty: as it is now")
    overrides: dict[str, Any] = Field(
        default_factory=dict, description='written to params.yaml, e.g. {"rl.max_steps": 10}')
    stages: list[str] = Field(
        default_factory=list, description="only these; empty: all, in dvc.yaml's order")
    force: bool = Field(default=False, description="run stages again that are up to date")
    stage_timeout_minutes: float = Field(default=0, ge=0, description="0: no limit")
    retry_after_s: float = Field(
        default=30, ge=0, description="before a stage that failed for want of a server or of the "
        "sandbox is tried again, twice as long the next time; other failures are not tried again")
    route: bool = Field(
        default=False, description="run stages of the other work pool, gpu or cpu, there, by the "
        "deployments of oorl-stage; else all in this process")
    push: bool = Field(
        default=False, description="bring new data to the DVC remote in the end, if there is one")


class StageParameters(Parameters):
    """Stages, one after another, and how: for the workers of a pool."""

    stages: list[str] = Field(min_length=1, description="names of dvc.yaml, in its order")
    pipeline: str = Field(default="", description="the pipeline run that they belong to")
    force: bool = Field(default=False, description="run what is up to date again")
    timeout_minutes: float = Field(default=0, ge=0, description="of each; 0: no limit")
    retry_after_s: float = Field(default=30, ge=0, description="see the pipeline's parameters")


class EvaluationParameters(Parameters):
    """Which registered model, and on how much."""

    model: str = Field(default="champion", description="an alias or a version's number")
    problems: int = Field(
        default=0, ge=0, description="of the held-out ones; 0: as many as evaluate.problems says")
    timeout_minutes: float = Field(default=120, ge=0, description="0: no limit")


class PromotionParameters(Parameters):
    """Which version, and by whose judgement."""

    version: str = Field(default="challenger", description="an alias or a version's number")
    override: str = Field(
        default="", description="a reason to promote whatever the gate says; it is recorded")
