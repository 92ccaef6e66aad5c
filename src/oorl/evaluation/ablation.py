"""The paper's ablation over several seeds: a table and a figure (Wu et al. 2025, sec. 4, table 1).

Its rows are what was trained from the same base: nothing, supervised training for the same
compute, RL, RL with DPO and RL with GEPO. A seed draws everything anew (problems, base model,
prompts), so the seeds are independent, and rows are compared within a seed. Intervals are
Student's, over seeds; with one seed there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import t

from oorl.errors import DataError
from oorl.evaluation.plots import png

# Row of the table: the loss whose experiment has it, and the model's name there.
ROWS = {"base": ("gepo", "base"), "supervised": ("gepo", "control"), "RL": ("gepo", "rl"),
        "RL + DPO": ("dpo", "gepo"), "RL + GEPO": ("gepo", "gepo")}


def scores(evaluations: Mapping[tuple[int, str], Mapping[str, Any]]) -> pd.DataFrame:
    """Mean pass@1 of every row and seed.

    Args:
        evaluations: by (seed, loss), what the evaluate stage wrote to metrics.json.

    Returns:
        Columns `seed`, `row`, `pass_at_1`. A row whose model is absent (the control can be
        switched off) is left out.

    Raises:
        DataError: an experiment of a seed is missing.
    """
    found = []
    for seed in sorted({seed for seed, _ in evaluations}):
        for row, (loss, model) in ROWS.items():
            if (seed, loss) not in evaluations:
                raise DataError(f"seed {seed}: no evaluation with gepo.loss = {loss}",
                                "Run the ablation again; it makes what is missing.")
            models = evaluations[seed, loss]["models"]
            if model in models:
                found.append((seed, row, float(models[model]["pass_at_1"])))
    return pd.DataFrame(found, columns=["seed", "row", "pass_at_1"])


def summarise(found: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Of each row: mean pass@1 over seeds and its gain over RL in the same seed, with intervals.

    Returns:
        Index `row`; columns `seeds`, and `value`, `low`, `high` of `pass_at_1` and `over_rl`.
    """
    wide = found.pivot(index="seed", columns="row", values="pass_at_1")
    wide = wide[[row for row in ROWS if row in wide]]
    lines = {}
    for row in wide:
        gain = wide[row] - wide["RL"] if row != "RL" and "RL" in wide else wide[row] * np.nan
        lines[row] = [len(wide), *_interval(wide[row], confidence), *_interval(gain, confidence)]
    columns = ["seeds", *(f"{kind}.{part}" for kind in ("pass_at_1", "over_rl")
                          for part in ("value", "low", "high"))]
    return pd.DataFrame.from_dict(lines, orient="index", columns=columns).rename_axis("row")


def _interval(values: pd.Series, confidence: float) -> tuple[float, float, float]:
    mean, count = float(values.mean()), len(values)
    if count < 2:
        return mean, float("nan"), float("nan")
    half = float(t.ppf((1 + confidence) / 2, count - 1) * values.std(ddof=1) / np.sqrt(count))
    return mean, mean - half, mean + half


def table(summary: pd.DataFrame) -> str:
    """The summary in Markdown, in per cent."""
    def cell(line: pd.Series, kind: str, sign: str) -> str:
        value, low, high = (100 * line[f"{kind}.{part}"] for part in ("value", "low", "high"))
        if np.isnan(value):
            return ""
        return f"{value:{sign}.1f}" + ("" if np.isnan(low) else f" ({low:{sign}.1f} to "
                                                                  f"{high:{sign}.1f})")

    lines = ["| trained from the base | pass@1, % (95 %) | over RL, points (95 %) | seeds |",
             "|---|---|---|---|"]
    lines += [f"| {row} | {cell(line, 'pass_at_1', '')} | {cell(line, 'over_rl', '+')} | "
              f"{int(line['seeds'])} |" for row, line in summary.iterrows()]
    return "\n".join(lines) + "\n"


def figure(found: pd.DataFrame, summary: pd.DataFrame) -> bytes:
    """Mean and interval of every row, and each seed as a dot, as a PNG file."""
    drawn = Figure(figsize=(1.5 + 1.25 * len(summary), 4.0), layout="constrained")
    axes = drawn.subplots()
    rows: Sequence[str] = list(summary.index)
    value = 100 * summary["pass_at_1.value"].to_numpy()
    half = np.nan_to_num(100 * summary["pass_at_1.high"].to_numpy() - value)
    axes.errorbar(range(len(rows)), value, yerr=half, fmt="o", markersize=6, capsize=5,
                  elinewidth=2, color="#2f6fde")
    for row, points in found.groupby("row"):
        axes.plot([rows.index(str(row)) + 0.16] * len(points), 100 * points["pass_at_1"], "o",
                  markersize=3.5, color="#6b7480", alpha=0.8)
    axes.set_xticks(range(len(rows)), rows)
    axes.set_ylabel("pass@1, %")
    axes.grid(axis="y", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return png(drawn)
