"""The page of a benchmark run: one HTML file that loads nothing from elsewhere."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping
from importlib import resources
from string import Template
from typing import Any

import pandas as pd

from oorl.evaluation.benchmarks import NO_SOURCE
from oorl.evaluation.report.charts import interval_chart
from oorl.evaluation.report.markup import code, details, esc, number, percent, section, span, table
from oorl.evaluation.report.scores import failure_bar, failure_legend
from oorl.languages import all_languages

SAMPLES = 30
"""Failing answers shown, spread over targets and kinds of failure."""


def run_page(scores: Mapping[str, Any], results: pd.DataFrame) -> str:
    """The whole page as HTML text; equal arguments give equal text."""
    parts = {"headline": _headline(scores), "languages": _languages(scores),
             "pairs": _pairs(scores), "failures": _failures(scores, results),
             "samples": _samples(results)}
    titles = {"languages": "Languages", "pairs": "Pairs", "failures": "Failures",
              "samples": "Failing answers"}
    data = base64.b64encode(json.dumps(scores, sort_keys=True, indent=1).encode()).decode()
    nav = "".join(f'<a href="#{key}">{titles[key]}</a>' for key, text in parts.items()
                  if text and key in titles)
    nav += f'<a download="scores.json" href="data:application/json;base64,{data}">JSON</a>'
    frame = resources.files("oorl.evaluation.report").joinpath("page.html").read_text("utf-8")
    return Template(frame).substitute(nav=nav, body="\n".join(filter(None, parts.values())),
                                      footer=_footer(scores))


def _title(language: str) -> str:
    known = all_languages()
    return known[language].title if language in known else language


def _headline(scores: Mapping[str, Any]) -> str:
    first = scores["pass_at"][min(scores["pass_at"], key=int)]
    lead = (f"{number(scores['problems'])} problems, {number(scores['asked'])} answers; "
            f"{percent(scores['compile_rate'])}&nbsp;% of them compile.")
    if scores["infra_errors"]:
        lead += (f" {number(scores['infra_errors'])} have no verdict by our own fault and are in "
                 "no score.")
    rows = [(f"pass@{k}", row) for k, row in scores["pass_at"].items()]
    if scores["low_resource"]:
        languages = ", ".join(map(_title, scores["low_resource"]["languages"]))
        rows.append((f"low-resource mean ({languages})", scores["low_resource"]))
    body = [[esc(name), f"{percent(row['value'])}", span(row["low"], row["high"])]
            for name, row in rows]
    return section(
        "headline", f"{esc(scores['model'])}: {percent(first['value'])}&nbsp;% on "
        f"{esc(scores['title'])}", lead,
        table(["Score", "Percent", "Interval"], body, "Macro averages over target languages"))


def _languages(scores: Mapping[str, Any]) -> str:
    targets = sorted(scores["targets"].items(), key=lambda item: (-item[1]["value"], item[0]))
    chart = interval_chart([("gepo", _title(t), row["value"], row["low"], row["high"])
                            for t, row in targets], "pass@1 by target language")
    rows = [[esc(_title(t)), percent(row["value"]), span(row["low"], row["high"]),
             percent(row["compile_rate"]), number(row["asked"])] for t, row in targets]
    return section(
        "languages", "Language by language", "Pass@1 with its interval.",
        f"<figure>{chart}</figure>",
        table(["Into", "Pass@1", "Interval", "Compiles", "Answers"], rows,
              "In percent, by target language"))


def _pairs(scores: Mapping[str, Any]) -> str:
    """The matrix of source and target; nothing where the tasks are no translations."""
    keys = [tuple(key.split("-", 1)) for key in scores["pairs"]]
    sources = list(dict.fromkeys(source for source, _ in keys))
    if sources == [NO_SOURCE]:
        return ""
    targets = list(dict.fromkeys(target for _, target in keys))
    rows = [[esc(_title(s)), *(_cell(scores["pairs"].get(f"{s}-{t}")) for t in targets)]
            for s in sources]
    return section(
        "pairs", "From source to target", "Pass@1 in percent; empty where nothing was asked.",
        table(["From", *(esc(_title(t)) for t in targets)], rows, "Pass@1 in percent, by pair",
              "heatmap"))


def _cell(row: Mapping[str, Any] | None) -> str:
    if not row or row["value"] is None:
        return '<td class="none"></td>'
    return (f'<td class="heat" style="--v:{row["value"]:.3f}" '
            f'title="{span(row["low"], row["high"])} %">{percent(row["value"], 0)}</td>')


def _failures(scores: Mapping[str, Any], results: pd.DataFrame) -> str:
    judged = results[results["status"] != "infra_error"]
    counts = Counter(zip(judged["model"], judged["target"], judged["status"], strict=True))
    rows = [[esc(_title(t)), failure_bar(counts, scores["model"], t)] for t in scores["targets"]]
    exact = [[esc(_title(target)), esc(status.replace("_", " ")), number(count)]
             for (_, target, status), count in sorted(counts.items())]
    return section(
        "failures", "How programs fail", "What became of every answer.", failure_legend(),
        table(["Into", "Verdicts"], rows, "Verdicts by target language", "bars"),
        details("All verdicts as numbers",
                table(["Into", "Verdict", "Answers"], exact, "Answers by verdict")))


def _samples(results: pd.DataFrame) -> str:
    """Failing answers with what the compiler or the first failing test said."""
    failing = results[~results["passed"].astype(bool) & (results["status"] != "infra_error")]
    if failing.empty:
        return ""
    order = failing.groupby(["target", "status"]).cumcount()
    chosen = failing.assign(order=order).sort_values(
        ["order", "target", "status", "problem_id", "source"], kind="stable").head(SAMPLES)
    return section("samples", "Failing answers", f"{len(chosen)} of {len(failing)}.",
                   *(_sample(row) for _, row in chosen.iterrows()))


def _sample(row: pd.Series) -> str:
    source = "" if row["source"] == NO_SOURCE else f"{esc(_title(row['source']))} → "
    said = f'<pre tabindex="0" aria-label="what was said">{esc(row["detail"])}</pre>'
    status = esc(row["status"].replace("_", " "))
    return details(f"<strong>{source}{esc(_title(row['target']))}</strong> "
                   f"{esc(row['problem_id'])} <small>{status}</small>",
                   said, code(row["completion"], "answer"))


def _footer(scores: Mapping[str, Any]) -> str:
    licence = scores["licence"].rstrip(".")
    return (f"{esc(scores['title'])}, {esc(scores['style'])} style. {esc(licence)}. "
            f"Targets are means over their sources, scores means over targets; "
            f"{percent(scores['confidence'], 0)}&nbsp;% percentile bootstrap over problems, "
            f"{number(scores['bootstrap_samples'])} draws.")


