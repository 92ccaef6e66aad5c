"""Bring what stages log to MLflow, later if need be; nothing is lost while the store is away.

    python -m tasks._delivery helper ROOT    the helper of one stage (see `tasks._tracking`)
    python -m tasks._delivery                what waits in this folder: `oorl deliver`

Every entry is written to `.oorl/tracking/<id>/lines.jsonl` first (files are copied beside it: DVC
deletes outputs) and then delivered in order. Where the store does not answer, delivery is tried
again at growing intervals while the stage runs on; what is left when it ends waits for the next
stage. Entries carry their own times, and delivering one twice changes nothing: metrics, parameters
and files are the same again, and a run is found by its `oorl.spool` tag before it is made.

An entry that fails while the store answers is its own fault: after some tries it is put aside into
`refused.jsonl`, and said so. Not promised: anything after the disk is full.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import select
import shutil
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from oorl.errors import OORLError
from oorl.params import load_params
from oorl.params.files import write_text
from tasks._process import quiet
from tasks._tracking import LAST_WORDS_S, QUIET_SERVER, tracking_uri
from tasks._usage import Usage, interval_s

ATTEMPTS = 5
"""Of an entry that fails although the store answers."""

LATE_S = 60.0
"""A stage that began longer ago, delivered now, says nothing about its pipeline's state."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 20.0


class Entry(NamedTuple):
    """What to do, with what; `end` is where the next entry starts in the file."""

    operation: str
    payload: dict[str, Any]
    end: int


class Spool:
    """The entries of one stage on disk, and how far they were delivered. One process at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lines = folder / "lines.jsonl"
        self._state = folder / "state.json"
        self._lock = (folder / "lock").open("w")

    @classmethod
    def new(cls, root: Path) -> Spool:
        folder = root / ".oorl" / "tracking" / f"{time.time_ns()}-{uuid.uuid4().hex[:8]}"
        folder.mkdir(parents=True)
        spool = cls(folder)
        spool.claim()
        return spool

    def claim(self) -> bool:
        """Take it unless a living process has it."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def add(self, line: bytes) -> None:
        """Keep one entry; a file that it names is copied, as it is now."""
        operation, payload = json.loads(line)
        if operation == "artifact":
            source = Path(payload["path"])
            copy = self.folder / "files" / uuid.uuid4().hex[:8] / source.name
            copy.parent.mkdir(parents=True)
            if source.is_dir():
                shutil.copytree(source, copy)
            else:
                shutil.copy2(source, copy)
            line = json.dumps([operation, {"path": str(copy)}]).encode()
        with self._lines.open("ab") as file:
            file.write(line + b"\n")

    def state(self) -> dict[str, Any]:
        """`done`: bytes of entries delivered; `run`, `parent`, `uri` once the run was made."""
        try:
            return dict(json.loads(self._state.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {"done": 0}

    def save(self, state: Mapping[str, Any]) -> None:
        write_text(self._state, json.dumps(state))

    def entries(self, start: int) -> list[Entry]:
        """Those from byte `start`; a line that a kill cut off is none."""
        try:
            with self._lines.open("rb") as file:
                file.seek(start)
                raw = file.read()
        except FileNotFoundError:
            return []
        found = []
        for line in raw[:raw.rfind(b"\n") + 1].splitlines(keepends=True):
            start += len(line)
            operation, payload = json.loads(line)
            found.append(Entry(operation, payload, start))
        return found

    def refuse(self, entries: list[Entry], error: Exception) -> None:
        with (self.folder / "refused.jsonl").open("a", encoding="utf-8") as file:
            for entry in entries:
                file.write(json.dumps([*entry, str(error)[:1000]]) + "\n")

    def remove(self) -> None:
        if not (self.folder / "refused.jsonl").exists():
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


class Run:
    """One stage's MLflow run and, when it belongs to a pipeline, the parent's."""

    def __init__(self, uri: str, run: str, parent: str) -> None:
        from mlflow import MlflowClient

        self.client, self.id, self.parent = MlflowClient(uri), run, parent

    @classmethod
    def make(cls, uri: str, spool: str, entry: Mapping[str, Any]) -> Run:
        """The run of a `start` entry, and its parent: found if they were made before."""
        from mlflow import MlflowClient

        client, root, when = MlflowClient(uri), Path(entry["root"]), int(entry["time"] * 1000)
        experiment = _experiment(client, entry["experiment"], uri, root)
        labels = {**entry["tags"], "oorl.stage": entry["stage"], "oorl.spool": spool}
        parent = ""
        if pipeline := entry["pipeline"]:
            with (root / ".oorl" / "run.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                parent = _find(client, experiment, "oorl.pipeline", pipeline) or str(
                    client.create_run(experiment, when, {"oorl.pipeline": pipeline},
                                      "pipeline").info.run_id)
            if entry["time"] > time.time() - LATE_S:
                client.update_run(parent, status="RUNNING")
            labels["mlflow.parentRunId"] = parent
        run = _find(client, experiment, "oorl.spool", spool) or str(
            client.create_run(experiment, when, labels, entry["stage"]).info.run_id)
        return cls(uri, run, parent)

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

    def end(self, status: str, error: str = "", time: float | None = None) -> None:
        if error:
            self.client.set_tag(self.id, "error", error[:4000])
        when = int(time * 1000) if time else None
        self.client.set_terminated(self.id, status, when)
        if self.parent:  # the last stage has the last word, also when an earlier one comes late
            known = self.client.get_run(self.parent).info
            if known.status == "RUNNING" or (known.end_time or 0) <= (when or 0):
                self.client.set_terminated(self.parent, status, when)


def _experiment(client: Any, name: str, uri: str, root: Path) -> str:
    found = client.get_experiment_by_name(name)
    if found:
        return str(found.experiment_id)
    # a server has its own artifact store
    local = f"file://{root.resolve()}/.oorl/artifacts" if "sqlite:" in uri else None
    return str(client.create_experiment(name, artifact_location=local))


def _find(client: Any, experiment: str, tag: str, value: str) -> str:
    """The newest run with the tag, or ""."""
    found = client.search_runs([experiment], f"tags.`{tag}` = '{value}'", max_results=1)
    return str(found[0].info.run_id) if found else ""


def _legal(key: str) -> str:
    """MLflow's keys take letters, digits and `_-./: `."""
    return re.sub(r"[^\w\-. /:]", "_", key, flags=re.ASCII)


def deliver(spool: Spool, uri: str) -> None:
    """Deliver what there is, in order. Raises whatever MLflow raises while it does not answer."""
    state = spool.state()
    entries = spool.entries(state["done"])
    run = Run(state["uri"], state["run"], state["parent"]) if "run" in state else None
    while entries:
        count = 1
        if entries[0].operation == "metrics":  # those that came together go together
            count = next((i for i, entry in enumerate(entries) if entry.operation != "metrics"),
                         len(entries))
        if entries[0].operation == "start":
            run = Run.make(uri, spool.folder.name, entries[0].payload)
            state |= {"run": run.id, "parent": run.parent, "uri": uri}
        elif run is not None:
            _insist(spool, run, entries[:count])
        state["done"] = entries[count - 1].end
        spool.save(state)
        entries = entries[count:]


def _insist(spool: Spool, run: Run, entries: list[Entry]) -> None:
    """One call to MLflow; refused entries are put aside, so that those behind them go on."""
    operation, payload, _ = entries[0]
    for attempt in range(1, ATTEMPTS + 1):
        try:
            if operation == "metrics":
                run.metrics([entry.payload for entry in entries])
            else:
                getattr(run, operation)(**payload)
            return
        except Exception as error:
            run.client.get_run(run.id)  # raises if it is the store's fault
            if attempt == ATTEMPTS:
                spool.refuse(entries, error)
                _say(f"the store refused an entry ({operation}): {_first(error)}; it is in "
                     f"{spool.folder / 'refused.jsonl'}")
            time.sleep(0.1 * attempt)


def leftovers(root: Path, uri: str) -> tuple[int, list[str]]:
    """Deliver what earlier stages could not: how many of them are done now, and what failed."""
    done, problems = 0, []
    for folder in _kept(root):
        spool = Spool(folder)
        if spool.claim():
            entries = spool.entries(0)
            if entries and entries[-1].operation != "end":  # its helper was killed
                when = (folder / "lines.jsonl").stat().st_mtime
                spool.add(json.dumps(["end", {"status": "KILLED", "time": when}]).encode())
            try:
                deliver(spool, uri)
            except Exception as error:
                problems.append(f"{spool.state().get('uri', uri)} does not answer "
                                f"({_first(error)})")
                continue
            spool.remove()
            done += 1
    return done, problems


def waiting(root: Path) -> int:
    """How many stages' entries wait for delivery."""
    return len(_kept(root))


def _kept(root: Path) -> list[Path]:
    """Folders with something to deliver, oldest first; refused entries alone do not count."""
    found = []
    for lines in sorted((root / ".oorl" / "tracking").glob("*-*/lines.jsonl")):
        with contextlib.suppress(OSError, ValueError):
            state = json.loads((lines.parent / "state.json").read_text(encoding="utf-8"))
            if state["done"] == lines.stat().st_size and (lines.parent / "refused.jsonl").exists():
                continue
        found.append(lines.parent)
    return found


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


class Sampler:
    """Adds samples of the machine to the entries, until their end; the last one comes with it."""

    def __init__(self, spool: Spool, came: threading.Event, over: threading.Event) -> None:
        self._spool, self._came, self._over = spool, came, over
        self._lock, self._taken = threading.Lock(), 0
        self._usage: Usage | None = None

    def run(self) -> None:
        """Take one now and then."""
        while not self._over.wait(interval_s()):
            self.take()

    def start(self) -> None:
        """Imports MLflow, as delivering does: one thread at a time."""
        self._usage = Usage()
        threading.Thread(target=self.run, daemon=True).start()

    def take(self, last: bool = False) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._usage is None:
                return
            entry = ["metrics", {"values": self._usage.sample(), "step": self._taken,
                                 "time": time.time()}]
            self._taken += 1
            if last:
                self._usage = None
            self._spool.add(json.dumps(entry).encode())
            self._came.set()


def _receive(spool: Spool, parent: int, sampler: Sampler, came: threading.Event,
             over: threading.Event) -> None:
    """Read at once and always, so that the stage never waits for MLflow."""
    last = "start"
    for line in _lines(parent):
        kind = json.loads(line)[0]
        try:
            if kind == "end":
                sampler.take(last=True)
            spool.add(line)
        except OSError as error:  # a file that is gone again, a full disk
            _say(f"an entry was lost: {_first(error)}")
            continue
        last = kind
        came.set()
    if last != "end":
        sampler.take(last=True)
        with contextlib.suppress(OSError):
            spool.add(json.dumps(["end", {"status": "KILLED", "time": time.time()}]).encode())
    signal.alarm(LAST_WORDS_S)
    over.set()
    came.set()


def _keep_delivering(spool: Spool, uri: Callable[[], str], root: Path, came: threading.Event,
                     over: threading.Event) -> None:
    """Until all is delivered, or the stage is over and the store does not answer."""
    wait, said, looked = FIRST_WAIT_S, False, False
    while True:
        came.wait()
        came.clear()
        last = over.is_set()
        try:
            deliver(spool, uri())
            wait = FIRST_WAIT_S
            if not looked:
                looked = True
                leftovers(root, uri())
        except Exception as error:
            looked = False  # others may have been cut off too
            if not said:
                said = True
                _say(f"{uri()} does not answer ({_first(error)}); entries are kept in "
                     f"{spool.folder.parent} and delivered later")
            if last:
                return
            over.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)
            came.set()
            continue
        if last:
            spool.remove()
            return


def helper(root: Path) -> None:
    """Serve one stage, whose pipe is standard input."""
    parent = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    spool, came, over = Spool.new(root), threading.Event(), threading.Event()

    def uri() -> str:
        return str(spool.entries(0)[0].payload["uri"])

    sampler = Sampler(spool, came, over)
    threading.Thread(target=_receive, args=(spool, parent, sampler, came, over),
                     daemon=True).start()
    sampler.start()
    _keep_delivering(spool, uri, root, came, over)


def _say(words: str) -> None:
    print(f"tracking: {words}", file=sys.stderr, flush=True)


def _first(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error) or repr(error)).splitlines()[0][:300]}"


def main(arguments: list[str]) -> int:
    """`helper ROOT`, or nothing: deliver what waits in the current folder."""
    if arguments[:1] == ["helper"]:
        try:
            helper(Path(arguments[1]))
        except OSError as error:
            _say(f"off for this stage: {_first(error)}")
        return 0
    root = Path.cwd()
    try:
        uri = tracking_uri(load_params(root / "params.yaml").tracking, root)
    except OORLError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    quiet(os.environ, offline=False)
    os.environ.update({**QUIET_SERVER, **os.environ})
    done, problems = leftovers(root, uri)
    print(f"stages delivered: {done}, waiting: {waiting(root)}")
    for problem in dict.fromkeys(problems):
        print(f"error: {problem}\n  -> Start the server or correct MLFLOW_TRACKING_URI / "
              "tracking.uri, then run `oorl deliver` again.", file=sys.stderr)
    return 75 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
