"""Verdicts that outlive an interrupted stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import oorl
from oorl.params import Section
from oorl.sandbox.known import VerdictCache
from tasks._stage import StageContext

JUDGE = [Path(oorl.__file__).parent / part for part in ("languages", "sandbox")]
"""The code that verdicts depend on: what another judge gave is not taken for this one's."""


def known_verdicts(ctx: StageContext, sandbox: Section, *parts: Any) -> VerdictCache:
    """What earlier runs of the stage got under these limits, and with equal `parts`."""
    return VerdictCache(ctx.checkpoints("verdicts", sandbox, *parts, inputs=JUDGE)
                        / "verdicts.jsonl")
