"""Puts the sections into the frame."""

from __future__ import annotations

import re
from importlib import resources
from string import Template

from oorl.evaluation.report import facts, samples, scores, training
from oorl.evaluation.report.inputs import ReportInputs
from oorl.evaluation.report.markup import esc, percent

NAV = {"languages": "Languages", "pairs": "Pairs", "training": "Training", "cost": "Cost",
       "failures": "Failures", "samples": "Translations", "ir-group": "IR groups", "data": "Data",
       "provenance": "Provenance"}


def build_report(inputs: ReportInputs) -> str:
    """The whole page as HTML text; equal inputs give equal text."""
    body = "\n".join(filter(None, (
        scores.headline(inputs), scores.languages(inputs), scores.pairs(inputs),
        training.curves(inputs), training.cost(inputs), scores.failures(inputs),
        samples.translations(inputs), samples.ir_group(inputs), facts.data(inputs),
        facts.provenance(inputs))))
    present = set(re.findall(r'<section id="([\w-]+)"', body))
    nav = "".join(f'<a href="#{key}">{title}</a>' for key, title in NAV.items() if key in present)
    frame = resources.files("oorl.evaluation.report").joinpath("page.html").read_text("utf-8")
    return Template(frame).substitute(nav=nav, body=body, footer=_footer(inputs))


def _footer(inputs: ReportInputs) -> str:
    metrics = inputs.metrics
    return (f"Pass@1 of greedy answers. Each target is the mean over its sources, the overall "
            f"score the mean over targets. Intervals: {percent(metrics['confidence'], 0)}&nbsp;% "
            f"percentile bootstrap, {esc(metrics['bootstrap_samples'])} draws of whole problems, "
            f"the same draws for every model; not corrected for looking at many at once. A score "
            f"of exactly 0 or 100 has an interval of no width: the draws cannot disagree.")
