"""The results in a few lines of Markdown, read from the reports of evaluate and register."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def summary(root: Path) -> str:
    """A table of pass@1 by target and model, the gate's decision, and where the report is."""
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
