"""mlflow/server.sh for real: PostgreSQL below, nothing without signing in, SQLite moved to it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow_store import new_store

from oorl.errors import OORLError
from tasks._registry import Registry
from tests.integration.made_up_pipeline import ROOT, environment
from tests.integration.ports import free_port

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
PASSWORD = "a long password"


def database_user() -> str | None:
    """PostgreSQL refuses to run as root; None: as whoever runs the tests."""
    if os.geteuid():
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.skip("root, and no user `postgres`")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database `mlflow` in a new PostgreSQL."""
    if PROGRAMS is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    user, port = database_user(), free_port()
    folder = Path("/tmp") / f"oorl-postgres-{os.getpid()}"
    folder.mkdir()
    if user:
        shutil.chown(folder, user)

    def call(name: str, *arguments: str) -> None:
        subprocess.run([PROGRAMS / name, *arguments], check=True, user=user, cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    try:
        call("initdb", "-D", "data", "-U", "oorl", "-A", "trust", "--no-sync")
        call("pg_ctl", "-D", "data", "-w", "-t", "180", "-l", "log", "-o",
             f"-p {port} -h 127.0.0.1 -k {folder} -F", "start")
        call("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "oorl", "mlflow")
        yield f"postgresql://oorl@127.0.0.1:{port}/mlflow"
        call("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def migrate(root: Path, database: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "mlflow" / "migrate.py",
         f"sqlite:///{root}/.oorl/mlflow.db", database, *more],
        capture_output=True, text=True, env=environment(root))


def registry(uri: str, root: Path) -> Registry:
    return Registry(uri, "oorl-translator", "oorl", root / ".oorl" / "artifacts")


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over what a project had in SQLite: two versions, the first of them champion."""
    root = tmp_path_factory.mktemp("team")
    old = registry(new_store(root), root)
    for digest in ("one", "two"):
        old.register(digest, {"note.txt": digest.encode()}, {"stage": "gepo"})
    old.appoint("1", "", "promoted", "the first")
    artifacts = root / ".oorl" / "artifacts"
    done = migrate(root, database, "--artifacts", f"file://{artifacts}", "mlflow-artifacts:/")
    assert done.returncode == 0, done.stderr
    again = migrate(root, database)
    assert (again.returncode, "has 2 runs already" in again.stderr) == (1, True), again.stderr
    port = free_port()
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(
            [ROOT / "mlflow" / "server.sh", "--port", str(port)], stdout=log, stderr=log,
            start_new_session=True, env=environment(
                root, MLFLOW_DATABASE=database, MLFLOW_ADMIN_PASSWORD=PASSWORD, MLFLOW_WORKERS="1",
                MLFLOW_FLASK_SERVER_SECRET_KEY="secret", MLFLOW_HOST="127.0.0.1",
                MLFLOW_ARTIFACTS=str(artifacts)))
    try:
        until = time.monotonic() + 180
        while status(f"http://127.0.0.1:{port}/health") != 200:
            assert process.poll() is None, (root / "log").read_text()
            assert time.monotonic() < until, (root / "log").read_text()
            time.sleep(0.3)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def status(url: str, password: str = "") -> int:
    request = urllib.request.Request(url)
    if password:
        request.add_header("Authorization",
                           "Basic " + b64encode(f"admin:{password}".encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_nothing_is_told_without_signing_in(server: str) -> None:
    asked = f"{server}/api/2.0/mlflow/registered-models/search"
    assert [status(asked), status(asked, "a wrong one"), status(asked, PASSWORD)] == [401, 401, 200]


def test_what_was_in_sqlite_is_there_and_goes_on(
        server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    moved = registry(server, tmp_path)
    champion = moved.champion()
    assert champion is not None
    assert (champion.number, champion.tags["digest"]) == ("1", "one")
    assert [event.why for event in moved.history()] == ["the first"]
    assert {version.number for version in moved.versions()} == {"1", "2"}
    note = moved.client.download_artifacts(champion.tags["results_run"], "note.txt", str(tmp_path))
    assert Path(note).read_bytes() == b"one"
    moved.register("three", {"note.txt": b"three"}, {"stage": "gepo"})
    moved.appoint("3", "1", "promoted", "better")
    champion = moved.champion()
    assert champion is not None
    assert (champion.number, champion.tags["digest"]) == ("3", "three")


def test_a_wrong_password_is_named(
        server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "a wrong one")
    with pytest.raises(OORLError) as refused:
        registry(server, tmp_path).champion()
    assert "MLFLOW_TRACKING_PASSWORD" in str(refused.value)
