"""Gold solutions run once more: what the data say of themselves, seen again in the sandbox."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from oorl.data.verify import verify_gold
from oorl.errors import DataError
from oorl.params import Params
from oorl.records import Problem
from oorl.sandbox import available_languages, open_judge


@dataclass
class Gold:
    """`faults` has "" or what went wrong, by the place of each row that was drawn; `unverified`
    counts programs of which our own machinery could not say anything."""

    faults: dict[int, str] = field(default_factory=dict)
    programs: int = 0
    unverified: int = 0


def run_gold(rows: Sequence[Mapping[str, str]], params: Params) -> Gold:
    """Run the solutions of `validate.gold_problems` rows, drawn by the seed, in all languages that
    have a toolchain here.

    A row that is no problem is left to the other rules, and what fails is run once more, so that a
    busy machine breaks no rule. Raises `IsolationUnavailable` where there is no sandbox.
    """
    count = min(params.validate_.gold_problems, len(rows))
    drawn = random.Random(params.seed).sample(range(len(rows)), count)
    problems = [problem for place in sorted(drawn) if (problem := _problem(rows[place], place))]
    gold = Gold({int(problem.id): "" for problem in problems})
    if not problems:
        return gold
    languages = {name for name, state in available_languages().items() if isinstance(state, str)}
    with open_judge(params.sandbox) as judge:
        first = verify_gold(problems, problems, languages, judge, progress=True)
        failing = {one["problem"] for one in first.refused}
        again = [problem for problem in problems if problem.id in failing]
        found = verify_gold(again, again, languages, judge) if again else first
    for one in found.refused:
        words = f"{one['language']}: {one['status']} {one['detail']}".strip()
        before = gold.faults[int(one["problem"])]
        gold.faults[int(one["problem"])] = f"{before}; {words}" if before else words
    gold.programs, gold.unverified = sum(first.programs.values()), first.unverified
    return gold


def _problem(row: Mapping[str, str], place: int) -> Problem | None:
    """With its place as id: an id may be there twice."""
    try:
        return replace(Problem.from_row(row), id=str(place))
    except (ValueError, KeyError, TypeError, AttributeError, DataError):
        return None
