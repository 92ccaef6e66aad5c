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
    ({k: v for k, v in ROW.items() if k != "code"}, "no 'code'"),
    ({**ROW, "signature": {"name": "f", "parameters": [["x", "integer"]], "returns": "int"}},
     "bad type"),
    ({**ROW, "cases": []}, "at least one"), ({**ROW, "cases": [[[1, 2], 3]]}, "longer"),
    ({**ROW, "cases": [[["1"], 3]]}, "expected int"), ({**ROW, "code": 7}, "code is not a string"),
    ({"language": "python", "code": "", "cases": [{"stdin": ""}]}, "no 'stdout'"),
    ({"language": "python", "code": "", "tests": None}, "tests is not a string"),
    ([1], "not an object"), (None, "not an object"),
])
def test_faults_of_the_file_are_named_without_a_traceback(tmp_path, capsys, row, words):
    path = write(tmp_path / "rows.jsonl", row)
    assert cli.main(["judge", "--quiet", path]) == 1
    errors = capsys.readouterr().err
    assert f"{path}:1: " in errors
    assert words in errors
    assert "1 submissions, 0 judged, 1 refused" in errors


@pytest.mark.usefixtures("judge")
def test_bad_lines_are_quarantined_and_the_rest_judged(tmp_path, capsys):
    path = tmp_path / "rows.jsonl"
    stdio = {"language": "python", "code": "print(input())",
             "cases": [{"stdin": "a", "stdout": "a"}]}
    asserts = {"language": "python", "code": "x = 1", "tests": "assert x == 2"}
    texts = [json.dumps(ROW), "{", json.dumps(stdio), "", "[1, 2", json.dumps(asserts)]
    path.write_text("\n".join(texts), encoding="utf-8")
    out = tmp_path / "bad.jsonl"
    assert cli.main(["judge", "--quiet", "--quarantine", str(out), str(path)]) == 1
    captured = capsys.readouterr()
    found = [json.loads(line) for line in captured.out.splitlines()]
    assert [(row["line"], row["status"]) for row in found] == [
        (1, "passed"), (3, "passed"), (6, "runtime_error")]
    bad = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["line"], row["text"]) for row in bad] == [(2, "{"), (5, texts[4])]
    assert "5 submissions, 3 judged, 2 refused" in captured.err


@pytest.mark.usefixtures("judge")
def test_the_progress_bar_is_on_stderr(tmp_path, capsys):
    assert cli.main(["judge", write(tmp_path / "rows.jsonl", ROW)]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["status"] == "passed"
    assert "1/1" in captured.err


def test_a_missing_file(capsys):
    assert cli.main(["judge", "/nowhere/rows.jsonl"]) == 1
    assert "/nowhere/rows.jsonl" in capsys.readouterr().err
