"""Experiment tracking as a side exit: a helper process that logs to MLflow, and nothing else.

Why a process: importing MLflow costs more than a second, a metrics call tens of milliseconds, and
a thread would not survive the forks that stages make. The stage writes JSON lines into a pipe;
the helper marks the run failed when the pipe closes without a last word, even after SIGKILL.

Runs: one parent for each pipeline run (`dvc repro` or a Prefect flow run), one child a stage.
Nothing reads tracking back, and no fault of it stops a stage: it warns once and goes quiet.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import queue
import re
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from oorl.params.tracking import TrackingParams

PIPELINE_VARIABLE = "OORL_PIPELINE"
"""Names the pipeline run that a stage belongs to; a flow sets it, `dvc repro` need not."""

_LAST_WORDS_S = 30
_QUIET_SERVER = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "8",
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
                [sys.executable, "-m", "tasks._tracking"], stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL, start_new_session=True,
                env={**_QUIET_SERVER, **os.environ})
        except OSError as error:
            print(f"tracking is off: {error}", file=sys.stderr)
            return cls(None)
        tracker = cls(process)
        tracker.send("start", stage=stage, uri=tracking_uri(settings, root), root=str(root),
                     experiment=settings.experiment, pipeline=pipeline_key(), tags=tags(root))
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
        self.send("end", status=status, error=str(error or ""))
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        try:
            process.stdin.close()
            process.wait(_LAST_WORDS_S + 5)
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
            return f"dvc-{process}-{status[19]}"  # field 22 is the start time
        process = int(status[1])
    return ""


# --- the helper process ---------------------------------------------------------------------


def _lines(parent: int) -> Iterator[bytes]:
    """Standard input's lines, until it closes or the stage is gone.

    Both are needed: a child forked by the stage keeps the pipe open after the stage's death.
    """
    buffer = b""
    while True:
        ready, _, _ = select.select([0], [], [], 1.0)
        if not ready:
            if os.getppid() != parent:
                return
            continue
        chunk = os.read(0, 1 << 16)
        if not chunk:
            return
        *whole, buffer = (buffer + chunk).split(b"\n")
        yield from whole


def parent_run(client: Any, experiment: str, uri: str, pipeline: str, state: Path) -> str:
    """The pipeline's run: found in `state` if an earlier stage made it, else made now."""
    with state.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        known = json.loads(text) if text else {}
        if (known.get("pipeline"), known.get("uri")) == (pipeline, uri):
            client.update_run(known["run_id"], status="RUNNING")
            return str(known["run_id"])
        run_id = str(client.create_run(experiment, run_name="pipeline",
                                       tags={"oorl.pipeline": pipeline}).info.run_id)
        file.truncate(0)
        json.dump({"pipeline": pipeline, "uri": uri, "run_id": run_id}, file)
        return run_id


class _Run:
    """One stage's MLflow run and, when it belongs to a pipeline, the parent's."""

    def __init__(self, stage: str, uri: str, root: str, experiment: str, pipeline: str,
                 tags: Mapping[str, str]) -> None:
        from mlflow import MlflowClient

        self.client = MlflowClient(uri)
        self.parent = ""
        found = self.client.get_experiment_by_name(experiment)
        if found:
            number = found.experiment_id
        else:  # a server has its own artifact store
            local = f"file://{Path(root).resolve()}/.oorl/artifacts" if "sqlite:" in uri else None
            number = self.client.create_experiment(experiment, artifact_location=local)
        labels = {**tags, "oorl.stage": stage}
        if pipeline:
            state = Path(root) / ".oorl" / "run.json"
            self.parent = parent_run(self.client, number, uri, pipeline, state)
            labels["mlflow.parentRunId"] = self.parent
        self.id = self.client.create_run(number, run_name=stage, tags=labels).info.run_id

    def metrics(self, batch: list[dict[str, Any]]) -> None:
        from mlflow.entities import Metric

        entities = [Metric(_legal(key), value, int(item["time"] * 1000), item["step"])
                    for item in batch for key, value in item["values"].items()]
        for start in range(0, len(entities), 1000):  # the most that one call takes
            self.client.log_batch(self.id, metrics=entities[start:start + 1000])

    def params(self, values: Mapping[str, str]) -> None:
        from mlflow.entities import Param

        entities = [Param(_legal(key), value[:6000]) for key, value in values.items()]
        for start in range(0, len(entities), 100):
            self.client.log_batch(self.id, params=entities[start:start + 100])

    def dataset(self, name: str, path: str, digest: str) -> None:
        from mlflow.entities import Dataset, DatasetInput

        source = json.dumps({"uri": path})
        self.client.log_inputs(self.id, [DatasetInput(Dataset(name, digest, "local", source))])

    def artifact(self, path: str) -> None:
        log = self.client.log_artifacts if Path(path).is_dir() else self.client.log_artifact
        log(self.id, path)

    def end(self, status: str, error: str = "") -> None:
        if error:
            self.client.set_tag(self.id, "error", error[:4000])
        self.client.set_terminated(self.id, status)
        if self.parent:  # the last stage has the last word
            self.client.set_terminated(self.parent, status)


def _legal(key: str) -> str:
    """MLflow's keys take letters, digits and `_-./: `."""
    return re.sub(r"[^\w\-. /:]", "_", key, flags=re.ASCII)


def _serve(lines: queue.SimpleQueue[bytes | None]) -> None:
    """Log what comes until it ends. Metrics that arrive together are logged together."""
    run: _Run | None = None
    ended = False
    waiting: list[dict[str, Any]] = []
    while (line := lines.get()) is not None:
        operation, payload = json.loads(line)
        if operation == "metrics":
            waiting.append(payload)
            if not lines.empty():
                continue
        if run is not None and waiting:
            run.metrics(waiting)
            waiting = []
        if operation == "start":
            run = _Run(**payload)
        elif operation != "metrics" and run is not None:
            getattr(run, operation)(**payload)
            ended = operation == "end"
    if run is not None and not ended:
        run.metrics(waiting)
        run.end("KILLED")


def main() -> None:
    """The helper: read at once and always, so that the stage never waits for MLflow."""
    parent = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
        for line in _lines(parent):
            lines.put(line)
        signal.alarm(_LAST_WORDS_S)
        lines.put(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        _serve(lines)
    except Exception as error:
        first = (str(error) or repr(error)).splitlines()[0][:300]
        print(f"tracking is off for this stage: {type(error).__name__}: {first}", file=sys.stderr)
        reader.join()


if __name__ == "__main__":
    main()
