"""A user's own problems through the dataset stage, gold programs really run."""

import json
from pathlib import Path

from oorl.data.tables import read_problems
from tasks import dataset
from tests.unit.data.test_dataset_stage import run, settings


def row(number: int, right: bool = True) -> dict[str, object]:
    name = f"add_{number}_to"
    return {
        "id": name, "licence": "MIT",
        "signature": {"name": name, "parameters": [["x", "int"]], "returns": "int"},
        "cases": [[[1], 1 + number], [[-5], number - 5]],
        "solutions": {
            "python": f"def {name}(x):\n    return x + {number}\n",
            "lua": f"function {name}(x)\n  return x {'+' if right else '-'} {number}\nend\n"}}


def test_every_gold_program_is_run_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "inputs").mkdir()
    lines = [json.dumps(row(k, right=k % 20 != 7)) for k in range(1, 81)]
    (tmp_path / "inputs" / "p.jsonl").write_text("\n".join([*lines, "not a row"]) + "\n")
    metrics = run(tmp_path, settings(
        source="jsonl", path="inputs", problems=100, test_share=0.2, validation_share=0.2,
        verify_share=0.0))
    assert metrics["problems"] == {"in": 81, "kept": 76, "refused": 5}
    assert [(r["row"], r["reason"][:8]) for r in metrics["refused"] if "row" in r] == [
        ("inputs/p.jsonl:81", "not JSON")]
    wrong = [r for r in metrics["refused"] if "row" not in r]
    assert [(r["problem"], r["language"], r["status"]) for r in wrong] == [
        (f"add_{k}_to", "lua", "wrong_answer") for k in (7, 27, 47, 67)]
    kept = read_problems(tmp_path / dataset.PROBLEMS)
    assert len(kept) == 76
    assert {p.licence for p in kept} == {"MIT"}
