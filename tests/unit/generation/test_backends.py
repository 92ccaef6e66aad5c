"""Backends: a server of OpenAI's protocol here, and a tiny model through transformers."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from oorl.cli import main
from oorl.errors import ArtifactError, InfraError, UnknownName
from oorl.generation.backends import Answer, Sampling, backend_names, open_backend
from oorl.generation.backends.openai import TRIES, OpenAI


class Server(ThreadingHTTPServer):
    """Answers with the prompt, turned round; first goes through `faults`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.faults: list[int] = []
        self.choices = 99
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            fault = self.server.faults.pop(0) if self.server.faults else 0
            if not fault:
                self.server.bodies.append(body)
            self.server.keys.add(self.headers["Authorization"])
        chat = self.path == "/v1/chat/completions"
        if not chat and self.path != "/v1/completions":
            fault = 404
        text = (body["messages"][0]["content"] if chat else body["prompt"])[::-1]
        count = min(body["n"], self.server.choices)
        choice = {"message": {"content": text}} if chat else {"text": text}
        answer = json.dumps({"choices": [choice] * count,
                             "usage": {"completion_tokens": 7 * count}}).encode()
        self.send_response(fault or 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def client(server: Server, **options: Any) -> OpenAI:
    return OpenAI(server.url, "m", pause=lambda _: None, **options)


def test_texts_are_continued_in_order_and_end_before_every_stop(server: Server) -> None:
    stops = ["1", "2", "3", "4", "c"]
    found = client(server).complete(["abcd", "xy", "z1"], Sampling(), chat=False, stop=stops)
    assert found == [[Answer("d", 7)], [Answer("yx", 7)], [Answer("", 7)]]
    body = next(b for b in server.bodies if b["prompt"] == "abcd")
    assert body == {"model": "m", "prompt": "abcd", "max_tokens": 512, "temperature": 0.0,
                    "top_p": 1.0, "n": 1, "seed": 0, "stop": stops[:4]}


def test_chats_and_several_samples(server: Server) -> None:
    sampling = Sampling(3, 0.8, 0.9, 20, 5)
    found = client(server, key="secret").complete(["abc"], sampling, chat=True)
    assert found == [[Answer("cba", 7)] * 3]
    assert server.bodies[0]["messages"] == [{"role": "user", "content": "abc"}]
    assert (server.bodies[0]["n"], server.bodies[0]["seed"]) == (3, 5)
    assert server.keys == {"Bearer secret"}
    server.choices = 1
    assert client(server).complete(["abc"], sampling, chat=True) == found
    assert [b["seed"] for b in server.bodies[1:]] == [5, 6, 7]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_full_or_down_is_asked_again(server: Server, status: int) -> None:
    server.faults = [status] * (TRIES - 1)
    assert client(server).complete(["ab"], Sampling(), chat=False) == [[Answer("ba", 7)]]
    server.faults = [status] * TRIES
    with pytest.raises(InfraError, match=f"no answer in {TRIES} tries; the last: {status}"):
        client(server).complete(["ab"], Sampling(), chat=False)


@pytest.mark.parametrize(("status", "words"), [(401, "OPENAI_API_KEY"), (404, "--url"),
                                               (400, "server's words")])
def test_a_refusal_is_an_error_with_the_way_out(server: Server, status: int, words: str) -> None:
    server.faults = [status]
    with pytest.raises(InfraError, match=str(status)) as caught:
        client(server).complete(["ab"], Sampling(), chat=False)
    assert words in caught.value.remedy
    assert server.bodies == []


def test_nobody_there() -> None:
    pauses: list[float] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        away = OpenAI(f"http://127.0.0.1:{taken.getsockname()[1]}/v1", "m", pause=pauses.append)
        with pytest.raises(InfraError, match="no answer"):
            away.complete(["ab"], Sampling(), chat=False)
    assert pauses == [1, 2, 4, 8, 16, 32, 60]


def test_wrong_names_and_missing_parts() -> None:
    assert {"openai", "transformers", "vllm"} <= set(backend_names())
    with pytest.raises(UnknownName, match="transformers"):
        open_backend("transformer", "m")
    with pytest.raises(InfraError, match="address is missing"):
        open_backend("openai", "m")
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        open_backend("transformers", "/nonexistent/model", device="cpu")


def test_evaluate_against_a_server(server: Server, tmp_path: Path,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    """The model says nonsense, so all is bad format; the second run asks nothing."""
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps({
        "id": "f", "signature": {"name": "f", "parameters": [["x", "int"]], "returns": "int"},
        "cases": [[[1], 1], [[2], 2]], "solutions": {"python": "def f(x):\n    return x\n"}}))
    command = ["evaluate", "--benchmark", "jsonl", "--path", str(path), "--model", "m", "--url",
               server.url, "--languages", "perl,lua", "--quiet", "--out", str(tmp_path / "out")]
    assert main(command) == 0
    assert "bad_format 1" in capsys.readouterr().out
    assert len(server.bodies) == 2
    assert main(command) == 0
    assert len(server.bodies) == 2


def test_a_model_of_this_machine_answers(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    core = Tokenizer(models.WordLevel({"<e>": 0, "a": 1, "b": 2, "c": 3}, unk_token="a"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()  # type: ignore[assignment]
    PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<e>", pad_token="<e>"
                            ).save_pretrained(tmp_path)
    Qwen3ForCausalLM(Qwen3Config(
        vocab_size=4, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, head_dim=8)).save_pretrained(tmp_path)
    backend = open_backend("transformers", str(tmp_path), device="cpu")
    sampling = Sampling(2, 1.0, max_tokens=5, seed=3)
    found = backend.complete(["a b", "c"], sampling, chat=False)
    assert [len(samples) for samples in found] == [2, 2]
    assert all(1 <= answer.tokens <= 5 for samples in found for answer in samples)
    assert backend.complete(["a b", "c"], sampling, chat=False) == found
    assert all("b" not in answer.text for samples in backend.complete(
        ["a b", "c"], sampling, chat=False, stop=["b"]) for answer in samples)
    with pytest.raises(ArtifactError, match="no chat template"):
        backend.complete(["a"], sampling, chat=True)
