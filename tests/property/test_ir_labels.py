"""Random functions of the embedded generator: C, its IR groups and Python must tell one story.

Python is the oracle: it shares nothing with the compilers and has no undefined behaviour.
"""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from oorl.data.synthetic import generate_problems
from oorl.ir import inputs, mutate, variants
from oorl.ir.chunk import build_chunk
from oorl.ir.groups import sources_of
from oorl.ir.normalise import renumber
from oorl.ir.signature import CType
from oorl.params.dataset import DatasetParams
from oorl.params.ir_groups import IRGroupsParams
from oorl.records import IRGroup, Json, Problem

NUMBERS = {"int": (-2**31, 2**31 - 1), "long long": (-2**63, 2**63 - 1), "bool": (0, 1),
           "unsigned char": (0, 255), "unsigned long": (0, 2**64 - 1)}


def python_answer(problem: Problem, values: list[Json]) -> Any:
    """The Python solution on a C input: lists lose the length that C needs beside them."""
    names: dict[str, Any] = {}
    exec(problem.solutions["python"], names)
    arguments, rest = [], list(values)
    for parameter in problem.signature.parameters:
        value = rest.pop(0)
        if parameter.type.kind == "list":
            rest.pop(0)
            value = list(value)
        arguments.append(bool(value) if parameter.type.kind == "bool" else value)
    return names[problem.signature.name](*arguments)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6))
def test_witnesses_agree_with_python(seed: int) -> None:
    problems = [p for p in generate_problems(DatasetParams(problems=40), seed)
                if p.signature.returns.kind in ("int", "float", "bool")][:8]
    by_id = {p.id: p for p in problems}
    sources, _ = sources_of(problems)
    for result in build_chunk(sources, IRGroupsParams(), seed, "t"):
        assert isinstance(result, IRGroup), result
        problem = by_id[result.problem_id]
        for loser in result.losers:
            answer = python_answer(problem, loser.witness["input"])
            expected = loser.witness["expected"]["return"]
            assert answer == expected or math.isclose(answer, expected, rel_tol=1e-12)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6))
def test_rewrites_and_mutants_of_random_functions_are_valid(seed: int) -> None:
    sources, _ = sources_of(generate_problems(DatasetParams(problems=40), seed)[:6])
    for result in build_chunk(sources, IRGroupsParams(winners=2, losers=1), seed, "t"):
        assert isinstance(result, IRGroup), result
        for winner in result.winners:
            assert variants.renumber_all(winner.ir) == winner.ir
            changed = mutate.mutants(winner.ir, random.Random(seed))
            for _, ir in (*changed, *variants.rewrites(winner.ir, random.Random(seed))):
                assert variants.valid(ir), ir


@given(st.data(), st.sampled_from(sorted(NUMBERS)), st.booleans())
def test_integers_survive_encoding(data: st.DataObject, scalar: str, pointer: bool) -> None:
    kind = CType(scalar, pointer)
    item = st.integers(*NUMBERS[scalar])
    value = data.draw(st.lists(item, max_size=9) if pointer else item)
    memory = inputs.encode(value, kind)
    assert len(memory) == kind.bytes * (len(value) if pointer else 1)
    assert inputs.decode(memory, kind) == value


@given(st.floats(allow_nan=False))
def test_doubles_survive_encoding(value: float) -> None:
    shown = value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
    assert inputs.decode(inputs.encode(shown, CType("double")), CType("double")) == shown


@given(st.permutations(range(1, 9)))
def test_renumbering_undoes_any_numbering(order: list[int]) -> None:
    """Values numbered in any way become 2, 3, ... in order (0 is the argument, 1 the entry)."""
    def chain(names: list[int]) -> str:
        lines = ["define i32 @f(i32 %0) {", f"  %{names[0]} = add i32 %0, 1"]
        lines += [f"  %{b} = mul i32 %{a}, %0" for a, b in itertools.pairwise(names)]
        return "\n".join([*lines, f"  ret i32 %{names[-1]}", "}"])

    assert renumber(chain([k + 10 for k in order])) == chain(list(range(2, 10)))
