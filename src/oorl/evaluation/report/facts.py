"""The report's closing sections: data, validation, provenance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oorl.evaluation.report.inputs import ReportInputs
from oorl.evaluation.report.markup import esc, number, section, table


def data(inputs: ReportInputs) -> str:
    """How many records came in, were kept, and were refused for what reason."""
    tables = [_counts(title, inputs.stages.get(stage, {}))
              for stage, title in (("dataset", "Translation problems"), ("ir_groups", "IR groups"))]
    parts = [f'<div class="figures">{"".join(tables)}</div>'] if any(tables) else []
    if inputs.validation:
        parts.append(_validation(inputs.validation))
    return section("data", "Data", "", *parts) if parts else ""


def _counts(title: str, figures: Mapping[str, Any]) -> str:
    rows = [[label, number(figures[key])]
            for key, label in (("in", "Made"), ("kept", "Kept")) if key in figures]
    for kind, label in (("splits", "in split"), ("refused", "refused:")):
        rows += [[f"{label} {esc(str(name).replace('_', ' '))}", number(count)]
                 for name, count in sorted((figures.get(kind) or {}).items())]
    return table(["", "Records"], rows, title) if rows else ""


def _validation(validation: Mapping[str, Any]) -> str:
    checks = validation.get("checks", [])
    failed = [c for c in checks if not c.get("success")]
    ok = validation.get("success")
    status = "passed" if ok else "failed"
    return (f'<div class="panel"><h3>Validation <span class="badge '
            f'{"b-passed ok" if ok else "b-compile"}">{status}</span></h3>'
            f"<p>{number(len(checks) - len(failed))} of {number(len(checks))} rules hold.</p>"
            f"</div>")


def provenance(inputs: ReportInputs) -> str:
    """Where these figures come from."""
    if not inputs.provenance:
        return ""
    facts = "".join(f"<dt>{esc(key)}</dt><dd>{esc(value)}</dd>"
                    for key, value in inputs.provenance.items())
    return section("provenance", "Provenance", "With these, the figures can be made again.",
                   f'<div class="panel"><dl class="facts">{facts}</dl></div>')
