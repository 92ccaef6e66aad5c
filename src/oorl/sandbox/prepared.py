"""Files built once per machine: compiled headers, kept in a cache folder every cell may mount."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from oorl.errors import InfraError
from oorl.languages.base import Prepared
from oorl.sandbox.cell import Cell, Command
from oorl.sandbox.watch import Limits

ARTIFACT_LIMITS = Limits(wall_s=300, cpu_s=240, memory_bytes=2 * 2**30, max_processes=64,
                         output_bytes=2**20, disk_bytes=512 * 2**20)


def cache_folder() -> Path:
    """Where prepared files are kept. Root uses /var/cache: cells run as an unprivileged uid that
    cannot look into root's home."""
    if os.geteuid() == 0:
        return Path("/var/cache/oorl")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "oorl"


def folder_of(prepared: Prepared) -> Path:
    """The folder of this very build: content, command and its executables are in its name."""
    parts = [repr(sorted(prepared.files.items())), repr(prepared.argv), prepared.output,
             str(prepared.unpack)]
    for part in prepared.argv:  # a compiler behind a shell too
        if part.startswith("/") and os.path.isfile(part):
            state = os.stat(part)
            parts += [os.path.realpath(part), str(state.st_size), str(state.st_mtime_ns)]
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
    return cache_folder() / f"{prepared.name}-{digest}"


def ensure(cell: Cell, prepared: Prepared) -> Path:
    """The folder with the prepared file beside its sources, building it if need be.

    Safe with several workers: one builds, the others wait. Raises `InfraError`.
    """
    folder = folder_of(prepared)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f".{folder.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _build(cell, prepared, folder)
    return folder


def _build(cell: Cell, prepared: Prepared, folder: Path) -> None:
    work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".building-"))
    try:
        for name, data in prepared.files.items():
            (work / name).write_bytes(data)
        with open(work / prepared.output, "wb") as artifact:
            files = {f"/prepared/{prepared.name}/{k}": v for k, v in prepared.files.items()}
            outcome = cell.run(Command(publish(prepared.argv), files, channel=artifact.fileno()),
                               ARTIFACT_LIMITS)
            os.fchown(artifact.fileno(), os.geteuid(), os.getegid())
        if outcome.exit_code != 0:
            raise InfraError(f"{prepared.name} could not be built: "
                             f"{outcome.stderr[:500].decode('utf-8', 'replace')}",
                             "Run `oorl doctor` and reinstall the compiler it names.")
        if prepared.unpack:
            with tarfile.open(work / prepared.output) as archive:
                # Python 3.11.3 and older (Debian 12's) know no filters; the archive is our own.
                archive.extraction_filter = getattr(tarfile, "data_filter", None)
                archive.extractall(work)
            (work / prepared.output).unlink()
        if prepared.executable:
            (work / prepared.output).chmod(0o755)
        work.chmod(0o755)
        os.replace(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def publish(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command, then /tmp/artifact copied to descriptor 3 if it succeeded."""
    return ("/bin/sh", "-c", '"$@" 3>&- && cat /tmp/artifact >&3', "sh", *argv)
