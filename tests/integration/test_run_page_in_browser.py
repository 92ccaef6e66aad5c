"""The page of `oorl evaluate` in a real browser: a model behind a server, programs judged."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from oorl.cli import main
from oorl.evaluation.benchmarks import Request, Task, get_benchmark
from oorl.languages import get_language
from oorl.records import Submission
from oorl.sandbox.doctor import missing_tools
from tests.integration.browser import Browser

TARGETS = tuple(name for name in ("python", "cpp", "bash", "lua")
                if not missing_tools(get_language(name)))
BAD = {"python": "def {name}(*args):\n    return 1 +\n", "bash": "{name}() {{ echo 12345; }}\n",
       "cpp": "int {name}(int x) {{ return y; }}\n",
       "lua": "function {name}(...) error('no') end\n"}


def tasks() -> list[Task]:
    return get_benchmark("crossway").load(Request(languages=TARGETS, sources=("python", "java"),
                                                  limit=4))


class Model(BaseHTTPRequestHandler):
    """Right for every other problem that the benchmark has an answer to, else wrong."""

    answers: ClassVar[dict[str, str]] = {}

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = self.answers[body["messages"][-1]["content"]]
        data = json.dumps({"choices": [{"message": {"content": text}}] * body["n"],
                           "usage": {"completion_tokens": 9}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    problems = list(dict.fromkeys(t.problem_id for t in tasks()))
    for task in tasks():
        right = task.gold and problems.index(task.problem_id) % 2 == 0
        fenced = f"```{get_language(task.target).fence}\n{{}}\n```"
        asked = task.program(fenced.format("x"))
        assert isinstance(asked, Submission)
        bad = BAD[task.target].format(name=asked.signature.name)
        Model.answers[task.prompt] = task.gold if right else fenced.format(bad)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_person_finds_everything_on_it(url: str, browser: Browser, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main(["evaluate", "--benchmark", "crossway", "--model", "me/coder", "--url", url,
                 "--languages", ",".join(TARGETS), "--sources", "python,java", "--limit", "4",
                 "--quiet", "--out", str(out)]) == 0
    scores = json.loads((out / "scores.json").read_text())
    assert 0 < scores["pass_at"]["1"]["value"] < 1
    browser.shows((out / "report.html").as_uri(), "me/coder", "Language by language",
                  "How programs fail", "Failing answers")
    browser.picture(tmp_path / "page.png")

    # nothing from elsewhere, nothing wider than the window
    assert browser.evaluate("performance.getEntriesByType('resource').length") == 0
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # the figures are those of the file
    percent = f"{100 * scores['pass_at']['1']['value']:.1f}"
    assert f"me/coder: {percent}" in browser.text()
    rows = browser.evaluate(
        "[...document.querySelectorAll('#languages tbody tr')].map(r => "
        "[...r.cells].map(c => c.innerText.trim()))")
    assert {row[0]: row[1] for row in rows} == {
        get_language(name).title: f"{100 * found['value']:.1f}"
        for name, found in scores["targets"].items()}
    heat = browser.evaluate(
        "[...document.querySelectorAll('.heatmap td.heat')].map(c => [c.innerText.trim(), "
        "getComputedStyle(c).backgroundColor])")
    assert len(heat) == len(scores["pairs"])
    assert len({colour for _, colour in heat}) == len({shown for shown, _ in heat}) > 1

    # a failing answer opens and has the compiler's words; the figures can be taken away
    words = "use of undeclared identifier 'y'"
    assert words not in browser.text()
    browser.evaluate("document.querySelectorAll('#samples summary').forEach(s => s.click())")
    browser.picture(tmp_path / "open.png")
    if "cpp" in TARGETS:
        assert words in browser.text()
    link = browser.evaluate("document.querySelector('a[download]').href")
    assert json.loads(base64.b64decode(link.partition("base64,")[2])) == scores
