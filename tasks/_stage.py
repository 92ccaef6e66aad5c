"""What every stage shares: settings in, files out, tracking on the side, clean ways to fail.

    def run(params: Params, ctx: StageContext) -> None: ...

    if __name__ == "__main__":
        stage_main("rl", run)

Exit status: 0 done; 1 an `OORLError`, printed without traceback; 130 / 143 interrupted /
terminated. Any other exception is a bug and keeps its traceback.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from oorl.errors import OORLError, ResourceError
from oorl.params import Params, Section, load_params
from oorl.records import canonical, stable_id
from tasks._files import digest, write_json
from tasks._process import die_with_parent, quiet, tune_malloc
from tasks._tracking import Tracker

MIN_FREE_BYTES = 512 * 2**20


@dataclass(frozen=True)
class StageContext:
    """A stage's surroundings. `root` is the project folder, the folder of params.yaml."""

    stage: str
    root: Path
    tracker: Tracker

    @property
    def reports(self) -> Path:
        """reports/<stage>/, made if missing."""
        path = self.root / "reports" / self.stage
        path.mkdir(parents=True, exist_ok=True)
        return path

    def checkpoints(self, *parts: Any, inputs: Iterable[Path] = ()) -> Path:
        """A folder for resumable state that outlives an interrupted run.

        It lies outside DVC's outputs, which DVC deletes before a stage starts. Its name is a
        digest of `parts` (params sections or JSON values) and of the contents of `inputs`, so a
        run with other settings or other data never resumes from it.
        """
        values = [p.model_dump(mode="json", by_alias=True) if isinstance(p, Section) else p
                  for p in parts]
        key = stable_id(canonical(values), *(digest(path) for path in inputs))
        path = self.root / ".oorl" / "checkpoints" / f"{self.stage}-{key}"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def write_metrics(self, values: Mapping[str, Any], main: Sequence[str] = ()) -> None:
        """Write reports/<stage>/metrics.json and track its numbers, nested keys joined by `.`;
        the keys of `main` that are there make the short summary.json that DVC's tables show."""
        flat = flatten(values)
        write_json(self.reports / "metrics.json", values)
        write_json(self.reports / "summary.json", {key: flat[key] for key in main if key in flat})
        self.log_metrics(flat)

    def log_metrics(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Track numbers (others are left out), at a step of a curve or once."""
        self.tracker.send("metrics", values=numbers(values), step=step or 0, time=time.time())

    def log_params(self, values: Mapping[str, Any]) -> None:
        """Track settings beyond the stage's own section, which is tracked already."""
        self.tracker.send("params", values={k: str(v) for k, v in flatten(values).items()})

    def log_dataset(self, path: Path, name: str) -> None:
        """Track an input file or folder with its digest."""
        self.tracker.send("dataset", name=name, path=str(path), digest=digest(path))

    def log_artifact(self, path: Path) -> None:
        """Track a file or folder as an artifact of this stage's run."""
        self.tracker.send("artifact", path=str(path))


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one level: {"a": {"b": 1}} -> {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """The entries that are numbers, as floats (numpy's and one-element tensors' too)."""
    kept = {}
    for key, value in values.items():
        if isinstance(value, (str, bytes)) or not hasattr(value, "__float__"):
            continue
        try:
            kept[key] = float(value)
        except (TypeError, ValueError):
            continue
    return kept


def section(params: Params, stage: str) -> Section:
    """A stage's own section; two names are suffixed because pydantic uses the plain ones."""
    found = getattr(params, f"{stage}_", None) or getattr(params, stage)
    assert isinstance(found, Section)
    return found


def require_disk(root: Path, minimum: int = MIN_FREE_BYTES) -> None:
    """Raise `ResourceError` if a stage would start on an almost full disk."""
    free = shutil.disk_usage(root).free
    if free < minimum:
        raise ResourceError(
            f"{root}: {free // 2**20} MiB free, a stage needs at least {minimum // 2**20} MiB",
            "Free space on this disk, e.g. with `dvc gc --workspace` or by deleting "
            ".oorl/checkpoints.")


def expected(error: BaseException, root: Path) -> OORLError | None:
    """The user's view of an error that is not a bug: our own errors, a full disk, no memory."""
    if isinstance(error, OORLError):
        return error
    # torch and safetensors report a full disk in their own exception types.
    text = str(error)
    if (getattr(error, "errno", None) == errno.ENOSPC or "No space left on device" in text
            or "PytorchStreamWriter failed" in text):
        return ResourceError(f"{root}: the disk is full ({text.splitlines()[0][:200]})",
                             "Free space and run the command again; it resumes.")
    if isinstance(error, MemoryError) or "out of memory" in text:  # torch: of the GPU, too
        return ResourceError(text.splitlines()[0][:200] if text else "out of memory",
                             "Lower the stage's batch size in params.yaml.")
    return None


class _Terminated(KeyboardInterrupt):
    """SIGTERM, raised where the stage stands so that its `finally` blocks run."""


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not cut the cleaning up
    raise _Terminated


def execute(stage: str, run: Callable[[Params, StageContext], None], root: Path) -> int:
    """Run one stage in `root` and return its exit status; see the module's text."""
    try:
        params = load_params(root / "params.yaml")
        quiet(os.environ, offline=params.base.model == "embedded")
        require_disk(root)
        with Tracker.start(stage, params.tracking, root) as tracker:
            context = StageContext(stage, root, tracker)
            own = section(params, stage).model_dump(mode="json", by_alias=True)
            context.log_params({"seed": params.seed, stage: own})
            started = time.monotonic()
            run(params, context)
            usage = resource.getrusage(resource.RUSAGE_SELF)
            context.log_metrics({"stage.seconds": time.monotonic() - started,
                                 "stage.peak_memory_mib": usage.ru_maxrss / 1024})
        return 0
    except _Terminated:
        return _say(stage, "terminated", 143)
    except KeyboardInterrupt:
        return _say(stage, "interrupted", 130)
    except Exception as error:
        known = expected(error, root)
        if known is None:
            raise
        return _say(stage, str(known), known.exit_code)


def _say(stage: str, message: str, status: int) -> int:
    print(f"{stage}: {message}", file=sys.stderr, flush=True)
    return status


def stage_main(stage: str, run: Callable[[Params, StageContext], None]) -> NoReturn:
    """Run a stage as a program, in the current folder."""
    tune_malloc()
    signal.signal(signal.SIGTERM, _terminate)
    if "DVC_STAGE" in os.environ:  # by hand, a stage may outlive its shell
        die_with_parent()
    sys.exit(execute(stage, run, Path.cwd()))
