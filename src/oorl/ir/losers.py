"""Losers: mutants of winners that are wrong for sure.

A mutant becomes a loser by a witness, an input on which it finishes with the same wrong bits under
all fill patterns without a step whose result is poison, and again after an -O2 recompile under
other patterns: so the difference rests neither on uninitialised memory, nor on addresses, nor on
undefined behaviour.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np

from oorl.ir import execute, variants
from oorl.ir.distance import is_close
from oorl.ir.inputs import read_output
from oorl.ir.normalise import extract, split_module
from oorl.ir.work import Mutant, Work, alive
from oorl.params.ir_groups import IRGroupsParams
from oorl.records import Loser

_O2 = variants.Recipe("O2", 2)
# Mutants tried for each loser that a group lacks, by round: about 60 % become losers, and a
# function that is still hungry late is a hard one.
MUTANTS = (1.75, 3, 4, 8, 8, 8)


def find_losers(works: Sequence[Work], params: IRGroupsParams) -> None:
    """Fill `losers`; a work that gets too few is refused."""
    for effort in MUTANTS:
        _round(works, params, effort)
    for work in alive(works):
        # A tiny function has few ways to be wrong: take the same way from another winner.
        work.losers += work.spare[:params.losers - len(work.losers)]
        if len(work.losers) < params.losers:
            work.reason = "too few losers"


def _round(works: Sequence[Work], params: IRGroupsParams, effort: float) -> None:
    """Confirm as many candidates as the groups lack, made anew where too few are left over."""
    hungry = [w for w in alive(works) if len(w.losers) < params.losers]
    fresh = []
    for work in hungry:
        missing = params.losers - len(work.losers)
        if len(work.mutants) < missing:
            fresh += [(work, m) for m in _next_mutants(work, params, ceil(effort * missing))]
    results = execute.execute([w.unit(m.ir, defined=True) for w, m in fresh])
    for (work, mutant), slots in zip(fresh, results, strict=True):
        mutant.slots = slots
        if _witnesses(slots, work).any():
            work.mutants.append(mutant)
    chosen = []
    for work in hungry:
        missing = params.losers - len(work.losers)
        chosen += [(work, mutant) for mutant in work.mutants[:missing]]
        del work.mutants[:missing]
    _confirm(chosen, params)


def _next_mutants(work: Work, params: IRGroupsParams, count: int) -> list[Mutant]:
    """The next `count` mutants (fewer at the end), the winners taking turns.

    A mutant that were not valid would be refused when it is run: see `execute`.
    """
    found: list[Mutant] = []
    dry = 0  # winners in a row with nothing left
    while len(found) < count and dry < len(work.streams):
        index = work.turn % len(work.streams)
        work.turn += 1
        dry += 1
        for operator, ir in work.streams[index]:
            if ir not in work.seen and len(ir) <= params.max_ir_chars \
                    and is_close(work.winners[index].ir, ir, params.max_loser_edits):
                work.seen.add(ir)
                found.append(Mutant(ir, index, operator))
                dry = 0
                break
    return found


def _witnesses(slots: np.ndarray | None, work: Work) -> np.ndarray:
    """bool (input): finished, wrong, and equally so under all patterns."""
    if slots is None:
        return np.zeros(len(work.expected), bool)
    status = execute.status(slots)
    if (status == execute.NOT_RUN).any():  # it hangs too often to be run to the end
        return np.zeros(len(work.expected), bool)
    finished = (status == execute.DONE).all(axis=0)
    steady = (slots == slots[:1]).all(axis=(0, 2))
    return finished & steady & (slots[0] != work.expected).any(axis=1)


def _confirm(owners: Sequence[tuple[Work, Mutant]], params: IRGroupsParams) -> None:
    """Recompile the candidates at -O2; keep those that are wrong in the same way, once each."""
    if not owners:
        return
    joined = execute.join([w.unit(m.ir) for w, m in owners], fuel=False)
    module = split_module(variants.apply_recipe(joined, _O2))
    again = [extract(module, f"v{k}.{w.source.function.name}", f"v{k}.")
             for k, (w, _) in enumerate(owners)]
    results = execute.execute([w.unit(ir) for ir, (w, _) in zip(again, owners, strict=True)],
                              execute.CONFIRM)
    for (work, mutant), ir, slots in zip(owners, again, results, strict=True):
        if slots is None or mutant.slots is None:
            continue
        both = _witnesses(mutant.slots, work) & _witnesses(slots, work) \
            & (slots[0] == mutant.slots[0]).all(axis=1)
        if not 0 < both.mean() <= params.max_hardness:
            continue
        winners = work.optimised.setdefault(ir, set())
        if not winners:  # else a near duplicate: the same loser once optimised
            work.losers.append(_loser(work, mutant, both))
        elif mutant.winner not in winners:
            work.spare.append(_loser(work, mutant, both))
        winners.add(mutant.winner)


def _loser(work: Work, mutant: Mutant, proofs: np.ndarray) -> Loser:
    """`proofs` is bool (input): where the mutant is wrong for sure; the first is the witness."""
    assert mutant.slots is not None
    index = int(np.flatnonzero(proofs)[0])
    witness = {"input": work.packed.values[index],
               "expected": read_output(work.packed, index, work.expected[index].tobytes()),
               "got": read_output(work.packed, index, mutant.slots[0, index].tobytes())}
    return Loser(mutant.ir, mutant.winner, mutant.operator, witness,
                 round(float(proofs.mean()), 4))
