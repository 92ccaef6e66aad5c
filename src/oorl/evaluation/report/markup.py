"""Small pieces of HTML: escaping, numbers, tables, code."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

WORDS = (
    "def return if elif else for while in not and or is None True False import from lambda break "
    "continue pass class static public private int long double float bool boolean char void const "
    "auto string String List Map std vector map function local end then do done fi let var new "
    "foreach as my sub elsif unless foreach use each nil true false null echo self using namespace "
    "define declare ret br label icmp phi add sub mul sdiv srem select load store call "
    "getelementptr alloca switch zext sext trunc i1 i8 i32 i64 ptr"
)
_TOKENS = re.compile(
    r"(?P<s>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`\n]*`)"
    r"|(?P<c>//[^\n]*|/\*.*?\*/|(?:(?<=\s)|^)#[^\n]*)"
    r"|(?P<n>\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)"
    rf"|(?P<k>(?<![$@%.\w])(?:{'|'.join(dict.fromkeys(WORDS.split()))})\b)",
    re.DOTALL | re.MULTILINE,
)


def esc(text: object) -> str:
    return html.escape(str(text), quote=True)


def code(text: str, label: str = "") -> str:
    """A code block, lightly coloured; one colouring serves all languages and promises little."""
    parts, position = [], 0
    for match in _TOKENS.finditer(text):
        parts.append(esc(text[position:match.start()]))
        parts.append(f'<span class="{match.lastgroup}">{esc(match.group())}</span>')
        position = match.end()
    parts.append(esc(text[position:]))
    return (f'<pre tabindex="0" aria-label="{esc(label or "code")}"><code>'
            f'{"".join(parts)}</code></pre>')


def percent(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f}"


def points(value: float | None, digits: int = 1) -> str:
    """A signed difference in percentage points, with a true minus sign."""
    if value is None:
        return "–"
    text = f"{100 * value:+.{digits}f}"
    if float(text) == 0:
        return f"{0:.{digits}f}"
    return text.replace("-", "−")


def span(low: float | None, high: float | None, signed: bool = False) -> str:
    """An interval in percent or, signed, in percentage points."""
    show = points if signed else percent
    return f"{show(low)} to {show(high)}"


def number(value: float | int | None, digits: int = 0) -> str:
    """Thousands apart by a thin space."""
    return "–" if value is None else f"{value:,.{digits}f}".replace(",", "\u2009")


def big(value: float | None) -> str:
    """A large count with its prefix: 1.2 G, 340 k."""
    if value is None:
        return "–"
    for limit, unit in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g} {unit}"
    return f"{value:.3g}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str,
          classes: str = "") -> str:
    """A real table: every row's first cell is its header. Cells are HTML; a cell that starts
    with `<td` or `<th` is taken as it is, so that it can carry its own attributes."""
    heading = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = []
    for row in rows:
        first, *rest = row
        cells = "".join(c if c.startswith(("<td", "<th")) else f"<td>{c}</td>" for c in rest)
        body.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    return (f'<div class="scroll" tabindex="0" role="region" aria-label="{esc(_plain(caption))}">'
            f'<table class="{classes}"><caption>{caption}</caption>'
            f"<thead><tr>{heading}</tr></thead>\n<tbody>{chr(10).join(body)}</tbody></table></div>")


def section(identity: str, title: str, lead: str, *parts: str) -> str:
    lead_html = f'<p class="lead">{lead}</p>' if lead else ""
    return (f'<section id="{identity}" aria-labelledby="{identity}-title">'
            f'<h2 id="{identity}-title">{title}</h2>{lead_html}\n{chr(10).join(parts)}</section>')


def details(summary: str, *parts: str, is_open: bool = False) -> str:
    return (f'<details{" open" if is_open else ""}><summary>{summary}</summary>'
            f'<div class="inside">{chr(10).join(parts)}</div></details>')


def _plain(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup))
