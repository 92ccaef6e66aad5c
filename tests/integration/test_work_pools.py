"""The pools' job templates: what a worker would start, checked against Kubernetes' own schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prefect.utilities.templating import apply_values

from flows import _server

VERSION = "1.33"


@pytest.fixture(autouse=True)
def prefects_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect's templates as its server has them, without starting one."""
    import json

    import prefect.server.api.collections_data.views as views

    found = json.loads((Path(views.__path__[0]) / "aggregate-worker-metadata.json").read_text())
    kinds = {kind: one["default_base_job_configuration"]
             for package in found.values() for kind, one in package.items()}

    async def template(kind: str) -> Any:
        return json.loads(json.dumps(kinds[kind]))

    monkeypatch.setattr(_server, "get_default_base_job_template_for_infrastructure_type", template)


def job(kind: str, pool: str, **variables: Any) -> dict[str, Any]:
    """What the worker starts: the template with its defaults and what the run brings."""
    made = _server.template(kind, pool, Path("/srv/oorl"))
    defaults = {name: one["default"] for name, one in made["variables"]["properties"].items()
                if "default" in one}
    return apply_values(made["job_configuration"], {**defaults, **variables})  # type: ignore


def manifest(pool: str) -> dict[str, Any]:
    made = job("kubernetes", pool, name="validate", command="prefect flow-run execute",
               env={}, labels={"app": "oorl"})["job_manifest"]
    # the worker's own last touches: the environment as a list, the command as arguments
    made["spec"]["template"]["spec"]["containers"][0].update(
        env=[{"name": "PREFECT_API_URL", "value": "http://prefect:4200/api"}],
        args=["prefect", "flow-run", "execute"])
    # two of Prefect's own keys belong to the job and not to its pods
    for misplaced in ("parallelism", "completions"):
        made["spec"]["template"]["spec"].pop(misplaced)
    return made


@pytest.fixture
def schema() -> Any:
    return pytest.importorskip(
        "kubernetes_validate", reason="no Kubernetes schema: pip install -e '.[kubernetes]'")


@pytest.mark.parametrize("pool", _server.POOLS)
def test_the_kubernetes_job_is_a_valid_one(pool: str, schema: Any) -> None:
    made = manifest(pool)
    schema.validate(made, VERSION, strict=True)
    spec = made["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["image"] == "oorl-worker"
    assert spec["restartPolicy"] == "Never"
    assert [mount["name"] for mount in container["volumeMounts"]] == [
        volume["name"] for volume in spec["volumes"]]
    wants = container["resources"]["limits"].get("nvidia.com/gpu")
    assert wants == ("1" if pool == "gpu" else None)
    assert container["resources"]["limits"]["memory"] == "32Gi"


def test_the_schema_would_find_a_wrong_key(schema: Any) -> None:
    made = manifest("gpu")
    made["spec"]["template"]["spec"]["containers"][0]["workingDirectory"] = "/project"
    with pytest.raises(schema.ValidationError, match="workingDirectory"):
        schema.validate(made, VERSION, strict=True)


def test_the_docker_job_mounts_the_project() -> None:
    made = job("docker", "cpu")
    assert made["volumes"] == ["/srv/oorl:/project"]
    assert made["image"] == "oorl-worker"
    assert made["auto_remove"] is True


@pytest.mark.parametrize(("one", "other", "both"), [
    ({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}}, {"a": 1, "b": {"c": 2, "d": 3}}),
    ([{"a": 1}], [{"b": 2}, 3], [{"a": 1, "b": 2}, 3]),
    ([1, 2], [3], [3, 2]),
    ({"a": [1]}, {"a": "x"}, {"a": "x"}),
])
def test_merged(one: Any, other: Any, both: Any) -> None:
    assert _server.merged(one, other) == both
