"""Digests of inputs and atomic writes of small outputs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import oorl
from oorl.params.files import write_text

__all__ = ["digest", "judge_digest", "write_curve", "write_json", "write_text"]


def digest(path: Path) -> str:
    """MD5 of a file, as in dvc.lock; of a folder, MD5 over its sorted files' names and digests."""
    if path.is_dir():
        lines = [f"{p.relative_to(path).as_posix()} {digest(p)}"
                 for p in sorted(path.rglob("*")) if p.is_file()]
        return hashlib.md5("\n".join(lines).encode(), usedforsecurity=False).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


@cache
def judge_digest() -> str:
    """Of the code that verdicts depend on: what another judge gave is not taken for this one's."""
    root = Path(oorl.__file__).parent
    return hashlib.md5("\n".join(
        f"{path.relative_to(root)} {digest(path)}" for part in ("languages", "sandbox")
        for path in sorted((root / part).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts).encode(),
        usedforsecurity=False).hexdigest()


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
