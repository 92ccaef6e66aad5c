"""The jsonl source: good rows become problems, bad ones are named and counted."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from oorl.data.sources import Loaded, get_source
from oorl.data.sources import jsonl as source
from oorl.errors import DataError
from oorl.params.dataset import DatasetParams
from oorl.records import Case
from tests.unit.data.damage import damaged


def row(name: str = "double_it", code: str = "return x * 2", **changes: Any) -> dict[str, Any]:
    made = {
        "id": name,
        "signature": {"name": name, "parameters": [["x", "int"]], "returns": "int"},
        "cases": [[[1], 2], [[5], 10]],
        "solutions": {"python": f"def {name}(x):\n    {code}\n"},
    } | changes
    return {key: value for key, value in made.items() if value is not None}


def load(root: Path, *rows: Any, **settings: Any) -> Loaded:
    text = "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows)
    (root / "p.jsonl").write_text(text)
    return get_source("jsonl").load(DatasetParams(path="p.jsonl", **settings), 1, root)


def test_a_row_becomes_a_problem(tmp_path: Path) -> None:
    loaded = load(tmp_path, row(licence="MIT", revision="v1", family="easy", tags=["a"]),
                  row("of_map", signature={"name": "of_map", "parameters": [
                      ["m", "map[str,float]"], ["k", "optional[int]"]], "returns": "list[float]"},
                      cases=[[[[["a", 1]], None], ["NaN"]], [[[], 3], [2.5]]],
                      solutions={"python": "def of_map(m, k):\n    return []\n"}, split="test"))
    assert not loaded.refused
    one, two = loaded.problems
    assert (one.id, one.source, one.licence, one.revision, one.family, one.tags) == (
        "double_it", "jsonl", "MIT", "v1", "easy", ("a",))
    assert one.cases == (Case((1,), 2), Case((5,), 10))
    assert two.split == "test"
    assert two.cases[0] == Case(([["a", 1.0]], None), ["NaN"])


SIGNATURE = {"name": "f", "parameters": [["x", "int"]], "returns": "int"}


@pytest.mark.parametrize(("bad", "words"), [
    ("{", "not JSON"),
    ("[1]", "not an object"),
    ("\"\\ud800", "not JSON"),
    (row(signature=None), "no 'signature'"),
    (row(signature={**SIGNATURE, "returns": "number"}), "bad type 'number'"),
    (row(cases=None), "no 'cases'"),
    (row(cases="[[1], 2]"), "cases is not a list"),
    (row(cases=[[[1], 2]]), "all cases expect the same"),
    (row(cases=[[[1], 2], [[2], 2]]), "all cases expect the same"),
    (row(cases=[[[1], 2], [["1"], 3]]), "expected int"),
    (row(cases=[[[1], 2], [[1, 2], 3]]), "argument"),
    (row(solutions={}), "at least"),
    (row(solutions={"python": " "}), "solutions.python is no program"),
    (row(solutions={"pyhton": "x"}), "pyhton"),
    (row(id="a b"), "id must be"),
    (row(split="train"), "split must be one of"),
    (row(licence=3), "licence is not a string"),
    ("[" * 100_000, "recursion"),
    (row(solutions={"python": "\ud800"}), "not encodable"),
    (json.dumps(row()).replace("return", "return" + " " * 5_000_000), "longer than"),
], ids=lambda value: str(value)[:40])
def test_a_bad_row_is_refused_by_place_and_reason(tmp_path: Path, bad: Any, words: str) -> None:
    loaded = load(tmp_path, row(), bad, row("triple_it", "return x * 3"))
    assert [p.id for p in loaded.problems] == ["double_it", "triple_it"]
    (refused,) = loaded.refused
    assert refused["row"] == "p.jsonl:2"
    assert words in refused["reason"]


def test_equal_functions_and_ids_are_taken_once(tmp_path: Path) -> None:
    loaded = load(
        tmp_path, row(), row("twice", "return x * 2"), row(code="return x + x"),
        row("again", solutions={"python": "def again(number):\n    # two\n    return number*2\n"}))
    assert [p.id for p in loaded.problems] == ["double_it"]
    assert [r["reason"] for r in loaded.refused] == [
        "the same function as double_it", "another row has this id",
        "the same function as double_it"]


def test_splits_are_the_functions_and_do_not_move(tmp_path: Path) -> None:
    rows = [row(f"add_{k}_to", f"return x + {k}", id=None) for k in range(300)]
    few, many = load(tmp_path, *rows[:100]).problems, load(tmp_path, *rows).problems
    assert few == many[:100]
    assert {p.split for p in many} == {"sft", "rl", "validation", "test"}
    assert len({p.id for p in many}) == 300
    assert len(load(tmp_path, *rows, problems=40).problems) == 40


def test_files_of_a_folder_and_a_damaged_archive(tmp_path: Path) -> None:
    folder = tmp_path / "inputs"
    folder.mkdir()
    text = "".join(json.dumps(row(f"add_{k}_to", f"return x + {k}")) + "\n" for k in range(2000))
    packed = gzip.compress(text.encode())
    (folder / "b.jsonl.gz").write_bytes(packed[:len(packed) // 2])
    (folder / "a.jsonl").write_bytes(json.dumps(row()).encode() + b"\n\n\xff\n")
    (folder / "notes.txt").write_text("not data")
    loaded = source.load(DatasetParams(path="inputs"), 1, tmp_path)
    assert loaded.problems[0].id == "double_it"
    assert 100 < len(loaded.problems) < 2000
    reasons = [(r["row"], r["reason"]) for r in loaded.refused]
    assert reasons[0] == ("inputs/a.jsonl:3", "not UTF-8")
    assert "cannot be read on" in reasons[-1][1]
    assert f"b.jsonl.gz:{len(loaded.problems)}" in reasons[-1][0]


@pytest.mark.parametrize(("path", "words"), [
    ("", "dataset.path is not set"), ("gone", "no .jsonl")])
def test_no_file_is_an_error_with_a_remedy(tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        source.load(DatasetParams(path=path), 1, tmp_path)
    assert "dataset.path" in caught.value.problem + caught.value.remedy


def test_nothing_is_lost_of_a_thousand_damaged_rows(tmp_path: Path) -> None:
    lines = damaged((json.dumps(row(f"add_{number}_to", f"return x + {number}"))
                     for number in range(1000)), seed=7)
    (tmp_path / "p.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    loaded = source.load(DatasetParams(path="p.jsonl"), 1, tmp_path)
    assert len(loaded.problems) + len(loaded.refused) == sum(bool(t.strip()) for t in lines)
    assert len(loaded.problems) > 150
    assert len(loaded.refused) > 300
    assert all(r["reason"] and r["row"].startswith("p.jsonl:") for r in loaded.refused)
