"""The `oorl ir` commands: look at a group, prove a file's labels again."""

from __future__ import annotations

import argparse
import difflib
import json
import shutil
import sys
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from oorl.errors import UnknownName
from oorl.ir.page import groups_page
from oorl.ir.tables import read_groups
from oorl.records import IRGroup, canonical

PAGE = 50  # groups on a page of `oorl ir show all`


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `ir verify` and `ir show` to the dispatcher's subparsers."""
    ir = commands.add_parser("ir", help="look at IR groups and prove their labels again")
    actions = ir.add_subparsers(required=True, metavar="ACTION")
    verify = actions.add_parser("verify", help="re-execute every label by native compilation")
    verify.add_argument("file", type=Path, help="groups.parquet")
    verify.add_argument("--groups", type=int, default=0, help="only the first N (default: all)")
    verify.add_argument("--quiet", action="store_true", help="no progress bar")
    verify.set_defaults(command=run_verify)
    show = actions.add_parser("show", help="one group: source, winners, losers as differences")
    show.add_argument("id", help="the group's id, or its beginning")
    show.add_argument("file", type=Path, help="groups.parquet")
    show.add_argument("--html", type=Path, metavar="PAGE", help="write a page with the winners "
                      "side by side; ID `all` puts the first 50 groups on it")
    show.set_defaults(command=run_show)


def run_verify(options: argparse.Namespace) -> int:
    """Print a JSON report; 1 if a label is not confirmed."""
    from oorl.ir.verify import verify_groups

    groups = read_groups(options.file)
    report = verify_groups(groups[:options.groups or None], progress=not options.quiet)
    for group, label, why in report.failures:
        print(f"{group} {label}: {why}", file=sys.stderr)
    print(json.dumps(report.to_json(), indent=2, sort_keys=True))
    return 1 if report.failures else 0


def run_show(options: argparse.Namespace) -> int:
    """Print one group for people, or write a page. Raises `UnknownName`."""
    groups = read_groups(options.file)
    if options.html and options.id == "all":
        found = groups[:PAGE]
    else:
        found = [group for group in groups if group.id.startswith(options.id)][:1]
    if not found:
        raise UnknownName("IR group", options.id, [group.id for group in groups][:20])
    if options.html:
        options.html.write_text(groups_page(found), encoding="utf-8")
        print(options.html)
    else:
        print(describe(found[0], shutil.get_terminal_size((0, 0)).columns))
    return 0


def side_by_side(columns: Sequence[Sequence[str]], width: int) -> list[str]:
    """Columns of lines, as many beside each other as `width` characters hold, at least one."""
    widths = [max(map(len, lines), default=0) for lines in columns]
    count, used = 1, widths[0] if widths else 0
    while count < len(columns) and used + 3 + widths[count] <= width:
        used += 3 + widths[count]
        count += 1
    rows = [" | ".join(text.ljust(size) for text, size in zip(row, widths, strict=False)).rstrip()
            for row in zip_longest(*columns[:count], fillvalue="")]
    rest = columns[count:]
    return [*rows, "", *side_by_side(rest, width)] if rest else rows


def describe(group: IRGroup, width: int = 0) -> str:
    """The group as text, winners beside each other where `width` characters have room for them; a
    loser is its difference from the winner it was made of."""
    lines = [f"group {group.id}  problem {group.problem_id}  split {group.split}",
             group.signature, f"{len(group.inputs)} inputs, {group.toolchain}", "", "source:",
             group.source_code.rstrip()]
    lines += ["", *side_by_side([[f"winner {number} ({winner.recipe}):", *winner.ir.split("\n")]
                                 for number, winner in enumerate(group.winners)], width)]
    for number, loser in enumerate(group.losers):
        before = group.winners[loser.winner].ir.split("\n")
        changes = difflib.unified_diff(before, loser.ir.split("\n"), f"winner {loser.winner}",
                                       f"loser {number}", lineterm="")
        lines += ["", f"loser {number} ({loser.operator} in winner {loser.winner}), differs on "
                  f"{loser.hardness:.0%} of the inputs:", *changes,
                  f"input    {canonical(loser.witness['input'])}",
                  f"expected {canonical(loser.witness['expected'])}",
                  f"got      {canonical(loser.witness['got'])}"]
    return "\n".join(lines)
