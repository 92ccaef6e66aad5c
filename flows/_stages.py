"""The task that runs one stage, with its retries and its time limit, and several with one slot on
the GPU."""
# No `from __future__ import annotations`: Prefect resolves the parameters' types at run time.

import os
from collections.abc import Callable
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


def gpu_slot(needed: bool) -> AbstractContextManager[Any]:
    """The right to use the GPU, waited for; without a server there is nobody to share with.

    The slot of a killed process is free again about a minute later.
    """
    if not needed or not os.environ.get("PREFECT_API_URL"):
        return nullcontext()
    get_run_logger().info("Asking for a slot of the limit %s", GPU_LIMIT)
    return concurrency(GPU_LIMIT, occupy=1, strict=True, lease_duration=60)


def temporary(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether a failure is of the kind that passes."""
    return f"exited with {TEMPORARY}" in (state.message or "")


def waits(first_s: float) -> list[float]:
    """Growing pauses before the retries."""
    return [first_s * 2**i for i in range(RETRIES)]


@task(task_run_name="{stage}", retries=RETRIES, retry_condition_fn=temporary)
def run_stage(stage: str, how: StageParameters) -> State[Any]:
    """One stage. It fails without a traceback: the stage's own lines tell what happened."""
    log = get_run_logger()
    problem = repro(stage, ROOT, log.info, environment(how.pipeline),
                    force=how.force, timeout_s=how.timeout_minutes * 60)
    if stage == "validate" and (found := validation(ROOT, not problem)):
        create_markdown_artifact(found, key="validation", description="what holds of the data")
    return Failed(message=problem) if problem else Completed(message="up to date")


def run_here(parameters: StageParameters, done: Callable[[int], None]) -> State[Any]:
    """The stages as tasks of the flow that calls, each with its retries; the first that fails is
    the last. `done` is told how many there are after each.

    One slot on the GPU is for all of them: to give it back and ask again between two would cost
    seconds, since Prefect's SQLite refuses to be asked while it notes the end of a task.
    """
    with gpu_slot(any(stage in GPU_STAGES for stage in parameters.stages)):
        for number, stage in enumerate(parameters.stages, 1):
            state = run_stage.with_options(
                name=stage, retry_delay_seconds=waits(parameters.retry_after_s))(
                    stage, parameters, return_state=True)
            if not state.is_completed():
                return state
            done(number)
    return Completed(message="up to date")
