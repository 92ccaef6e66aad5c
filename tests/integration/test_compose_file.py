"""The compose file by Compose's own reader and schema; no engine is needed. test_compose.py runs
it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECRETS = ("POSTGRES_PASSWORD", "MLFLOW_ADMIN_PASSWORD", "MLFLOW_SECRET_KEY")


def compose() -> list[str]:
    if shutil.which("docker") and not subprocess.run(
            ["docker", "compose", "version"], capture_output=True).returncode:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    pytest.skip("neither docker compose nor docker-compose here")


def config(file: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if key not in SECRETS}
    return subprocess.run([*compose(), "-f", str(file), "config", "--quiet"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**kept, **variables})


def test_it_is_valid_and_asks_for_its_secrets(tmp_path: Path) -> None:
    file = ROOT / "mlflow" / "compose.yaml"
    secrets = dict.fromkeys(SECRETS, "x")
    done = config(file, **secrets)
    assert (done.returncode, done.stdout) == (0, "")
    without = config(file)
    assert without.returncode != 0
    assert "mlflow/env.example" in without.stdout
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(file.read_text().replace("    ports: [", "    port: ["))
    assert config(wrong, **secrets).returncode != 0
