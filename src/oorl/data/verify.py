"""Gold programs are run before anybody trusts them: a problem whose own solution fails is bad.

Every solution of the chosen problems runs in the sandbox against the problem's cases. A problem
with a failing solution in any language is refused (quarantined), never repaired. A fault of our
own machinery is no verdict on a problem: it is kept and counted as unverified.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from oorl.records import Problem, Status, Submission, Verdict
from oorl.sandbox import Judge, RemoteJudge


@dataclass
class Verification:
    """What came of it. `kept` keeps the order of the problems given."""

    kept: list[Problem]
    refused: list[dict[str, str]] = field(default_factory=list)
    programs: dict[str, int] = field(default_factory=dict)
    unverified: int = 0


def choose(problems: Sequence[Problem], splits: Collection[str], share: float) -> list[Problem]:
    """A share of the problems of `splits`, by a hash of their ids: more share, more of the same."""
    def point(problem: Problem) -> float:
        digest = hashlib.sha256(b"verify\x1f" + problem.id.encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64

    return [p for p in problems if p.split in splits and point(p) < share]


def verify_gold(problems: Sequence[Problem], chosen: Sequence[Problem],
                languages: Collection[str], judge: Judge | RemoteJudge, progress: bool = False
                ) -> Verification:
    """Run the solutions of `chosen` in `languages` and drop from `problems` those that fail.

    `refused` has one entry per failing program: problem, family, language, status and detail.
    Raises `IsolationUnavailable` where there is no sandbox.
    """
    work = [(p, language) for p in chosen for language in sorted(p.solutions)
            if language in languages]
    verdicts = judge.judge([Submission(language, p.solutions[language], p.signature, p.cases)
                            for p, language in work], progress=progress)
    result = Verification([])
    for (problem, language), verdict in zip(work, verdicts, strict=True):
        if verdict.status is Status.INFRA_ERROR:
            result.unverified += 1
        elif not verdict.passed:
            result.refused.append(_refusal(problem, language, verdict))
    result.programs = dict(sorted(Counter(language for _, language in work).items()))
    bad = {entry["problem"] for entry in result.refused}
    result.kept = [p for p in problems if p.id not in bad]
    return result


def _refusal(problem: Problem, language: str, verdict: Verdict) -> dict[str, str]:
    return {"problem": problem.id, "family": problem.family, "language": language,
            "status": str(verdict.status), "detail": verdict.detail[:300]}
