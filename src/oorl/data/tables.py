"""Problems in Parquet: a fixed schema of strings, so that equal problems give equal bytes."""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from oorl.errors import DataError
from oorl.records import Problem

COLUMNS = ("id", "source", "split", "family", "signature", "cases", "solutions", "licence",
           "revision", "tags")
SCHEMA = pa.schema([pa.field(name, pa.string(), nullable=False) for name in COLUMNS])


def write_problems(path: str | Path, problems: Iterable[Problem]) -> None:
    """Write problems sorted by id, atomically. Raises `DataError` if two share an id."""
    rows = sorted((p.to_row() for p in problems), key=lambda row: row["id"])
    for before, after in itertools.pairwise(rows):
        if before["id"] == after["id"]:
            raise DataError(f"{path}: two problems with the id {after['id']!r}",
                            "Ids must be unique; drop one of them.")
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    write_table(path, table)


def write_table(path: str | Path, table: pa.Table) -> None:
    """Write a table so that equal tables give equal bytes; a crash leaves the old file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        pq.write_table(table, temporary, compression="zstd", version="2.6", row_group_size=2048)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_table(path: str | Path, schema: pa.Schema, stage: str) -> pa.Table:
    """Read a table and hold it to its schema. Raises `DataError` naming file and remedy."""
    path = Path(path)
    remedy = f"Make it again with `dvc repro {stage}`."
    if not path.is_file():
        raise DataError(f"{path}: not found", f"Make it with `dvc repro {stage}`.")
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a readable Parquet file ({error})", remedy) from None
    if missing := [name for name in schema.names if name not in table.column_names]:
        raise DataError(f"{path}: lacks the column(s) {', '.join(missing)}", remedy)
    try:
        return table.select(schema.names).cast(schema)
    except (pa.ArrowException, ValueError) as error:
        raise DataError(f"{path}: wrong column types ({error})", remedy) from None


def read_problems(path: str | Path, splits: Collection[str] | None = None) -> list[Problem]:
    """The problems of a file in its order, of all or some splits.

    Raises `DataError` for a missing or damaged file and for rows that are not problems.
    """
    problems = []
    for number, row in enumerate(read_table(path, SCHEMA, "dataset").to_pylist()):
        if splits is not None and row["split"] not in splits:
            continue
        try:
            problems.append(Problem.from_row(row))
        except (ValueError, KeyError, TypeError, DataError) as error:
            raise DataError(f"{path}: row {number} (id {row['id']!r}) is not a problem: {error}",
                            "Make it again with `dvc repro dataset`.") from None
    return problems
