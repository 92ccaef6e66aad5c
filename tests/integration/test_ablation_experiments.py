"""The ablation over the real graph by the real DVC, with made-up stages."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from made_up_pipeline import make_project, ran, run

# Scores that tell seed, loss and start of the run that made them.
FIGURES = '''figures = {"pass_at_1": 0.5, "targets": {"php": {"pass_at_1": 0.25}}}
            gepo = settings["gepo"]
            assert gepo["start_from"] == "base" and gepo["max_steps"] == settings["rl"]["max_steps"]
            shift = settings["seed"] / 100
            scores = {"base": .1, "control": .2, "rl": .3 + shift,
                      "gepo": {"dpo": .4, "gepo": .6}[gepo["loss"]] + 2 * shift}
            figures = {k: {**figures, "pass_at_1": v} for k, v in scores.items()}
            text = json.dumps({"models": figures, "value": value})'''


@pytest.mark.slow
def test_experiments_are_run_once_and_make_the_table(tmp_path: Path) -> None:
    make_project(tmp_path)
    stage = tmp_path / "stage.py"
    text, count = re.subn(r'figures = \{"pass_at_1".*?\n.*?\n', FIGURES + "\n", stage.read_text(),
                          count=1)
    assert count == 1
    stage.write_text(text)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "commit", "-q", "-am", "scores"], cwd=tmp_path, check=True)
    before = (tmp_path / "params.yaml").read_bytes()

    first = run(tmp_path, "flows.ablation", "--seeds", "3", "--set", "rl.max_steps=7")
    assert first.returncode == 0, first.stdout
    assert "| RL + GEPO | 66.0 | +33.0 | 1 |" in first.stdout
    assert "| RL + DPO | 46.0 | +13.0 | 1 |" in first.stdout
    assert "register" not in ran(first.stdout)  # an ablation promotes nothing
    # The second experiment takes what the first made: only the gepo loss is another.
    assert ran(first.stdout).count("rl") == 1
    assert ran(first.stdout).count("gepo") == 2
    assert (tmp_path / "params.yaml").read_bytes() == before
    shown = run(tmp_path, "dvc", "exp", "list", "--name-only").stdout.split()
    assert sorted(re.sub(r"-\w{8}-", "-", name) for name in shown) == [
        "ablation-seed3-dpo", "ablation-seed3-gepo"]
    folder = tmp_path / "reports" / "ablation"
    assert (folder / "ablation.png").read_bytes().startswith(b"\x89PNG")

    again = run(tmp_path, "flows.ablation", "--seeds", "3", "--set", "rl.max_steps=7")
    assert again.returncode == 0, again.stdout
    assert ran(again.stdout) == []
    assert (folder / "table.md").read_text() in again.stdout
