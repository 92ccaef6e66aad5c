"""Stage register: the promotion gate, and the registry's only writer.

Compares params.register.candidate with the champion (or the base while there is none) by
reports/evaluation/results.parquet. Writes reports/register/decision.json; a refusal is a
decision, not a failure. A promoted model gets the alias `champion` in MLflow's registry.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oorl.errors import ArtifactError, DataError
from oorl.params import Params
from tasks._files import digest, write_json
from tasks._stage import StageContext, stage_main
from tasks._tracking import tags, tracking_uri

if TYPE_CHECKING:
    import pandas as pd


def run(params: Params, ctx: StageContext) -> None:
    """Decide and record. Raises `ArtifactError` if the registry does not answer."""
    from oorl.evaluation.gate import decide
    from tasks._registry import Registry

    own = params.register_
    evaluation = ctx.root / "reports" / "evaluation"
    results = _read(evaluation / "results.parquet")
    figures = json.loads((evaluation / "metrics.json").read_text(encoding="utf-8"))
    model = ctx.root / "models" / own.candidate
    if not model.is_dir():
        raise ArtifactError(f"{model}: no model", f"Make it with `dvc repro {own.candidate}`.")
    mark = digest(model)
    rows = _rows(results, own.candidate)

    registry = Registry(tracking_uri(params.tracking, ctx.root), own.model_name,
                        params.tracking.experiment, ctx.root / ".oorl" / "artifacts")
    champion = registry.champion() if own.incumbent == "champion" else None
    if champion is not None and champion.digest == mark:
        _write(ctx, {"decision": "is champion", "candidate": own.candidate,
                     "version": champion.number, "digest": mark,
                     "reasons": [f"this very model is the champion, version {champion.number}"]})
        return
    incumbent = registry.results(champion) if champion else _rows(results, "base")
    decision = decide(rows, incumbent, own, confidence=figures["confidence"],
                      samples=figures["bootstrap_samples"], seed=params.seed)
    version = registry.register(mark, rows, {
        **tags(ctx.root), "stage": own.candidate, "dvc.path": f"models/{own.candidate}",
        "dvc.md5": _dvc_digest(ctx.root, own.candidate)})
    registry.conclude(version, decision.promote, "\n".join(decision.reasons))
    _write(ctx, {
        "decision": "promoted" if decision.promote else "refused", "candidate": own.candidate,
        "incumbent": f"champion, version {champion.number}" if champion else "base",
        "model_name": own.model_name, "version": version.number, "digest": mark,
        "reasons": list(decision.reasons),
        "gain": _estimate(decision.gain),
        "targets": {name: _estimate(one) for name, one in (decision.targets or {}).items()},
    })


def _write(ctx: StageContext, decision: dict[str, Any]) -> None:
    path = ctx.reports / "decision.json"
    write_json(path, decision)
    ctx.log_artifact(path)
    print(f"{decision['candidate']}: {decision['decision']}")
    for reason in decision["reasons"]:
        print(f"  {reason}")


def _estimate(estimate: Any) -> dict[str, float | None] | None:
    if estimate is None:
        return None
    return {name: None if value != value else round(value, 6) for name, value in (
        ("value", estimate.value), ("low", estimate.low), ("high", estimate.high))}


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable: {error}",
                        "Make it with `dvc repro evaluate`.") from None


def _rows(results: pd.DataFrame, model: str) -> pd.DataFrame:
    rows = results[results["model"] == model].drop(columns="completion", errors="ignore")
    if rows.empty:
        raise DataError(f"reports/evaluation/results.parquet has no rows of model {model!r}",
                        "Run `dvc repro evaluate`; check register.candidate.")
    return rows


def _dvc_digest(root: Path, stage: str) -> str:
    """What DVC calls the model's folder, for finding it in a cache or remote; "" if unknown."""
    import yaml

    try:
        lock = yaml.safe_load((root / "dvc.lock").read_text(encoding="utf-8"))
        outputs = {out["path"]: out["md5"] for out in lock["stages"][stage]["outs"]}
        return str(outputs[f"models/{stage}"])
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        return ""


if __name__ == "__main__":
    stage_main("register", run)
