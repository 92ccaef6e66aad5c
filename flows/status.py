"""What is going on in this folder: `oorl status`.

    python -m flows.status

Prefect's and MLflow's servers, what runs now and what ran last, the champion with its scores.
What does not answer is said to be so; nothing is started.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.stack import ROOT, Stack, stack_of
from oorl.errors import OORLError
from oorl.params import Params, load_params
from tasks._delivery import waiting
from tasks._process import quiet
from tasks._tracking import tracking_uri
from tasks.versions import gain, table

LAST = 8
"""Runs shown."""


def services(stack: Stack) -> str:
    """Which parts of the local stack run."""
    rows = [(service.name, f"runs ({pid})" if pid else "does not run", service.address)
            for service, pid in ((one, stack.pid(one)) for one in stack.services)]
    return table([("service", "state", "address"), *rows])


def flow_runs(api: str) -> str:
    """Prefect's newest runs, of the server that `api` names."""
    try:
        found = _ask(f"{api}/flow_runs/filter", {
            "sort": "EXPECTED_START_TIME_DESC", "limit": LAST,
            "flow_runs": {"state": {"type": {"not_any_": ["SCHEDULED"]}}}})
        waiting = _ask(f"{api}/flow_runs/filter", {
            "sort": "EXPECTED_START_TIME_ASC", "limit": 1,
            "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}})
    except (OSError, ValueError):
        return f"flow runs: no Prefect server answers at {api}"
    rows = [(run["name"], run["state_name"] or "", _ago(run["start_time"]),
             f"{run['total_run_time']:.0f} s", (run["state"] or {}).get("message") or "")
            for run in found]
    text = table([("flow run", "state", "started", "took", ""), *rows]) if rows else (
        "flow runs: none yet")
    if waiting:
        text += f"\nnext: {waiting[0]['name']}, {waiting[0]['expected_start_time'][:16]} UTC"
    return text


def tracked(params: Params, root: Path) -> str:
    """What MLflow knows: stages running now, the last pipeline run, the champion."""
    uri = tracking_uri(params.tracking, root)
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).exists():
        return "runs: none yet in this folder"
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        client = MlflowClient(uri, uri)
        experiment = client.get_experiment_by_name(params.tracking.experiment)
        runs = client.search_runs([experiment.experiment_id], max_results=LAST,
                                  filter_string="tags.`oorl.stage` != ''",
                                  order_by=["start_time DESC"]) if experiment else []
    except (MlflowException, OSError) as error:
        return (f"runs: the store {uri} does not answer: {str(error).splitlines()[0][:200]}"
                + _waiting(root))
    rows = [(run.info.run_name, run.info.status.lower(), _since(run.info.start_time),
             f"{((run.info.end_time or run.info.start_time) - run.info.start_time) / 1000:.0f} s",
             run.data.tags.get("error", "").split("\n")[0][:80]) for run in runs]
    text = table([("stage", "state", "started", "took", ""), *rows]) if rows else "runs: none yet"
    return text + _waiting(root)


def champion(params: Params, root: Path) -> str:
    """Who is champion, since when, and its scores by target."""
    uri = tracking_uri(params.tracking, root)
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).exists():
        return "champion: none yet"
    from tasks.register import open_registry

    try:
        registry = open_registry(params, root)
        found = registry.champion()
        if found is None:
            return f"champion of {registry.name}: none yet"
        rows = registry.results(found)
        events = [event for event in registry.history() if event.version == found.number]
    except OORLError as error:
        return f"champion: {error}"
    judged = rows[rows["status"] != "infra_error"]
    means = judged.groupby(["target", "source"])["passed"].mean().groupby("target").mean()
    head = (f"champion of {registry.name}: version {found.number} ({found.tags.get('stage', '')}, "
            f"commit {found.tags.get('git.commit', '')[:8] or 'unknown'})")
    if events:
        head += f", {events[-1].action} {events[-1].time[:16]} by {events[-1].by}"
    if text := gain(found.tags):
        head += f"\ngain over {found.tags.get('compared_with', 'base')}: {text} points"
    scores = [*((str(name), f"{100 * value:.1f}") for name, value in means.items()),
              ("mean", f"{100 * means.mean():.1f}")]
    return f"{head}\n{table([('target', 'pass@1, %'), *scores])}"


def _waiting(root: Path) -> str:
    found = waiting(root)
    return f"\n{found} stage(s) wait for delivery to MLflow: `oorl deliver`" if found else ""


def _ask(url: str, body: Any) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as reply:
        return json.loads(reply.read())


def _since(milliseconds: int) -> str:
    return _ago(datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat())


def _ago(time: str | None) -> str:
    if not time:
        return ""
    minutes = (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds() / 60
    for unit, size in (("days", 1440.0), ("h", 60.0)):
        if minutes >= 2 * size:
            return f"{minutes / size:.0f} {unit} ago"
    return f"{minutes:.0f} min ago"


def main() -> int:
    """Print all of it; exit status 1 only for settings that cannot be read."""
    quiet(os.environ, offline=False)
    try:
        params, stack = load_params(ROOT / "params.yaml"), stack_of(ROOT)
    except OORLError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    api = os.environ.get("PREFECT_API_URL") or f"{stack.services[0].address}/api"
    for part in (services(stack), flow_runs(api), tracked(params, ROOT), champion(params, ROOT)):
        print(part, end="\n\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
