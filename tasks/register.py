"""Stage register: the promotion gate, and the registry's writer within the pipeline.

Compares params.register.candidate with the champion (or the base while there is none) by
reports/evaluation/results.parquet. Writes reports/register/{decision.json,model_card.md}; a
refusal is a decision, not a failure. A promoted model gets the alias `champion` in MLflow's
registry.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oorl.errors import ArtifactError, DataError
from oorl.params import Params, Section
from tasks._files import digest, write_json, write_text
from tasks._stage import StageContext, stage_main
from tasks._tracking import tags, tracking_uri

if TYPE_CHECKING:
    import pandas as pd

    from tasks._promotion import Outcome
    from tasks._provenance import Provenance

EVALUATION = ("reports", "evaluation")
SECTIONS = {"base": ("base",), "rl": ("rl",), "gepo": ("gepo", "rl"),
            "control": ("base", "control")}
"""The settings that a model card shows."""


def run(params: Params, ctx: StageContext) -> None:
    """Decide and record. Raises `ArtifactError` if the registry does not answer."""
    from tasks._promotion import Outcome, name_of, promote
    from tasks._provenance import provenance
    from tasks._registry import BASE_RESULTS, CARD, RESULTS

    own = params.register_
    evaluation = ctx.root.joinpath(*EVALUATION)
    results = _read(evaluation / "results.parquet")
    metrics = json.loads((evaluation / "metrics.json").read_text(encoding="utf-8"))
    model = ctx.root / "models" / own.candidate
    if not model.is_dir():
        raise ArtifactError(f"{model}: no model", f"Make it with `dvc repro {own.candidate}`.")
    mark, origin = digest(model), provenance(ctx.root, own.candidate)
    rows = _rows(results, own.candidate)

    registry = open_registry(params, ctx.root)
    champion = registry.champion() if own.incumbent == "champion" else None
    if champion is not None and champion.digest == mark:
        outcome = Outcome("is champion", champion.number, name_of(champion),
                          (f"this very model is the champion, version {champion.number}",))
        _write(ctx, params, outcome, origin, metrics, mark)
        return
    version = registry.register(
        mark, {RESULTS: _parquet(rows), BASE_RESULTS: _parquet(_rows(results, "base")),
               "dvc.lock": origin.lock, "code.patch": origin.patch,
               "params.yaml": _text(ctx.root / "params.yaml")},
        {**tags(ctx.root), **origin.facts, "stage": own.candidate, "seed": str(params.seed),
         "confidence": str(metrics["confidence"]),
         "bootstrap_samples": str(metrics["bootstrap_samples"]),
         "provenance.missing": "\n".join(origin.missing),
         "git.uncommitted": ", ".join(origin.uncommitted)},
        _weights(params, ctx.root) if own.upload else None)
    outcome = promote(registry, version, own)
    card = _write(ctx, params, outcome, origin, metrics, mark)
    registry.keep(version.results_run, {CARD: card.encode()})


def _weights(params: Params, root: Path) -> Any:
    from tasks._registry import Weights

    return Weights(root / "models" / params.register_.candidate, Path(__file__).parents[1], {
        "style": params.base.prompt_style, "device": params.base.device,
        "max_new_tokens": params.evaluate.max_completion_length})


def open_registry(params: Params, root: Path) -> Any:
    """The project's registry. Raises `Unreachable` if it does not answer."""
    from tasks._registry import Registry

    return Registry(tracking_uri(params.tracking, root), params.register_.model_name,
                    params.tracking.experiment, root / ".oorl" / "artifacts")


def _write(ctx: StageContext, params: Params, outcome: Outcome, origin: Provenance,
           metrics: dict[str, Any], mark: str) -> str:
    """Both files; returns the card."""
    from oorl.evaluation.model_card import model_card

    own = params.register_
    decision: dict[str, Any] = {
        "decision": outcome.decision, "candidate": own.candidate, "incumbent": outcome.incumbent,
        "model_name": own.model_name, "version": outcome.version, "digest": mark,
        "reasons": list(outcome.reasons)}
    if outcome.figures is not None:
        decision |= {"gain": _estimate(outcome.figures.gain),
                     "targets": {name: _estimate(one)
                                 for name, one in (outcome.figures.targets or {}).items()}}
    card = model_card(_facts(ctx.root, params, outcome, origin, metrics))
    path = ctx.reports / "decision.json"
    write_json(path, decision)
    write_text(ctx.reports / "model_card.md", card)
    ctx.log_artifact(path)
    print(f"{own.candidate}: {outcome.decision}")
    for reason in outcome.reasons:
        print(f"  {reason}")
    return card


def _facts(root: Path, params: Params, outcome: Outcome, origin: Provenance,
           metrics: dict[str, Any]) -> Any:
    from oorl.evaluation.model_card import CardFacts

    own = params.register_
    settings: dict[str, Any] = {"seed": params.seed}
    for name in SECTIONS[own.candidate]:
        section = getattr(params, name)
        assert isinstance(section, Section)
        settings |= {f"{name}.{key}": value for key, value
                     in section.model_dump(mode="json", by_alias=True).items()}
    report = root / "reports" / "dataset" / "metrics.json"
    splits = json.loads(_text(report) or b"{}").get("splits") or {}
    return CardFacts(
        name=own.model_name, candidate=own.candidate, incumbent=outcome.incumbent,
        base_model=params.base.model, decision=outcome.decision, reasons=outcome.reasons,
        metrics=metrics, settings=settings, provenance=origin.facts, gaps=origin.missing,
        sources=splits)


def _estimate(estimate: Any) -> dict[str, float | None] | None:
    if estimate is None:
        return None
    return {name: None if value != value else round(value, 6) for name, value in (
        ("value", estimate.value), ("low", estimate.low), ("high", estimate.high))}


def _text(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _parquet(rows: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.to_parquet(buffer, index=False)
    return buffer.getvalue()


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


if __name__ == "__main__":
    stage_main("register", run)
