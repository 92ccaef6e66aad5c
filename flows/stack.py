"""The local stack as processes: Prefect's server, MLflow's, and a worker for each pool.

    python -m flows.stack up       start what is not running, deploy, print the addresses
    python -m flows.stack down     end all of it
    python -m flows.stack status   what runs; exit status 1 if anything does not

`make up` and `make down` do the same. Ports: PREFECT_PORT (4200), MLFLOW_PORT (5000). Logs and
process ids lie in .oorl/stack/. Everything listens on this machine alone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows._repro import tool_environment
from oorl.errors import ArtifactError, OORLError
from oorl.params.files import write_text

ROOT = Path(__file__).resolve().parents[1]
POOLS = ("cpu", "gpu")
START_S, GRACE_S = 180.0, 15.0


@dataclass(frozen=True)
class Service:
    """A process of the stack; `health` is asked until it answers, "" if it has no address."""

    name: str
    command: Sequence[str]
    address: str = ""
    health: str = ""


class Stack:
    """The services of one project folder, found again by what .oorl/stack/ says of them."""

    def __init__(self, root: Path, prefect_port: int, mlflow_port: int) -> None:
        self.root, self.folder = root, root / ".oorl" / "stack"
        prefect, mlflow = (f"http://127.0.0.1:{port}" for port in (prefect_port, mlflow_port))
        self.services = (
            Service("prefect", ("prefect", "server", "start", "--port", str(prefect_port)),
                    prefect, f"{prefect}/api/health"),
            Service("mlflow", (str(root / "mlflow" / "serve.sh"), "--port", str(mlflow_port)),
                    mlflow, f"{mlflow}/health"),
            *(Service(f"worker-{pool}", ("prefect", "worker", "start", "--pool", pool))
              for pool in POOLS),
        )
        self._variables = self._environment(f"{prefect}/api")

    def up(self) -> None:
        """Start what does not run. Raises `ArtifactError` naming the log of what did not start."""
        self.folder.mkdir(parents=True, exist_ok=True)
        servers = [service for service in self.services if service.health]
        workers = [service for service in self.services if not service.health]
        for service in servers:
            self._start(service)
        for service in servers:
            self._await(service)
        self._deployed(self._run(sys.executable, "-m", "flows._server"))
        self._deployed(self._run("prefect", "--no-prompt", "deploy", "--all"))
        for worker in workers:
            self._start(worker)
        time.sleep(1)
        for worker in workers:
            self._check(worker)

    def down(self) -> list[str]:
        """End everything that runs, the worker first; the names of what was ended."""
        ended = []
        for service in reversed(self.services):
            if pid := self.pid(service):
                _end(pid)
                ended.append(service.name)
            self._record(service).unlink(missing_ok=True)
        return ended

    def pid(self, service: Service) -> int | None:
        """The service's process id if that very process still runs."""
        try:
            found = json.loads(self._record(service).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found["pid"] if _born(found["pid"]) == found["born"] else None

    def _record(self, service: Service) -> Path:
        return self.folder / f"{service.name}.json"

    def _log(self, service: Service) -> Path:
        return self.folder / f"{service.name}.log"

    def _start(self, service: Service) -> None:
        if self.pid(service):
            return
        if service.health and _answers(service.health):
            raise ArtifactError(
                f"another program answers at {service.address}",
                f"End it, or choose a port: {service.name.upper()}_PORT=5001 make up")
        with self._log(service).open("wb") as log:
            process = subprocess.Popen(
                service.command, cwd=self.root, env=self._variables, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        write_text(self._record(service),
                   json.dumps({"pid": process.pid, "born": _born(process.pid)}))

    def _await(self, service: Service) -> None:
        until = time.monotonic() + START_S
        while not _answers(service.health):
            self._check(service)
            if time.monotonic() > until:
                raise ArtifactError(f"{service.name} does not answer at {service.address}",
                                    f"See {self._log(service)}; `make down` ends what runs.")
            time.sleep(0.3)

    def _check(self, service: Service) -> None:
        if not self.pid(service):
            raise ArtifactError(f"{service.name} has ended", f"See {self._log(service)}.")

    def _run(self, *command: str) -> int:
        with (self.folder / "deploy.log").open("ab") as log:
            return subprocess.run(command, cwd=self.root, env=self._variables,
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                  check=False).returncode

    def _deployed(self, status: int) -> None:
        if status:
            raise ArtifactError("the deployments of prefect.yaml could not be made",
                                f"See {self.folder / 'deploy.log'}.")

    def _environment(self, api: str) -> dict[str, str]:
        values = tool_environment(PREFECT_API_URL=api, PWD=str(self.root))  # PWD: for prefect.yaml
        values.setdefault("PREFECT_HOME", str(self.root / ".oorl" / "prefect"))
        values.setdefault("PREFECT_WORKER_QUERY_SECONDS", "2")  # who presses the button waits
        return values


def _born(pid: int) -> str:
    """When a process started, so that a number used again is not taken for it; "" if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return bool(reply.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _end(pid: int) -> None:
    """End a process and its group, gently first."""
    for number, patience in ((signal.SIGINT, GRACE_S), (signal.SIGKILL, GRACE_S)):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return
        until = time.monotonic() + patience
        while _born(pid) and time.monotonic() < until:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # it may be our own child
            time.sleep(0.1)


def stack_of(root: Path) -> Stack:
    """The stack of a project folder, on the ports that the environment names.

    Raises `ArtifactError` for what is no port.
    """
    return Stack(root, _port(os.environ, "PREFECT_PORT", 4200),
                 _port(os.environ, "MLFLOW_PORT", 5000))


def _port(variables: Mapping[str, str], name: str, default: int) -> int:
    text = variables.get(name, str(default))
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ArtifactError(f"{name}={text}: not a port", f"Leave it out, or give {default}.")
    return int(text)


def main(arguments: Sequence[str]) -> int:
    """Run one command; expected faults are printed without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m flows.stack",
                                     description=(__doc__ or "").split("\n")[0])
    parser.add_argument("command", choices=("up", "down", "status"))
    command = parser.parse_args(arguments).command
    try:
        stack = stack_of(ROOT)
        if command == "down":
            print("ended: " + (", ".join(stack.down()) or "nothing was running"))
            return 0
        if command == "up":
            stack.up()
    except OORLError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    pids = {service: stack.pid(service) for service in stack.services}
    for service, pid in pids.items():
        print(f"{service.name:10} {f'runs ({pid})' if pid else 'does not run':16} "
              f"{service.address}".rstrip())
    return 0 if all(pids.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
