"""`oorl serve` over real HTTP, and its client."""

import threading
import time
from collections.abc import Iterator

import pytest
import requests
import uvicorn

from oorl import cli
from oorl.errors import DataError, InfraError
from oorl.params.sandbox import SandboxParams
from oorl.records import (
    AssertionSubmission,
    Case,
    Parameter,
    Signature,
    Status,
    StdioCase,
    StdioSubmission,
    Submission,
    Type,
)
from oorl.sandbox import Judge, RemoteJudge, open_judge
from oorl.sandbox.service import is_loopback, make_app
from tests.integration.ports import free_port

TOKEN = "a-secret-token"
INCREMENT = Signature("f", (Parameter("x", Type("int")),), Type("int"))


def python(code: str) -> Submission:
    return Submission("python", code, INCREMENT, (Case((1,), 2),))


class Running:
    """A service in a thread."""

    def __init__(self, judge: Judge, **options) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.server = uvicorn.Server(uvicorn.Config(make_app(judge, **options), port=port,
                                                    log_level="warning"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture(scope="module")
def service(judge) -> Iterator[Running]:
    running = Running(Judge(judge.params), token=TOKEN, max_queued=3)
    yield running
    running.stop()


def test_all_kinds_are_judged_as_at_home(service, judge):
    batch = [python("def f(x):\n    return x + 1\n"), python("def f(x):\n    return x\n"),
             StdioSubmission("python", "print(input() * 2)", (StdioCase("é", "éé\n"),)),
             AssertionSubmission("javascript", "const x = 1;", "if (x !== 1) throw x;"),
             AssertionSubmission("python", "x = 1", "exit(0)")]
    with RemoteJudge(service.url, token=TOKEN) as remote:
        found = remote.judge(batch)
    assert [v.status for v in found] == [v.status for v in judge.judge(batch)] == [
        Status.PASSED, Status.WRONG_ANSWER, Status.PASSED, Status.PASSED,
        Status.PROTOCOL_VIOLATION]


def test_order_holds_across_requests(service, monkeypatch):
    monkeypatch.setattr("oorl.sandbox.remote.CHUNK", 2)
    batch = [python(f"def f(x):\n    return x + {n % 2}\n# {n}\n") for n in range(7)]
    with RemoteJudge(service.url, token=TOKEN) as remote:
        assert [v.passed for v in remote(batch)] == [bool(n % 2) for n in range(7)]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"},
                                     {"Authorization": f"Basic {TOKEN}"}])
def test_a_token_is_needed(service, headers):
    for method, path in (("POST", "/v1/judge"), ("GET", "/metrics"), ("GET", "/openapi.json")):
        answer = requests.request(method, service.url + path, headers=headers, json={}, timeout=10)
        assert answer.status_code == 401
    with RemoteJudge(service.url, token="wrong") as remote, pytest.raises(InfraError, match="401"):
        remote.judge([python("")])


def test_health_says_what_can_be_judged(service):
    body = requests.get(f"{service.url}/health", timeout=10).json()
    assert body["status"] == "ok"
    assert "Python 3" in body["languages"]["python"]


def test_metrics_count_verdicts(service):
    with RemoteJudge(service.url, token=TOKEN) as remote:
        remote.judge([python("def f(x):\n    return x + 1\n# counted\n")])
    text = requests.get(f"{service.url}/metrics", timeout=10,
                        headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert 'oorl_verdicts_total{language="python",status="passed"}' in text
    assert "oorl_queued_programs 0.0" in text


@pytest.mark.parametrize(("body", "status", "words"), [
    ({"submissions": [{"language": "klingon", "code": ""}]}, 422, "submission 0: unknown language"),
    ({"submissions": [{"language": "php", "code": "", "cases": []}]}, 422, "at least one"),
    ({"programs": []}, 422, "submissions"), ([1], 422, ""),
])
def test_bad_batches_are_refused_with_the_reason(service, body, status, words):
    answer = requests.post(f"{service.url}/v1/judge", json=body, timeout=10,
                           headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == status
    assert words in answer.text


def test_the_client_raises_for_what_would_fail_again(service):
    bad = Submission("python", "", INCREMENT, (Case(("one",), 2),))
    with RemoteJudge(service.url, token=TOKEN) as remote, pytest.raises(DataError, match="422"):
        remote.judge([bad])


def test_a_full_queue_answers_429_and_the_client_waits(service):
    slow = [python(f"import time\ndef f(x):\n    time.sleep(1)\n    return x + 1\n# {n}\n")
            for n in range(3)]
    statuses = []

    def send(patience_s: float, code: str) -> None:
        with RemoteJudge(service.url, token=TOKEN, patience_s=patience_s) as remote:
            statuses.append(remote.judge([python(code)])[0].status)

    with RemoteJudge(service.url, token=TOKEN) as first:
        holder = threading.Thread(target=first.judge, args=(slow,))
        holder.start()
        time.sleep(0.3)
        send(0.1, "def f(x):\n    return x + 1\n# impatient\n")
        send(30, "def f(x):\n    return x + 1\n# patient\n")
        holder.join()
    assert statuses == [Status.INFRA_ERROR, Status.PASSED]


def test_a_lost_service_is_infra_error_never_a_wrong_answer():
    with RemoteJudge("http://127.0.0.1:1", patience_s=0.1) as remote:
        (verdict,) = remote.judge([python("")])
    assert verdict.status is Status.INFRA_ERROR
    assert "ConnectionError" in verdict.detail


def test_an_open_address_needs_a_token(capsys, monkeypatch):
    monkeypatch.delenv("OORL_TOKEN", raising=False)
    assert cli.main(["serve", "--host", "0.0.0.0"]) == 1
    assert "Set OORL_TOKEN" in capsys.readouterr().err
    assert [is_loopback(h) for h in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "example")] == [
        True, True, True, False, False]


def test_settings_choose_the_backend():
    remote = open_judge(SandboxParams.model_validate(
        {"backend": "remote", "url": "http://127.0.0.1:1"}))
    assert isinstance(remote, RemoteJudge)
    assert isinstance(open_judge(SandboxParams()), Judge)
    with pytest.raises(ValueError, match="needs url"):
        SandboxParams.model_validate({"backend": "remote"})
