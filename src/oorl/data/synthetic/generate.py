"""Draws functions until enough distinct ones are found.

Function number i depends on (seed, i) alone and the first of equal ones wins, so asking for
more problems keeps all those of a smaller request. A function's id and split depend on its
content alone, never on its number or the seed.
"""

from __future__ import annotations

import random
from functools import cache

from oorl.data.splits import assign_split
from oorl.data.synthetic.cases import make_cases
from oorl.data.synthetic.families import Draw, Family, all_families
from oorl.data.synthetic.frontend import parse_program
from oorl.data.synthetic.names import illegal_names
from oorl.data.synthetic.normalise import normal_form
from oorl.data.synthetic.printers import print_all
from oorl.errors import DataError, UnknownName
from oorl.params.dataset import DatasetParams
from oorl.records import Problem, stable_id

SOURCE = "synthetic"
LICENCE = "Apache-2.0"
REVISION = "1"
_DRAWS_PER_PROBLEM = 25


def generate_problems(params: DatasetParams, seed: int) -> list[Problem]:
    """`params.problems` distinct problems, sorted by id.

    Raises `DataError` if the families cannot give that many.
    """
    found: dict[str, Problem | None] = {}
    kept = 0
    for number in range(_DRAWS_PER_PROBLEM * params.problems):
        form, problem = draw_problem(seed, number, params, found)
        found.setdefault(form, problem)
        kept += problem is not None
        if kept == params.problems:
            problems = [p for p in found.values() if p is not None]
            return sorted(problems, key=lambda p: p.id)
    raise DataError(f"dataset.problems = {params.problems}: the families gave only {kept} "
                    "distinct functions",
                    f"Ask for at most {kept}, or allow more dataset.families.")


@cache
def chosen_families(names: tuple[str, ...]) -> dict[str, Family]:
    """The families named, all if none is; in alphabetical order. Raises `UnknownName`."""
    families = all_families()
    for name in names:
        if name not in families:
            raise UnknownName("family of dataset.families", name, list(families))
    return {name: family for name, family in families.items() if not names or name in names}


def draw_problem(seed: int, number: int, params: DatasetParams,
                 found: dict[str, Problem | None]) -> tuple[str, Problem | None]:
    """Function `number` and its normal form; None for a twin of one in `found`, or a trivial one.
    """
    rng = random.Random(f"{seed}:{number}")
    families = chosen_families(params.families)
    family = rng.choice(list(families))
    draft = families[family](Draw(rng))
    program = parse_program(draft.text)
    form = normal_form(program)
    if form in found:
        return form, None
    if wrong := illegal_names(program):
        raise AssertionError(f"family {family} uses the names {wrong}")
    cases = make_cases(program, dict(draft.domains), params.cases, random.Random(form))
    if cases is None:
        return form, None
    return form, Problem(
        id=f"syn-{stable_id(form)}",
        source=SOURCE,
        split=assign_split(form, params),
        signature=program.signature,
        cases=cases,
        solutions=print_all(program),
        family=family,
        licence=LICENCE,
        revision=REVISION,
    )
