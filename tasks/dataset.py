"""dataset: translation problems with unit tests, split by problem.

Reads what the source reads (the embedded one: nothing); writes data/problems/problems.parquet. The
gold programs of a share of the held-out splits, of files all of them, are run in the sandbox, and
problems that fail their own tests are left out.
"""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

import oorl
from oorl.data.answers import answer
from oorl.data.sources import Loaded, get_source
from oorl.data.splits import SPLITS
from oorl.data.tables import write_problems
from oorl.data.verify import Verification, choose, verify_gold
from oorl.errors import DataError
from oorl.params import Params
from oorl.sandbox import available_languages, open_judge
from tasks._stage import StageContext, stage_main
from tasks._verdicts import known_verdicts

CROSSWAY = Path(oorl.__file__).parent / "evaluation" / "crossway"
PROBLEMS = "data/problems/problems.parquet"
HELD_OUT = ("validation", "test")


def run(params: Params, ctx: StageContext) -> None:
    own = params.dataset
    loaded = get_source(own.source).load(own, params.seed, ctx.root)
    if loaded.unanswered:
        with open_judge(params.sandbox) as judge:
            answer(loaded, judge)
    removed = overlap(loaded, params, ctx)
    problems = loaded.problems
    chosen = choose(problems, HELD_OUT, own.verify_share) if loaded.trusted else problems
    found = {name: state for name, state in available_languages().items() if isinstance(state, str)}
    skipped = sorted({name for p in chosen for name in p.solutions} - found.keys())
    if chosen and skipped:
        logging.getLogger(__name__).warning(
            "gold programs not run for want of a toolchain: %s", ", ".join(skipped))
    if chosen:
        with open_judge(params.sandbox) as judge:
            outcome = verify_gold(problems, chosen, found, judge, progress=True,
                                  independent=loaded.independent, prove_tests=not loaded.trusted,
                                  known=known_verdicts(ctx, params.sandbox, found))
    else:
        outcome = Verification(list(problems))
    if empty := [s for s in SPLITS if not any(p.split == s for p in outcome.kept)]:
        raise DataError(f"no problems in the split(s) {', '.join(empty)}",
                        "Raise dataset.problems or the shares of these splits.")
    write_problems(ctx.root / PROBLEMS, outcome.kept)
    ctx.write_metrics(summary(loaded, len(chosen), outcome, skipped, removed),
                      main=("problems.kept", "problems.refused"))


def overlap(loaded: Loaded, params: Params, ctx: StageContext) -> dict[str, Any]:
    """Refuse what benchmarks have and what is there twice; the figures for the report.

    The benchmark that comes with the package is always one of them for other people's rows.
    """
    from oorl.data.overlap import Benchmarks, clean

    own = params.dataset
    if loaded.trusted and not own.benchmarks:
        return {}
    paths = [*own.benchmarks, *([] if loaded.trusted else [str(CROSSWAY)])]
    benchmarks = Benchmarks.read(ctx.root, paths, own.similarity)
    # What is generated is distinct by its normal form.
    removed = clean(loaded, benchmarks, 2.0 if loaded.trusted else own.similarity, progress=True)
    return {**removed, "benchmarks": benchmarks.files}


def summary(loaded: Loaded, verified: int, outcome: Verification,
            skipped: list[str], removed: dict[str, Any]) -> dict[str, Any]:
    """The stage's metrics: nothing is dropped without a count."""
    kept, rows = outcome.kept, len(loaded.problems) + len(loaded.refused)
    return {
        "problems": {"in": rows, "kept": len(kept), "refused": rows - len(kept)},
        "splits": {s: sum(p.split == s for p in kept) for s in SPLITS},
        "families": len({p.family for p in kept}),
        "cases": sum(len(p.cases) for p in kept),
        "solutions": dict(sorted(Counter(x for p in kept for x in p.solutions).items())),
        "verified": {"problems": verified, "programs": outcome.programs,
                     "unverified": outcome.unverified, "skipped_languages": skipped},
        "overlap": removed,
        "refused": [*loaded.refused, *outcome.refused],
    }


if __name__ == "__main__":
    stage_main("dataset", run)
