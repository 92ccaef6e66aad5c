"""Evaluate a registered version on the held-out problems as they are now.

    python -m tasks.evaluate_registered [--model champion] [--problems 0]

The weights come from the registry, so it may run on a machine that never trained. Translations are
asked and judged exactly as in the stage `evaluate`, and kept until model, problems or settings
change: a second run costs next to nothing. Writes .oorl/evaluations/<version>.json and
latest.md, a run named `evaluation` in MLflow, and the tags `evaluated.at` and
`evaluated.pass_at_1` of the version. It decides nothing: promotion compares the results of the
pipeline's evaluation.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oorl.data.tables import read_problems
from oorl.errors import ArtifactError, DataError, OORLError
from oorl.params import Params, load_params
from tasks._files import digest, write_json, write_text
from tasks._process import die_with_parent, quiet, tune_malloc
from tasks._provenance import dvc_digest
from tasks._stage import StageContext, expected
from tasks._tracking import Tracker
from tasks.evaluate import greedy
from tasks.register import open_registry

if TYPE_CHECKING:
    import pandas as pd

    from tasks._registry import Registry, Version

PROBLEMS = Path("data", "problems", "problems.parquet")


def evaluate(params: Params, root: Path, model: str, count: int, tracker: Tracker) -> str:
    """Evaluate version `model` (an alias or a number); returns the table that is shown.

    Raises `ArtifactError` if the version or its weights cannot be had, `DataError` without
    held-out problems.
    """
    from oorl.evaluation.metrics import compute_metrics
    from oorl.evaluation.translation import Settings, evaluate_model
    from oorl.sandbox import open_judge
    from tasks._verdicts import known_verdicts

    registry, settings = open_registry(params, root), params.evaluate
    version = registry.version(model)
    problems = read_problems(root / PROBLEMS, splits=("test",))[:count or settings.problems]
    if not problems:
        raise DataError(f"{root / PROBLEMS}: no problem in split 'test'",
                        "Raise dataset.test_share.")
    ctx = StageContext("evaluation", root, tracker)
    ctx.log_params({"version": version.number, "digest": version.digest, "problems": len(problems)})
    ctx.log_dataset(root / PROBLEMS, "problems")
    cache = ctx.checkpoints(settings, version.digest, params.base.prompt_style,
                            inputs=[root / PROBLEMS])
    verdicts = known_verdicts(ctx, params.sandbox)
    with tempfile.TemporaryDirectory() as folder, open_judge(params.sandbox) as judge:
        weights = fetch(registry, version, root, Path(folder))
        rows = evaluate_model(
            "model", greedy(weights, settings, params.base), problems, settings.sources,
            settings.targets, judge, verdicts,
            Settings(settings.batch_size, params.base.prompt_style, cache))
    metrics = compute_metrics(rows, settings.sources, settings.targets,
                              samples=settings.bootstrap_samples, confidence=settings.confidence,
                              seed=params.seed)["models"]["model"]
    before = _before(registry, version)
    text = table(registry.name, version.number, metrics, before, len(problems))
    out = root / ".oorl" / "evaluations"
    write_json(out / f"{version.number}.json", {
        "version": version.number, "problems": digest(root / PROBLEMS), **metrics})
    write_text(out / "latest.md", text)
    ctx.log_metrics({"pass_at_1": metrics["pass_at_1"], **{
        name: figures["pass_at_1"] for name, figures in metrics["targets"].items()}})
    ctx.log_artifact(out / "latest.md")
    registry.label(version.number, {
        "evaluated.at": datetime.now(UTC).isoformat(timespec="seconds"),
        "evaluated.pass_at_1": str(metrics["pass_at_1"])})
    return text


def fetch(registry: Registry, version: Version, root: Path, folder: Path) -> Path:
    """The version's model folder: a copy from the store, or DVC's if that is the very model.

    Raises `ArtifactError` if neither has it.
    """
    import mlflow

    path = root / version.tags.get("dvc.path", "nothing")
    if path.is_dir() and digest(path) == version.digest:
        return path
    try:
        copy = Path(mlflow.artifacts.download_artifacts(version.source, dst_path=str(folder)))
        found = [p.parent for p in copy.glob("artifacts/*/config.json")]
    except (OSError, mlflow.exceptions.MlflowException):
        found = []
    if not found:
        raise ArtifactError(
            f"the weights of {registry.name}, version {version.number}, are not in the registry, "
            f"and {path} is another model ({dvc_digest(path) or 'nothing there'})",
            f"Bring them back with `git checkout {version.tags.get('git.commit', 'COMMIT')[:12]} "
            f"&& dvc checkout {version.tags.get('dvc.path', '')}`; with register.upload versions "
            "hold their weights.")
    return found[0]


def _before(registry: Registry, version: Version) -> Mapping[str, float]:
    """pass@1 by target as it was when the version was registered."""
    rows: pd.DataFrame = registry.results(version)
    judged = rows[rows["status"] != "infra_error"]
    means = judged.groupby(["target", "source"])["passed"].mean().groupby("target").mean()
    return {**{str(name): float(value) for name, value in means.items()},
            "mean": float(means.mean())}


def table(name: str, number: str, metrics: Mapping[str, Any], before: Mapping[str, float],
          problems: int) -> str:
    """Markdown: pass@1 now, with its interval, and at registration."""
    rows = [*metrics["targets"].items(), ("mean", metrics)]
    lines = [f"# {name}, version {number}", "",
             f"Greedy pass@1 in percent on {problems} held-out problems.", "",
             "| target | now | at registration |", "|---|---:|---:|"]
    for target, figures in rows:
        if figures["pass_at_1"] is None:
            continue
        now = f"{100 * figures['pass_at_1']:.1f}"
        if figures["low"] is not None:
            now += f" ({100 * figures['low']:.1f} to {100 * figures['high']:.1f})"
        then = f"{100 * before[target]:.1f}" if target in before else "-"
        lines.append(f"| {target} | {now} | {then} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Run it in the current folder; expected faults are printed without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m tasks.evaluate_registered")
    parser.add_argument("--model", default="champion", help="an alias or a version's number")
    parser.add_argument("--problems", type=int, default=0, help="0: as evaluate.problems says")
    options = parser.parse_args(arguments)
    tune_malloc()
    if "OORL_PIPELINE" in os.environ:  # started by a flow: a killed one leaves nothing running
        die_with_parent()
    root = Path.cwd()
    try:
        params = load_params(root / "params.yaml")
        quiet(os.environ, offline=params.base.model == "embedded")
        with Tracker.start("evaluation", params.tracking, root) as tracker:
            print(evaluate(params, root, options.model, options.problems, tracker))
    except OORLError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except Exception as error:
        known = expected(error, root)
        if known is None:
            raise
        print(f"error: {known}", file=sys.stderr)
        return known.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
