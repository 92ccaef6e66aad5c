"""Copy all runs and the registry from one database of MLflow to another, SQLite to PostgreSQL.

    python mlflow/migrate.py sqlite:///$PWD/.oorl/mlflow.db \\
        postgresql://user:password@host/mlflow \\
        --artifacts file://$PWD/.oorl/artifacts mlflow-artifacts:/

Any two databases that MLflow knows will do, so this is the way back, too. Numbers, names, times
and aliases stay as they are. The source has to be of this MLflow's version (`mlflow db upgrade`
makes it so) and nothing may write to it meanwhile; the target has to be empty. All or nothing.
Artifacts are files and are copied by hand; `--artifacts OLD NEW` changes their recorded places.
Users and permissions are no part of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import islice

import sqlalchemy as sa
from mlflow.store.db.utils import _initialize_tables
from mlflow.store.tracking.dbmodels.models import SqlExperiment

ROWS = 5000
PLACES = ("artifact_location", "artifact_uri", "source", "storage_location")
"""Columns that hold the place of artifacts."""


class Refused(Exception):
    """Says why nothing was copied."""


def migrate(source: str, target: str, artifacts: Sequence[str] = ()) -> dict[str, int]:
    """Copy; the number of rows of each table that has any. Raises `Refused`."""
    old, new = sa.create_engine(source), sa.create_engine(target)
    _initialize_tables(new)
    there, here = tables(old), tables(new)
    with old.connect() as reader, new.begin() as writer:
        versions = [connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
                    for connection in (reader, writer)]
        if versions[0] != versions[1]:
            raise Refused(f"{old.url!r} has schema {versions[0]}, this MLflow {versions[1]}: "
                          f"run `mlflow db upgrade` on a copy of it first")
        if found := writer.scalar(sa.text("SELECT count(*) FROM runs")):
            raise Refused(f"{new.url!r} has {found} runs already; give an empty database")
        own = [table for table in here.sorted_tables if table.name in names()]
        for table in reversed(own):  # what MLflow puts into a new database: experiment 0
            writer.execute(table.delete())
        return {table.name: count for table in own
                if (count := copy(reader, writer, there.tables[table.name], table, artifacts))}


def names() -> set[str]:
    """The tables of MLflow's tracking and registry, not those of its users."""
    return set(SqlExperiment.metadata.tables)


def tables(engine: sa.Engine) -> sa.MetaData:
    found = sa.MetaData()
    found.reflect(engine)
    return found


def copy(reader: sa.Connection, writer: sa.Connection, old: sa.Table, new: sa.Table,
         artifacts: Sequence[str]) -> int:
    """The rows of one table, and the counter of its key; how many."""
    columns = [column.name for column in new.columns if column.name in old.columns]
    total = 0
    rows = iter(reader.execute(sa.select(*(old.columns[name] for name in columns))))
    for some in batches(rows):
        writer.execute(new.insert(), [placed(dict(zip(columns, row, strict=True)), new, artifacts)
                                      for row in some])
        total += len(some)
    if total and writer.dialect.name == "postgresql":
        for column in new.primary_key.columns:
            if counter := writer.scalar(sa.text("SELECT pg_get_serial_sequence(:t, :c)"),
                                        {"t": new.name, "c": column.name}):
                last = writer.scalar(sa.select(sa.func.max(column)))
                writer.execute(sa.text("SELECT setval(:s, :v)"), {"s": counter, "v": last})
    return total


def batches(rows: Iterator[sa.Row]) -> Iterator[list[sa.Row]]:
    while some := list(islice(rows, ROWS)):
        yield some


def placed(row: dict[str, object], table: sa.Table, artifacts: Sequence[str]) -> dict[str, object]:
    """A row as the target wants it: booleans, and artifacts in their new place."""
    for name, value in row.items():
        if isinstance(table.columns[name].type, sa.Boolean) and value is not None:
            row[name] = bool(value)
        if artifacts and name in PLACES and isinstance(value, str):
            before, after = artifacts
            if value == before or value.startswith(before.rstrip("/") + "/"):
                row[name] = after.rstrip("/") + value[len(before.rstrip("/")):]
    return row


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--artifacts", nargs=2, metavar=("OLD", "NEW"), default=())
    options = parser.parse_args(arguments)
    try:
        copied = migrate(options.source, options.target, options.artifacts)
    except (Refused, sa.exc.SQLAlchemyError) as error:
        print(f"nothing was copied: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    for name, count in copied.items():
        print(f"{name:30} {count:8} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
