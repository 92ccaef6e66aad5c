"""The judge over HTTP, for trainers on machines that cannot or must not run programs.

    POST /v1/judge   {"submissions": [...]} -> {"verdicts": [...]}, in order (objects: `wire`)
    GET  /health     200 and what can be judged; 503 without isolation
    GET  /metrics    Prometheus text: verdicts by language and status, queue, seconds

A batch that does not fit the queue is refused as a whole with 429 and `Retry-After`; one with a
bad submission with 422, which names it. Batches are judged one after another, each on all
workers. With a token every path but /health wants `Authorization: Bearer TOKEN`. The default
address is loopback; any other needs a token. There is no encryption: put a proxy in front.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import generate_latest as exposition
from pydantic import BaseModel
from starlette.middleware.base import RequestResponseEndpoint

from oorl import __version__
from oorl.errors import DataError, IsolationUnavailable, ParamsError, ToolchainMissing
from oorl.params.sandbox import SandboxParams
from oorl.records import AnySubmission
from oorl.sandbox.doctor import available_languages
from oorl.sandbox.isolation import require_bubblewrap
from oorl.sandbox.judge import Judge
from oorl.sandbox.wire import submission_from_row, verdict_to_row

TOKEN_VARIABLE = "OORL_TOKEN"
MAX_BODY_BYTES = 256 * 2**20
RETRY_AFTER_S = 2


class Batch(BaseModel):
    """A request."""

    submissions: list[Any]


class Metrics:
    """What Prometheus may ask for; a registry of its own, so that several services can live in
    one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.verdicts = Counter("oorl_verdicts", "Verdicts given", ("language", "status"),
                                registry=self.registry)
        self.refused = Counter("oorl_refused_batches", "Batches refused", ("reason",),
                               registry=self.registry)
        self.queued = Gauge("oorl_queued_programs", "Programs waiting or running",
                            registry=self.registry)
        self.seconds = Histogram("oorl_batch_seconds", "From request to answer",
                                 registry=self.registry)
        self.cpu = Counter("oorl_cpu_seconds", "CPU used by programs and compilers",
                           registry=self.registry)


class Queue:
    """How many programs are waiting or running, at most `limit`."""

    def __init__(self, limit: int, gauge: Gauge) -> None:
        self.limit, self.count = limit, 0
        self._gauge, self._lock = gauge, threading.Lock()

    def enter(self, programs: int) -> bool:
        """Room for so many? An empty queue takes any batch."""
        with self._lock:
            if self.count and self.count + programs > self.limit:
                return False
            self.count += programs
            self._gauge.set(self.count)
            return True

    def leave(self, programs: int) -> None:
        """They are done."""
        with self._lock:
            self.count -= programs
            self._gauge.set(self.count)


def make_app(judge: Judge, *, token: str = "", max_queued: int = 4096) -> FastAPI:
    """The application. It closes `judge` when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        judge.close()

    # Its documentation pages load scripts from elsewhere: off.
    app = FastAPI(title="oorl judge", version=__version__, lifespan=lifespan, docs_url=None,
                  redoc_url=None)
    metrics = Metrics()
    queue = Queue(max_queued, metrics.queued)

    @app.middleware("http")
    async def admit(request: Request, go_on: RequestResponseEndpoint) -> Response:
        """Before anything of a body is read."""
        refusal = refuse(request, token)
        return refusal or await go_on(request)

    @app.get("/health")
    def health() -> dict[str, Any]:
        try:
            require_bubblewrap()
        except IsolationUnavailable as error:
            raise HTTPException(503, str(error)) from None
        found = available_languages()
        return {"status": "ok", "version": __version__, "queued": queue.count,
                "languages": {k: v for k, v in found.items() if isinstance(v, str)}}

    @app.get("/metrics")
    def prometheus() -> Response:
        return Response(exposition(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.post("/v1/judge")
    async def judge_batch(batch: Batch) -> dict[str, Any]:
        try:
            submissions = parse(batch.submissions)
        except DataError as error:
            metrics.refused.labels("bad submission").inc()
            raise HTTPException(422, str(error)) from None
        if not queue.enter(len(submissions)):
            metrics.refused.labels("queue full").inc()
            raise HTTPException(429, f"{queue.count} programs are waiting; try again later",
                                {"Retry-After": str(RETRY_AFTER_S)})
        try:
            with metrics.seconds.time():
                verdicts = await judge.judge_async(submissions)
        except (IsolationUnavailable, ToolchainMissing) as error:
            raise HTTPException(501, str(error)) from None
        finally:
            queue.leave(len(submissions))
        for submission, verdict in zip(submissions, verdicts, strict=True):
            metrics.verdicts.labels(submission.language, str(verdict.status)).inc()
            metrics.cpu.inc(verdict.cpu_s)
        return {"verdicts": [verdict_to_row(v) for v in verdicts]}

    return app


def refuse(request: Request, token: str) -> Response | None:
    """The answer to a request that must not go on: no token, or no honest length."""
    given = request.headers.get("authorization", "")
    if token and request.url.path != "/health" and not hmac.compare_digest(
            given.encode(), f"Bearer {token}".encode()):
        return JSONResponse({"detail": "a token is needed"}, 401, {"WWW-Authenticate": "Bearer"})
    if request.method == "POST":
        length = request.headers.get("content-length", "")
        if not length.isdecimal():
            return JSONResponse({"detail": "Content-Length is needed"}, 411)
        if int(length) > MAX_BODY_BYTES:
            return JSONResponse({"detail": f"at most {MAX_BODY_BYTES} bytes"}, 413)
    return None


def parse(rows: list[Any]) -> list[AnySubmission]:
    """The submissions. Raises `DataError` naming the first bad one."""
    found = []
    for index, row in enumerate(rows):
        try:
            found.append(submission_from_row(row))
        except DataError as error:
            raise DataError(f"submission {index}: {error.problem}", error.remedy) from None
    return found


def serve(params: SandboxParams, host: str, port: int, *, max_queued: int = 4096,
          cache_size: int = 0) -> None:
    """Serve until interrupted. Raises `ParamsError` for an open address without a token, and
    `IsolationUnavailable`."""
    import uvicorn

    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token and not is_loopback(host):
        raise ParamsError(f"{host} can be reached from other machines, and no token is set.",
                          f"Set {TOKEN_VARIABLE} to a secret, or use --host 127.0.0.1.")
    require_bubblewrap()
    judge = Judge(params, cache_size=cache_size)
    try:
        uvicorn.run(make_app(judge, token=token, max_queued=max_queued), host=host, port=port,
                    log_level="warning", timeout_graceful_shutdown=5)
    finally:
        judge.close()


def is_loopback(host: str) -> bool:
    """Is this an address of this machine only?"""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
