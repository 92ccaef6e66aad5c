"""The report's sections about training: curves and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from oorl.evaluation.report.charts import line_chart
from oorl.evaluation.report.inputs import TITLES, ReportInputs
from oorl.evaluation.report.markup import big, esc, number, section, table

CHARTS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("base", "Base: validation pass@1", "Greedy translations of validation problems.",
     {"validation_pass_at_1": "base"}),
    ("base", "Base: training loss", "Cross-entropy per target token.", {"loss": "base"}),
    ("rl", "RL: reward", "Share of sampled translations that pass all unit tests.",
     {"reward": "rl"}),
    ("gepo", "OORL: reward", "The same, during joint training.", {"reward": "gepo"}),
    ("gepo", "OORL: GEPO reward margin",
     "Mean implicit reward of the equivalent IRs minus that of the inequivalent ones.",
     {"gepo_margin": "gepo"}),
    ("gepo", "OORL: GEPO accuracy", "Share of IR groups whose winners' mean is above the losers'.",
     {"gepo_accuracy": "gepo"}),
    ("control", "Control: training loss", "Cross-entropy per target token.", {"loss": "control"}),
)
"""What to draw: stage, title, caption and {column of curve.csv: colour class}."""

NOISY_POINTS = 12
"""Curves with more points than this get a running mean on top."""


def curves(inputs: ReportInputs) -> str:
    """Small multiples of whatever the training stages logged."""
    figures = []
    for stage, title, caption, columns in CHARTS:
        frame = inputs.curves.get(stage)
        series = _series(frame, columns) if frame is not None else {}
        if not series:
            continue
        window = max(1, max(len(xs) for xs, _ in series.values()) // NOISY_POINTS)
        chart = line_chart(series, f"{title}, over training steps", window=window)
        note = f" Faint: each step; bold: mean of {window}." if window > 1 else ""
        figures.append(f"<figure><h3>{title}</h3>{chart}"
                       f"<figcaption>{caption}{note}</figcaption></figure>")
    if not figures:
        return ""
    return section("training", "Training", "", f'<div class="figures">{"".join(figures)}</div>')


def _series(frame: pd.DataFrame, columns: Mapping[str, str]
            ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {name: (frame["step"].to_numpy(float), frame[column].to_numpy(float))
            for column, name in columns.items()
            if column in frame and frame[column].notna().any()}


def cost(inputs: ReportInputs) -> str:
    """CPU seconds, FLOPs and tokens of each training stage, and how well the control matches."""
    rows: list[list[str]] = []
    for stage in ("base", "rl", "gepo", "control"):
        figures = inputs.stages.get(stage)
        if figures:
            rows.append([f'<span class="key m-{stage}"></span>{esc(TITLES[stage])}',
                         number(figures.get("steps")), number(figures.get("cpu_seconds")),
                         big(figures.get("flops")), number(figures.get("tokens")),
                         number(figures.get("judged"))])
    if not rows:
        return ""
    match = _compute_match(inputs.stages)
    lead = ("What each stage spent on top of the model it started from. "
            + (f"The control got {match:.2f} times the FLOPs of RL and OORL together."
               if match is not None else ""))
    return section("cost", "Cost", lead, table(
        ["Stage", "Steps", "CPU seconds", "FLOPs", "Tokens", "Programs judged"], rows,
        "Cost of training"))


def _compute_match(stages: Mapping[str, Mapping[str, Any]]) -> float | None:
    spent = [stages.get(stage, {}).get("flops") for stage in ("rl", "gepo")]
    control = stages.get("control", {}).get("flops")
    total = sum(f for f in spent if f)
    return control / total if control and total else None
