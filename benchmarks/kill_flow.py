"""Kill -9 the flow at random moments, start it again, compare the data with an undisturbed run.

    python benchmarks/kill_flow.py [--times 20] [--real] [--seed 1]

Without --real the stages take no time (the graph, DVC, Prefect and the settings are the real
ones), so that most kills hit what lies between the stages; with it they are the real ones at the
size of tests/e2e. Every round starts from nothing: no data, no cache, no checkpoint. Exit status 1
if any round ends with other hashes. Reports are left out with --real: they hold timings.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]


def outs(root: Path, real: bool) -> dict[str, str]:
    """Path and hash of every output in dvc.lock."""
    stages = yaml.safe_load((root / "dvc.lock").read_text())["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]
            if not (real and out["path"].startswith("reports/"))}


def wipe(root: Path) -> None:
    """As after a clone."""
    for name in ("data", "models", "reports", ".dvc/cache", ".dvc/tmp", ".oorl"):
        shutil.rmtree(root / name, ignore_errors=True)
    (root / "dvc.lock").unlink(missing_ok=True)
    (root / ".oorl" / "prefect").mkdir(parents=True)


def start(root: Path, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    with (root / "flow.log").open("wb") as log:
        return subprocess.Popen([sys.executable, "-m", "flows.pipeline"], cwd=root, stdout=log,
                                stderr=log, env=variables, start_new_session=True)


def inside(root: Path) -> list[int]:
    """Processes that work in the project's folder."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if Path(os.readlink(link)).is_relative_to(root):
                found.append(int(link.parent.name))
        except OSError:
            continue
    return found


def settle(root: Path, patience_s: float = 60) -> None:
    """Let stages end by themselves, as they must, then end the server that Prefect left."""
    until = time.monotonic() + patience_s

    def words(pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:
            return ""

    while any("tasks." in words(pid) or "stage.py" in words(pid) for pid in inside(root)):
        if time.monotonic() > until:
            raise SystemExit("a stage outlived the killed flow")
        time.sleep(0.2)
    for pid in inside(root):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--real", action="store_true", help="real stages, at the tests' size")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        root.mkdir()
        if options.real:
            from tests.e2e.conftest import clone

            variables = {**clone(root).environment, "PREFECT_HOME": f"{root}/.oorl/prefect"}
        else:
            from tests.integration.made_up_pipeline import environment, make_project

            make_project(root)
            variables = environment(root)
        wipe(root)
        began = time.monotonic()
        if start(root, variables).wait() != 0:
            raise SystemExit((root / "flow.log").read_text()[-3000:])
        whole = time.monotonic() - began
        expected = outs(root, options.real)
        print(f"undisturbed: {whole:.0f} s, {len(expected)} outputs", flush=True)
        bad = 0
        for number in range(1, options.times + 1):
            settle(root)
            wipe(root)
            flow = start(root, variables)
            moment = moments.uniform(0, whole)
            try:
                flow.wait(moment)
            except subprocess.TimeoutExpired:
                flow.kill()
                flow.wait()
            done = len(outs(root, options.real)) if (root / "dvc.lock").exists() else 0
            settle(root)
            status = start(root, variables).wait()
            same = status == 0 and outs(root, options.real) == expected
            bad += not same
            verdict = "the same hashes" if same else f"DIFFERENT (exit status {status})"
            print(f"{number:2}  killed after {moment:5.1f} s, {done:2} outputs then: {verdict}",
                  flush=True)
        settle(root)
    print(f"{options.times - bad} of {options.times} the same")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
