"""DVC that ends with its caller and survives its own death: `python -m flows._dvc repro ...`.

A plain `dvc` would go on training after its Prefect worker was killed. And DVC writes dvc.lock and
.dvc/tmp/rwlock in place: killed in that moment it leaves half a file, and every later command stops
there. So the last whole dvc.lock is kept beside DVC's other temporary files and put back.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

from tasks._files import write_text
from tasks._process import die_with_parent


def mend(root: Path) -> list[str]:
    """Put back what a killed DVC left half written; keep a copy of a whole dvc.lock.

    A stage that finished after the copy was made comes back from DVC's run cache.
    Returns what was done, in words.
    """
    from dvc.exceptions import DvcException
    from dvc.lock import make_lock
    from dvc.repo import Repo

    lock, whole = root / "dvc.lock", root / ".dvc" / "tmp" / "dvc.lock.whole"
    table = root / ".dvc" / "tmp" / "rwlock"
    said = []
    text = _text(lock)
    if text is not None and _is_lock(text):
        if text != _text(whole):
            write_text(whole, text)
    elif text is not None:
        # Another DVC may be writing just now: it does so under this lock, and then all is well.
        with contextlib.suppress(DvcException), Repo(str(root)) as repo, repo.lock:
            if not _is_lock(_text(lock) or ""):
                kept = _text(whole)
                if kept is None:
                    lock.unlink()
                    said.append("dvc.lock was half written: deleted; stages come from the cache")
                else:
                    write_text(lock, kept)
                    said.append("dvc.lock was half written: put back as it was before")
    if not _is_json(table):
        guard = make_lock(f"{table}.lock", tmp_dir=str(table.parent))
        with contextlib.suppress(DvcException), guard:
            if not _is_json(table):
                table.unlink()
                said.append(".dvc/tmp/rwlock was half written: deleted")
    return said


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")  # a cut can be within a letter
    except FileNotFoundError:
        return None


def _is_lock(text: str) -> bool:
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from dvc.utils.serialize import YAMLFileCorruptedError, parse_yaml
    from voluptuous import Invalid

    try:
        COMPILED_LOCKFILE_SCHEMA(parse_yaml(text, "dvc.lock"))
    except (YAMLFileCorruptedError, Invalid):
        return False
    return text.endswith("\n")


def _is_json(path: Path) -> bool:
    text = _text(path)
    try:
        return text is None or isinstance(json.loads(text), dict)
    except ValueError:
        return False


if __name__ == "__main__":
    die_with_parent()
    from dvc.cli import main

    for line in mend(Path.cwd()):
        print(line, flush=True)
    sys.exit(main(sys.argv[1:]))
