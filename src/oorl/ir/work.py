"""What a function carries on its way to a group; shared by the steps of `chunk`."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from oorl.ir.compile import CFunction
from oorl.ir.execute import Unit
from oorl.ir.inputs import Packed
from oorl.ir.normalise import Module, extract
from oorl.ir.signature import CSignature, CType
from oorl.records import Loser, Problem, Winner

_NO_SIGNATURE = CSignature("", CType("void"), (), "")
_NO_INPUTS = Packed(_NO_SIGNATURE, (), b"", b"", 0)


@dataclass(frozen=True)
class Source:
    """A function to make a group of; the test arguments of `problem`, if any, become inputs.

    Functions of one `family` go into one split; without one, the function's normal form decides.
    """

    problem_id: str
    split: str
    function: CFunction
    licence: str = ""
    revision: str = ""
    problem: Problem | None = None
    family: str = ""


@dataclass
class Mutant:
    """A candidate loser; `slots` is what `execute.execute` saw."""

    ir: str
    winner: int
    operator: str
    slots: np.ndarray | None = None


@dataclass
class Work:
    """A function on its way to a group; a `reason` ends it.

    `expected` is uint8 (input, slot byte): what the plain build answers on the vetted inputs.
    `optimised` maps the -O2 text of each loser to the winners that it was made from.
    """

    source: Source
    slot: int
    rng: random.Random
    reason: str = ""
    signature: CSignature = _NO_SIGNATURE
    packed: Packed = _NO_INPUTS
    plain: str = ""
    expected: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    winners: list[Winner] = field(default_factory=list)
    streams: list[Iterator[tuple[str, str]]] = field(default_factory=list)
    turn: int = 0  # whose mutant comes next
    mutants: list[Mutant] = field(default_factory=list)
    losers: list[Loser] = field(default_factory=list)
    spare: list[Loser] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    optimised: dict[str, set[int]] = field(default_factory=dict)

    @property
    def symbol(self) -> str:
        """The function's name in the batch."""
        return f"oorl{self.slot}_{self.source.function.name}"

    def text(self, module: Module) -> str:
        """The function's cleaned IR, taken from a batch."""
        return extract(module, self.symbol, f"oorl{self.slot}_")

    def unit(self, ir: str, **options: Any) -> Unit:
        """`ir` to be run on this function's inputs."""
        return Unit(ir, self.source.function.name, self.packed, **options)


def alive(works: Sequence[Work]) -> list[Work]:
    """The works that have not been refused."""
    return [work for work in works if not work.reason]
