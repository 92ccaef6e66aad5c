"""Stages as a flow, so that they can run in the work pool that has what they need.

The pipeline's deployment sends the stages of the other pool to `oorl-stage/gpu` or
`oorl-stage/cpu`, those that follow each other in one run, since finding a worker and starting
Python takes seconds. The workers of both pools see the same project folder.
"""
# No `from __future__ import annotations`: Prefect resolves the parameters' types at run time.

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.deployments import run_deployment
from prefect.runtime import flow_run
from prefect.states import Cancelling, Completed, Failed

from flows._parameters import StageParameters
from flows._stages import pool, run_here

POLL_S = 0.5


def _name() -> str:
    return ", ".join(StageParameters.model_validate(flow_run.parameters["parameters"]).stages)


@flow(name="oorl-stage", flow_run_name=_name, log_prints=False)
def oorl_stage(parameters: StageParameters) -> State[Any]:
    """Bring these stages up to date."""
    state = run_here(parameters, lambda _: None)
    return Completed(message=state.message) if state.is_completed() else Failed(
        message=state.message)


def own_pool() -> str:
    """The work pool whose worker runs this flow, "" if none does."""
    context = FlowRunContext.get()
    return (context.flow_run.work_pool_name if context and context.flow_run else None) or ""


def run_there(parameters: StageParameters, done: Callable[[int], None]) -> State[Any]:
    """The stages, all of one pool, as a run of its deployment; whatever ends this ends that run
    too. `done` is told how many are up to date."""
    run = run_deployment(f"oorl-stage/{pool(parameters.stages[0])}", timeout=0,
                         parameters={"parameters": parameters.model_dump()})
    with get_client(sync_client=True) as client:
        try:
            return _await(client, run.id, done)  # type: ignore[union-attr]
        except BaseException:
            client.set_flow_run_state(run.id, Cancelling(), force=True)  # type: ignore[union-attr]
            raise


def _await(client: Any, run: UUID, done: Callable[[int], None]) -> State[Any]:
    these, before = FlowRunFilter(id=FlowRunFilterId(any_=[run])), 0
    while True:
        state = client.read_flow_run(run).state
        tasks = client.read_task_runs(flow_run_filter=these)
        now = sum(task.state is not None and task.state.is_completed() for task in tasks)
        if now > before:
            done(before := now)
        if state is not None and state.is_final():
            return state
        time.sleep(POLL_S)
