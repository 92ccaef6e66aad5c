"""ir_groups: groups of equivalent and inequivalent LLVM IRs, every label checked by execution.

Reads data/problems/problems.parquet, or the files of `ir_groups.source`; writes
data/ir_groups/groups.parquet. Training groups come half from the "sft" split (the base model's
source-to-IR examples) and half from "rl" (GEPO's groups); "test" gives the held-out ones. No source
function is in two splits, so neither is any group, and none that is also a held-out problem or in a
file of `ir_groups.benchmarks` is trained on.
"""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

from oorl.data.tables import read_problems
from oorl.errors import DataError
from oorl.ir.groups import build_from_sources, sources_of, toolchain
from oorl.ir.identity import benchmark_marks, distinct, fingerprint, place
from oorl.ir.sources import PROBLEMS as OWN
from oorl.ir.sources import get_source
from oorl.ir.tables import write_groups
from oorl.ir.work import Source
from oorl.params import Params
from oorl.records import IRGroup
from tasks._stage import StageContext, stage_main

PROBLEMS = "data/problems/problems.parquet"
GROUPS = "data/ir_groups/groups.parquet"
HELD_OUT = ("validation", "test")


def run(params: Params, ctx: StageContext) -> None:
    settings = params.ir_groups
    wanted = {"sft": settings.groups - settings.groups // 2, "rl": settings.groups // 2,
              "test": settings.test_groups}
    path = ctx.root / PROBLEMS
    ctx.log_dataset(path, "problems")
    # Results are cached by content, so a folder for all settings serves every later run too.
    cache = ctx.root / ".oorl" / "ir_cache"
    sources, refused = split_sources(params, ctx.root, tuple(s for s, n in wanted.items() if n))
    groups: list[IRGroup] = []
    counts: dict[str, Any] = {}
    for split, limit in wanted.items():
        if limit:
            found, counts[split] = build_from_sources(
                sources[split], settings, params.seed, cache_dir=cache, limit=limit,
                refused=refused[split])
            counts[split]["wanted"] = limit
            if len(found) < limit:
                logging.getLogger(__name__).warning(
                    "%s: %d IR groups instead of %d; raise dataset.problems for more",
                    split, len(found), limit)
            groups += found
    if not groups:
        raise DataError(f"{path if settings.source == OWN else settings.path}: no function gave "
                        "an IR group", "See reports/ir_groups/metrics.json for the reasons; raise "
                        "dataset.problems or ir_groups.max_ir_chars.")
    write_groups(ctx.root / GROUPS, groups)
    ctx.write_metrics({**summary(groups), "source": settings.source, "splits": counts,
                       "cut": dict(refused["all"]), "toolchain": toolchain()},
                      main=("groups", "mean_hardness"))


def split_sources(params: Params, root: Path, splits: tuple[str, ...],
                  ) -> tuple[dict[str, list[Source]], dict[str, Counter[str]]]:
    """Functions by split, each once, and what was left out: by split, or "all" before that."""
    settings = params.ir_groups
    refused: dict[str, Counter[str]] = {"all": Counter()}
    found: dict[str, list[Source]] = {}
    if settings.source == OWN:
        for split in splits:
            found[split], refused[split] = sources_of(
                read_problems(root / PROBLEMS, splits=[split]))
    else:
        every, refused["all"] = get_source(settings.source).load(settings, root)
        for split in splits:
            found[split] = [s for s in place(every, settings.test_share) if s.split == split]
    marks = benchmark_marks([root / path for path in settings.benchmarks], settings.languages)
    held_out = held_out_marks(root)
    for split in splits:
        taken = marks if split == "test" else {**held_out, **marks}
        found[split], more = distinct(found[split], taken)
        refused[split] = refused.get(split, Counter()) + more
    return found, refused


def held_out_marks(root: Path) -> dict[str, str]:
    """Fingerprints of the problems that no model may be trained on."""
    problems = read_problems(root / PROBLEMS, splits=list(HELD_OUT))
    return {fingerprint(problem.solutions[language], language): "also a held-out problem"
            for problem in problems for language in ("c", "cpp") if language in problem.solutions}


def summary(groups: list[IRGroup]) -> dict[str, Any]:
    """Totals over the kept groups."""
    losers = [loser for group in groups for loser in group.losers]
    texts = [winner.ir for group in groups for winner in group.winners]
    return {"groups": len(groups), "winners": len(texts), "losers": len(losers),
            "mean_hardness": sum(lo.hardness for lo in losers) / max(1, len(losers)),
            "mean_ir_chars": sum(map(len, texts)) / max(1, len(texts)),
            "mean_inputs": sum(len(g.inputs) for g in groups) / max(1, len(groups)),
            "recipes": dict(sorted(Counter(w.recipe for g in groups for w in g.winners).items())),
            "operators": dict(sorted(Counter(lo.operator for lo in losers).items()))}


if __name__ == "__main__":
    stage_main("ir_groups", run)
