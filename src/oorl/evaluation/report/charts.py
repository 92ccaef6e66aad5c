"""Charts as inline SVG; colours come from the page's style, so they follow light and dark."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oorl.evaluation.report.markup import esc, percent

Floats = NDArray[np.float64]


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values from within low..high, about `wanted` of them."""
    span = max(high - low, 1e-9)
    raw = span / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = min((m * power for m in (1, 2, 2.5, 5, 10)), key=lambda s: abs(s - raw))
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def interval_chart(rows: Sequence[tuple[str, str, float, float, float]], label: str) -> str:
    """Points with their intervals, one line per row: (class, title, value, low, high) as shares.

    Boxes placed in percent rather than SVG, so that the text keeps its size on a phone.
    """
    low = max(0.0, min(r[3] for r in rows) - 0.04)
    high = min(1.0, max(r[4] for r in rows) + 0.04)

    def at(value: float) -> str:
        return f"{100 * (value - low) / max(high - low, 1e-9):.2f}%"

    marks = ticks(low, high, 6)
    grid = "".join(f'<i style="left:{at(tick)}"></i>' for tick in marks)
    lines = "".join(
        f'<div class="row m-{kind}"><span class="name">{esc(title)}</span>'
        f'<span class="track">{grid}<b class="range" '
        f'style="left:{at(lower)};right:calc(100% - {at(upper)})"></b>'
        f'<b class="point" style="left:{at(value)}"></b></span>'
        f'<span class="value">{percent(value)} %</span></div>'
        for kind, title, value, lower, upper in rows)
    scale = "".join(f'<span style="left:{at(tick)}">{percent(tick, 0)}</span>' for tick in marks)
    return (f'<div class="forest" role="img" aria-label="{esc(label)}">{lines}<div class="row">'
            f'<span class="name"></span><span class="track scale">{scale}</span>'
            f'<span class="value"></span></div></div>')


@dataclass(frozen=True)
class Line:
    """One line of a chart: colour class, points, and a label at its end if it needs one."""

    kind: str
    x: Floats
    y: Floats
    label: str = ""


def line_chart(lines: Sequence[Line], label: str, window: int = 1) -> str:
    """Lines over steps. With `window` > 1 a running mean over that many points is drawn, on top of
    the raw line if there is but one."""
    width, height, left, top, bottom = 380, 210, 46, 12, 38
    right = 74 if any(line.label for line in lines) else 12
    every_x = np.concatenate([line.x for line in lines])
    every_y = np.concatenate([line.y for line in lines])
    x0, x1 = float(every_x.min()), float(every_x.max())
    y0, y1 = _padded(float(every_y.min()), float(every_y.max()))

    def at(x: float, y: float) -> tuple[float, float]:
        return (left + (x - x0) / ((x1 - x0) or 1) * (width - left - right),
                height - bottom - (y - y0) / (y1 - y0) * (height - top - bottom))

    parts = []
    for tick in ticks(y0, y1, 4):
        y = at(x0, tick)[1]
        parts.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y:.1f}" '
                     f'y2="{y:.1f}"/><text class="tick" x="{left - 8}" y="{y + 4:.1f}" '
                     f'text-anchor="end">{tick:g}</text>')
    for tick in ticks(x0, x1, 4):
        parts.append(f'<text class="tick" x="{at(tick, y0)[0]:.1f}" y="{height - bottom + 18}" '
                     f'text-anchor="middle">{tick:g}</text>')
    for line in lines:
        if window > 1 and len(lines) == 1:
            parts.append(_polyline(map(at, line.x, line.y), f"line faint {line.kind}"))
        parts.append(_polyline(map(at, line.x, running_mean(line.y, window)),
                               f"line {line.kind}"))
    ends = spread([at(line.x[-1], line.y[-1])[1] for line in lines], 12.0, height - bottom)
    parts += [f'<text class="end {line.kind}" x="{width - right + 6}" y="{y + 4:.1f}">'
              f'{esc(line.label)}</text>' for line, y in zip(lines, ends, strict=True)
              if line.label]
    parts.append(f'<text class="tick" x="{(left + width - right) / 2}" y="{height - 2}" '
                 f'text-anchor="middle">step</text>')
    return _svg(width, height, label, "".join(parts))


def _padded(low: float, high: float) -> tuple[float, float]:
    """An axis a little longer than its data; it does not go below 0 if the data does not."""
    pad = 0.08 * ((high - low) or abs(high) or 1.0)
    return (max(low - pad, 0.0) if low >= 0 else low - pad), high + pad


def spread(places: Sequence[float], gap: float, end: float) -> list[float]:
    """Move labels apart to at least `gap`, in their order, none beyond `end`."""
    order = sorted(range(len(places)), key=lambda i: (places[i], i))
    moved = list(places)
    for before, after in itertools.pairwise(order):
        moved[after] = max(moved[after], moved[before] + gap)
    limit = end
    for index in reversed(order):
        moved[index] = min(moved[index], limit)
        limit = moved[index] - gap
    return moved


def running_mean(values: Floats, window: int) -> Floats:
    """Mean over the last `window` values, fewer at the start."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - window, 0)
    return (total[end] - total[start]) / (end - start)


def _polyline(points: Iterable[tuple[float, float]], kind: str) -> str:
    places = list(points)
    if len(places) == 1:
        return (f'<circle class="dot {kind.split()[-1]}" cx="{places[0][0]:.1f}" '
                f'cy="{places[0][1]:.1f}" r="3"/>')
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline class="{kind}" points="{text}"/>'


def _svg(width: int, height: int, label: str, body: str) -> str:
    return (f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{esc(label)}" '
            f'preserveAspectRatio="xMidYMid meet">{body}</svg>')
