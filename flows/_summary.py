"""The results in a few lines of Markdown, read from the reports of the stages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def summary(root: Path, tracked: str = "") -> str:
    """A table of pass@1 by target and model, the gate's decision, and where the reports are.

    `tracked` is the run's page in MLflow.
    """
    evaluation = _read(root / "reports" / "evaluation" / "metrics.json")
    decision = _read(root / "reports" / "register" / "decision.json")
    parts = []
    if evaluation:
        parts.append(_table(evaluation["models"]))
    if decision:
        reasons = "\n".join(f"- {reason}" for reason in decision["reasons"])
        parts.append(f"Model `{decision['candidate']}`: **{decision['decision']}**\n\n{reasons}")
    report = root / "reports" / "evaluation" / "report.html"
    if report.exists():
        parts.append(f"Report: {report}")
    if evaluation and (docs := root / "reports" / "data_docs" / "index.html").exists():
        parts.append(f"Data Docs: {docs}")
    if tracked:
        parts.append(f"MLflow: <{tracked}>")
    return "\n\n".join(parts) + "\n"


def validation(root: Path, passed: bool) -> str:
    """What the validation found, a table of rules for each table of data; "" if it did not run."""
    folder = root / "reports" / "validation"
    outcome = _read(folder / ("validation.json" if passed else "failed.json"))
    if not outcome or "tables" not in outcome:
        return ""
    parts = [f"Validation: **{'passed' if passed else 'failed'}**"]
    for name, table in outcome["tables"].items():
        lines = [f"| {name}: {table['rows']} rows | what must hold | broken by |", "|---|---|---|"]
        for rule in table["rules"]:
            first = ", ".join(f"`{row}`" for row, _ in rule["first"][:3])
            lines.append(f"| {rule['rule']} | {rule['words']} | "
                         + (f"{rule['failed']}: {first}" if rule["failed"] else "-") + " |")
        parts.append("\n".join(lines))
    page = folder / ("index.html" if passed else "failed.html")
    parts.append(f"Report: {page}\n\n"
                 f"Data Docs: {root / 'reports' / 'data_docs' / 'index.html'}")
    return "\n\n".join(parts) + "\n"


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _table(models: dict[str, Any]) -> str:
    """Rows are targets, columns models; the cells percentages."""
    names = list(models)
    targets = list(dict.fromkeys(t for model in models.values() for t in model["targets"]))
    lines = ["| pass@1, % | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for target in targets:
        cells = [_percent(models[name]["targets"].get(target)) for name in names]
        lines.append(f"| {target} | " + " | ".join(cells) + " |")
    means = [f"**{_percent(models[name])}**" for name in names]
    return "\n".join([*lines, "| **mean** | " + " | ".join(means) + " |"])


def _percent(figures: dict[str, Any] | None) -> str:
    value = (figures or {}).get("pass_at_1")
    return "-" if value is None else f"{100 * value:.1f}"
