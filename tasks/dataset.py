"""dataset: translation problems with unit tests, split by problem.

Reads nothing; writes data/problems/problems.parquet. The gold programs of a share of the
held-out splits are run in the sandbox, and problems that fail their own tests are left out.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from oorl.data.sources import get_source
from oorl.data.splits import SPLITS
from oorl.data.tables import write_problems
from oorl.data.verify import Verification, choose, verify_gold
from oorl.errors import DataError
from oorl.params import Params
from oorl.records import Problem
from oorl.sandbox import available_languages, open_judge
from tasks._stage import StageContext, stage_main

PROBLEMS = "data/problems/problems.parquet"
HELD_OUT = ("validation", "test")


def run(params: Params, ctx: StageContext) -> None:
    problems = get_source(params.dataset.source).load(params.dataset, params.seed)
    chosen = choose(problems, HELD_OUT, params.dataset.verify_share)
    found = {name for name, state in available_languages().items() if isinstance(state, str)}
    skipped = sorted({name for p in chosen for name in p.solutions} - found)
    if chosen and skipped:
        logging.getLogger(__name__).warning(
            "gold programs not run for want of a toolchain: %s", ", ".join(skipped))
    if chosen:
        with open_judge(params.sandbox) as judge:
            outcome = verify_gold(problems, chosen, found, judge, progress=True)
    else:
        outcome = Verification(list(problems))
    if empty := [s for s in SPLITS if not any(p.split == s for p in outcome.kept)]:
        raise DataError(f"no problems in the split(s) {', '.join(empty)}",
                        "Raise dataset.problems or the shares of these splits.")
    write_problems(ctx.root / PROBLEMS, outcome.kept)
    ctx.write_metrics(summary(problems, len(chosen), outcome, skipped),
                      main=("problems.kept", "problems.refused"))


def summary(problems: Sequence[Problem], verified: int, outcome: Verification,
            skipped: list[str]) -> dict[str, Any]:
    """The stage's metrics: nothing is dropped without a count."""
    kept = outcome.kept
    return {
        "problems": {"in": len(problems), "kept": len(kept),
                     "refused": len(problems) - len(kept)},
        "splits": {s: sum(p.split == s for p in kept) for s in SPLITS},
        "families": len({p.family for p in kept}),
        "cases": sum(len(p.cases) for p in kept),
        "solutions": dict(sorted(Counter(x for p in kept for x in p.solutions).items())),
        "verified": {"problems": verified, "programs": outcome.programs,
                     "unverified": outcome.unverified, "skipped_languages": skipped},
        "refused": outcome.refused,
    }


if __name__ == "__main__":
    stage_main("dataset", run)
