"""The code of docs/trainers.md, as it stands, on a tiny random model."""

import re
from pathlib import Path

import pytest
import torch

from oorl.errors import IsolationUnavailable
from tests.unit.trainers.tiny import tiny_model, tiny_tokenizer

DOC = Path(__file__).parents[2] / "docs" / "trainers.md"


def test_its_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    blocks = re.findall(r"^```python\n(.*?)^```", DOC.read_text(), re.M | re.S)
    model = tiny_model()
    before = [p.clone() for p in model.parameters()]
    names = {"model": model, "tokenizer": tiny_tokenizer()}
    steps = []
    for block in blocks:
        try:
            exec(compile(block, str(DOC), "exec"), names)
        except IsolationUnavailable as error:
            pytest.skip(str(error))
        steps.append(names["trainer"].state.global_step)
    assert steps == [4, 2]
    assert not all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    history = names["trainer"].state.log_history
    assert any("gepo/loss" in entry and "judge/pass_rate" in entry for entry in history)
