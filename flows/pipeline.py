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
import sys
from pathlib import Path
from typing import Any

import yaml
from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from pydantic import BaseModel, ConfigDict, Field

from flows._repro import environment, repro, stage_names
from flows._summary import summary
from oorl.errors import OORLError, UnknownName
from oorl.params.overrides import overridden, override

ROOT = Path(__file__).resolve().parents[1]


class PipelineParameters(BaseModel):
    """What a run may be asked to do differently."""

    model_config = ConfigDict(extra="forbid")

    profile: str = Field(
        default="", description="of profiles/, written to params.yaml; empty: as it is now")
    overrides: dict[str, Any] = Field(
        default_factory=dict, description='written to params.yaml, e.g. {"rl.max_steps": 10}')
    stages: list[str] = Field(
        default_factory=list, description="only these; empty: all, in dvc.yaml's order")
    force: bool = Field(default=False, description="run stages again that are up to date")
    stage_timeout_minutes: float = Field(default=0, ge=0, description="0: no limit")


DEFAULTS = PipelineParameters()


@task(task_run_name="{stage}")
def run_stage(stage: str, parameters: PipelineParameters, pipeline: str) -> State[Any]:
    """One stage. It fails without a traceback: the stage's own lines tell what happened."""
    log = get_run_logger()
    problem = repro(stage, ROOT, log.info, environment(pipeline), force=parameters.force,
                    timeout_s=parameters.stage_timeout_minutes * 60)
    return Failed(message=problem) if problem else Completed(message="up to date")


@task(task_run_name="publish results")
def publish() -> None:
    """Show the evaluation and the gate's decision in Prefect's UI."""
    create_markdown_artifact(summary(ROOT), key="evaluation", description="pass@1 by target")


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
    for stage in stages:
        state = run_stage.with_options(name=stage)(
            stage, parameters, f"prefect-{flow_run.id}", return_state=True)
        if not state.is_completed():
            return Failed(message=state.message)
    if (ROOT / "reports" / "evaluation" / "metrics.json").exists():
        publish(return_state=True)
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
        stage_timeout_minutes=options.stage_timeout_minutes)


def main(arguments: list[str]) -> int:
    """Run the flow here and print its results. Returns 0, 1 (a stage failed), 130 (Ctrl-C)."""
    parameters = _parameters(arguments)
    os.chdir(ROOT)
    try:  # the flow checks too, but only after Prefect has started
        chosen_stages(parameters)
        overridden(ROOT / "params.yaml", parameters.overrides, parameters.profile)
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
