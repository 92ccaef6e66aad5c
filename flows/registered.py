"""Flows for models that are registered already: a nightly evaluation, and promotion.

Each runs a module of tasks/ as a process of its own, which cancelling ends, and shows its result as
an artifact.
"""
# No `from __future__ import annotations`: Prefect resolves the parameters' types at run time.

import subprocess
import sys
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows._parameters import EvaluationParameters, PromotionParameters
from flows._repro import environment, stream
from flows._stages import RETRIES, ROOT, TEMPORARY, gpu_slot, temporary, waits

CHAMPION, CHALLENGER = EvaluationParameters(), PromotionParameters()
REFUSED = "1"
"""Exit status of a promotion that the gate refused."""


@task(task_run_name="{module}", retries=RETRIES, retry_delay_seconds=waits(30),
      retry_condition_fn=temporary)
def run_module(module: str, arguments: list[str], gpu: bool, timeout_s: float) -> State[Any]:
    """A module of tasks/; its last lines are the state's message, its status the state's data."""
    log, lines, status = get_run_logger(), [], 0
    try:
        with gpu_slot(gpu):
            for line in stream([sys.executable, "-m", module, *arguments], ROOT,
                               environment(""), timeout_s):
                log.info(line)
                lines.append(line)
    except TimeoutError:
        return Failed(message=f"stopped after its time limit of {timeout_s:g} s")
    except subprocess.CalledProcessError as error:
        status = error.returncode
    text = "\n".join(lines[-40:])
    if status == TEMPORARY:
        return Failed(message=f"exited with {TEMPORARY}: {text}")
    return Completed(message=text, data=str(status))


@flow(name="oorl-evaluation", log_prints=False)
def oorl_evaluation(parameters: EvaluationParameters = CHAMPION) -> State[Any]:
    """Evaluate a registered model on the held-out problems as they are now."""
    report = ROOT / ".oorl" / "evaluations" / "latest.md"
    report.unlink(missing_ok=True)
    state = run_module("tasks.evaluate_registered", [
        "--model", parameters.model, "--problems", str(parameters.problems)], True,
        parameters.timeout_minutes * 60, return_state=True)
    if not state.is_completed() or state.result() != "0":
        return Failed(message=_last(state))
    _show("registered-evaluation", report, "pass@1 of a registered model")
    return Completed(message=_last(state))


@flow(name="oorl-promotion", log_prints=False)
def oorl_promotion(parameters: PromotionParameters = CHALLENGER) -> State[Any]:
    """Let a version try to become champion; a refusal is a result, not a failure."""
    arguments = ["promote", parameters.version]
    if parameters.override:
        arguments += ["--override", parameters.override]
    state = run_module("tasks.versions", arguments, False, 600.0, return_state=True)
    text = state.message or ""
    if not state.is_completed() or state.result() not in ("0", REFUSED) or "error:" in text:
        return Failed(message=_last(state))
    create_markdown_artifact(f"```\n{text}\n```", key="promotion",
                             description="the gate's decision and its reasons")
    refused = state.result() == REFUSED
    return Completed(name="Refused" if refused else "Completed", message=text.splitlines()[0])


def _show(key: str, report: Path, description: str) -> None:
    if report.exists():
        create_markdown_artifact(report.read_text(encoding="utf-8"), key=key,
                                 description=description)


def _last(state: State[Any]) -> str:
    lines = (state.message or "").splitlines()
    return lines[-1] if lines else ""
