"""Rows of benchmarks' files: nothing may be lost of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oorl.data.sources._rows import SUFFIXES, files_of, hub_rows, rows_of
from oorl.errors import DataError


def files(path: Path, stem: str) -> list[Path]:
    """The files of one data set: named `stem` and a suffix, or in a folder named so.

    A folder without any gives none; a path that is not there raises `DataError`.
    """
    if not path.exists():
        raise DataError(f"{path}: not found", "Correct --path.")
    return [f for f in files_of(path, key="--path")
            if any(f.name == f"{stem}{suffix}" for suffix in SUFFIXES) or f.parent.name == stem]


def read(file: Path, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The rows of a file. Raises `DataError` for one that cannot be read or lacks a column."""
    yield from _checked(rows_of(file, str(file)), columns)


def read_hub(name: str, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The rows of a data set of the hub, `owner/name:config`."""
    yield from _checked(hub_rows(name, "", "Give --path with a folder of its files, or allow the "
                                 "download (HF_HUB_OFFLINE=0)."), columns)


def _checked(rows: Iterator[tuple[str, Any]], columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for place, row in rows:
        if isinstance(row, DataError):
            raise DataError(f"{place}: {row.problem}",
                            "Get the file again: a benchmark must not lose a row.")
        if missing := [c for c in columns if row.get(c) is None]:
            raise DataError(f"{place}: no {', '.join(missing)}", "Give the benchmark's own files.")
        yield dict(row)
