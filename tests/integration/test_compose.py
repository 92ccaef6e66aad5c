"""The compose file for real: images built, the stack healthy, one deployment run, sign-in needed.

Minutes, several GB of images and a Docker engine, so it runs only when asked for:

    OORL_DOCKER=1 python -m pytest tests/integration/test_compose.py

Where no registry is reachable, PYTHON_IMAGE, POSTGRES_IMAGE and TORCH_INDEX name what stands in,
and OORL_BUILD_NETWORK=host lets the builds use this machine's network. Where Compose 2 is missing,
docker-compose 1.29 is taken; its workers are privileged, for it cannot ask for an unmasked /proc.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from test_stack import ask, finish, start

from tests.integration.made_up_pipeline import ROOT
from tests.integration.ports import free_port

OWNER = "1000"
PASSWORD = "a long password"
SMALL = {"problems: 3000": "problems: 60", "groups: 400": "groups: 20",
         "test_groups: 40": "test_groups: 5"}


def engine() -> bool:
    return bool(shutil.which("docker")) and subprocess.run(
        ["docker", "info"], capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.slow, pytest.mark.timeout(3000),
    pytest.mark.skipif(not os.environ.get("OORL_DOCKER"), reason="builds images: OORL_DOCKER=1"),
    pytest.mark.skipif(not engine(), reason="no Docker engine answers")]


def project(folder: Path) -> Path:
    """What a clone has, at a small size, owned by the workers' user."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split("\n")
    for name in filter(None, listed):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, folder / name)
    text = (folder / "params.yaml").read_text()
    for before, after in SMALL.items():
        assert before in text
        text = text.replace(f"  {before}\n", f"  {after}\n")
    (folder / "params.yaml").write_text(text)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *command], cwd=folder,
                       check=True)
    if not os.geteuid():
        subprocess.run(["chown", "-R", f"{OWNER}:{OWNER}", folder], check=True)
    return folder


def compose(root: Path) -> tuple[list[str], dict[str, str]]:
    """The command with its file, and the environment that fills the file in."""
    values = {**os.environ, "POSTGRES_PASSWORD": "secret", "MLFLOW_ADMIN_PASSWORD": PASSWORD,
              "MLFLOW_SECRET_KEY": "secret", "PREFECT_BIND": f"127.0.0.1:{free_port()}",
              "MLFLOW_BIND": f"127.0.0.1:{free_port()}", "COMPOSE_PROJECT_NAME": "oorl-smoke",
              "OORL_UID": OWNER if not os.geteuid() else str(os.getuid()),
              "OORL_GID": OWNER if not os.geteuid() else str(os.getgid())}
    file = root / "mlflow" / "compose.yaml"
    if not subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        return ["docker", "compose", "-f", str(file)], values
    made = yaml.safe_load(file.read_text())
    for name in ("deploy", "worker-cpu", "worker-gpu"):
        made["services"][name].pop("security_opt")
        made["services"][name]["privileged"] = True
    old = file.with_name("old-compose.yaml")
    old.write_text(yaml.safe_dump(made))
    return ["docker-compose", "-f", str(old)], values


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """Prefect's port and MLflow's address."""
    root = project(tmp_path_factory.mktemp("compose"))
    root.parent.chmod(0o755)
    command, values = compose(root)
    network = [f"--network={os.environ.get('OORL_BUILD_NETWORK', 'default')}"]
    arguments = [f"--build-arg={name}={values[name]}" for name in ("PYTHON_IMAGE", "TORCH_INDEX")
                 if name in values]
    for target, folder in (("oorl-mlflow", "mlflow"), ("oorl-worker", "deploy")):
        subprocess.run(["docker", "build", *network, "-t", target, *arguments,
                        "-f", f"{folder}/Dockerfile", "."], cwd=root, check=True)
    try:
        subprocess.run([*command, "up", "-d"], check=True, env=values)
        yield int(values["PREFECT_BIND"].split(":")[1]), f"http://{values['MLFLOW_BIND']}"
    finally:
        subprocess.run([*command, "logs", "--tail", "30"], env=values)
        subprocess.run([*command, "down", "--volumes"], env=values)


def test_every_service_becomes_healthy_and_none_is_root(stack: tuple[int, str]) -> None:
    names = ("postgres", "mlflow", "prefect", "worker-cpu", "worker-gpu")
    until = time.monotonic() + 300
    while True:
        found = {name: subprocess.run(
            ["docker", "ps", "--filter", f"label=com.docker.compose.service={name}", "--filter",
             "label=com.docker.compose.project=oorl-smoke", "--format", "{{.Status}}|{{.ID}}"],
            capture_output=True, text=True).stdout.strip() for name in names}
        if all("(healthy)" in status for status in found.values()):
            break
        assert time.monotonic() < until, found
        time.sleep(1)
    for name in names[1:]:
        user = subprocess.run(["docker", "exec", found[name].split("|")[1], "id", "-u"],
                              capture_output=True, text=True).stdout.strip()
        assert user not in ("0", ""), name


def test_mlflow_asks_who_is_there(stack: tuple[int, str]) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{stack[1]}/api/2.0/mlflow/registered-models/search", timeout=60)
    assert refused.value.code == 401


def test_a_deployment_runs_from_end_to_end(stack: tuple[int, str]) -> None:
    """Data made, its programs judged in the sandbox, groups verified, all validated."""
    server = stack[0]
    found = finish(server, start(server, "oorl-pipeline/data-refresh", route=True), 900)
    assert found["state_type"] == "COMPLETED", found["state"]
    assert found["state"]["message"] == "3 stages up to date"
    (shown,) = ask(server, "api/artifacts/filter", {"artifacts": {"key": {"any_": ["validation"]}}})
    assert "Validation: **passed**" in shown["data"]
