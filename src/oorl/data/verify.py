"""Gold programs are run before anybody trusts them: a problem whose own solution fails is bad.

Every solution of the chosen problems runs in the sandbox against the problem's cases. A problem
with a failing solution in any language is refused (quarantined), never repaired. A fault of our
own machinery is no verdict on a problem: it is kept and counted as unverified.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from oorl.languages import get_language
from oorl.records import Problem, Status, Verdict, canonical
from oorl.sandbox.known import Judging, VerdictCache, judge_known

TRIVIAL = "a program that always gives the most frequent result passes all tests"


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
                languages: Collection[str], judge: Judging, progress: bool = False,
                *, independent: bool = False, prove_tests: bool = False,
                known: VerdictCache | None = None) -> Verification:
    """Run the solutions of `chosen` in `languages` and drop from `problems` those that fail.

    With `independent` a solution that fails is dropped alone, and the problem with its last one;
    solutions that could not be run are dropped too. With `prove_tests` a trivially wrong program,
    one that always gives the most frequent result, must fail as well (in Python, if it is there).
    `refused` has one entry per failing program: problem, family, language, status and detail.
    Verdicts that `known` has are not asked for again; new ones are added to it.
    Raises `IsolationUnavailable` where there is no sandbox, `InfraError` where a language cannot be
    judged at all.
    """
    work = [(p, language) for p in chosen for language in sorted(p.solutions)
            if language in languages]
    wrong = [p for p in chosen if prove_tests and "python" in languages]
    submissions = [*(p.submission(language, p.solutions[language]) for p, language in work),
                   *(p.submission("python", trivial(p)) for p in wrong)]
    verdicts = judge_known(submissions, judge, known or VerdictCache(), "judge", progress)
    result = Verification([])
    bad: dict[str, set[str]] = {p.id: set() for p in chosen}
    if independent:
        bad = {p.id: p.solutions.keys() - set(languages) for p in chosen}
    for (problem, language), verdict in zip(work, verdicts[:len(work)], strict=True):
        if verdict.status is Status.INFRA_ERROR:
            result.unverified += 1
        elif not verdict.passed:
            result.refused.append(_refusal(problem, language, verdict))
            bad[problem.id].add(language)
    for problem, verdict in zip(wrong, verdicts[len(work):], strict=True):
        if verdict.passed:
            bad[problem.id] |= problem.solutions.keys()
            result.refused.append({"problem": problem.id, "family": problem.family,
                                   "language": "", "status": str(verdict.status),
                                   "detail": TRIVIAL})
    result.programs = dict(sorted(Counter(language for _, language in work).items()))
    for problem in problems:
        failing = bad.get(problem.id, set())
        left = {k: v for k, v in problem.solutions.items() if k not in failing}
        if not failing:
            result.kept.append(problem)
        elif independent and left:
            result.kept.append(replace(problem, solutions=left))
    return result


def trivial(problem: Problem) -> str:
    """A Python program that always gives the most frequent result of the problem's tests."""
    results = Counter(canonical(case.expected) for case in problem.cases)
    expected = json.loads(results.most_common(1)[0][0])
    literal = get_language("python").literal(problem.signature.returns, expected)
    if problem.whole:
        return f"import sys\nsys.stdout.write({literal})\n"
    return f"def {problem.signature.name}(*_):\n    return {literal}\n"


def _refusal(problem: Problem, language: str, verdict: Verdict) -> dict[str, str]:
    return {"problem": problem.id, "family": problem.family, "language": language,
            "status": str(verdict.status), "detail": verdict.detail[:300]}
