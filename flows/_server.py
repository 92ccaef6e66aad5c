"""What the deployments need of a Prefect server: both work pools, and one slot on the GPU.

    python -m flows._server

Makes what is missing and changes nothing that is there. More GPUs on one machine: raise the
limit, `prefect gcl update gpu --limit 2`.
"""
# No `from __future__ import annotations`, as in the other modules that import Prefect.

import sys
from contextlib import suppress

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.workers.utilities import get_default_base_job_template_for_infrastructure_type

from flows._stages import GPU_LIMIT

POOLS = ("cpu", "gpu")


def prepare() -> None:
    """Make pools and limit."""
    from prefect.utilities.asyncutils import run_coro_as_sync

    template = run_coro_as_sync(get_default_base_job_template_for_infrastructure_type("process"))
    with get_client(sync_client=True) as client:
        for name in POOLS:
            with suppress(ObjectAlreadyExists):
                client.create_work_pool(WorkPoolCreate(
                    name=name, type="process", base_job_template=template or {}))
        try:
            client.read_global_concurrency_limit_by_name(GPU_LIMIT)
        except ObjectNotFound:
            client.create_global_concurrency_limit(
                GlobalConcurrencyLimitCreate(name=GPU_LIMIT, limit=1))


if __name__ == "__main__":
    prepare()
    sys.exit(0)
