"""The report's closing sections: data, validation, provenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from oorl.evaluation.report.inputs import ReportInputs
from oorl.evaluation.report.markup import esc, number, section, table


def data(inputs: ReportInputs) -> str:
    """How many records came in, were kept, and were refused for what reason."""
    tables = [_problems(inputs.stages.get("dataset", {})),
              _groups(inputs.stages.get("ir_groups", {}))]
    parts = [f'<div class="figures">{"".join(tables)}</div>'] if any(tables) else []
    if inputs.validation:
        parts.append(_validation(inputs.validation))
    return section("data", "Data", "", *parts) if parts else ""


def _problems(figures: Mapping[str, Any]) -> str:
    """The dataset stage's counts."""
    if not figures:
        return ""
    counts, verified = figures["problems"], figures["verified"]
    rows = [("Made", counts["in"]), ("Refused: gold fails its tests", counts["refused"]),
            *((f"In split {name}", count) for name, count in figures["splits"].items()),
            ("Unit tests", figures["cases"]),
            ("Gold programs run", sum(verified["programs"].values()))]
    return _counts(rows, "Translation problems")


def _groups(figures: Mapping[str, Any]) -> str:
    """The ir_groups stage's counts."""
    if not figures:
        return ""
    refused: Counter[str] = Counter()
    for split in figures["splits"].values():
        refused.update(split["refused"])
    ranked = sorted(refused.items(), key=lambda item: (-item[1], item[0]))
    return _counts([("Groups", figures["groups"]), ("Winners, all executed", figures["winners"]),
                    ("Losers, each with a witness", figures["losers"]),
                    *((f"Refused: {reason}", count) for reason, count in ranked)], "IR groups")


def _counts(rows: Sequence[tuple[str, int]], title: str) -> str:
    return table(["", "Number"], [[esc(label), number(count)] for label, count in rows], title)


def _validation(validation: Mapping[str, Any]) -> str:
    """How many of the validate stage's rules hold, and in words those that do not."""
    rules = [rule for found in validation["tables"].values() for rule in found["rules"]]
    broken = [rule for rule in rules if rule["failed"]]
    verdict, tone = ("passed", "b-passed ok") if validation["passed"] else ("failed", "b-compile")
    listed = "".join(f"<li>{esc(rule['words'])}: broken {number(rule['failed'])} times</li>"
                     for rule in broken)
    return (f'<div class="panel"><h3>Validation <span class="badge {tone}">{verdict}</span></h3>'
            f"<p>{number(len(rules) - len(broken))} of {number(len(rules))} rules hold, on "
            f"{number(sum(t['rows'] for t in validation['tables'].values()))} records.</p>"
            + (f"<ul>{listed}</ul>" if listed else "") + "</div>")


def provenance(inputs: ReportInputs) -> str:
    """Where these figures come from."""
    if not inputs.provenance:
        return ""
    facts = "".join(f"<dt>{esc(key)}</dt><dd>{esc(value)}</dd>"
                    for key, value in inputs.provenance.items())
    return section("provenance", "Provenance", "With these, the figures can be made again.",
                   f'<div class="panel"><dl class="facts">{facts}</dl></div>')
