"""Digests of inputs and atomic writes of small outputs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from oorl.params.files import write_text

__all__ = ["digest", "write_curve", "write_json", "write_text"]


def digest(path: Path) -> str:
    """MD5 of a file, as in dvc.lock; of a folder, MD5 over its sorted files' names and digests.

    Python's compiled files are not content.
    """
    if path.is_dir():
        lines = [f"{p.relative_to(path).as_posix()} {digest(p)}"
                 for p in sorted(path.rglob("*"))
                 if p.is_file() and "__pycache__" not in p.parts]
        return hashlib.md5("\n".join(lines).encode(), usedforsecurity=False).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON with sorted keys, so that equal values give equal files."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def write_curve(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a training curve as CSV; the columns are those of all rows, in order of appearance."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
