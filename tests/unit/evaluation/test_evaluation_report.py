"""The report: same bytes, nothing from outside, nothing unescaped, whatever is missing."""

from __future__ import annotations

import html
import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from made_up_evaluation import SOURCES, TARGETS, inputs, problem, results

from oorl.evaluation import plots
from oorl.evaluation.metrics import compute_metrics
from oorl.evaluation.report import ReportInputs, build_report
from oorl.evaluation.report.charts import running_mean, spread, ticks
from oorl.evaluation.report.markup import code, points
from oorl.evaluation.report.samples import choose

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Balanced(HTMLParser):
    """Checks that every tag is closed in order; collects tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1:] == [tag], f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()


def parse(page: str) -> Balanced:
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    return parser


def only(models: list[str]) -> ReportInputs:
    frame = results(12)
    frame = frame[frame["model"].isin(models)]
    metrics = compute_metrics(frame, SOURCES, TARGETS, samples=100, confidence=0.95, seed=1)
    return ReportInputs(metrics=metrics, results=frame)


def test_same_inputs_same_bytes() -> None:
    assert build_report(inputs()) == build_report(inputs())


def test_page_is_balanced_and_asks_nothing_of_anybody() -> None:
    page = build_report(inputs())
    parser = parse(page)
    assert not re.search(r"https?://|url\(|@import", page)
    for tag, attributes in parser.tags:
        assert tag not in ("script", "link", "iframe", "img", "object")
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")


def test_links_and_labels_lead_somewhere() -> None:
    tags = parse(build_report(inputs())).tags
    identities = [a["id"] for _, a in tags if "id" in a]
    assert len(identities) == len(set(identities))
    for _, attributes in tags:
        for key in ("href", "aria-labelledby"):
            if attributes.get(key):
                assert str(attributes[key]).removeprefix("#") in identities


def test_headline_says_what_was_measured() -> None:
    given = inputs()
    page = build_report(given)
    best = given.metrics["models"]["gepo"]["pass_at_1"]
    assert f"OORL solves {100 * best:.1f}&nbsp;%" in page
    assert "<strong>better</strong> than the base" in page


@pytest.mark.parametrize(("low", "high", "words"), [
    (0.01, 0.2, "better</strong> than"), (-0.2, -0.01, "worse</strong> than"),
    (-0.01, 0.2, "not shown to differ</strong> from")])
def test_no_claim_beyond_the_interval(low: float, high: float, words: str) -> None:
    given = only(["base", "gepo"])
    given.metrics["differences"]["gepo-base"]["mean"].update(low=low, high=high)
    lead = re.search(r'class="lead">(.*?)</p>', build_report(given))
    assert lead
    assert words in lead.group(1)


def test_cost_and_preference_are_what_the_stages_measured() -> None:
    page = build_report(inputs())
    row = re.search(r"RL \(REINFORCE\+\+\)</th>(<td>30</td>.*?)</tr>", page)
    assert row
    assert re.findall(r"<td>(.*?)</td>", row.group(1)) == [
        "30", "800\u2009000", "500\u2009000", "2 T", "200"]
    assert "1.01 times the FLOPs of RL and OORL together" in page
    assert "<strong>71.0&nbsp;%</strong> of the pairs before OORL" in page
    assert "too few losers</th><td>40</td>" in page


def test_hostile_text_stays_text() -> None:
    given = inputs()
    evil = '</code><script>alert("x")</script><img src=x onerror=y>'
    frame = given.results.assign(completion=f"```php\n{evil}\n```", detail=evil)
    problems = {key: replace(p, solutions=dict.fromkeys(p.solutions, evil))
                for key, p in given.problems.items()}
    page = build_report(replace(given, results=frame, problems=problems,
                                provenance={evil: evil}, language_titles={"php": evil}))
    assert {"script", "img"}.isdisjoint(tag for tag, _ in parse(page).tags)
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("models", [["base"], ["base", "rl"], ["base", "rl", "gepo"], ["gepo"]])
def test_missing_models_and_stages_are_left_out(models: list[str]) -> None:
    page = build_report(only(models))
    parse(page)
    assert "Supervised control" not in page
    assert 'id="training"' not in page
    assert 'id="ir-group"' not in page


def test_infrastructure_errors_are_shown() -> None:
    frame = results(12)
    frame.loc[frame.index[:3], ["status", "passed"]] = ["infra_error", False]
    metrics = compute_metrics(frame, SOURCES, TARGETS, samples=100, confidence=0.95, seed=1)
    page = build_report(ReportInputs(metrics=metrics, results=frame))
    row = re.search(r"Base</th>(.*?)</tr>", page)
    assert row
    assert row.group(1).endswith("<td>3</td>")


def test_samples_are_distinct_of_every_kind_and_as_many_as_asked() -> None:
    given = inputs()
    chosen = choose(given)
    keys = [key for group in chosen.values() for key in group]
    assert len(keys) == len(set(keys)) == given.samples
    assert {"learned", "lost", "unsolved", "solved"} <= set(chosen)
    passed = given.results.set_index(["problem_id", "source", "target", "model"])["passed"]
    assert all(passed[(*key, "gepo")] and not passed[(*key, "base")] for key in chosen["learned"])
    assert all(passed[(*key, "base")] and not passed[(*key, "gepo")] for key in chosen["lost"])
    assert len({key[2] for key in chosen["learned"]}) == len(chosen["learned"])


def test_problem_without_solutions_in_the_source_still_shows() -> None:
    given = inputs()
    parse(build_report(replace(given, problems={"p001": problem(1, targets=())})))


def test_colouring_keeps_the_text() -> None:
    text = 'if (a < "b\\"<") { return 0x1F; } // c\n# d\n$return = %x; str = \'un'
    assert html.unescape(re.sub(r"<[^>]+>", "", code(text))) == text


def test_signed_points() -> None:
    assert [points(v) for v in (0.1234, -0.05, 0.0, -0.0001, None)] == [
        "+12.3", "−5.0", "0.0", "0.0", "–"]


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0.0, 1.0, 5) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(3.0, 3.0) == [3.0]


def test_labels_keep_their_order_and_distance() -> None:
    moved = spread([10.0, 50.0, 11.0, 10.0], 12.0, end=48.0)
    ranked = [moved[i] for i in (0, 3, 2, 1)]
    assert all(b - a >= 12 - 1e-9 for a, b in itertools.pairwise(ranked))
    assert max(moved) == 48.0
    assert spread([10.0, 50.0], 12.0, end=60.0) == [10.0, 50.0]


def test_running_mean() -> None:
    assert running_mean(np.array([2.0, 4.0, 6.0, 0.0]), 2).tolist() == [2.0, 3.0, 5.0, 3.0]


def test_plots_are_png_and_the_same_again() -> None:
    given = inputs()
    for draw in (lambda: plots.by_target(given.metrics, given.language_titles),
                 lambda: plots.pairs(given.metrics["models"]["gepo"], "OORL", {})):
        first = draw()
        assert first.startswith(b"\x89PNG")
        assert first == draw()
