"""The command line: doctor and judge."""

import json

import pytest

from oorl import cli
from oorl.languages import all_languages

ROW = {"language": "py", "code": "def f(x):\n    return x + 1\n",
       "signature": {"name": "f", "parameters": [["x", "int"]], "returns": "int"},
       "cases": [[[1], 2], [[2], 3]]}


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_doctor_lists_every_language(capsys):
    cli.main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines if line.split()} >= {
        "isolation", "limits", *all_languages()}


@pytest.mark.usefixtures("judge")
def test_judge_prints_verdicts_in_order(tmp_path, capsys):
    bad = {**ROW, "code": "def f(x):\n    return x\n"}
    code = cli.main(["judge", "--quiet", write(tmp_path / "rows.jsonl", ROW, bad, ROW)])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert [row["status"] for row in found] == ["passed", "wrong_answer", "passed"]
    assert found[0]["passed_cases"] == found[0]["total_cases"] == 2


@pytest.mark.parametrize(("row", "words"), [
    ({**ROW, "language": "pyton"}, "Did you mean 'python'"),
    ({k: v for k, v in ROW.items() if k != "code"}, "rows.jsonl:1: not a submission"),
    ({**ROW, "signature": {"name": "f", "parameters": [["x", "integer"]], "returns": "int"}},
     "bad type"),
])
def test_faults_of_the_file_are_named_without_a_traceback(tmp_path, capsys, row, words):
    assert cli.main(["judge", write(tmp_path / "rows.jsonl", row)]) == 1
    assert words in capsys.readouterr().err


def test_a_missing_file(capsys):
    assert cli.main(["judge", "/nowhere/rows.jsonl"]) == 1
    assert "/nowhere/rows.jsonl" in capsys.readouterr().err
