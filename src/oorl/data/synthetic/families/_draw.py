"""What families draw from: random choices, natural names, predicates and transformations."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

LISTS = ("nums", "values", "items", "numbers", "xs", "data", "scores", "prices", "heights")
WORDS = ("words", "names", "tokens", "parts", "labels")
TEXTS = ("text", "s", "word", "line", "phrase", "msg")
ELEMENTS = ("x", "v", "num", "item", "value")
CHARS = ("c", "ch", "letter")
INTS = ("n", "x", "num", "m", "number")
PAIRS = (("a", "b"), ("x", "y"), ("first", "second"), ("m", "n"), ("u", "v"))
LIMITS = ("limit", "k", "bound", "threshold", "cutoff")
TOTALS = ("total", "result", "acc", "res")
COUNTS = ("cnt", "total", "found", "result", "hits")
OUTPUTS = ("result", "res", "picked", "kept")


@dataclass(frozen=True)
class Draft:
    """A function as text of the typed Python subset.

    `domains` names what a parameter's test values look like (see `cases.DOMAINS`) where the
    type alone says too little.
    """

    text: str
    domains: Mapping[str, str] = field(default_factory=dict)


class Draw:
    """One function's random choices; names given out never repeat within it."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.used: set[str] = set()

    def one(self, *options: T) -> T:
        return self.rng.choice(options)

    def number(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def name(self, options: tuple[str, ...]) -> str:
        """An unused name from `options`."""
        free = [o for o in options if o not in self.used]
        chosen = self.rng.choice(free)
        self.used.add(chosen)
        return chosen

    def pair(self) -> tuple[str, str]:
        free = [p for p in PAIRS if not self.used & set(p)]
        chosen = self.rng.choice(free)
        self.used.update(chosen)
        return chosen

    def over(self) -> tuple[str, str, str]:
        """A list of ints, half of the time a limit (else ""), and the parameter list."""
        nums = self.name(LISTS)
        limit = self.name(LIMITS) if self.chance(0.5) else ""
        return nums, limit, f"{nums}: list[int]" + (f", {limit}: int" if limit else "")

    # Parts of sentences about integers

    def test(self, x: str, parameter: str = "") -> tuple[str, str]:
        """A condition on the integer `x` and the word for what satisfies it.

        With `parameter`, the condition compares with that name.
        """
        if parameter:
            return self.one(
                (f"{x} > {parameter}", "above"), (f"{x} < {parameter}", "below"),
                (f"{x} >= {parameter}", "at_least"), (f"{x} <= {parameter}", "at_most"),
                (f"{x} == {parameter}", "equal"), (f"{x} != {parameter}", "different"),
                (f"{x} % {parameter} == 0", "multiples"),
                (f"{x} % {parameter} != 0", "non_multiples"),
                (f"abs({x}) > {parameter}", "far"), (f"abs({x}) < {parameter}", "near"),
                (f"{x} * {x} > {parameter}", "square_above"),
                (f"{x} > {parameter} and {x} % 2 == 0", "even_above"),
                (f"{x} < {parameter} and {x} % 2 != 0", "odd_below"),
                (f"{x} > {parameter} or {x} < 0", "above_or_negative"),
            )
        c, low = self.number(2, 20), self.number(-9, 9)
        high = low + self.number(2, 12)
        d = self.number(3, 9)
        return self.one(
            (f"{x} % 2 == 0", "even"), (f"{x} % 2 != 0", "odd"),
            (f"{x} > 0", "positive"), (f"{x} < 0", "negative"),
            (f"{x} > {c}", "large"), (f"{x} < {c}", "small"),
            (f"{x} >= {c}", "large"), (f"{x} <= {c}", "small"),
            (f"{x} % {d} == 0", "multiples"), (f"{x} % {d} != 0", "non_multiples"),
            (f"{x} >= {low} and {x} <= {high}", "between"),
            (f"{x} < {low} or {x} > {high}", "outside"),
            (f"{x} % 2 == 0 and {x} > {c}", "large_even"),
            (f"{x} % 2 != 0 and {x} < {c}", "small_odd"),
            (f"{x} > 0 and {x} % {d} == 0", "positive_multiples"),
            (f"abs({x}) > {c}", "far"), (f"abs({x}) < {c}", "near"),
            (f"{x} % {d} == 0 or {x} < 0", "multiples_or_negative"),
        )

    def change(self, x: str, parameter: str = "") -> tuple[str, str]:
        """An integer computed from `x` and the word for it."""
        c = parameter or str(self.number(2, 12))
        return self.one(
            (f"{x}", ""), (f"{x}", ""), (f"{x} * {x}", "squares"), (f"abs({x})", "sizes"),
            (f"{x} * {c}", "scaled"), (f"{x} + {c}", "shifted"), (f"{x} - {c}", "lowered"),
            (f"{c} - {x}", "complements"), (f"abs({x} - {c})", "distances"),
            (f"min({x}, {c})", "capped"), (f"max({x}, {c})", "raised"),
            (f"{x} * {x} + {c}", "shifted_squares"), (f"{x} * ({x} + {c})", "products"),
        )


def char_test(d: Draw, c: str) -> tuple[str, str]:
    """A condition on the character `c` and its word."""
    one, two = d.rng.sample("abcdefghinorstxyz", 2)
    group = d.one("aeiou", "aeiou", "xyz", "0123456789", "aeiouy", "abc", ".,!?", "AEIOU", "02468")
    word = {"aeiou": "vowels", "aeiouy": "vowels", "0123456789": "digits", ".,!?": "marks",
            "AEIOU": "capitals", "02468": "even_digits"}.get(group, "chosen")
    return d.one(
        (f'{c} == "{one}"', f"letter_{one}"), (f'{c} != "{one}"', f"not_{one}"),
        (f'{c} in "{group}"', word), (f'{c} not in "{group}"', f"non_{word}"),
        (f'{c} == "{one}" or {c} == "{two}"', f"{one}_or_{two}"),
        (f"{c}.isdigit()", "digits"), (f"{c}.isalpha()", "letters"),
        (f"{c}.isupper()", "uppercase"), (f"{c}.islower()", "lowercase"),
        (f"not {c}.isdigit()", "non_digits"), (f"not {c}.isalpha()", "non_letters"),
        (f'{c} == " "', "spaces"), (f'{c} != " "', "non_spaces"))


def put_char(d: Draw, c: str) -> tuple[str, str]:
    """What to append for the character `c`."""
    letter, mark = d.one(*"abcdexyz"), d.one(*"-_*#.+")
    return d.one((c, ""), (c, ""), (f"{c}.upper()", "upper"), (f"{c}.lower()", "lower"),
                 (f'"{letter}"', f"as_{letter}"), (f'"{mark}"', "masked"))


def named(*words: str) -> str:
    """A function name from its non-empty words."""
    return "_".join(w for w in words if w)


Family = Callable[[Draw], Draft]
