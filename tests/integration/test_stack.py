"""`make up` for real: servers answer, the worker runs the deployment, `down` leaves nothing."""

from __future__ import annotations

import json
import os
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow_store import new_store

from tasks._registry import Registry
from tests.integration.browser import Browser
from tests.integration.made_up_pipeline import ROOT, environment, make_project, ran, run
from tests.integration.ports import free_port
from tests.integration.registered import add_version, make_model, make_problems


def ask(port: int, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/{path}", headers={"Content-Type": "application/json"},
        data=None if body is None else json.dumps(body).encode())
    for left in range(9, -1, -1):
        try:
            with urllib.request.urlopen(request, timeout=150) as reply:
                return json.loads(reply.read())
        except urllib.error.HTTPError as error:
            # what a busy server's database answers; Prefect's own client waits and asks again, too
            if error.code != 503 or not left:
                raise
            time.sleep(1)


def stage(root: Path, name: str) -> None:
    done = run(root, "dvc", "repro", "--single-item", name)
    assert done.returncode == 0, done.stdout


def registry_of(root: Path) -> Registry:
    return Registry(f"sqlite:///{root}/.oorl/mlflow.db", "oorl-translator", "oorl",
                    root / ".oorl" / "artifacts")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    root = tmp_path_factory.mktemp("stack")
    make_project(root)
    shutil.copy(ROOT / "prefect.yaml", root)
    for name in ("mlflow", "deploy"):
        shutil.copytree(ROOT / name, root / name)
    stage(root, "dataset")
    stage(root, "ir_groups")
    ports = {"PREFECT_PORT": str(free_port()), "MLFLOW_PORT": str(free_port())}
    new_store(root)
    registry = registry_of(root)
    add_version(registry, "the first", "1100000000" * 4)
    registry.appoint("1", "", "promoted", "the first")
    try:
        done = run(root, "flows.stack", "up", PYTHONPATH=f"{root}/src:{root}", **ports)
        assert done.returncode == 0, done.stdout
        yield root, ports
    finally:
        run(root, "flows.stack", "down", PYTHONPATH=f"{root}/src:{root}", **ports)


def start(server: int, deployment: str, **parameters: Any) -> Any:
    """A run of a deployment, asked for as the UI's button does."""
    found = ask(server, f"api/deployments/name/{deployment}")
    return ask(server, f"api/deployments/{found['id']}/create_flow_run", {
        "parameters": {"parameters": {**found["parameters"]["parameters"], **parameters}},
        "state": {"type": "SCHEDULED"}})


def next_of(server: int, deployment: str) -> Any:
    """The run that a deployment's schedule has next; the server makes it soon after `deploy`."""
    found = ask(server, f"api/deployments/name/{deployment}")
    until = time.monotonic() + 120
    while not (runs := ask(server, "api/flow_runs/filter", {
            "sort": "NEXT_SCHEDULED_START_TIME_ASC", "limit": 1, "flow_runs": {
                "deployment_id": {"any_": [found["id"]]}, "tags": {"all_": ["auto-scheduled"]},
                "state": {"name": {"any_": ["Scheduled"]}}}})):
        assert time.monotonic() < until
        time.sleep(0.5)
    return runs[0]


def finish(server: int, run: Any, patience_s: float = 240) -> Any:
    until = time.monotonic() + patience_s
    while (found := ask(server, f"api/flow_runs/{run['id']}"))["state_type"] not in (
            "COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
        assert time.monotonic() < until, found["state"]
        time.sleep(0.5)
    return found


def test_every_stage_runs_in_the_pool_that_has_what_it_needs(
        stack: tuple[Path, dict[str, str]]) -> None:
    root, ports = stack
    server = int(ports["PREFECT_PORT"])
    promotion = start(server, "oorl-promotion/by-hand")  # there is no challenger
    found = finish(server, start(server, "oorl-pipeline/weekly",
                                 stages=["validate", "base", "rl"]))
    assert found["state_type"] == "COMPLETED", found["state"]
    assert (root / "models" / "rl" / "weights").exists()
    assert not (root / "models" / "gepo").exists()
    # Those of the pipeline's own pool it runs itself; those of the other go there as one run.
    (there,) = ask(server, "api/flow_runs/filter", {"flow_runs": {"tags": {"all_": ["stage"]}}})
    assert (there["name"], there["work_pool_name"]) == ("base, rl", "gpu")
    ran = {run["id"]: [task["name"] for task in ask(server, "api/task_runs/filter", {
        "sort": "EXPECTED_START_TIME_ASC", "flow_runs": {"id": {"any_": [run["id"]]}}})
        if task["name"] in ("validate", "base", "rl")] for run in (found, there)}
    assert ran == {found["id"]: ["validate"], there["id"]: ["base", "rl"]}
    failed = finish(server, promotion)
    assert failed["state_type"] == "FAILED"
    assert "There is: champion, 1." in failed["state"]["message"]
    (progress,) = ask(server, "api/artifacts/filter", {"artifacts": {
        "flow_run_id": {"any_": [found["id"]]}, "key": {"any_": ["progress"]}}})
    assert progress["data"] == 100
    limit = ask(server, "api/v2/concurrency_limits/gpu")
    assert (limit["limit"], limit["active"], limit["active_slots"]) == (1, True, 0)


def test_the_deployments_and_their_forms(stack: tuple[Path, dict[str, str]]) -> None:
    server = int(stack[1]["PREFECT_PORT"])
    found = {one["name"]: one for one in ask(server, "api/deployments/filter", {})}
    assert set(found) == {"weekly", "data-refresh", "nightly", "by-hand", "cpu", "gpu"}
    crons = {name: [s["schedule"]["cron"] for s in one["schedules"]]
             for name, one in found.items() if one["schedules"]}
    assert crons == {"weekly": ["0 3 * * 0"], "data-refresh": ["0 1 * * 6"],
                     "nightly": ["0 2 * * *"]}
    for name, one in found.items():
        assert "oorl" in one["tags"]
        (form,) = [schema for key, schema in
                   one["parameter_openapi_schema"]["definitions"].items()
                   if key.endswith("Parameters")]
        assert form["properties"], name
        assert form["additionalProperties"] is False
    with pytest.raises(urllib.error.HTTPError) as refused:
        start(server, "oorl-promotion/by-hand", overide="a typing error")
    assert refused.value.code in (409, 422)


def slow_one(root: Path) -> int:
    """The process of the stage that "slow" names, once it runs."""
    until = time.monotonic() + 240
    while not (root / "slow.pid").exists() or not (root / "slow.pid").read_text():
        assert time.monotonic() < until
        time.sleep(0.2)
    return int((root / "slow.pid").read_text())


def test_a_run_that_trains_waits_for_the_one_before_it(stack: tuple[Path, dict[str, str]]) -> None:
    root, ports = stack
    server = int(ports["PREFECT_PORT"])
    (root / "slow.pid").unlink(missing_ok=True)
    (root / "slow").write_text("base")
    first = start(server, "oorl-stage/gpu", stages=["base"], force=True)
    slow_one(root)
    second = start(server, "oorl-stage/gpu", stages=["rl"], force=True)

    def of(one: Any) -> dict[str, Any]:
        return {"flow_run_id": {"any_": [one["id"]]}}

    until = time.monotonic() + 120
    while not any("Asking for a slot" in line["message"]
                  for line in ask(server, "api/logs/filter", {"logs": of(second)})):
        assert time.monotonic() < until
        time.sleep(0.2)
    assert ask(server, "api/v2/concurrency_limits/gpu")["active_slots"] == 1
    (root / "slow").unlink()
    for one in (first, second):
        assert finish(server, one)["state_type"] == "COMPLETED"
    ended, began = (ask(server, "api/task_runs/filter", {"task_runs": of(one)})[0][key]
                    for one, key in ((first, "end_time"), (second, "start_time")))
    assert ended <= began


def test_cancelling_the_pipeline_ends_the_stage_in_the_other_pool(
        stack: tuple[Path, dict[str, str]]) -> None:
    root, ports = stack
    server = int(ports["PREFECT_PORT"])
    (root / "slow.pid").unlink(missing_ok=True)
    (root / "slow").write_text("gepo")
    run = start(server, "oorl-pipeline/weekly", stages=["gepo"])
    pid, until = slow_one(root), time.monotonic() + 240
    assert ask(server, "api/v2/concurrency_limits/gpu")["active_slots"] == 1
    ask(server, f"api/flow_runs/{run['id']}/set_state", {"state": {"type": "CANCELLING"}})
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < until, "the stage outlived its cancelled pipeline"
        time.sleep(0.2)
    (root / "slow").unlink()
    assert finish(server, run)["state_type"] in ("CANCELLED", "FAILED", "CRASHED")
    assert not (root / "models" / "gepo").exists()
    stage(root, "gepo")
    assert (root / "models" / "gepo" / "weights").exists()


def test_both_pages_show_it_in_a_browser(
        stack: tuple[Path, dict[str, str]], browser: Browser) -> None:
    """A run that was asked for appears, finishes and shows its result; the champion its alias."""
    prefect, mlflow = (f"http://127.0.0.1:{port}" for port in stack[1].values())
    server = int(stack[1]["PREFECT_PORT"])
    run = finish(server, start(server, "oorl-promotion/by-hand", version="champion"))
    assert run["state_type"] == "COMPLETED", run["state"]
    browser.shows(f"{prefect}/runs/flow-run/{run['id']}", run["name"], "Completed",
                  "oorl-promotion")
    browser.shows(f"{prefect}/artifacts/key/promotion", run["name"])
    (shown,) = ask(server, "api/artifacts/filter",
                   {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}})
    browser.shows(f"{prefect}/artifacts/artifact/{shown['id']}",
                  "this very model is the champion, version 1")
    browser.shows(f"{mlflow}/#/models/oorl-translator", "@ champion", "Version 1")


def artifact(server: int, run: Any) -> str:
    """The text of the one artifact that a run wrote."""
    (shown,) = ask(server, "api/artifacts/filter",
                   {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}})
    return str(shown["data"])


@pytest.fixture(scope="module")
def refresh(stack: tuple[Path, dict[str, str]]) -> Any:
    """A run of the schedule, its time brought forward to now, that goes on while other tests do;
    its data go to `store` in the project's folder."""
    done = run(stack[0], "dvc", "remote", "add", "-d", "storage", f"{stack[0]}/store")
    assert done.returncode == 0, done.stdout
    scores = stack[0] / "reports" / "evaluation" / "metrics.json"
    scores.parent.mkdir(parents=True, exist_ok=True)
    scores.write_text('{"models": {"base": {"pass_at_1": 0.5, "targets": {}}}}')
    server = int(stack[1]["PREFECT_PORT"])
    found = next_of(server, "oorl-pipeline/data-refresh")
    ask(server, f"api/flow_runs/{found['id']}/set_state", {"force": True, "state": {
        "type": "SCHEDULED", "state_details": {"scheduled_time": datetime.now(UTC).isoformat()}}})
    return found


@pytest.mark.usefixtures("refresh")
def test_the_deployment_promotes_what_beats_the_champion_and_nothing_else(
        stack: tuple[Path, dict[str, str]]) -> None:
    root, server = stack[0], int(stack[1]["PREFECT_PORT"])
    registry = registry_of(root)
    add_version(registry, "weaker", "1000000000" * 4)
    refused = finish(server, start(server, "oorl-promotion/by-hand"))
    assert (refused["state_type"], refused["state_name"]) == ("COMPLETED", "Refused")
    assert "NOT met: mean pass@1 changes by -10.0 points" in artifact(server, refused)
    assert registry.aliases() == {"champion": "1", "challenger": "2"}
    make_model(root / "models" / "tiny")
    add_version(registry, "stronger", "1111110000" * 4, root / "models" / "tiny", root)
    promoted = finish(server, start(server, "oorl-promotion/by-hand"))
    assert (promoted["state_type"], promoted["state_name"]) == ("COMPLETED", "Completed")
    assert "version 3: promoted (before: champion, version 1)" in artifact(server, promoted)
    assert registry.aliases() == {"champion": "3"}


def test_the_data_refresh_brings_new_data_to_the_remote(
        stack: tuple[Path, dict[str, str]], refresh: Any) -> None:
    root = stack[0]
    found = finish(int(stack[1]["PREFECT_PORT"]), refresh)
    assert found["state_type"] == "COMPLETED", found["state"]
    assert found["state"]["message"] == "3 stages up to date"
    lock = yaml.safe_load((root / "dvc.lock").read_text())["stages"]
    for name in ("dataset", "ir_groups", "validate"):
        for out in lock[name]["outs"]:
            assert (root / "store/files/md5" / out["md5"][:2] / out["md5"][2:]).exists(), out


def test_scheduled_runs_wait_finish_and_show_their_artifacts_in_a_browser(
        stack: tuple[Path, dict[str, str]], refresh: Any, browser: Browser) -> None:
    server = int(stack[1]["PREFECT_PORT"])
    page = f"http://127.0.0.1:{server}"
    waiting = next_of(server, "oorl-pipeline/weekly")
    browser.shows(f"{page}/runs/flow-run/{waiting['id']}", waiting["name"], "Scheduled", "weekly")
    done = finish(server, refresh)
    browser.shows(f"{page}/runs/flow-run/{done['id']}", done["name"], "Completed", "data-refresh")
    shown = {one["key"]: one for one in ask(server, "api/artifacts/filter", {
        "artifacts": {"flow_run_id": {"any_": [done["id"]]}}})}
    assert (set(shown), shown["progress"]["data"]) == ({"progress", "evaluation"}, 100)
    browser.shows(f"{page}/artifacts/artifact/{shown['evaluation']['id']}", "50.0", done["name"])


@pytest.fixture
def problems(stack: tuple[Path, dict[str, str]]) -> Iterator[None]:
    """Real problems in the place of the made-up ones, and an evaluation of two languages."""
    root = stack[0]
    table, settings = root / "data/problems/problems.parquet", root / "params.yaml"
    table.rename(root / "made-up")
    before = settings.read_text()
    values = yaml.safe_load(before)
    values["evaluate"] |= {"sources": ["python"], "targets": ["php", "perl"], "batch_size": 1}
    settings.write_text(yaml.safe_dump(values, sort_keys=False))
    make_problems(table)
    yield
    (root / "made-up").rename(table)
    settings.write_text(before)


def test_the_nightly_evaluation_holds_the_gpu_can_be_cancelled_and_shows_its_scores(
        stack: tuple[Path, dict[str, str]], problems: None) -> None:
    root, server = stack[0], int(stack[1]["PREFECT_PORT"])

    def running() -> list[str]:
        found = subprocess.run(["pgrep", "-f", "tasks.evaluate_registered"], text=True,
                               capture_output=True).stdout.split()
        return [pid for pid in found if os.path.realpath(f"/proc/{pid}/cwd") == str(root)]

    def slots() -> int:
        return int(ask(server, "api/v2/concurrency_limits/gpu")["active_slots"])

    long = start(server, "oorl-evaluation/nightly")  # the champion, all problems one by one
    until = time.monotonic() + 240
    while not running():
        assert time.monotonic() < until
        time.sleep(0.1)
    assert slots() == 1
    ask(server, f"api/flow_runs/{long['id']}/set_state", {"state": {"type": "CANCELLING"}})
    assert finish(server, long)["state_type"] == "CANCELLED"
    while running():
        assert time.monotonic() < until, "the evaluation outlived its cancelled run"
        time.sleep(0.1)

    short = finish(server, start(server, "oorl-evaluation/nightly", problems=1))
    assert short["state_type"] == "COMPLETED", short["state"]
    text = artifact(server, short)
    assert "# oorl-translator, version 3" in text
    assert "| php | 0.0 (0.0 to 0.0) | 60.0 |" in text  # it was registered with better ones
    assert registry_of(root).version("champion").tags["evaluated.pass_at_1"] == "0.0"
    assert slots() == 0


def test_a_failed_run_is_told_to_the_webhook(stack: tuple[Path, dict[str, str]]) -> None:
    """By the automations of deploy/; making them again makes no second ones."""
    root, ports = stack
    told: queue.Queue[str] = queue.Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        server = int(ports["PREFECT_PORT"])
        for _ in range(2):
            done = run(root, "flows.notify", f"http://127.0.0.1:{receiver.server_port}/hook",
                       PYTHONPATH=f"{root}/src:{root}",
                       PREFECT_API_URL=f"http://127.0.0.1:{server}/api")
            assert done.returncode == 0, done.stdout
        made = ask(server, "api/automations/filter", {})
        assert sorted(one["name"] for one in made) == [
            "oorl: a champion was refused or appointed", "oorl: a run failed"]
        failed = start(server, "oorl-promotion/by-hand", version="77")
        assert finish(server, failed)["state_type"] == "FAILED"
        text = told.get(timeout=120)
        receiver.shutdown()
    assert text.startswith("oorl-promotion: Failed\n")
    assert failed["name"] in text
    assert "There is: " in text


def test_a_flow_killed_at_random_moments_ends_with_the_same_data(
        stack: tuple[Path, dict[str, str]]) -> None:
    """benchmarks/kill_flow.py is the same for twenty times and all stages."""
    root, ports = stack
    stages = ["dataset", "ir_groups", "validate"]

    def hashes() -> Any:
        lock = yaml.safe_load((root / "dvc.lock").read_text())["stages"]
        return {out["path"]: out["md5"] for name in stages for out in lock[name]["outs"]}

    stage(root, "validate")
    expected, moments = hashes(), random.Random(7)
    shutil.rmtree(root / "data")
    shutil.rmtree(root / ".dvc" / "cache")
    (root / "dvc.lock").unlink()
    command = [sys.executable, "-m", "flows.pipeline", "--stages", ",".join(stages)]
    variables = environment(root, PREFECT_API_URL=f"http://127.0.0.1:{ports['PREFECT_PORT']}/api",
                            PYTHONPATH=f"{root}/src:{root}")
    for victim in ("dataset", "validate"):
        flow = subprocess.Popen(command, cwd=root, env=variables, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert flow.stdout is not None
        seen = []
        while f"Running stage '{victim}'" not in (line := flow.stdout.readline()):
            seen.append(line)
            assert line, "".join(seen)
        time.sleep(moments.uniform(0, 0.5))
        flow.kill()
        flow.wait()
        flow.stdout.close()
    done = subprocess.run(command, cwd=root, env=variables, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    assert hashes() == expected
    assert ran(run(root, "dvc", "repro", "--single-item", *stages).stdout) == []


def test_both_pages_are_served(stack: tuple[Path, dict[str, str]]) -> None:
    for port in stack[1].values():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as reply:
            assert b"<html" in reply.read(2000).lower()


def test_up_again_changes_nothing_and_a_dead_worker_comes_back(
        stack: tuple[Path, dict[str, str]]) -> None:
    root, ports = stack

    def pids(command: str) -> tuple[int, dict[str, str]]:
        done = run(root, "flows.stack", command, PYTHONPATH=f"{root}/src:{root}", **ports)
        return done.returncode, dict(re.findall(r"^([\w-]+) +runs \((\d+)\)", done.stdout, re.M))

    status, before = pids("status")
    assert (status, set(before)) == (0, {"prefect", "mlflow", "worker-cpu", "worker-gpu"})
    subprocess.run(["kill", f"-{signal.SIGKILL.value}", before["worker-gpu"]], check=True)
    deadline = time.monotonic() + 10
    while pids("status")[0] == 0 and time.monotonic() < deadline:
        pass
    assert pids("status")[0] == 1
    status, after = pids("up")
    assert status == 0
    assert (after["prefect"], after["mlflow"]) == (before["prefect"], before["mlflow"])
    assert after["worker-gpu"] != before["worker-gpu"]


def test_a_port_in_use_is_named_and_down_leaves_nothing(
        stack: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    root, ports = stack
    make_project(tmp_path)
    done = run(tmp_path, "flows.stack", "up", PYTHONPATH=f"{tmp_path}/src:{tmp_path}", **ports)
    assert done.returncode == 1
    assert f"another program answers at http://127.0.0.1:{ports['PREFECT_PORT']}" in done.stdout
    done = run(root, "flows.stack", "down", PYTHONPATH=f"{root}/src:{root}", **ports)
    assert done.stdout.strip() == "ended: worker-gpu, worker-cpu, mlflow, prefect"
    left = subprocess.run(["pgrep", "-f", str(root)], capture_output=True, text=True).stdout
    assert left == ""
