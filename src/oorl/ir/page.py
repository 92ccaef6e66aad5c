"""IR groups as one HTML page: source, winners side by side, losers as differences, witnesses."""

from __future__ import annotations

import difflib
import html
from collections.abc import Sequence

from oorl.records import IRGroup, Loser, canonical

_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>IR groups</title>
<style>body{font:15px/1.5 sans-serif;margin:2em}pre{background:#f6f6f6;padding:.6em;overflow:auto}
.side{display:flex;gap:1em;overflow-x:auto}.side>div{flex:1 0 24em;min-width:0}
.add{background:#dfd;display:block}.del{background:#fdd;display:block}
td,th{text-align:left;padding:.2em .8em .2em 0;vertical-align:top}h2{margin-top:2em}</style>
"""


def groups_page(groups: Sequence[IRGroup]) -> str:
    """The page, without scripts; equal groups give equal text."""
    return _HEAD + "\n".join(_group(group) for group in groups) + "\n"


def _group(group: IRGroup) -> str:
    winners = "".join(f"<div><h3>Winner {k}: {_esc(w.recipe)}</h3><p>{w.tokens} tokens</p>"
                      f"<pre>{_esc(w.ir)}</pre></div>" for k, w in enumerate(group.winners))
    losers = "".join(_loser(group, k, loser) for k, loser in enumerate(group.losers))
    facts = (f"problem {group.problem_id}, split {group.split}, {len(group.inputs)} inputs, "
             f"{group.toolchain}")
    return (f'<h2 id="{_esc(group.id)}">Group {_esc(group.id)}</h2><p>{_esc(facts)}</p>'
            f"<p><code>{_esc(group.signature)}</code></p><pre>{_esc(group.source_code.rstrip())}"
            f'</pre><div class="side">{winners}</div>{losers}')


def _loser(group: IRGroup, number: int, loser: Loser) -> str:
    lines = []
    for line in difflib.unified_diff(group.winners[loser.winner].ir.split("\n"),
                                     loser.ir.split("\n"), n=10**6, lineterm=""):
        if not line.startswith(("---", "+++", "@@")):
            kind = {"+": "add", "-": "del"}.get(line[0], "")
            lines.append(f'<span class="{kind}">{_esc(line)}</span>' if kind else _esc(line) + "\n")
    rows = "".join(f"<tr><th>{label}</th><td><code>{_esc(canonical(loser.witness[key]))}</code>"
                   "</td></tr>" for key, label in (("input", "witness"), ("expected", "winners do"),
                                                   ("got", "the loser does")))
    return (f"<h3>Loser {number}: {_esc(loser.operator.replace('_', ' '))} in winner "
            f"{loser.winner}, differs on {loser.hardness:.0%} of the inputs</h3>"
            f"<pre>{''.join(lines)}</pre><table>{rows}</table>")


def _esc(text: object) -> str:
    return html.escape(str(text), quote=True)
