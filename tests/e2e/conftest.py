"""A clone of the project at a size that takes minutes, with its own DVC cache and registry."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]

# As small as it can be while every stage still does its real work.
TINY: dict[str, dict[str, Any]] = {
    "dataset": {"problems": 240, "cases": 6, "test_share": 0.1, "verify_share": 0.2},
    "ir_groups": {"groups": 12, "test_groups": 4},
    "base": {"hidden_size": 32, "layers": 2, "heads": 2, "max_steps": 60, "eval_every": 30,
             "save_every": 20},
    "rl": {"max_steps": 6, "prompts_per_step": 4, "num_generations": 2, "save_every": 2,
           "max_completion_length": 48},
    "gepo": {"max_steps": 2, "save_every": 1},
    "evaluate": {"problems": 4, "targets": ["php", "bash", "perl"], "max_completion_length": 48,
                 "bootstrap_samples": 100},
    "validate": {"min_problems": 4, "gold_problems": 1},
}


# In a network namespace of its own, with nothing in it: whatever reaches out fails.
CUT_OFF = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--"]


class Project:
    """A project folder and the commands a user would type in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        scripts = Path(sys.executable).parent
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "PREFECT"))},
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}",
            "DVC_NO_ANALYTICS": "1",
        }

    def start(self, *command: str, network: bool = True) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*([] if network else CUT_OFF), sys.executable, "-m", *command], cwd=self.root,
            env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)

    def run(self, *command: str, expect: int | None = 0, network: bool = True) -> str:
        """Run `python -m command` and return its output; fails on another exit status."""
        done = self.start(*command, network=network)
        output, _ = done.communicate(timeout=1500)
        assert expect is None or done.returncode == expect, (
            f"{' '.join(command)}: exit {done.returncode}\n{output[-6000:]}")
        return output

    def params(self) -> dict[str, Any]:
        return dict(yaml.safe_load((self.root / "params.yaml").read_text()))

    def set(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        values = self.params()
        for stage, section in changes.items():
            values[stage] = {**(values.get(stage) or {}), **section}
        (self.root / "params.yaml").write_text(yaml.safe_dump(values, sort_keys=False))

    def lock(self) -> dict[str, Any]:
        return dict(yaml.safe_load((self.root / "dvc.lock").read_text())["stages"])

    def hashes(self, stage: str) -> dict[str, str]:
        """The digests of a stage's outputs, but for reports that hold timings."""
        return {out["path"]: out["md5"] for out in self.lock()[stage]["outs"]
                if not out["path"].startswith("reports/")}


def clone(target: Path) -> Project:
    """The tracked files as they are in the working tree, in a repository of their own."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True,
                            text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target / name)
    (target / "dvc.lock").unlink(missing_ok=True)
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t",
                                                    "commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=target, check=True)
    project = Project(target)
    project.set(TINY)
    return project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The tiny pipeline, run once from nothing to the gate's decision, without any network."""
    made = clone(tmp_path_factory.mktemp("project"))
    made.run("dvc", "repro", network=False)
    return made
