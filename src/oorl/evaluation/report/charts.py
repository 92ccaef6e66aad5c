"""Charts as inline SVG; colours come from the page's style, so they follow light and dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from oorl.evaluation.report.markup import esc, percent


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


def line_chart(series: Mapping[str, tuple[np.ndarray, np.ndarray]], label: str,
               unit: str = "", window: int = 1) -> str:
    """Lines over steps; NaNs are skipped. With `window` > 1 the raw line is faint and a running
    mean over that many points lies on top. A series' name is its colour class."""
    width, height, left, right, top, bottom = 380, 210, 46, 12, 12, 38
    cleaned = {name: _finite(xs, ys) for name, (xs, ys) in series.items()}
    cleaned = {name: pair for name, pair in cleaned.items() if len(pair[0])}
    if not cleaned:
        return ""
    xs_all = np.concatenate([xs for xs, _ in cleaned.values()])
    ys_all = np.concatenate([ys for _, ys in cleaned.values()])
    x0, x1 = float(xs_all.min()), float(xs_all.max())
    pad = 0.08 * (float(ys_all.max() - ys_all.min()) or abs(float(ys_all.max())) or 1.0)
    y0, y1 = float(ys_all.min()) - pad, float(ys_all.max()) + pad
    if float(ys_all.min()) >= 0:
        y0 = max(y0, 0.0)

    def point(x: float, y: float) -> str:
        px = left + (x - x0) / ((x1 - x0) or 1) * (width - left - right)
        py = height - bottom - (y - y0) / (y1 - y0) * (height - top - bottom)
        return f"{px:.1f},{py:.1f}"

    parts = []
    for tick in ticks(y0, y1, 4):
        y = point(x0, tick).split(",")[1]
        parts.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y}" y2="{y}"/>'
                     f'<text class="tick" x="{left - 8}" y="{float(y) + 4:.1f}" '
                     f'text-anchor="end">{tick:g}{esc(unit)}</text>')
    for tick in ticks(x0, x1, 5):
        x = point(tick, y0).split(",")[0]
        parts.append(f'<text class="tick" x="{x}" y="{height - bottom + 18}" '
                     f'text-anchor="middle">{tick:g}</text>')
    for name, (xs, ys) in cleaned.items():
        smooth = running_mean(ys, window)
        if window > 1:
            parts.append(_polyline([point(x, y) for x, y in zip(xs, ys, strict=True)],
                                   f"line faint m-{name}"))
        parts.append(_polyline([point(x, y) for x, y in zip(xs, smooth, strict=True)],
                               f"line m-{name}"))
    parts.append(f'<text class="tick" x="{(left + width - right) / 2}" y="{height - 2}" '
                 f'text-anchor="middle">step</text>')
    return _svg(width, height, label, "".join(parts))


def running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Mean over the last `window` values, fewer at the start."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - window, 0)
    return (total[end] - total[start]) / (end - start)


def _finite(xs: np.ndarray, ys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    keep = np.isfinite(xs) & np.isfinite(ys)
    return xs[keep], ys[keep]


def _polyline(points: Sequence[str], kind: str) -> str:
    if len(points) == 1:
        x, y = points[0].split(",")
        return f'<circle class="dot {kind.split()[-1]}" cx="{x}" cy="{y}" r="3"/>'
    return f'<polyline class="{kind}" points="{" ".join(points)}"/>'


def _svg(width: int, height: int, label: str, body: str) -> str:
    return (f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{esc(label)}" '
            f'preserveAspectRatio="xMidYMid meet">{body}</svg>')
