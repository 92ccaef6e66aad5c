"""The task that runs one stage: its slot on the GPU, its retries, its time limit."""
# No `from __future__ import annotations`: Prefect resolves the parameters' types at run time.

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from prefect import get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State, TaskRun
from prefect.concurrency.sync import concurrency
from prefect.states import Completed, Failed
from prefect.tasks import Task

from flows._parameters import StageParameters
from flows._repro import environment, repro
from flows._summary import validation

ROOT = Path(__file__).resolve().parents[1]
GPU_STAGES = ("base", "rl", "gepo", "control", "evaluate")
"""Stages that use a GPU where there is one. On a server they run one at a time."""

GPU_LIMIT = "gpu"
RETRIES = 3
TEMPORARY = 75
"""Exit status of a stage that can succeed later: no registry, no sandbox (EX_TEMPFAIL)."""


def pool(stage: str) -> str:
    """The work pool that a stage belongs to."""
    return "gpu" if stage in GPU_STAGES else "cpu"


def gpu_slot(stage: str) -> AbstractContextManager[Any]:
    """The right to use the GPU, waited for; without a server there is nobody to share with.

    The slot of a killed process is free again about a minute later.
    """
    if stage not in GPU_STAGES or not os.environ.get("PREFECT_API_URL"):
        return nullcontext()
    return concurrency(GPU_LIMIT, occupy=1, strict=True, lease_duration=60)


def temporary(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether a failure is of the kind that passes."""
    return f"exited with {TEMPORARY}" in (state.message or "")


def waits(first_s: float) -> list[float]:
    """Growing pauses before the retries."""
    return [first_s * 2**i for i in range(RETRIES)]


@task(task_run_name="{parameters.stage}", retries=RETRIES, retry_condition_fn=temporary)
def run_stage(parameters: StageParameters) -> State[Any]:
    """One stage. It fails without a traceback: the stage's own lines tell what happened."""
    log = get_run_logger()
    with gpu_slot(parameters.stage):
        problem = repro(parameters.stage, ROOT, log.info, environment(parameters.pipeline),
                        force=parameters.force, timeout_s=parameters.timeout_minutes * 60)
    if parameters.stage == "validate" and (found := validation(ROOT, not problem)):
        create_markdown_artifact(found, key="validation", description="what holds of the data")
    return Failed(message=problem) if problem else Completed(message="up to date")


def run_here(parameters: StageParameters) -> State[Any]:
    """The stage as a task of the flow that calls, with its retries."""
    return run_stage.with_options(
        name=parameters.stage, retry_delay_seconds=waits(parameters.retry_after_s))(
            parameters, return_state=True)
