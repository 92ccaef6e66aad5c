"""ir_groups: groups of equivalent and inequivalent LLVM IRs, every label checked by execution.

Reads data/problems/problems.parquet; writes data/ir_groups/groups.parquet. Training groups come
half from the "sft" split (the base model's C-to-IR examples) and half from "rl" (GEPO's groups);
"test" gives the held-out ones. No source function is in two splits, so neither is any group.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

from oorl.data.tables import read_problems
from oorl.errors import DataError
from oorl.ir.groups import build_groups, toolchain
from oorl.ir.tables import write_groups
from oorl.params import Params
from oorl.records import IRGroup
from tasks._stage import StageContext, stage_main

PROBLEMS = "data/problems/problems.parquet"
GROUPS = "data/ir_groups/groups.parquet"


def run(params: Params, ctx: StageContext) -> None:
    settings = params.ir_groups
    wanted = {"sft": settings.groups - settings.groups // 2, "rl": settings.groups // 2,
              "test": settings.test_groups}
    path = ctx.root / PROBLEMS
    ctx.log_dataset(path, "problems")
    # Results are cached by content, so a folder for all settings serves every later run too.
    cache = ctx.root / ".oorl" / "ir_cache"
    groups: list[IRGroup] = []
    counts: dict[str, Any] = {}
    for split, limit in wanted.items():
        if limit:
            found, counts[split] = build_groups(
                read_problems(path, splits=[split]), settings, params.seed, cache_dir=cache,
                limit=limit)
            counts[split]["wanted"] = limit
            if len(found) < limit:
                logging.getLogger(__name__).warning(
                    "%s: %d IR groups instead of %d; raise dataset.problems for more",
                    split, len(found), limit)
            groups += found
    if not groups:
        raise DataError(f"{path}: no function gave an IR group",
                        "See reports/ir_groups/metrics.json for the reasons; raise "
                        "dataset.problems or ir_groups.max_ir_chars.")
    write_groups(ctx.root / GROUPS, groups)
    ctx.write_metrics({**summary(groups), "splits": counts, "toolchain": toolchain()})


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
