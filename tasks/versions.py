"""The registry from the command line: what `oorl promote`, `rollback` and `history` run.

    python -m tasks.versions promote [VERSION] [--override WHY]
    python -m tasks.versions rollback [--to VERSION] [--why TEXT]
    python -m tasks.versions history
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oorl.errors import OORLError
from oorl.params import Params, load_params
from tasks._process import quiet
from tasks.register import open_registry

if TYPE_CHECKING:
    from tasks._promotion import Outcome


def promote(params: Params, root: Path, version: str = "", override: str = "") -> Outcome:
    """Let a version (a number or an alias; "": the challenger) try to become champion."""
    from tasks._promotion import promote as try_to
    from tasks._registry import CHALLENGER

    registry = open_registry(params, root)
    return try_to(registry, registry.version(version or CHALLENGER), params.register_, override)


def rollback(params: Params, root: Path, to: str = "", why: str = "") -> Outcome:
    """The champion before becomes champion again, or version `to`."""
    from tasks._promotion import rollback as back

    return back(open_registry(params, root), to, why)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, the first row as head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
                     .rstrip() for row in rows)


def history(params: Params, root: Path) -> str:
    """All versions with their decisions, then every change of champion."""
    registry = open_registry(params, root)
    aliases: dict[str, list[str]] = {}
    for alias, number in registry.aliases().items():
        aliases.setdefault(number, []).append(alias)
    versions, events = registry.versions(), registry.history()
    if not versions:
        return f"{registry.name}: nothing is registered yet"
    parts = [f"{registry.name}\n\n" + table([
        ("version", "model", "decision", "gain", "commit", "alias"),
        *((v.number, v.tags.get("stage", ""), v.tags.get("decision", ""), gain(v.tags),
           v.tags.get("git.commit", "")[:8], ", ".join(aliases.get(v.number, [])))
          for v in versions)])]
    if events:
        parts.append(table([("time", "change", "version", "instead of", "by", "why"), *(
            (e.time, e.action, e.version, e.previous or "-", e.by, short(e.why))
            for e in events)]))
    return "\n\n".join(parts)


def gain(tags: Any) -> str:
    """The gain a version was judged by, in points, with its interval."""
    if "gain" not in tags:
        return ""
    value, low, high = (100 * float(tags[key]) for key in ("gain", "gain.low", "gain.high"))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


def short(text: str, length: int = 100) -> str:
    """The text's first line, cut where it is long."""
    line = text.splitlines()[0] if text else ""
    return line if len(line) <= length else line[:length - 3] + "..."


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="oorl", description="Versions in the model registry.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser("promote", help="let a version pass the gate, or refuse it")
    one.add_argument("version", nargs="?", default="",
                     help="number or alias (default: challenger)")
    one.add_argument("--override", default="", metavar="WHY",
                     help="promote whatever the gate says; the reason is recorded")
    two = commands.add_parser("rollback", help="make the champion before champion again")
    two.add_argument("--to", default="", metavar="VERSION", help="this one instead")
    two.add_argument("--why", default="", help="recorded with it")
    commands.add_parser("history", help="versions, decisions, changes of champion")
    return top


def main(arguments: Sequence[str]) -> int:
    """Run one command. Returns 0; 1 for an error or a refusal."""
    options = parser().parse_args(arguments)
    root = Path.cwd()
    try:
        params = load_params(root / "params.yaml")
        quiet(os.environ, offline=False)
        if options.command == "history":
            print(history(params, root))
            return 0
        outcome = (promote(params, root, options.version, options.override)
                   if options.command == "promote"
                   else rollback(params, root, options.to, options.why))
    except OORLError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"version {outcome.version}: {outcome.decision} (before: {outcome.incumbent})")
    for reason in outcome.reasons:
        print(f"  {reason}")
    return int(outcome.decision == "refused")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
