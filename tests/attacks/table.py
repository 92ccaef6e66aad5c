"""Renders docs/attacks.md from the corpus: `python -m tests.attacks.table`."""

from collections import Counter
from pathlib import Path

from tests.attacks import corpus

DOCUMENT = Path(__file__).parents[2] / "docs" / "attacks.md"
HEAD = """# Attacks

What a judge of other people's programs must survive, and which programs try it here. Rendered by
`python -m tests.attacks.table` from `tests/attacks/corpus`, one module a language; a test holds
this page to it. `python -m pytest tests/attacks` runs all of them, on warm and on cold paths. Each
must get its verdict, leave the host's files, mounts and processes as they were, and the judge
working.

A number counts the programs of a language that try the row; many try several rows at once. `+`:
tests of their own as well (last section). `-`: it cannot be written there (section before it).
"""


def render() -> str:
    """The page as text."""
    counts: Counter[tuple[str, int]] = Counter()
    for kind in ("ATTACKS", "SLOW"):
        for entry in corpus.attacks(kind):
            counts.update((entry.language, row) for row in entry.rows)
    own = {(name, row) for entries in corpus.ELSEWHERE.values()
           for name, rows in entries for row in rows}
    names = corpus.languages()
    parts = [HEAD, "| # | attack | " + " | ".join(names) + " |",
             "|---|---|" + "---|" * len(names)]
    for row, title in corpus.ROWS.items():
        cells = [(str(counts[name, row] or "") + "+" * ((name, row) in own)) or "-"
                 for name in names]
        parts.append(f"| {row} | {title} | " + " | ".join(cells) + " |")
    return "\n".join([*parts, "", *_absent(names), "", *_elsewhere()]) + "\n"


def _absent(names: list[str]) -> list[str]:
    lines = ["## What cannot be written", ""]
    reasons: dict[str, dict[str, list[int]]] = {}
    for name in names:
        for row, reason in sorted(corpus.absent(name).items()):
            reasons.setdefault(reason, {}).setdefault(name, []).append(row)
    for reason, where in reasons.items():
        places = "; ".join(f"{name} {', '.join(map(str, rows))}" for name, rows in where.items())
        lines.append(f"- {reason[0].upper()}{reason[1:]}: {places}.")
    return lines


def _elsewhere() -> list[str]:
    lines = ["## Tests of their own", ""]
    for file, entries in corpus.ELSEWHERE.items():
        places = "; ".join(f"{name} {', '.join(map(str, rows))}" for name, rows in entries)
        lines.append(f"- `tests/attacks/{file}`: {places}.")
    return lines


if __name__ == "__main__":
    DOCUMENT.write_text(render())
