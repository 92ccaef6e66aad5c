"""Where a model comes from, and what of that is not known.

Known means: somebody else can bring it back. The code is a commit and, where files differ from it,
a patch that is kept with the version; data, settings and model are the hashes of dvc.lock, and the
files that lie there now have these hashes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tasks._files import digest

CODE = ("src", "tasks", "flows", "dvc.yaml", "params.yaml", "pyproject.toml", "constraints.txt")
"""What a model's making depends on and Git keeps; a patch covers these, new files too."""

DATA = {"dataset": "data/problems/problems.parquet", "ir_groups": "data/ir_groups/groups.parquet"}


@dataclass(frozen=True)
class Provenance:
    """`facts` become tags of a version; `missing` are sentences, one for each gap."""

    facts: dict[str, str]
    missing: tuple[str, ...]
    patch: bytes = b""
    lock: bytes = b""
    uncommitted: tuple[str, ...] = field(default=())


def provenance(root: Path, stage: str) -> Provenance:
    """Of `models/<stage>` in the project folder `root`; a gap is reported, never raised."""
    missing: list[str] = []
    commit = (_git(root, "rev-parse", "HEAD") or b"").decode().strip()
    patch = _patch(root) if commit else b""
    if not commit:
        missing.append("the code: this is no Git repository with a commit")
    if patch is None:
        missing.append("the code: git does not tell how it differs from the commit")
    path = root / "dvc.lock"
    lock = path.read_bytes() if path.exists() else b""
    try:
        stages = dict((yaml.safe_load(lock) or {}).get("stages") or {})
    except (yaml.YAMLError, AttributeError):
        stages = {}
    if not stages:
        missing.append("the data: dvc.lock is missing or names no stage")
    facts = {"git.commit": commit, "git.patch": hashlib.sha256(patch).hexdigest() if patch else "",
             "dvc.lock": hashlib.sha256(lock).hexdigest() if lock else "",
             "dvc.path": f"models/{stage}", "dvc.md5": _output(stages, stage, f"models/{stage}")}
    for name, file in {**DATA, stage: f"models/{stage}"}.items() if stages else ():
        recorded = _output(stages, name, file)
        if not recorded:
            missing.append(f"{file}: stage {name} is not in dvc.lock")
        elif recorded != dvc_digest(root / file):
            missing.append(f"{file} is not what stage {name} made: its hash differs from dvc.lock")
        if name in DATA:
            facts[f"data.{name}"] = recorded
    return Provenance(facts, tuple(missing), patch or b"", lock, _uncommitted(root, bool(commit)))


def dvc_digest(path: Path) -> str:
    """The hash by which DVC knows a file or folder; "" if nothing is there."""
    if not path.exists():
        return ""
    if path.is_file():
        return digest(path)
    files = sorted((p.relative_to(path).as_posix(), p) for p in path.rglob("*") if p.is_file())
    entries = [{"md5": digest(p), "relpath": name} for name, p in files]
    text = json.dumps(entries, sort_keys=True).encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest() + ".dir"


def _output(stages: dict[str, Any], stage: str, path: str) -> str:
    try:
        return next(str(out["md5"]) for out in stages[stage]["outs"] if out["path"] == path)
    except (KeyError, TypeError, StopIteration):
        return ""


def _uncommitted(root: Path, repository: bool) -> tuple[str, ...]:
    """What a clone of the commit would lack, by name."""
    if not repository:
        return ()
    changed = _git(root, "status", "--porcelain", "--untracked-files=all", "--", *CODE,
                   "dvc.lock") or b""
    names = {line[3:] for line in changed.decode(errors="replace").splitlines()}
    if (root / "dvc.lock").exists() and not _git(root, "ls-files", "dvc.lock"):
        names.add("dvc.lock")
    return tuple(sorted(names))


def _patch(root: Path) -> bytes | None:
    """How the code differs from the commit, new files included; made in an index of its own."""
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        there = [name for name in CODE if (root / name).exists()]
        if (_git(root, "read-tree", "HEAD", **index) is None
                or _git(root, "add", "--all", "--", *there, **index) is None):
            return None
        return _git(root, "diff", "--cached", "--binary", "HEAD", "--", *CODE, **index)


def _git(root: Path, *arguments: str, **variables: str) -> bytes | None:
    """Git's answer; None if it fails."""
    try:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, timeout=60,
                              env={**os.environ, **variables}, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
