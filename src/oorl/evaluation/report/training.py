"""The report's sections about training: curves and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from oorl.evaluation.report.charts import Line, line_chart
from oorl.evaluation.report.inputs import TITLES, ReportInputs
from oorl.evaluation.report.markup import big, esc, number, section, table

CHARTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("base", "Base: held-out loss by language", "Nats per token of the reference translation.",
     ("loss_*",)),
    ("rl", "RL: reward", "Share of sampled translations that pass all unit tests.", ("reward",)),
    ("rl", "RL: reward by language", "The same, by target language.", ("reward_*",)),
    ("gepo", "OORL: reward", "The same, during joint training.", ("reward",)),
    ("gepo", "OORL: GEPO margin", "Mean implicit reward of the equivalent IRs minus that of the "
     "inequivalent ones.", ("gepo_margin",)),
    ("gepo", "OORL: GEPO accuracy", "Share of IR groups whose winners' mean is above the losers'.",
     ("gepo_accuracy",)),
    ("control", "Control: held-out loss by language",
     "Nats per token of the reference translation.", ("loss_*",)),
)
"""What to draw: stage, title, caption and columns of its curve.csv; `x_*` is one line for each
column that starts with `x_`, labelled by what follows."""

NOISY_POINTS = 12
"""Rewards with more points than this are shown as a running mean."""

def curves(inputs: ReportInputs) -> str:
    """Small multiples of whatever the training stages logged."""
    figures = []
    for stage, title, caption, columns in CHARTS:
        frame = inputs.curves.get(stage)
        series = _series(inputs, frame, stage, columns) if frame is not None else []
        if not series:
            continue
        points = max(len(line.x) for line in series)
        window = 1 if "loss" in columns[0] else max(1, points // NOISY_POINTS)
        chart = line_chart(series, f"{title}, over training steps", window)
        faint = "Faint: each step; bold: mean" if len(series) == 1 else "Mean"
        note = f" {faint} of {window}." if window > 1 else ""
        figures.append(f"<figure><h3>{title}</h3>{chart}"
                       f"<figcaption>{caption}{note}</figcaption></figure>")
    if not figures:
        return ""
    return section("training", "Training", "", f'<div class="figures">{"".join(figures)}</div>')


def _series(inputs: ReportInputs, frame: pd.DataFrame, stage: str,
            columns: Sequence[str]) -> list[Line]:
    """The lines of a chart; a column that is missing or empty gives none."""
    lines: list[Line] = []
    for wanted in columns:
        many = wanted.endswith("*")
        names = [c for c in map(str, frame) if c.startswith(wanted[:-1])] if many else [wanted]
        for name in names:
            if name not in frame:
                continue
            values = frame[["step", name]].dropna().to_numpy(float)
            if len(values):
                label = inputs.language(name.removeprefix(wanted[:-1])) if many else ""
                kind = f"c{len(lines) % 10}" if many else f"m-{stage}"
                lines.append(Line(kind, values[:, 0], values[:, 1], label))
    return lines


def cost(inputs: ReportInputs) -> str:
    """What each training stage spent, and how well the control's compute matches."""
    rows = []
    for stage in ("base", "rl", "gepo", "control"):
        figures = inputs.stages.get(stage, {})
        if figures.get("steps"):
            rows.append([f'<span class="key m-{stage}"></span>{esc(TITLES[stage])}',
                         number(figures["steps"]), *_tokens(figures["tokens"]),
                         big(figures.get("flops")), _cpu_seconds(figures)])
    if not rows:
        return ""
    match = _compute_match(inputs.stages)
    lead = ("What each stage spent on top of the model it started from."
            + (f" The control got {match:.2f} times the FLOPs of RL and OORL together."
               if match is not None else ""))
    return section("cost", "Cost", lead, table(
        ["Stage", "Steps", "Tokens trained", "Tokens sampled", "FLOPs", "CPU seconds"], rows,
        "Cost of training <small>CPU seconds with judging, where measured</small>"))


def _tokens(tokens: Any) -> tuple[str, str]:
    """Trained and sampled tokens; a supervised stage gives one number and samples nothing."""
    if isinstance(tokens, Mapping):
        return number(tokens["trained"]), number(tokens["generated"])
    return number(tokens), number(None)


def _cpu_seconds(figures: Mapping[str, Any]) -> str:
    own = figures.get("cpu_seconds")
    return number(None if own is None else own + figures.get("cpu_seconds_judging", 0))


def _compute_match(stages: Mapping[str, Mapping[str, Any]]) -> float | None:
    spent = [stages.get(stage, {}).get("flops") for stage in ("rl", "gepo")]
    control = stages.get("control", {}).get("flops")
    total = sum(f for f in spent if f)
    return control / total if control and total else None
