"""The page of a benchmark run: figures, matrix, failing answers; nothing from elsewhere."""

import base64
import json
import re
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from oorl.evaluation.run_page import run_page
from oorl.evaluation.scores import run_scores


def results(source: str = "python") -> pd.DataFrame:
    rows = []
    for number in range(10):
        for target in ("bash", "cpp"):
            passed = target == "cpp" or number < 3
            rows.append({
                "model": "me/<m>", "problem_id": f"p{number}", "source": source, "target": target,
                "sample": 0, "status": "passed" if passed else "compile_error", "passed": passed,
                "passed_cases": 0, "total_cases": 0, "detail": "" if passed else "line 1: <oops>",
                "completion": "echo </script><b>", "tokens": 3})
    return pd.DataFrame(rows)


def page(rows: pd.DataFrame) -> tuple[str, dict[str, Any]]:
    scores = {"benchmark": "b", "title": "The benchmark", "licence": "MIT", "style": "chat",
              **run_scores(rows)}
    return run_page(scores, rows), scores


class Balanced(HTMLParser):
    VOID = ("meta", "link", "br", "hr", "img", "input")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_says_what_was_measured() -> None:
    text, scores = page(results())
    assert "me/&lt;m&gt;: 65.0&nbsp;% on The benchmark" in text
    assert "low-resource mean (Bash)" in text
    assert "chat style. MIT. Targets" in text
    for section in ("languages", "pairs", "failures", "samples"):
        assert f'<section id="{section}"' in text
        assert f'href="#{section}"' in text
    assert text.count("line 1: &lt;oops&gt;") == 7
    assert "<script" not in text
    assert "<b>" not in text.replace("<b class", "")
    data = re.search(r"base64,([\w+/=]+)\"", text)
    assert data
    assert json.loads(base64.b64decode(data[1])) == scores
    assert page(results())[0] == text


def test_it_is_well_formed_and_loads_nothing() -> None:
    text, _ = page(results())
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []
    assert re.findall(r"(?:src|href)=\"(?!#|data:)([^\"]*)\"", text) == []
    assert "url(" not in text
    assert "@import" not in text


@pytest.mark.parametrize(("rows", "gone"), [
    (results("text"), "pairs"), (results()[lambda r: r["passed"]], "samples")])
def test_what_there_is_nothing_of_is_left_out(rows: pd.DataFrame, gone: str) -> None:
    text, _ = page(rows)
    assert f'id="{gone}"' not in text
    assert f'href="#{gone}"' not in text
