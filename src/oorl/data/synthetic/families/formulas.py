"""Integers without much looping: conditions, formulas, shares, grids, searches."""

from __future__ import annotations

from oorl.data.synthetic.families._draw import (
    INTS,
    LIMITS,
    TOTALS,
    Draft,
    Draw,
    Family,
    named,
)

_LOOPS = ("i", "j", "k")


def piecewise(d: Draw) -> Draft:
    x = d.name(INTS)
    low = d.number(-5, 9)
    high = low + d.number(2, 20)
    values = [d.one(str(d.number(-9, 20)), d.change(x)[0]) for _ in range(3)]
    op1, op2 = d.one(("<", "<"), ("<", "<="), ("<=", "<"))
    return Draft(f"""
def {d.one('score_of', 'grade_of', 'price_of', 'level_of', 'rate_of', 'fee_for')}({x}: int) -> int:
    if {x} {op1} {low}:
        return {values[0]}
    elif {x} {op2} {high}:
        return {values[1]}
    else:
        return {values[2]}
""")


def label(d: Draw) -> Draft:
    x = d.name(INTS)
    low = d.number(-5, 9)
    high = low + d.number(2, 20)
    words = d.one(("low", "mid", "high"), ("cold", "warm", "hot"), ("small", "medium", "large"),
                  ("minor", "adult", "senior"), ("slow", "normal", "fast"), ("few", "some", "many"))
    name = d.one("label_of", "name_of", "kind_of", "class_of", "band_of")
    if d.chance(0.5):
        return Draft(f"""
def {name}({x}: int) -> str:
    if {x} {d.one('<', '<=')} {low}:
        return "{words[0]}"
    elif {x} {d.one('<', '<=')} {high}:
        return "{words[1]}"
    else:
        return "{words[2]}"
""")
    test, word = d.test(x)
    other, _ = d.test(x)
    return Draft(f"""
def {named('label', word)}({x}: int) -> str:
    if {test}:
        return "{words[0]}"
    if {other}:
        return "{words[1]}"
    return "{words[2]}"
""")


def is_kind(d: Draw) -> Draft:
    x = d.name(INTS)
    limit = d.name(LIMITS) if d.chance(0.4) else ""
    a, word = d.test(x, limit)
    b, _ = d.test(x)
    test = d.one(a, f"({a}) and ({b})", f"({a}) or ({b})", f"not ({a}) and ({b})")
    parameters = f"{x}: int" + (f", {limit}: int" if limit else "")
    if d.chance(0.3):
        return Draft(f"""
def {named('is', word)}({parameters}) -> bool:
    if {a}:
        return {b}
    return {d.one('True', 'False')}
""")
    return Draft(f"""
def {named('is', word)}({parameters}) -> bool:
    return {test}
""")


def formula(d: Draw) -> Draft:
    a, b = d.pair()
    c, k = d.number(2, 12), d.number(2, 9)
    word, value = d.one(
        ("weighted_sum", f"{c} * {a} + {k} * {b}"), ("rectangle_edge", f"{k} * ({a} + {b})"),
        ("square_gap", f"{a} * {a} - {c} * {b}"), ("distance_to", f"abs({a} - {b}) + {c}"),
        ("clamp_sum", f"min({a} + {b}, {c})"), ("floor_sum", f"max({a} + {b}, {c})"),
        ("larger_scaled", f"max({c} * {a}, {k} * {b})"), ("pick_smaller", f"min({a}, {b} + {c})"),
        ("spread_of", f"max({a}, {b}) - min({a}, {b}) + {c}"),
        ("product_gap", f"abs({a} * {b} - {c})"), ("mix_values", f"({a} + {c}) * ({b} - {k})"),
        ("bonus_if", f"{a} + {c} if {a} > {b} else {b} - {k}"),
        ("choose_one", f"{a} * {k} if {a} < {c} else {b}"))
    return Draft(f"""
def {word}({a}: int, {b}: int) -> int:
    return {value}
""")


def share_out(d: Draw) -> Draft:
    a, b = d.one(("items", "boxes"), ("total", "parts"), ("cakes", "kids"), ("pages", "days"),
                 ("seats", "rows"))
    c = d.number(1, 9)
    word, value = d.one(
        ("full", f"{a} // {b}"), ("left_over", f"{a} % {b}"), ("needed", f"({a} + {b} - 1) // {b}"),
        ("extra", f"{a} // {b} + {c}"), ("spare", f"({b} - {a} % {b}) % {b}"),
        ("scaled", f"{a} * {c} // {b}"), ("mixed", f"{a} // {b} + {a} % {b}"),
        ("rest", f"({a} + {c}) % {b}"), ("pairs", f"({a} + {c}) // ({b} + 1)"),
        ("offset", f"{a} // ({b} + {c})"))
    if d.chance(0.5):
        return Draft(f"""
def {named(word, b)}({a}: int, {b}: int) -> int:
    if {b} == 0:
        return {d.one('0', '-1', a)}
    return {value}
""", {a: "natural", b: "small"})
    return Draft(f"""
def {named(word, 'per', b)}({a}: int, {b}: int) -> int:
    return {value}
""", {a: "natural", b: "positive"})


def grid(d: Draw) -> Draft:
    n, m = d.one(("rows", "cols"), ("n", "m"), ("height", "width"))
    total = d.name(TOTALS)
    c, k = d.number(2, 9), d.number(2, 6)
    test, word = d.one(
        (f"(i + j) % {k} == 0", "diagonal"), ("i == j", "main"), (f"i * j > {c}", "big"),
        ("i < j", "upper"), ("i > j", "lower"), (f"abs(i - j) < {k}", "band"),
        (f"(i * j) % {k} == 0", "multiple"), (f"i + j == {c}", "level"),
        ("i == 0 or j == 0", "border"), (f"i % {k} == j % {k}", "checker"))
    value, verb = d.one(("1", "count"), ("i * j", "sum"), ("i + j", "add"), (f"{c} * i + j", "mix"))
    return Draft(f"""
def {named(verb, word, 'cells')}({n}: int, {m}: int) -> int:
    {total} = 0
    for i in range({n}):
        for j in range({m}):
            if {test}:
                {total} += {value}
    return {total}
""", {n: "small", m: "small"})


def prime_like(d: Draw) -> Draft:
    n, i = d.name(INTS), d.name(_LOOPS)
    low = d.one("2", "2", "2", "3")
    if d.chance(0.4):
        return Draft(f"""
def {d.one('is_prime', 'is_prime_number')}({n}: int) -> bool:
    if {n} < {d.number(2, 30)}:
        return {d.one('False', 'False', 'True')}
    {i} = {low}
    while {i} * {i} <= {n}:
        if {n} % {i} == 0:
            return False
        {i} += 1
    return True
""", {n: "natural"})
    c = d.number(0, 12)
    plus = f" + {c}" if c else ""
    last = d.one(n, "1", "0", "-1")
    return Draft(f"""
def {d.one('smallest_factor', 'first_divisor', 'lowest_factor')}({n}: int) -> int:
    for {i} in range({d.number(2, 7)}, {n}{plus}):
        if ({n}{plus}) % {i} == 0:
            return {i}
    return {last}
""", {n: "natural"})


def find_root(d: Draw) -> Draft:
    n, x = d.name(("n", "num", "area", "volume")), d.name(("x", "r", "side"))
    c = d.number(0, 9)
    shape, word = d.one((f"{x} * {x}", "square"), (f"{x} * {x} * {x}", "cube"),
                        (f"{x} * ({x} + 1) // 2", "triangle"), (f"{x} * ({x} + {c + 1})", "oblong"),
                        (f"{x} * {x} + {c + 1}", "shifted"), (f"{c + 2} * {x} * {x}", "scaled"))
    out, op = d.one((x, "<"), (f"{x} - 1", "<="), (f"{shape} - {n}", "<"))
    return Draft(f"""
def {named(word, d.one('root', 'side', 'gap') if out[0] != '(' else 'gap')}({n}: int) -> int:
    {x} = 0
    while {shape} {op} {n}:
        {x} += 1
    return {out}
""", {n: "natural"})


FAMILIES: dict[str, Family] = {
    f.__name__: f for f in (
        piecewise, label, is_kind, formula, share_out, grid, prime_like, find_root)
}
