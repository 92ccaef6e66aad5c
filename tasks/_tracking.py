"""Experiment tracking as a side exit: a helper process that logs to MLflow, and nothing else.

Why a process: importing MLflow costs more than a second, a metrics call tens of milliseconds, and
a thread would not survive the forks that stages make. The stage writes JSON lines into a pipe; the
helper (`tasks._delivery`) keeps them on disk until MLflow has them.

Runs: one parent for each pipeline run (`dvc repro` or a Prefect flow run), one child a stage.
Nothing reads tracking back, and no fault of it stops a stage: it says so once.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from oorl.params.tracking import TrackingParams

PIPELINE_VARIABLE = "OORL_PIPELINE"
"""Names the pipeline run that a stage belongs to; a flow sets it, `dvc repro` need not."""

LAST_WORDS_S = 30
"""How long a stage that has ended waits for what it logged to reach MLflow; the rest is kept."""

QUIET_SERVER = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "8",
                 "MLFLOW_LOGGING_LEVEL": "WARNING"}


def tracking_uri(settings: TrackingParams, root: Path) -> str:
    """MLFLOW_TRACKING_URI if set, else params.tracking.uri, else SQLite in .oorl/."""
    return (os.environ.get("MLFLOW_TRACKING_URI") or settings.uri
            or f"sqlite:///{root.resolve() / '.oorl' / 'mlflow.db'}")


class Tracker:
    """The stage's end of the pipe. Use as a context manager; `send` never raises."""

    def __init__(self, process: subprocess.Popen[bytes] | None) -> None:
        self._process = process

    @classmethod
    def start(cls, stage: str, settings: TrackingParams, root: Path) -> Self:
        """Start the helper for one stage; a tracker that drops everything if it is switched off."""
        if not settings.enabled:
            return cls(None)
        state = root / ".oorl"
        state.mkdir(exist_ok=True)
        try:
            # Its own session: a signal to the stage's group must not cut the last words off.
            process = subprocess.Popen(
                [sys.executable, "-m", "tasks._delivery", "helper", str(root)],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True,
                env={**QUIET_SERVER, **os.environ})
        except OSError as error:
            print(f"tracking is off: {error}", file=sys.stderr)
            return cls(None)
        tracker = cls(process)
        tracker.send("start", stage=stage, uri=tracking_uri(settings, root), root=str(root),
                     experiment=settings.experiment, pipeline=pipeline_key(), tags=tags(root),
                     time=time.time())
        return tracker

    def send(self, operation: str, **payload: Any) -> None:
        """Queue one operation for the helper."""
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(json.dumps([operation, payload]).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):  # the helper is gone; it has said why
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        status = "FINISHED" if kind is None else (
            "KILLED" if issubclass(kind, KeyboardInterrupt) else "FAILED")
        self.send("end", status=status, error=str(error or ""), time=time.time())
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        try:
            process.stdin.close()
            process.wait(LAST_WORDS_S + 5)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()


def tags(root: Path) -> dict[str, str]:
    """What produced this run: git commit (and whether files differ from it), dvc.lock's hash."""
    def git(*arguments: str) -> str:
        try:
            return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True,
                                  timeout=10, check=True).stdout.strip()
        except (OSError, subprocess.SubprocessError):
            return ""

    lock = root / "dvc.lock"
    return {
        "mlflow.source.git.commit": git("rev-parse", "HEAD"),
        "git.dirty": str(bool(git("status", "--porcelain", "--untracked-files=no"))).lower(),
        "dvc.lock": hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else "",
    }


def pipeline_key() -> str:
    """What tells one pipeline run from the next: the flow's name for it, else the dvc process.

    Empty for a stage that was started by hand: its run gets no parent.
    """
    if PIPELINE_VARIABLE in os.environ:
        return os.environ[PIPELINE_VARIABLE]
    if "DVC_STAGE" not in os.environ:
        return ""
    process = os.getppid()
    while process > 1:
        try:
            arguments = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
            status = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            break
        if any(argument.endswith((b"dvc", b"dvc/__main__.py")) for argument in arguments[:3]):
            started = status[19]  # field 22 of the whole line
            return f"dvc-{socket.gethostname()}-{process}-{started}"
        process = int(status[1])
    return ""
