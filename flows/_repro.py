"""Run one DVC stage as a subprocess: its lines streamed, nothing left behind."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import yaml

from oorl.errors import DataError
from tasks._process import quiet

BAR_EVERY_S = 5.0
"""Progress bars redraw themselves many times a second; a log needs a line now and then."""

GRACE_S = 10.0
_BUSY = re.compile(r"is busy, it is being blocked|Unable to acquire lock")


def stage_names(root: Path) -> list[str]:
    """The stages in dvc.yaml's order, which is an order they can run in."""
    path = root / "dvc.yaml"
    try:
        return list(yaml.safe_load(path.read_text(encoding="utf-8"))["stages"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise DataError(f"{path}: no list of stages: {error}",
                        "Restore it with `git checkout dvc.yaml`.") from None


def environment(pipeline: str) -> dict[str, str]:
    """The stages' environment: this interpreter first in PATH, telemetry off, one tracking run."""
    return tool_environment(OORL_PIPELINE=pipeline, PYTHONUNBUFFERED="1")


def tool_environment(**variables: str) -> dict[str, str]:
    """Ours with `variables`, this interpreter first in PATH and telemetry off."""
    values = {**os.environ, **variables}
    values["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{values.get('PATH', '')}"
    quiet(values, offline=False)
    return values


def repro(stage: str, root: Path, say: Callable[[str], None], variables: Mapping[str, str], *,
          force: bool = False, timeout_s: float = 0, busy_wait_s: float = 600) -> str:
    """Bring one stage up to date; an unchanged stage is left alone, a known one comes from cache.

    Waits while another DVC process holds the stage's files. Returns "" or what went wrong.
    """
    command = [sys.executable, "-m", "flows._dvc", "repro", "--single-item", stage]
    if force:
        command.append("--force")
    until = time.monotonic() + busy_wait_s
    while True:
        busy = False
        last = ""
        try:
            for line in stream(command, root, variables, timeout_s):
                busy = busy or bool(_BUSY.search(line))
                last = line if line.strip() else last
                say(line)
        except TimeoutError:
            return f"stage {stage}: stopped after its time limit of {timeout_s:g} s"
        except subprocess.CalledProcessError as error:
            if not busy:
                return f"stage {stage}: exit status {error.returncode}: {last}"
            if time.monotonic() > until:
                return f"stage {stage}: another DVC process still holds its files: {last}"
            say(f"stage {stage}: its files are in use by another DVC process; trying again")
            time.sleep(2)
            continue
        return ""


def stream(command: list[str], root: Path, variables: Mapping[str, str],
           timeout_s: float = 0) -> Iterator[str]:
    """Yield a command's output lines. Whatever ends this generator ends the whole process group.

    Raises:
        TimeoutError: the command ran for longer than `timeout_s` (0: no limit).
        CalledProcessError: it failed.
    """
    process = subprocess.Popen(command, cwd=root, env=dict(variables), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield from _lines(process, time.monotonic() + timeout_s if timeout_s else None)
        if process.wait() != 0:
            raise subprocess.CalledProcessError(process.returncode, command)
    finally:
        _end_group(process)


def _lines(process: subprocess.Popen[bytes], until: float | None) -> Iterator[str]:
    """Lines end with a newline; of what ends with a carriage return, one in `BAR_EVERY_S`."""
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    buffer, shown = b"", time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if until is not None and time.monotonic() > until:
                raise TimeoutError
            if not selector.select(1.0):
                if process.poll() is not None:  # a stray child may keep the pipe open
                    break
                continue
            chunk = os.read(pipe, 1 << 16)
            if not chunk:
                break
            buffer += chunk
            while found := re.search(rb"\r\n|\n|\r(?!\n)(?=.)", buffer, re.DOTALL):
                line, end, buffer = buffer[:found.start()], found.group(), buffer[found.end():]
                if end == b"\r":
                    if time.monotonic() - shown < BAR_EVERY_S:
                        continue
                    shown = time.monotonic()
                if line.strip():
                    yield line.decode(errors="replace").rstrip()
    if buffer.strip():
        yield buffer.decode(errors="replace").rstrip()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask the group to stop, then make it; also after success, when it is normally empty.

    SIGTERM to dvc alone would orphan the stage's process.
    """
    until = time.monotonic() + GRACE_S
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            while number == signal.SIGTERM and time.monotonic() < until:
                process.poll()  # reap the leader, or its group lives on as a zombie
                os.killpg(process.pid, 0)
                time.sleep(0.05)
        except ProcessLookupError:
            break
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
