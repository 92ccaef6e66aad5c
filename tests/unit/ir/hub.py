"""A stand-in for the Hugging Face hub on this machine: one data set, laid out and served alike.

It speaks the part of the hub's HTTP API that `datasets` needs to stream: the data set's state at a
revision, listings, and files by range. Requests are kept in `asked`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def hub(name: str, files: Mapping[str, bytes], revisions: tuple[str, ...] = ("main",),
        ) -> Iterator[tuple[str, list[str]]]:
    """Serve `files` as the data set `name`, at `COMMIT` alone; gives (address, asked)."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self.answer(self.rfile.read(length))

        def answer(self, body: bytes = b"") -> None:
            path = unquote(urlsplit(self.path).path)
            asked.append(f"{self.command} {path}")
            api, resolve = f"/api/datasets/{name}", f"/datasets/{name}/resolve/"
            if path.startswith(resolve):
                revision, _, file = path[len(resolve):].partition("/")
                if revision in (COMMIT, *revisions) and file in files:
                    return self.file(files[file])
                return self.missing("EntryNotFound" if revision in (COMMIT, *revisions)
                                    else "RevisionNotFound")
            if path in (api, *(f"{api}/revision/{r}" for r in (COMMIT, *revisions))):
                return self.json({"id": name, "sha": COMMIT, "private": False, "gated": False,
                                  "tags": [], "downloads": 0, "disabled": False,
                                  "siblings": [{"rfilename": f} for f in files]})
            if path.startswith(f"{api}/revision/"):
                return self.missing("RevisionNotFound")
            if path.startswith(f"{api}/tree/"):
                under = path[len(f"{api}/tree/"):].partition("/")[2]
                return self.json(list(entries(under)))
            if path.startswith(f"{api}/paths-info/"):
                fields = body.decode()
                return self.json([e for e in entries("") if e["path"] in fields])
            return self.missing("RepoNotFound")

        def file(self, data: bytes) -> None:
            start, end, status = 0, len(data) - 1, 200
            if wanted := self.headers.get("Range"):
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                start, end, status = int(first), min(int(last or end), end), 206
            part = data[start:end + 1]
            self.send_response(status)
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{end}/{len(data)}")
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Accept-Ranges", "bytes")
            self.end(part)

        def json(self, value: object) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end(json.dumps(value).encode())

        def missing(self, code: str) -> None:
            self.send_response(404)
            self.send_header("X-Error-Code", code)
            self.end(b"{}")

        def end(self, body: bytes) -> None:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    def entries(under: str) -> Iterator[dict[str, object]]:
        folders = {f.rpartition("/")[0] for f in files} - {""}
        for path in sorted({*files, *folders}):
            if path.startswith(f"{under}/" if under else ""):
                data = files.get(path)
                yield {"type": "directory", "path": path, "oid": "0" * 40, "size": 0} \
                    if data is None else {
                        "type": "file", "path": path, "size": len(data),
                        "oid": hashlib.sha1(data).hexdigest()}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
