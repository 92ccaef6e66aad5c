"""Rows of other people's files: JSON lines, gzipped or not, and Parquet; or a data set of the hub.

What cannot be read is an error at its place, not an exception: a damaged file gives the rows
before the damage and one entry for the rest. Nothing is evaluated or unpickled.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tomllib
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from oorl.data.sources import Loaded
from oorl.errors import DataError, OORLError
from oorl.hub import stream
from oorl.params.dataset import DatasetParams

MAX_LINE = 4 * 2**20  # bytes; a longer row is refused unread
JSON_LINES = (".jsonl", ".jsonl.gz")
SUFFIXES = (*JSON_LINES, ".parquet")
BAD_ROW = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError,
           SyntaxError, MemoryError, OORLError)
"""What reading a row that is not of its schema may raise; nothing else is caught."""

HUB_REMEDY = ("Correct dataset.path, or allow the download (HF_HUB_OFFLINE=0), or give a folder "
              "with its Parquet files.")

Row = Mapping[str, Any]


def read_rows(params: DatasetParams, root: Path, suffixes: tuple[str, ...] = SUFFIXES
              ) -> Iterator[tuple[str, Row | DataError]]:
    """(place, row), or (place, what is wrong there), in the order of the paths.

    `params.path` is a file, a folder of files, or, where Parquet is read, the id of a data set on
    the hub, `owner/name` with an optional `:config`. Raises `DataError` if there is nothing.
    """
    found = root / params.path
    if not params.path:
        raise DataError("dataset.path is not set",
                        f"Set it to a {suffixes[0]} file or a folder of them, best in inputs/.")
    if ".parquet" in suffixes and not found.exists() and re.fullmatch(
            r"[\w.-]+/[\w.-]+(:[\w.-]+)?", params.path):
        yield from hub_rows(params.path, params.revision, HUB_REMEDY)
        return
    for file in files_of(found, suffixes):
        name = str(file.relative_to(root) if file.is_relative_to(root) else file)
        yield from rows_of(file, name)


def rows_of(file: Path, name: str) -> Iterator[tuple[str, Row | DataError]]:
    """The rows of one file, which messages call `name`."""
    return {".parquet": _parquet, ".toml": _toml}.get(file.suffix, _lines)(file, name)


def files_of(path: Path, suffixes: tuple[str, ...] = SUFFIXES,
             key: str = "dataset.path") -> list[Path]:
    """The file, or all of a folder in order. Raises `DataError` if there is none."""
    files = sorted(p for p in path.rglob("*") if p.name.endswith(suffixes)) if path.is_dir() \
        else [path]
    if not files or not files[0].is_file():
        raise DataError(f"{path}: no {' or '.join(suffixes)} file there", f"Correct {key}.")
    return files


def revision_of(params: DatasetParams, root: Path) -> str:
    """The revision that travels with the problems: as set, else the digest of the files."""
    path = root / params.path
    return params.revision or (_digest(tuple(files_of(path))) if path.exists() else "")


@cache
def _digest(files: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as data:
            while block := data.read(2**20):
                digest.update(block)
    return f"sha256:{digest.hexdigest()[:16]}"


def refuse(loaded: Loaded, place: str, error: Exception, identity: str = "") -> None:
    """Note a row that is no problem, with its reason."""
    if isinstance(error, OORLError):
        reason = error.problem
    elif isinstance(error, KeyError):
        reason = f"no {error}"
    else:
        reason = str(error) or type(error).__name__
    loaded.refused.append({"row": place, "id": identity[:100], "reason": reason[:300]})


def _lines(file: Path, name: str) -> Iterator[tuple[str, Row | DataError]]:
    number = 0
    try:
        with (gzip.open if file.suffix == ".gz" else open)(file, "rb") as lines:
            while line := lines.readline(MAX_LINE + 1):
                number += 1
                whole = line.endswith(b"\n") or len(line) <= MAX_LINE
                while not line.endswith(b"\n") and (more := lines.readline(MAX_LINE)):
                    line = more  # the rest of a row that is too long
                place = f"{name}:{number}"
                if not whole:
                    yield place, DataError(f"longer than {MAX_LINE} bytes", "")
                elif line.strip():
                    yield place, _object(line)
    except (OSError, EOFError, zlib.error) as error:
        yield f"{name}:{number + 1}", DataError(f"the file cannot be read on: {error}", "")


def _toml(file: Path, name: str) -> Iterator[tuple[str, Row | DataError]]:
    """The whole file is one row."""
    try:
        yield name, tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        yield name, DataError(f"not TOML: {error}", "")


def _object(line: bytes) -> Row | DataError:
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return DataError("not UTF-8", "")
    except (ValueError, RecursionError) as error:
        return DataError(f"not JSON: {error}", "")
    return row if isinstance(row, dict) else DataError("not an object", "")


def _parquet(file: Path, name: str) -> Iterator[tuple[str, Row | DataError]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        for batch in pq.ParquetFile(file).iter_batches(64):
            for index in range(batch.num_rows):
                number += 1
                try:
                    yield f"{name}:{number}", batch.slice(index, 1).to_pylist()[0]
                except UnicodeDecodeError:
                    yield f"{name}:{number}", DataError("not UTF-8", "")
    except (pa.ArrowException, OSError, ValueError) as error:
        yield f"{name}:{number + 1}", DataError(f"the file cannot be read on: {error}"[:300], "")


def hub_rows(path: str, revision: str, remedy: str) -> Iterator[tuple[str, Row | DataError]]:
    """The rows of all splits of `owner/name` or `owner/name:config`, streamed.

    Raises `DataError` with the remedy.
    """
    name, _, config = path.partition(":")
    numbers: Counter[str] = Counter()
    for split, row in stream(name, config, revision, remedy):
        numbers[split] += 1
        yield f"{path}:{split}:{numbers[split]}", row
