"""The whole pipeline as a Prefect flow: one task a stage, in dvc.yaml's order.

Each task runs `dvc repro --single-item <stage>`, so the flow and `dvc repro` share one cache and
one lock, and what is up to date is not run again. Needs no server (Prefect starts one for the
run) and uses one if PREFECT_API_URL is set.

    python -m flows.pipeline [--profile long] [--set rl.max_steps=10] [--stages rl,gepo]
"""
# No `from __future__ import annotations`: Prefect resolves the parameters' types at run time.

import argparse
import os
import signal
import subprocess
import sys
from itertools import groupby
from typing import Any, cast
from uuid import UUID

import yaml
from prefect import flow, get_run_logger, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.settings import PREFECT_HOME
from prefect.states import Completed, Failed

from flows._parameters import PipelineParameters, StageParameters
from flows._repro import environment, stage_names, stream
from flows._stages import ROOT, pool, run_here
from flows._summary import summary
from flows.stage import own_pool, run_there
from oorl.errors import OORLError, ResourceError, UnknownName
from oorl.params.overrides import overridden, override

DEFAULTS = PipelineParameters()
TELL_S = 60.0
"""How long the tracking server may take to tell where a run is."""


@task(task_run_name="publish results")
def publish(pipeline: str) -> None:
    """Show the evaluation, the gate's decision and where all of it is in Prefect's UI."""
    create_markdown_artifact(summary(ROOT, tracked(pipeline)), key="evaluation",
                             description="pass@1 by target")


def tracked(pipeline: str) -> str:
    """The page of the run in MLflow, "" if it cannot be told."""
    try:
        lines = list(stream([sys.executable, "-m", "tasks._link", pipeline], ROOT,
                            environment(pipeline), TELL_S))
    except (subprocess.CalledProcessError, TimeoutError):
        return ""
    return next((line for line in lines if line.startswith("http")), "")


@task(task_run_name="push data", retries=3, retry_delay_seconds=[30, 60, 120])
def push() -> State[Any]:
    """Bring data and the run cache to the DVC remote; nothing to do where there is none."""
    log = get_run_logger()
    dvc, variables = [sys.executable, "-m", "flows._dvc"], environment("")
    try:
        if not list(stream([*dvc, "remote", "list"], ROOT, variables)):
            return Completed(message="no DVC remote: see `make remote`")
        for line in stream([*dvc, "push", "--run-cache"], ROOT, variables):
            log.info(line)
    except subprocess.CalledProcessError as error:
        return Failed(message=f"dvc push: exit status {error.returncode}")
    return Completed(message="pushed")


def chosen_stages(parameters: PipelineParameters) -> list[str]:
    """The stages asked for, in the pipeline's order. Raises `UnknownName`."""
    known = stage_names(ROOT)
    for name in parameters.stages:
        if name not in known:
            raise UnknownName("stage", name, known)
    return [name for name in known if not parameters.stages or name in parameters.stages]


@flow(name="oorl-pipeline", log_prints=False)
def oorl_pipeline(parameters: PipelineParameters = DEFAULTS) -> State[Any]:
    """Run the stages one after another; the first that fails ends the run."""
    try:
        stages = chosen_stages(parameters)
        if parameters.overrides or parameters.profile:
            override(ROOT / "params.yaml", parameters.overrides, parameters.profile)
    except OORLError as error:
        get_run_logger().error(str(error))
        return Failed(message=str(error))
    pipeline = f"prefect-{flow_run.id}"
    progress = cast(UUID, create_progress_artifact(
        0.0, key="progress", description="stages up to date, %"))
    before = 0
    for where, names in groupby(stages, pool):
        how = StageParameters(
            stages=list(names), pipeline=pipeline, force=parameters.force,
            timeout_minutes=parameters.stage_timeout_minutes,
            retry_after_s=parameters.retry_after_s)

        def tell(done: int, before: int = before) -> None:
            update_progress_artifact(progress, 100.0 * (before + done) / len(stages))

        there = parameters.route and where != own_pool()
        state = (run_there if there else run_here)(how, tell)
        if not state.is_completed():
            return Failed(message=state.message)
        before += len(how.stages)
    if (ROOT / "reports" / "evaluation" / "metrics.json").exists():
        publish(pipeline, return_state=True)
    if parameters.push and not (state := push(return_state=True)).is_completed():
        return Failed(message=state.message)
    return Completed(message=f"{len(stages)} stages up to date")


def _parameters(arguments: list[str]) -> PipelineParameters:
    parser = argparse.ArgumentParser(prog="python -m flows.pipeline",
                                     description=oorl_pipeline.__doc__)
    parser.add_argument("--profile", default="", metavar="NAME",
                        help="start from profiles/NAME.yaml instead of params.yaml as it is")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="changes",
                        help="change a setting in params.yaml, e.g. rl.max_steps=10")
    parser.add_argument("--stages", default="", help="only these, separated by commas")
    parser.add_argument("--force", action="store_true", help="run what is up to date again")
    parser.add_argument("--stage-timeout-minutes", type=float, default=0)
    parser.add_argument("--retry-after-s", type=float, default=DEFAULTS.retry_after_s,
                        help="before a stage that failed for want of a server is tried again")
    options = parser.parse_args(arguments)
    changes = {}
    for change in options.changes:
        key, found, value = change.partition("=")
        if not found:
            parser.error(f"--set {change}: write KEY=VALUE")
        changes[key] = yaml.safe_load(value)
    return PipelineParameters(
        profile=options.profile, overrides=changes, force=options.force,
        stages=[name for name in options.stages.split(",") if name],
        stage_timeout_minutes=options.stage_timeout_minutes,
        retry_after_s=options.retry_after_s)


def make_home() -> None:
    """Prefect's folder. It makes only the last part itself, else waits in vain for its server.

    Raises:
        ResourceError: it cannot be made.
    """
    home = PREFECT_HOME.value()
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(f"{home}: {error.strerror}: Prefect cannot keep its runs there",
                            "Set PREFECT_HOME to a folder that can be written.") from None


def main(arguments: list[str]) -> int:
    """Run the flow here and print its results. Returns 0, 1 (a stage failed), 130 (Ctrl-C)."""
    parameters = _parameters(arguments)
    os.chdir(ROOT)
    try:  # the flow checks too, but only after Prefect has started
        chosen_stages(parameters)
        overridden(ROOT / "params.yaml", parameters.overrides, parameters.profile)
        make_home()
    except OORLError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    # Leave through Python's exit, which also ends the server that Prefect started for the run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        state = oorl_pipeline(parameters, return_state=True)
    except KeyboardInterrupt:
        print("\nInterrupted; run the same command again to go on.", file=sys.stderr)
        return 130
    if not state.is_completed():
        print(f"\nThe pipeline stopped: {state.message}", file=sys.stderr)
        return 1
    print("\n" + summary(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
