"""IR groups in Parquet: one row a group, nested fields as canonical JSON, deterministic bytes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from oorl.errors import DataError
from oorl.records import IRGroup, Json, Loser, Winner, canonical

_TEXT = ("id", "problem_id", "split", "language", "source_code", "signature", "toolchain",
         "licence", "revision")
_JSON = ("inputs", "winners", "losers", "extra")
COLUMNS = (*_TEXT, *_JSON)


def to_row(group: IRGroup) -> dict[str, str]:
    """A flat row of strings."""
    row = {name: getattr(group, name) for name in _TEXT}
    row["inputs"] = canonical(group.inputs)
    row["winners"] = canonical([asdict(w) for w in group.winners])
    row["losers"] = canonical([{**asdict(lo), "witness": dict(lo.witness)} for lo in group.losers])
    row["extra"] = canonical(dict(group.extra))
    return row


def from_row(row: Mapping[str, str]) -> IRGroup:
    """The inverse of `to_row`. Raises KeyError, TypeError or ValueError on a damaged row."""
    nested: dict[str, Json] = {name: json.loads(row[name]) for name in _JSON}
    return IRGroup(
        **{name: row[name] for name in _TEXT}, inputs=nested["inputs"], extra=nested["extra"],
        winners=tuple(Winner(**w) for w in nested["winners"]),
        losers=tuple(Loser(**lo) for lo in nested["losers"]))


def write_groups(path: str | Path, groups: Iterable[IRGroup]) -> None:
    """Write `groups` sorted by id, atomically. The bytes depend on the groups alone."""
    path = Path(path)
    rows = [to_row(group) for group in sorted(groups, key=lambda group: group.id)]
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string())
                      for name in COLUMNS})
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        pq.write_table(table, scratch, compression="zstd", version="2.6")
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def read_groups(path: str | Path, splits: Sequence[str] | None = None) -> list[IRGroup]:
    """Groups of a file, of these splits or of all. Raises `DataError` for a bad file or row."""
    path = Path(path)
    remedy = "Build it again with `dvc repro ir_groups`."
    if not path.exists():
        raise DataError(f"{path}: not found", remedy)
    try:
        rows = pq.read_table(path).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a readable Parquet file: {error}", remedy) from None
    groups = []
    for number, row in enumerate(rows):
        try:
            group = from_row(row)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path}: row {number}: {type(error).__name__}: {error}",
                            remedy) from None
        if splits is None or group.split in splits:
            groups.append(group)
    return groups
