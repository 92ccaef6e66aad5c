"""The evaluation's main figures as PNG files, for readers of `dvc plots` and of documents.

Drawn with matplotlib's object interface: no global state. The bytes depend on the data and on the
version of matplotlib alone.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from oorl.evaluation.report.inputs import SHORT

COLOURS = {"base": "#6b7480", "rl": "#2f6fde", "gepo": "#0b8a6a", "control": "#b8690c"}


def by_target(metrics: Mapping[str, Any], titles: Mapping[str, str]) -> bytes:
    """Pass@1 and interval of every model, by target language."""
    models = metrics["models"]
    targets = list(dict.fromkeys(t for model in models.values() for t in model["targets"]))
    figure = Figure(figsize=(max(6.0, 1.05 * len(targets)), 4.2), layout="constrained")
    axes = figure.subplots()
    for index, (name, model) in enumerate(models.items()):
        known = [i for i, t in enumerate(targets) if t in model["targets"]]
        figures = [model["targets"][targets[i]] for i in known]
        value = np.array([100 * f["pass_at_1"] for f in figures])
        below = value - [100 * f["low"] for f in figures]
        above = np.array([100 * f["high"] for f in figures]) - value
        place = np.array(known) + 0.17 * (index - (len(models) - 1) / 2)
        # The estimate can lie outside a percentile interval by a rounding error.
        axes.errorbar(place, value, yerr=np.maximum([below, above], 0), fmt="o", markersize=5,
                      elinewidth=2.4, alpha=0.9, color=COLOURS.get(name),
                      label=SHORT.get(name, name))
    axes.set_xticks(range(len(targets)), [titles.get(t, t) for t in targets])
    axes.set_ylabel("pass@1, %")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=len(models), loc="upper right")
    return png(figure)


def pairs(model: Mapping[str, Any], title: str, titles: Mapping[str, str]) -> bytes:
    """Heat map of one model: sources down, targets across."""
    keys = [tuple(key.split("-")) for key in model["pairs"]]
    sources = list(dict.fromkeys(source for source, _ in keys))
    targets = list(dict.fromkeys(target for _, target in keys))
    values = np.full((len(sources), len(targets)), np.nan)
    for source, target in keys:
        found = model["pairs"][f"{source}-{target}"]["pass_at_1"]
        values[sources.index(source), targets.index(target)] = 100 * found
    figure = Figure(figsize=(max(5.0, 0.85 * len(targets)), 1.1 + 0.62 * len(sources)),
                    layout="constrained")
    axes = figure.subplots()
    axes.imshow(values, cmap="Blues", vmin=0, vmax=125, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            axes.text(column, row, f"{value:.0f}", ha="center", va="center")
    axes.set_xticks(range(len(targets)), [titles.get(t, t) for t in targets])
    axes.set_yticks(range(len(sources)), [f"from {titles.get(s, s)}" for s in sources])
    axes.set_title(f"{title}: pass@1 by pair, %", fontsize=11, loc="left")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return png(figure)


def png(figure: Figure) -> bytes:
    """The bytes of a PNG file."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", dpi=130, metadata={"Software": None})
    return buffer.getvalue()
