"""Results for tests that have arguments only: what the reference gives is what is expected."""

from __future__ import annotations

from dataclasses import replace

from oorl.data.sources import Loaded
from oorl.languages.values import conform
from oorl.records import Case, Json, Submission, canonical
from oorl.sandbox import Judge, RemoteJudge


def answer(loaded: Loaded, judge: Judge | RemoteJudge) -> None:
    """Give the cases of unanswered problems what the Python solution gives for them; refuse those
    where it does not answer, or answers always the same.

    Raises `ParamsError` with a judge elsewhere, which tells no results.
    """
    asked = [p for p in loaded.problems if p.id in loaded.unanswered]
    found = judge.results([Submission("python", p.solutions["python"], p.signature, p.cases)
                           for p in asked])
    answered = {}
    for problem, results in zip(asked, found, strict=True):
        try:
            if isinstance(results, str):
                raise ValueError(results)
            if len({canonical(r) for r in results}) == 1:
                raise ValueError("all tests give the same: a program that does nothing would pass")
            if not all(map(_fits, results)):
                raise ValueError("a result needs more than 64 bits, and most languages have 64")
            answered[problem.id] = replace(problem, cases=tuple(
                Case(case.args, conform(problem.signature.returns, result))
                for case, result in zip(problem.cases, results, strict=True)))
        except ValueError as error:
            loaded.refused.append({"row": loaded.unanswered[problem.id], "id": problem.id,
                                   "reason": str(error)[:300]})
    loaded.problems = [answered.get(p.id, p) for p in loaded.problems
                       if p.id in answered or p.id not in loaded.unanswered]


def _fits(value: Json) -> bool:
    if isinstance(value, list):
        return all(map(_fits, value))
    return not isinstance(value, int) or -2**63 <= value < 2**63
