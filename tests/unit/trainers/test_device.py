"""Where models run, and what is said when that place is missing."""

from __future__ import annotations

import pytest
import torch

from oorl.errors import ResourceError
from oorl.trainers.device import LARGE, choose_device


@pytest.fixture(params=[False, True], ids=["no gpu", "gpu"])
def gpu(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: request.param)
    return bool(request.param)


def test_small_models_run_anywhere(gpu: bool) -> None:
    assert choose_device("auto", LARGE) == ("cuda" if gpu else "cpu")
    assert choose_device("cpu", 10 * LARGE) == "cpu"


@pytest.mark.parametrize(("wanted", "parameters", "words"), [
    ("cuda", 1, "base.device is cuda"), ("auto", 8_200_000_000, "8.2 billion parameters")])
def test_a_missing_gpu_is_told_with_the_way_out(
        wanted: str, parameters: int, words: str, gpu: bool) -> None:
    if gpu:
        assert choose_device(wanted, parameters) == "cuda"
        return
    with pytest.raises(ResourceError) as caught:
        choose_device(wanted, parameters)
    assert words in str(caught.value)
    assert "base.device" in caught.value.remedy
