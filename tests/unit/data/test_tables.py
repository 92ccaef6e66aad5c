"""Parquet: equal bytes for equal problems, whole files or none, errors that help."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from oorl.data import tables
from oorl.data.tables import SCHEMA, read_problems, write_problems
from oorl.errors import DataError
from oorl.records import Problem


def test_round_trip_in_the_order_of_ids(tmp_path: Path, problems: list[Problem]) -> None:
    write_problems(tmp_path / "p.parquet", reversed(problems))
    assert read_problems(tmp_path / "p.parquet") == problems
    assert read_problems(tmp_path / "p.parquet", splits=("test", "sft")) == [
        p for p in problems if p.split in ("test", "sft")]


def test_equal_problems_give_equal_bytes(tmp_path: Path, problems: list[Problem]) -> None:
    digests = set()
    for number, order in enumerate((problems, problems[::-1])):
        path = tmp_path / str(number) / "p.parquet"
        write_problems(path, order)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_an_id_given_twice_is_refused(tmp_path: Path, problems: list[Problem]) -> None:
    with pytest.raises(DataError, match=problems[0].id):
        write_problems(tmp_path / "p.parquet", [problems[0], problems[0]])


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
        tmp_path: Path, problems: list[Problem], monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.parquet"
    write_problems(path, problems[:3])
    before = path.read_bytes()

    def broken(table: pa.Table, where: Path, **_: object) -> None:
        Path(where).write_bytes(b"half")
        raise OSError("disk full")
    monkeypatch.setattr(tables.pq, "write_table", broken)
    with pytest.raises(OSError, match="disk full"):
        write_problems(path, problems)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_missing_and_damaged_files_name_file_and_remedy(
        tmp_path: Path, problems: list[Problem]) -> None:
    path = tmp_path / "p.parquet"
    with pytest.raises(DataError, match="not found") as caught:
        read_problems(path)
    assert "dvc repro dataset" in caught.value.remedy
    write_problems(path, problems)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="not a readable Parquet file"):
        read_problems(path)
    path.write_text("id,source\n")
    with pytest.raises(DataError, match="not a readable Parquet file"):
        read_problems(path)


def test_missing_columns_and_broken_rows_are_named(
        tmp_path: Path, problems: list[Problem]) -> None:
    path = tmp_path / "p.parquet"
    rows = [p.to_row() for p in problems[:4]]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA).drop_columns(["cases"]), path)
    with pytest.raises(DataError, match=r"lacks the column.*cases"):
        read_problems(path)
    rows[2]["cases"] = '[[1]'
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)
    with pytest.raises(DataError, match=f"row 2 .*{rows[2]['id']}"):
        read_problems(path)
