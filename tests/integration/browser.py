"""A real headless browser for tests that open pages."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


class Browser:
    """A page of a headless browser, driven over the DevTools protocol."""

    def __init__(self, profile: Path) -> None:
        assert BROWSER is not None
        self.process = subprocess.Popen(
            [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,1600",
             "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
            stderr=subprocess.DEVNULL, start_new_session=True)
        until = time.monotonic() + 120
        port = profile / "DevToolsActivePort"
        while not port.exists() or not port.read_text().count("\n"):
            assert time.monotonic() < until, "the browser does not start"
            time.sleep(0.1)
        number = int(port.read_text().split()[0])
        with urllib.request.urlopen(f"http://127.0.0.1:{number}/json/list", timeout=60) as reply:
            targets = json.loads(reply.read())
        address = next(t["webSocketDebuggerUrl"] for t in targets if t["type"] == "page")
        self.socket = connect(address, max_size=None, open_timeout=60)
        self.number = 0

    def call(self, method: str, **parameters: Any) -> Any:
        self.number += 1
        self.socket.send(json.dumps(
            {"id": self.number, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv(120))).get("id") != self.number:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def evaluate(self, expression: str) -> Any:
        """What JavaScript says on the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def text(self) -> str:
        return str(self.evaluate("document.body?.innerText") or "").replace("\xa0", " ")

    def picture(self, path: Path) -> None:
        """All of the page as a PNG file, for a person to look at."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def shows(self, address: str, *words: str) -> None:
        """Open a page and wait until all `words` are on it."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)
        until = time.monotonic() + 120
        while not all(word in (shown := self.text()) for word in words):
            assert time.monotonic() < until, (address, words, shown)
            time.sleep(0.3)

    def close(self) -> None:
        self.socket.close()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
