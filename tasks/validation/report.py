"""The outcome as JSON and as one HTML page, the same bytes for the same data."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.validation.suites import Finding

SHOWN = 20
"""Rows named per broken rule."""


def as_json(findings: Mapping[str, Sequence[Finding]], rows: Mapping[str, int],
            digests: Mapping[str, str]) -> dict[str, Any]:
    """Everything found, with the digest of the file that each table was read from."""
    return {
        "passed": all(one.passed for found in findings.values() for one in found),
        "tables": {name: {
            "rows": rows[name], "digest": digests[name],
            "rules": [{"rule": one.rule.name, "words": one.rule.words, "failed": one.failed,
                       "observed": one.observed, "first": [list(r) for r in one.rows[:SHOWN]]}
                      for one in found],
        } for name, found in findings.items()},
    }


def complaint(findings: Mapping[str, Sequence[Finding]], shown: int = 5) -> str:
    """The broken rules for the terminal, with the first rows that break them."""
    lines = []
    for name, found in findings.items():
        for one in found:
            if one.passed:
                continue
            where = "table" if not one.rows else f"{one.failed} row(s)"
            lines.append(f"{name}, rule `{one.rule.name}` ({one.rule.words}): broken by {where}")
            lines += [f"    {row}: {value[:200]}" for row, value in one.rows[:shown]]
            lines += [f"    found: {one.observed}"] if one.observed else []
    return "\n  ".join(lines)


def as_html(outcome: Mapping[str, Any]) -> str:
    """A page without scripts: one table of rules for each table of data."""
    def text(value: object) -> str:
        return html.escape(str(value))

    parts = [_HEAD, f"<h1>Validation: {'passed' if outcome['passed'] else 'FAILED'}</h1>"]
    for name, table in outcome["tables"].items():
        parts.append(f"<h2>{text(name)}: {table['rows']} rows</h2><p>{text(table['digest'])}</p>"
                     "<table><tr><th>rule</th><th>what must hold</th><th>broken by</th></tr>")
        for rule in table["rules"]:
            rows = "".join(f"<br><code>{text(row)}</code> {text(value[:200])}"
                           for row, value in rule["first"])
            broken = f"{rule['failed']} {text(rule['observed'])}{rows}" if rule["failed"] else "-"
            kind = "bad" if rule["failed"] else "good"
            parts.append(f"<tr class={kind}><td>{text(rule['rule'])}</td>"
                         f"<td>{text(rule['words'])}</td><td>{broken}</td></tr>")
        parts.append("</table>")
    return "\n".join(parts) + "\n"


_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Validation</title>
<style>body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3em .6em;
border-bottom:1px solid #ddd;vertical-align:top}.bad td{background:#fdd}
p{color:#666;font-family:monospace}</style>"""
