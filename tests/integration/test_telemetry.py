"""Every tool says itself that it sends nothing, once a stage has set its environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tasks._process import quiet

ASK = """
import json
import dvc.analytics, huggingface_hub.constants, mlflow.telemetry.utils, prefect.analytics
from prefect.settings import get_current_settings
print(json.dumps({
    "dvc": dvc.analytics.is_enabled(),
    "hub": not huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY,
    "mlflow": not mlflow.telemetry.utils.is_telemetry_disabled(),
    "prefect": prefect.analytics._is_telemetry_enabled(),
    "prefect's server": get_current_settings().server.analytics_enabled}))
"""


def sends(folder: Path, variables: dict[str, str]) -> set[str]:
    """The tools that would send something from a folder without settings of theirs."""
    done = subprocess.run([sys.executable, "-c", ASK], cwd=folder, env=variables, text=True,
                          capture_output=True)
    assert done.returncode == 0, done.stderr
    return {name for name, on in json.loads(done.stdout.splitlines()[-1]).items() if on}


def test_no_tool_sends_anything_from_a_stage(tmp_path: Path) -> None:
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}  # CI's variables switch off, too
    assert sends(tmp_path, bare) == {"dvc", "hub", "mlflow", "prefect", "prefect's server"}
    quiet(bare, offline=False)
    assert sends(tmp_path, bare) == set()
