"""The real graph, flow and settings with stages that take no time.

A made-up stage writes all of its outputs; their text is a digest of the stage's parameters and
dependencies, so that a change travels down the graph as it does with real stages.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

STAGE = '''
import hashlib, json, os, pathlib, sys, time
import yaml

name = sys.argv[1]
root = pathlib.Path.cwd()
if os.environ.get("FAIL") == name:
    sys.exit(f"{name}: made to fail")
absent = root / "absent"  # a server that is away for the first tries
if os.environ.get("AWAY") == name and absent.exists():
    absent.unlink()
    print(f"{name}: the server is away", file=sys.stderr)
    sys.exit(75)
settings = yaml.safe_load((root / "params.yaml").read_text())
slow = root / "slow"  # for stages whose environment is not ours
if name in (slow.read_text() if slow.exists() else os.environ.get("SLOW", "")):
    (root / "slow.pid").write_text(str(os.getpid()))
    until = time.monotonic() + 120
    while time.monotonic() < until and (slow.exists() or "SLOW" in os.environ):
        time.sleep(0.1)
stage = yaml.safe_load((root / "dvc.yaml").read_text())["stages"][name]
hash = hashlib.sha256()
for key in stage["params"]:
    value = settings
    for part in key.split("."):
        value = value.get(part)
    hash.update(json.dumps(value).encode())
for path in stage["deps"]:
    path = root / path.replace("${gepo.start_from}", settings["gepo"]["start_from"]).replace(
        "${register.candidate}", settings["register"]["candidate"])
    if path.is_dir():
        path = path / "weights"
    if path.is_file():
        hash.update(path.read_bytes())
value = int(hash.hexdigest()[:8], 16)
for kind in ("outs", "metrics", "plots"):
    for path in stage.get(kind, []):
        path = root / (path if isinstance(path, str) else next(iter(path)))
        if path.parts[-2] == "models":
            path = path / "weights"
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name == "metrics.json" and name == "evaluate":
            figures = {"pass_at_1": 0.5, "targets": {"php": {"pass_at_1": 0.25}}}
            text = json.dumps({"models": {"base": figures}, "value": value})
        elif path.name == "decision.json":
            text = json.dumps({"candidate": "gepo", "decision": "refused", "reasons": ["none"],
                               "value": value})
        elif path.suffix == ".json":
            text = json.dumps({"value": value})
        elif path.suffix == ".csv":
            text = f"step,reward,loss,model,target,pass_at_1\\n1,{value},1,base,php,0.25\\n"
        else:
            text = str(value)
        path.write_text(text)
'''


def make_project(root: Path) -> None:
    """A project folder in a Git repository, with everything but the stages real."""
    for name in ("dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", "prefect.toml"):
        shutil.copy(ROOT / name, root / name)
    (root / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copy(ROOT / ".dvc" / name, root / ".dvc" / name)
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("flows", "tasks", "src", "inputs"):
        shutil.copytree(ROOT / name, root / name, ignore=ignore)
    (root / ".oorl" / "prefect").mkdir(parents=True)
    (root / "stage.py").write_text(STAGE)
    text = (root / "dvc.yaml").read_text()
    (root / "dvc.yaml").write_text(re.sub(r"python -m tasks\.(\w+)", r"python stage.py \1", text))
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    subprocess.run([*git, "commit", "-q", "-m", "start"], cwd=root, check=True)


def environment(root: Path, **variables: str) -> dict[str, str]:
    """Only this project's code, tools that keep to themselves, this interpreter as `python`."""
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(("PREFECT_", "DVC_", "MLFLOW_", "OORL_"))}
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": f"{root}/src", "PREFECT_HOME": f"{root}/.oorl/prefect",
            "DVC_NO_ANALYTICS": "1", "DO_NOT_TRACK": "1", "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
            **variables}


def run(root: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`python -m <command>` in the project; its output in `stdout`."""
    return subprocess.run([sys.executable, "-m", *command], cwd=root, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=environment(root, **variables))


def ran(output: str) -> list[str]:
    """The stages that DVC says it ran."""
    return re.findall(r"Running stage '(\w+)'", output)
