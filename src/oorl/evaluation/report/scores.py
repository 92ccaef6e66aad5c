"""The report's sections about scores: headline, languages, pairs, kinds of failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from oorl.evaluation.report.charts import interval_chart
from oorl.evaluation.report.inputs import SHORT, TITLES, ReportInputs
from oorl.evaluation.report.markup import (
    details,
    esc,
    number,
    percent,
    points,
    section,
    span,
    table,
)
from oorl.records import Status

GROUPS = {
    "passed": ("passed", (Status.PASSED,)),
    "wrong": ("wrong answer", (Status.WRONG_ANSWER,)),
    "compile": ("does not compile", (Status.COMPILE_ERROR, Status.COMPILE_TIMEOUT)),
    "runtime": ("fails while running", (Status.RUNTIME_ERROR, Status.PROTOCOL_VIOLATION)),
    "limit": ("over a limit", (Status.TIMEOUT, Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT,
                               Status.PROCESS_LIMIT)),
    "format": ("bad format", (Status.BAD_FORMAT,)),
}
"""How the failure bars fold the judge's statuses: class -> (title, statuses)."""


NAMES = {"base": "its base", "rl": "RL alone", "control": "the supervised control"}
"""How a sentence calls the models that others are compared with."""


def headline(inputs: ReportInputs) -> str:
    """One sentence that says what was found, the comparison chart and the paired differences."""
    models, best = inputs.metrics["models"], inputs.best
    chart = interval_chart(
        [(name, TITLES.get(name, name), m["pass_at_1"], m["low"], m["high"])
         for name, m in models.items() if m["pass_at_1"] is not None],
        "Mean pass@1 of each model with its confidence interval")
    cards = "".join(_difference_card(inputs, f"{best}-{other}")
                    for other in ("base", "control", "rl") if other != best)
    caption = (f"Pass@1 in percent: the mean over target languages, with "
               f"{percent(inputs.metrics['confidence'], 0)}&nbsp;% bootstrap intervals over "
               f"{inputs.metrics['problems']} held-out functions.")
    return section(
        "headline", _finding(inputs), _qualification(inputs), f'<div class="cards">{cards}</div>',
        f'<figure>{chart}<figcaption>{caption}</figcaption></figure>', _summary_table(inputs))


def _finding(inputs: ReportInputs) -> str:
    models, best = inputs.metrics["models"], inputs.best
    score = percent(models[best]["pass_at_1"])
    if best == "base" or "base" not in models:
        return f"{esc(TITLES.get(best, best))} solves {score}&nbsp;% of the held-out translations"
    return (f"{esc(SHORT.get(best, best))} solves {score}&nbsp;% of the held-out translations; "
            f"its base solved {percent(models['base']['pass_at_1'])}&nbsp;%")


def _qualification(inputs: ReportInputs) -> str:
    """What may be concluded, in words, from the paired intervals."""
    sentences = []
    for other, what in (("base", "the base it started from"),
                        ("control", "the same compute spent on supervised training"),
                        ("rl", "on-policy RL alone")):
        difference = inputs.metrics["differences"].get(f"{inputs.best}-{other}")
        if difference and difference["mean"]["value"] is not None:
            sentences.append(f"{_judgement(difference['mean'])} {what}")
    if not sentences:
        return ""
    text = "; ".join(sentences)
    return f"On these problems it is {text}."


def _judgement(difference: Mapping[str, float]) -> str:
    if difference["low"] > 0:
        return "<strong>better</strong> than"
    if difference["high"] < 0:
        return "<strong>worse</strong> than"
    return "<strong>not shown to differ</strong> from"


def _difference_card(inputs: ReportInputs, key: str) -> str:
    difference = inputs.metrics["differences"].get(key)
    if difference is None or difference["mean"]["value"] is None:
        return ""
    mean = difference["mean"]
    return (f'<div class="card {_tone(mean)}"><div class="card-title">'
            f'{esc(SHORT.get(difference["a"], difference["a"]))} against '
            f'{esc(NAMES.get(difference["b"], difference["b"]))}</div>'
            f'<div class="card-value">{points(mean["value"])}<small> points</small></div>'
            f'<div class="card-note">{percent(inputs.metrics["confidence"], 0)}&nbsp;% interval '
            f'{span(mean["low"], mean["high"], signed=True)}</div></div>')


def _tone(estimate: Mapping[str, float]) -> str:
    if estimate["low"] is None:
        return "flat"
    return "up" if estimate["low"] > 0 else "down" if estimate["high"] < 0 else "flat"


def _summary_table(inputs: ReportInputs) -> str:
    rows = []
    for name, m in inputs.metrics["models"].items():
        gap = m["disparity"]
        rows.append([
            _model(name), f"<strong>{percent(m['pass_at_1'])}</strong> "
            f"<small>{span(m['low'], m['high'])}</small>",
            percent(m["compile_rate"]), percent(m["format_rate"]),
            f"{percent(gap['value'])} <small>{esc(inputs.language(gap['best']))} to "
            f"{esc(inputs.language(gap['worst']))}</small>" if gap else "–",
            number(m["mean_tokens"], 0), number(m["asked"]), number(m["infra_errors"]),
        ])
    return table(["Model", "Pass@1, %", "Compiles", "In format", "Best − worst language",
                  "Tokens", "Asked", "Unjudged*"], rows,
                 "All models <small>*a fault of the sandbox, not of the model: counted here, in no "
                 "score</small>")


def _model(name: str) -> str:
    return f'<span class="key m-{esc(name)}"></span>{esc(TITLES.get(name, name))}'


def _ordered_targets(inputs: ReportInputs) -> list[str]:
    """Languages, the base's strongest first."""
    first = next(iter(inputs.metrics["models"].values()))
    names = {t: None for m in inputs.metrics["models"].values() for t in m["targets"]}
    return sorted(names, key=lambda t: -(first["targets"].get(t, {}).get("pass_at_1") or 0.0))


def languages(inputs: ReportInputs) -> str:
    """Target language by model, and the gain over the base."""
    metrics, best = inputs.metrics, inputs.best
    difference = metrics["differences"].get(f"{best}-base")
    rows = []
    for target in _ordered_targets(inputs):
        cells = [_score_cell(m["targets"].get(target)) for m in metrics["models"].values()]
        if difference:
            cells.append(_delta_cell(difference["targets"].get(target)))
        rows.append([esc(inputs.language(target)), *cells])
    means = [_score_cell(m) for m in metrics["models"].values()]
    if difference:
        means.append(_delta_cell(difference["mean"]))
    rows.append(["Mean", *means])
    head = ["Into", *(esc(SHORT.get(n, n)) for n in metrics["models"])]
    if difference:
        head.append(f"{esc(SHORT.get(best, best))} − base, points")
    return section(
        "languages", "Language by language",
        "Ordered by the base's score: strong languages on top, neglected ones below. A gain or "
        "loss is in full colour where its interval excludes zero.",
        table(head, rows, "Pass@1 in percent and its interval, by target language",
              "scores last-row"))


def _score_cell(figures: Mapping[str, Any] | None) -> str:
    if not figures or figures["pass_at_1"] is None:
        return '<td class="none">–</td>'
    return (f'<td class="heat" style="--v:{figures["pass_at_1"]:.3f}">'
            f'<span class="figure">{percent(figures["pass_at_1"])}</span> '
            f'<small>{span(figures["low"], figures["high"])}</small></td>')


def _delta_cell(estimate: Mapping[str, Any] | None) -> str:
    if not estimate or estimate["value"] is None:
        return '<td class="none">–</td>'
    sign = "up" if estimate["value"] > 0 else "down" if estimate["value"] < 0 else "flat"
    sure = "sure" if _tone(estimate) != "flat" else ""
    return (f'<td class="delta {sign} {sure}"><span class="figure">'
            f'{points(estimate["value"])}</span> '
            f'<small>{span(estimate["low"], estimate["high"], signed=True)}</small></td>')


def pairs(inputs: ReportInputs) -> str:
    """Heat map: model and source down, target across."""
    targets, rows = _ordered_targets(inputs), []
    for name, m in inputs.metrics["models"].items():
        sources = dict.fromkeys(key.split("-")[0] for key in m["pairs"])
        for source in sources:
            cells = [_pair_cell(m["pairs"].get(f"{source}-{target}")) for target in targets]
            rows.append([f"{_model(name)} <small>from {esc(inputs.language(source))}</small>",
                         *cells])
    return section(
        "pairs", "From source to target", "The same scores, by the language translated from.",
        table(["Model and source", *(esc(inputs.language(t)) for t in targets)], rows,
              "Pass@1 in percent, by pair", "heatmap"))


def _pair_cell(figures: Mapping[str, Any] | None) -> str:
    if not figures or figures["pass_at_1"] is None:
        return '<td class="none"></td>'
    return (f'<td class="heat" style="--v:{figures["pass_at_1"]:.3f}" '
            f'title="{span(figures["low"], figures["high"])} %">'
            f'{percent(figures["pass_at_1"], 0)}</td>')


def failures(inputs: ReportInputs) -> str:
    """What became of every program, by language; the base beside the best model."""
    shown = list(dict.fromkeys(["base", inputs.best])) if "base" in inputs.models else [inputs.best]
    results = inputs.results[inputs.results["status"] != "infra_error"]
    counts = Counter(zip(results["model"], results["target"], results["status"], strict=True))
    rows = []
    for target in _ordered_targets(inputs):
        rows.append([esc(inputs.language(target)),
                     *(failure_bar(counts, name, target) for name in shown)])
    exact = [[esc(SHORT.get(model, model)), esc(inputs.language(target)),
              esc(status.replace("_", " ")), number(count)]
             for (model, target, status), count in sorted(counts.items())]
    return section(
        "failures", "How programs fail",
        "Every answer is compiled and run on unit tests in an isolated sandbox; this is what "
        "became of them.",
        failure_legend(),
        table(["Into", *(esc(TITLES.get(n, n)) for n in shown)], rows,
              "Verdicts by target language", "bars"),
        details("All verdicts as numbers",
                table(["Model", "Into", "Verdict", "Programs"], exact, "Programs by verdict")))


def failure_legend() -> str:
    """What the colours of `failure_bar` mean."""
    return '<p class="legend">' + "".join(
        f'<span class="chip"><span class="swatch f-{key}"></span>{title}</span>'
        for key, (title, _) in GROUPS.items()) + "</p>"


def failure_bar(counts: Counter[tuple[str, str, str]], model: str, target: str) -> str:
    """A cell: the verdicts on a model's answers in a target, counted by (model, target, status)."""
    sums = {key: sum(counts[model, target, str(s)] for s in statuses)
            for key, (_, statuses) in GROUPS.items()}
    total = sum(sums.values())
    if not total:
        return '<td class="none">–</td>'
    shares = {key: f"{GROUPS[key][0]} {percent(count / total, 0)} %"
              for key, count in sums.items() if count}
    bars = "".join(f'<span class="f-{key}" style="flex-grow:{sums[key]}" title="{text}"></span>'
                   for key, text in shares.items())
    words = ", ".join(shares.values())
    return (f'<td><span class="stack" aria-hidden="true">{bars}</span>'
            f'<span class="hidden">{words}</span></td>')
