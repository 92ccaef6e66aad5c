"""Unit tests: inputs drawn for a function, expected results from the checked reference.

Inputs come from the parameter types, edges first, and lean towards the constants of the
function and their neighbours. Of many inputs those are kept that bring every comparison to both
sides of its boundary, onto it and next to it, where wrong programs give themselves away. Inputs
outside the function's domain are passed over.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.reference import Reference, Undefined
from oorl.records import Case, Json, Type, canonical

_POOL = 40
_TRIES = 240
_EDGES = 2
_VOCABULARY = ("apple", "bee", "cat", "dune", "echo", "fig", "gull", "hat", "ink", "jar", "kiwi",
               "level", "moon", "noon", "oak", "pear", "radar", "sun", "tea", "urn", "a", "ox")


class Values:
    """Draws test values; `near` are the numbers the function mentions."""

    def __init__(self, rng: random.Random, near: tuple[float, ...]) -> None:
        self.rng = rng
        self.near = tuple(int(c) + delta for c in near for delta in (-1, 0, 1))
        self.near_decimals = tuple(c + delta for c in near for delta in (-0.25, 0.0, 0.25))
        self.low, self.high = rng.choice(((-9, 9), (-30, 30), (0, 12), (0, 60), (1, 30)))

    def integer(self) -> int:
        if self.near and self.rng.random() < 0.35:
            return self.rng.choice(self.near)
        return self.rng.randint(self.low, self.high)

    def natural(self) -> int:
        return abs(self.integer()) if self.rng.random() < 0.7 else self.rng.randint(0, 400)

    def large(self) -> int:
        return self.rng.choice((self.rng.randint(0, 99), self.rng.randint(100, 9999),
                                self.rng.randint(10_000, 999_999)))

    def decimal(self) -> float:
        if self.near_decimals and self.rng.random() < 0.3:
            return self.rng.choice(self.near_decimals)
        return self.rng.randint(4 * self.low, 4 * self.high) / 4

    def size(self) -> int:
        return self.rng.choice((0, 1, 2, 3, 4, 5, 6, 6, 7, 8))

    def integers(self) -> list[int]:
        items = [self.integer() for _ in range(self.size())]
        if items and self.rng.random() < 0.3:
            items += self.rng.choices(items, k=2)
        return items

    def ordered(self) -> list[int]:
        items = sorted(self.integers(), reverse=self.rng.random() < 0.3)
        return items[:1] * len(items) if self.rng.random() < 0.1 else items

    def mirrored(self) -> list[int]:
        half = self.integers()[:4]
        return half + half[::-1]

    def text(self) -> str:
        letters = self.rng.choice(("abc", "aeiouxyz", "abAB", "Hello World", "a1b2c3", "0123456789",
                                   "ab  .", "xyzXYZ019 ,!", "abcdefghijklmnopqrstuvwxyz"))
        text = "".join(self.rng.choice(letters) for _ in range(self.rng.randint(0, 9)))
        return text + text[::-1] if self.rng.random() < 0.15 else text

    def digits(self) -> str:
        return "".join(self.rng.choice("0123456789") for _ in range(self.rng.randint(1, 7)))

    def bits(self) -> str:
        return "".join(self.rng.choice("01") for _ in range(self.rng.randint(1, 9)))

    def lower(self) -> str:
        letters = self.rng.choice(("abc", "aeioust", "abcdefghijklmnopqrstuvwxyz", "xyz", "ab"))
        return "".join(self.rng.choice(letters) for _ in range(self.rng.randint(0, 9)))

    def mapping(self) -> list[Json]:
        keys = sorted(self.rng.sample(_VOCABULARY, self.rng.randint(0, 5)))
        return [[key, self.integer()] for key in keys]

    def word(self) -> str:
        return self.rng.choice(_VOCABULARY) if self.rng.random() < 0.8 else self.lower()


_LIST_INT, _LIST_STR, _LIST_FLOAT = (Type("list", (t,)) for t in (n.INT, n.STR, n.FLOAT))
_MAP = Type("map", (n.STR, n.INT))

DOMAINS: dict[str, tuple[tuple[Json, ...], Callable[[Values], Json]]] = {
    # name: (edge values tried first, a random value)
    "int": ((0, 1, -1), Values.integer),
    "natural": ((0, 1), Values.natural),
    "large": ((0, 7, 10), Values.large),
    "small": ((0, 1), lambda v: v.rng.randint(0, 12)),
    "positive": ((1, 2), lambda v: 1 + abs(v.integer())),
    "float": ((0.0, 1.0), Values.decimal),
    "bool": ((True, False), lambda v: v.rng.random() < 0.5),
    "str": (("", "a"), Values.text),
    "digits": (("0", "7"), Values.digits),
    "bits": (("0", "1"), Values.bits),
    "lower": (("", "a"), Values.lower),
    "word": (("cat",), Values.word),
    "list": (([], [3]), Values.integers),
    "sorted": (([], [2]), Values.ordered),
    "mirrored": (([],), Values.mirrored),
    "naturals": (([], [5]), lambda v: [abs(x) for x in v.integers()]),
    "words": (([], ["kiwi"]), lambda v: [v.word() for _ in range(v.size())]),
    "floats": (([], [1.5]), lambda v: [v.decimal() for _ in range(v.size())]),
    "positive_floats": (([2.5],), lambda v: [abs(v.decimal()) for _ in range(v.size())]),
    "map": (([], [["fig", 4]]), Values.mapping),
}
"""What a parameter's test values look like."""

_DEFAULT = {n.INT: "int", n.FLOAT: "float", n.BOOL: "bool", n.STR: "str", _LIST_INT: "list",
            _LIST_STR: "words", _LIST_FLOAT: "floats", _MAP: "map"}


@dataclass(frozen=True)
class _Candidate:
    """A possible case; `shows` is what only some inputs bring out: results, boundaries."""

    case: Case
    result: str
    shows: frozenset[Any]


def make_cases(program: n.Program, domains: dict[str, str], count: int,
               rng: random.Random) -> tuple[Case, ...] | None:
    """`count` cases, or None if the function is trivial or hardly ever defined."""
    reference = Reference(program)
    near = tuple(sorted({x.value for x in program.walk()
                         if isinstance(x, n.Const) and x.type in (n.INT, n.FLOAT)
                         and abs(x.value) < 2000}))
    pool: dict[str, _Candidate] = {}
    for attempt in range(_TRIES):
        args = _arguments(program, domains, attempt, Values(rng, near))
        key = canonical(args)
        if key in pool:
            continue
        try:
            case = Case(args, reference(args))
        except Undefined:
            continue
        result = canonical(case.expected)
        pool[key] = _Candidate(case, result, reference.seen | {result})
        if len(pool) >= max(_POOL, 2 * count):
            break
    chosen = _choose(list(pool.values()), count)
    return chosen if len(chosen) == count and _telling(chosen, program) else None


def _arguments(program: n.Program, domains: dict[str, str], attempt: int,
               values: Values) -> tuple[Json, ...]:
    args = []
    for p in program.signature.parameters:
        edges, draw = DOMAINS[domains.get(p.name) or _DEFAULT[p.type]]
        args.append(edges[attempt] if attempt < len(edges) else draw(values))
    return tuple(args)


def _choose(pool: list[_Candidate], count: int) -> tuple[Case, ...]:
    """Edges first, then whatever shows most that no chosen case has shown yet.

    No result may fill the list: at least a quarter of the cases, if there are as many, differ.
    """
    chosen: list[_Candidate] = []
    seen: set[Any] = set()
    results: Counter[str] = Counter()
    rest = list(pool)
    while rest and len(chosen) < count:
        best = rest[0] if len(chosen) < _EDGES else max(rest, key=lambda c: len(c.shows - seen))
        rest.remove(best)
        others = sum(c.result != best.result for c in pool)
        if results[best.result] < count - min(others, max(2, count // 4)):
            chosen.append(best)
            seen |= best.shows
            results[best.result] += 1
    return tuple(c.case for c in chosen)


def _telling(cases: tuple[Case, ...], program: n.Program) -> bool:
    """Whether the expected results vary and are not simply one of the arguments."""
    results = [canonical(c.expected) for c in cases]
    if program.signature.returns == n.BOOL:
        if min(results.count("true"), results.count("false")) < 2:
            return False
    elif len(set(results)) < min(3, len(results)):
        return False
    for position in range(len(program.signature.parameters)):
        if all(canonical(c.args[position]) == r for c, r in zip(cases, results, strict=True)):
            return False
    return True
