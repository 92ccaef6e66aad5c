"""One stage as a flow, so that it can run in the work pool that has what it needs.

The pipeline's deployment sends each stage to `oorl-stage/gpu` or `oorl-stage/cpu`; the workers of
both pools see the same project folder.
"""
# No `from __future__ import annotations`: Prefect resolves the parameters' types at run time.

import time
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.deployments import run_deployment
from prefect.states import Cancelling, Completed, Failed

from flows._parameters import StageParameters
from flows._stages import pool, run_here

POLL_S = 1.0


@flow(name="oorl-stage", flow_run_name="{parameters.stage}", log_prints=False)
def oorl_stage(parameters: StageParameters) -> State[Any]:
    """Bring one stage up to date."""
    state = run_here(parameters)
    return Completed(message=state.message) if state.is_completed() else Failed(
        message=state.message)


def run_there(parameters: StageParameters) -> State[Any]:
    """The stage as a run of the pool's deployment; whatever ends this ends that run too."""
    run = run_deployment(f"oorl-stage/{pool(parameters.stage)}", timeout=0,
                         parameters={"parameters": parameters.model_dump()})
    with get_client(sync_client=True) as client:
        try:
            return _await(client, run.id)  # type: ignore[union-attr]
        except BaseException:
            client.set_flow_run_state(run.id, Cancelling(), force=True)  # type: ignore[union-attr]
            raise


def _await(client: Any, run: UUID) -> State[Any]:
    while True:
        state = client.read_flow_run(run).state
        if state is not None and state.is_final():
            return state
        time.sleep(POLL_S)
