"""A registered version answers over HTTP: `mlflow models serve`, by the alias `champion`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow_store import new_store

from tasks._registry import Registry, Weights
from tests.integration.ports import free_port

ROOT = Path(__file__).parents[2]
NAME = "translator"
PYTHON = "def twice(x: int) -> int:\n    return 2 * x"
PHP = "function twice($x) {\n    return 2 * $x;\n}"


def make_model(folder: Path) -> None:
    """A model that knows one translation by heart."""
    import torch

    from oorl.data.prompts import completion, request
    from oorl.trainers.artifacts import save_model
    from oorl.trainers.pretrain import tiny_model
    from oorl.trainers.tokenizer import encode_texts, train_tokenizer

    prompt = request(PYTHON, "function twice($x)", "python", "php")
    tokenizer = train_tokenizer([prompt, PHP], 320, 256)
    model = tiny_model(len(tokenizer), 32, 2, 2, 256, tokenizer.eos_token_id,
                       tokenizer.pad_token_id, 0)
    start, answer = encode_texts(tokenizer, [prompt, completion(PHP, "php")])
    ids = torch.tensor([[*start, *answer, tokenizer.eos_token_id]])
    labels = ids.clone()
    labels[:, :len(start)] = -100
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(200):
        loss = model(input_ids=ids, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if float(loss.detach()) < 0.01:
            break
    save_model(model, tokenizer, folder)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("serving")
    make_model(root / "models" / "gepo")
    uri = new_store(root)
    registry = Registry(uri, NAME, "oorl", root / ".oorl" / "artifacts")
    version = registry.register("digest", {"note.txt": b"kept"}, {"stage": "gepo"}, Weights(
        root / "models" / "gepo", ROOT, {"style": "compact", "device": "cpu",
                                         "max_new_tokens": 96}))
    registry.appoint(version.number, "", "promoted", "test")
    port = free_port()
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "PYTHONPATH"))}
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "models", "serve", "-m", f"models:/{NAME}@champion",
             "--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)],
            cwd=root, stdout=log, stderr=log, start_new_session=True, env={
                **clean, "MLFLOW_TRACKING_URI": uri, "MLFLOW_DISABLE_TELEMETRY": "true",
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"})
    try:
        until = time.monotonic() + 240
        while True:
            assert server.poll() is None, (root / "log").read_text()[-4000:]
            assert time.monotonic() < until, (root / "log").read_text()[-4000:]
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5).close()
                break
            except OSError:
                time.sleep(0.3)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def ask(address: str, *rows: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        address, json.dumps({"dataframe_records": rows}).encode(),
        {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as reply:
        return json.loads(reply.read())["predictions"]


def test_code_in_code_out_and_a_bad_row_spoils_no_other(address: str) -> None:
    good = {"code": PYTHON, "source": "python", "target": "php"}
    answers = ask(address, good, {**good, "target": "phpp"},
                  {**good, "code": "x = 1"}, {**good, "code": "x = 1", "source": "py",
                                              "declaration": "function other($x)"})
    assert answers[0] == {"code": PHP, "error": ""}
    assert "Did you mean 'php'" in answers[1]["error"]
    assert "`declaration`" in answers[2]["error"]
    assert set(answers[3]) == {"code", "error"}  # asked, whatever this model makes of it
    assert [bool(one["code"]) != bool(one["error"]) for one in answers] == [True] * 4


def test_a_request_without_a_column_is_refused(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as raised:
        ask(address, {"code": PYTHON, "source": "python"})
    assert raised.value.code == 400
    assert "target" in raised.value.read().decode()
