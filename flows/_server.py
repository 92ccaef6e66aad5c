"""What the deployments need of a Prefect server: both work pools, and one slot on the GPU.

    python -m flows._server [--type process|docker|kubernetes] [--project FOLDER]

Makes what is missing and changes nothing that is there. More GPUs on one machine: raise the
limit, `prefect gcl update gpu --limit 2`. With Docker and Kubernetes the worker starts a container
for each run, by Prefect's template and what deploy/pools.yaml adds to it.
"""
# No `from __future__ import annotations`, as in the other modules that import Prefect.

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.workers.utilities import get_default_base_job_template_for_infrastructure_type

from flows._stages import GPU_LIMIT, ROOT

POOLS = ("cpu", "gpu")
TYPES = ("process", "docker", "kubernetes")
ADDED = ROOT / "deploy" / "pools.yaml"


def prepare(kind: str = "process", project: Path = ROOT) -> None:
    """Make pools and limit."""
    with get_client(sync_client=True) as client:
        for name in POOLS:
            with suppress(ObjectAlreadyExists):
                client.create_work_pool(WorkPoolCreate(
                    name=name, type=kind, base_job_template=template(kind, name, project)))
        try:
            client.read_global_concurrency_limit_by_name(GPU_LIMIT)
        except ObjectNotFound:
            client.create_global_concurrency_limit(
                GlobalConcurrencyLimitCreate(name=GPU_LIMIT, limit=1))


def template(kind: str, pool: str, project: Path) -> dict[str, Any]:
    """Prefect's template for a type of pool, with what deploy/pools.yaml adds."""
    from prefect.utilities.asyncutils import run_coro_as_sync

    found: dict[str, Any] = run_coro_as_sync(
        get_default_base_job_template_for_infrastructure_type(kind)) or {}
    if kind == "process":
        return found
    text = ADDED.read_text(encoding="utf-8").replace("${PROJECT}", str(project))
    added = yaml.safe_load(text)[kind]
    for name, value in added["variables"].items():
        found["variables"]["properties"][name]["default"] = value
    job = found["job_configuration"]
    for part in ("manifest", *([pool] if pool in added else [])):
        if part in added:
            job["job_manifest"] = merged(job["job_manifest"], added[part])
    return found


def merged(one: Any, other: Any) -> Any:
    """Mappings key by key, lists item by item, of all else the second."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **{key: merged(one[key], value) if key in one else value
                          for key, value in other.items()}}
    if isinstance(one, list) and isinstance(other, list):
        return [*(merged(*pair) for pair in zip(one, other, strict=False)),
                *one[len(other):], *other[len(one):]]
    return other


def main(arguments: list[str]) -> int:
    """Make what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m flows._server",
                                     description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--type", choices=TYPES, default="process")
    parser.add_argument("--project", type=Path, default=ROOT,
                        help="the project's folder on the Docker host; default: this one")
    options = parser.parse_args(arguments)
    prepare(options.type, options.project.absolute())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
