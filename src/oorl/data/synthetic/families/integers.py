"""Loops over integers: digits, divisors, ranges, recurrences, step counting."""

from __future__ import annotations

from oorl.data.synthetic.families._draw import (
    COUNTS,
    INTS,
    LIMITS,
    OUTPUTS,
    TOTALS,
    Draft,
    Draw,
    Family,
    named,
)

_LOOPS = ("i", "j", "k")


def sum_range(d: Draw) -> Draft:
    n, i, total = d.name(INTS), d.name(_LOOPS), d.name(TOTALS)
    limit = d.name(LIMITS) if d.chance(0.4) else ""
    test, word = d.test(i, limit)
    change, extra = d.change(i)
    verb, step = d.one(("sum", change), ("sum", change), ("count", "1"))
    parameters = f"{n}: int" + (f", {limit}: int" if limit else "")
    domains = {n: "small" if d.chance(0.3) else "natural"}
    if limit:
        domains[limit] = "positive"
    return Draft(f"""
def {named(verb, word, extra if verb == 'sum' else '', 'upto')}({parameters}) -> int:
    {total} = 0
    for {i} in range({d.one(f'1, {n} + 1', f'1, {n} + 1', f'{n}', f'1, {n}')}):
        if {test}:
            {total} += {step}
    return {total}
""", domains)


def sum_between(d: Draw) -> Draft:
    (a, b), i, total = d.pair(), d.name(_LOOPS), d.name(TOTALS)
    change, word = d.change(i)
    step = d.one(1, 1, 1, 2, 3)
    stop = d.one(f"{b} + 1", f"{b}")
    by = f", {step}" if step > 1 else ""
    if d.chance(0.5):
        test, extra = d.test(i)
        body = f"if {test}:\n            {total} += {d.one('1', change)}"
    else:
        extra, body = "", f"{total} += {change}"
    return Draft(f"""
def {named('total', extra, word, 'between')}({a}: int, {b}: int) -> int:
    {total} = 0
    for {i} in range({a}, {stop}{by}):
        {body}
    return {total}
""")


def digits(d: Draw) -> Draft:
    n, total, base = d.name(INTS), d.name(TOTALS), d.one(10, 10, 10, 2, 3, 8)
    digit = d.one("digit", "d", "r")
    change, word = d.change(digit)
    test, extra = d.test(digit)
    unit = {2: "bit", 3: "trit", 8: "octal"}.get(base, "digit")
    if d.chance(0.3):
        return Draft(f"""
def {named('reverse', unit, 's') if base != 10 else 'reverse_number'}({n}: int) -> int:
    {total} = {d.one('0', '0', '1')}
    while {n} > 0:
        {total} = {total} * {base} + {n} % {base}
        {n} //= {base}
    return {total}
""", {n: "large"})
    inner = (f"{total} += {change}" if d.chance(0.5)
             else f"if {test}:\n            {total} += {d.one('1', digit, change)}")
    return Draft(f"""
def {named('sum', unit, extra if 'if' in inner else word)}({n}: int) -> int:
    {total} = 0
    while {n} > 0:
        {digit} = {n} % {base}
        {inner}
        {n} //= {base}
    return {total}
""", {n: "large"})


def extreme_digit(d: Draw) -> Draft:
    n, best = d.name(INTS), d.name(("best", "result", "top"))
    fn, word, start = d.one(("max", "largest", "0"), ("min", "smallest", "9"))
    base = d.one(10, 10, 5, 7, 8, 9)
    digit = d.one(f"{n} % {base}", f"{n} % {base} * {d.number(2, 6)}",
                  f"{n} % {base} + {d.number(1, 9)}", f"abs({n} % {base} - {d.number(1, 6)})")
    return Draft(f"""
def {word}_digit({n}: int) -> int:
    {best} = {start}
    while {n} > 0:
        {best} = {fn}({best}, {digit})
        {n} //= {base}
    return {best}
""", {n: "large"})


def divisors(d: Draw) -> Draft:
    n, i, total = d.name(INTS), d.name(_LOOPS), d.name(TOTALS)
    test, word = d.test(i)
    value, verb = d.one(("1", "count"), (i, "sum"), (f"{i} * {i}", "square_sum"),
                        (f"{n} // {i}", "cofactor_sum"))
    more = d.one("", f" and {test}")
    return Draft(f"""
def {named(verb, word if more else '', 'divisors')}({n}: int) -> int:
    {total} = 0
    for {i} in range({d.one('1', '1', '2')}, {n} + 1):
        if {n} % {i} == 0{more and f' and ({test})'}:
            {total} += {value}
    return {total}
""", {n: "natural"})


def greatest_common(d: Draw) -> Draft:
    (a, b), rest = d.pair(), d.one("r", "t", "rest")
    c = d.number(2, 9)
    word, final = d.one(("common_divisor", a), ("scaled_common", f"{a} * {c}"),
                        ("shifted_common", f"{a} + {c}"), ("is_common_above", f"{a} > {c}"),
                        ("is_common_equal", f"{a} == {c}"), ("capped_common", f"min({a}, {c})"))
    kind = "bool" if word.startswith("is") else "int"
    if d.chance(0.5):
        step = f"{rest} = {a} % {b}\n        {a} = {b}\n        {b} = {rest}"
        return Draft(f"""
def {word}({a}: int, {b}: int) -> {kind}:
    while {b} > 0:
        {step}
    return {final}
""", {a: "natural", b: "natural"})
    return Draft(f"""
def {word}({a}: int, {b}: int) -> {kind}:
    while {a} != {b}:
        if {a} > {b}:
            {a} -= {b}
        else:
            {b} -= {a}
    return {final}
""", {a: "positive", b: "positive"})


def count_steps(d: Draw) -> Draft:
    n, steps = d.name(INTS), d.name(("steps", "cnt", "rounds"))
    c, k = d.number(2, 9), d.number(2, 6)
    step, word = d.one(
        (f"{n} //= {k}", "halve"), (f"{n} -= {c}", "drain"),
        (f"{n} = {n} // {k} - {c}", "shrink"), (f"{n} -= {n} // {k} + 1", "decay"))
    stop = d.number(0, 8)
    out = d.one(steps, steps, f"{steps} * {c}", f"{steps} + {n}", f"{n}")
    return Draft(f"""
def {named(word, 'steps')}({n}: int) -> int:
    {steps} = 0
    while {n} > {stop}:
        {step}
        {steps} += 1
    return {out}
""", {n: "natural"})


def collatz(d: Draw) -> Draft:
    n, steps = d.name(INTS), d.name(("steps", "cnt", "best"))
    k, c = d.one((3, 1), (3, 1), (1, 1), (1, 3), (1, 5), (1, 7))
    up = f"{n} = {k} * {n} + {c}" if k > 1 else f"{n} += {c}"
    track, word = d.one((f"{steps} += 1", "steps"), (f"{steps} = max({steps}, {n})", "peak"),
                        (f"{steps} += {n}", "sum"))
    return Draft(f"""
def {named('chain', word)}({n}: int) -> int:
    {steps} = {d.one(0, 0, 1)}
    while {n} > {d.one(c, c, c + 1)}:
        if {n} % 2 == 0:
            {n} //= 2
        else:
            {up}
        {track}
    return {steps}
""", {n: "natural"})


def grow_until(d: Draw) -> Draft:
    limit, x, cnt = d.name((*LIMITS, "goal")), d.name(("x", "size", "power")), d.name(COUNTS)
    start, k, c = d.number(1, 5), d.number(2, 5), d.number(1, 9)
    step, word = d.one((f"{x} *= {k}", "power"), (f"{x} = {x} * {k} + {c}", "growth"),
                       (f"{x} += {c}", "climb"), (f"{x} += {x} // {k} + {c}", "interest"))
    op = d.one("<", "<=")
    if d.chance(0.4):
        return Draft(f"""
def {named('first', word, 'above')}({limit}: int) -> int:
    {x} = {start}
    while {x} {op} {limit}:
        {step}
    return {x}
""", {limit: "natural"})
    return Draft(f"""
def {named('count', word)}({limit}: int) -> int:
    {x} = {start}
    {cnt} = 0
    while {x} {op} {limit}:
        {step}
        {cnt} += 1
    return {cnt}
""", {limit: "natural"})


def recurrence(d: Draw) -> Draft:
    n, (a, b), t = d.name(("n", "num", "rounds")), d.one(("a", "b"), ("x", "y"), ("u", "v")), "t"
    p, q, c = d.number(1, 3), d.number(1, 3), d.number(0, 5)
    left = b if p == 1 else f"{p} * {b}"
    right = a if q == 1 else f"{q} * {a}"
    plus = f" + {c}" if c else ""
    return Draft(f"""
def {d.one('sequence_term', 'nth_term', 'series_value')}({n}: int) -> int:
    {a} = {d.number(0, 3)}
    {b} = {d.number(1, 4)}
    for i in range({n}):
        {t} = {left} + {right}{plus}
        {a} = {b}
        {b} = {t}
    return {d.one(a, a, b)}
""", {n: "small"})


def build_sequence(d: Draw) -> Draft:
    n, i, out = d.name(INTS), d.name(_LOOPS), d.name(OUTPUTS)
    change, word = d.change(i)
    test, extra = d.test(i)
    start = d.one("", "1, ")
    stop = f"{n} + 1" if start else n
    if d.chance(0.6):
        return Draft(f"""
def {named('list', extra, word)}({n}: int) -> list[int]:
    {out}: list[int] = []
    for {i} in range({start}{stop}):
        if {test}:
            {out}.append({change})
    return {out}
""", {n: "natural" if d.chance(0.3) else "small"})
    x = d.name(("x", "v", "cur"))
    c, k = d.number(1, 9), d.number(2, 4)
    step = d.one(f"{x} += {c}", f"{x} *= {k}", f"{x} = {x} * {k} - {c}", f"{x} -= {c}",
                 f"{x} += {i}", f"{x} = {c} - {x}")
    return Draft(f"""
def {d.one('make_series', 'list_terms', 'build_steps')}({n}: int) -> list[int]:
    {out}: list[int] = []
    {x} = {d.number(0, 9)}
    for {i} in range({n}):
        {out}.append({x})
        {step}
    return {out}
""", {n: "small"})


def power(d: Draw) -> Draft:
    base, n, acc = d.name(("x", "b", "seed")), d.name(("n", "m", "k")), d.name(TOTALS)
    c = d.number(2, 20)
    step, word = d.one((f"{acc} *= {base}", "power"),
                       (f"{acc} = {acc} * {base} % {c}", "power_mod"),
                       (f"{acc} = {acc} * {base} + {c}", "horner"),
                       (f"{acc} += {acc} * {base}", "compound"),
                       (f"{acc} = ({acc} + {base}) * {d.number(1, 3)}", "stack"))
    return Draft(f"""
def {named('raise', word)}({base}: int, {n}: int) -> int:
    {acc} = {d.one(1, 1, d.number(2, 5))}
    for i in range({n}):
        {step}
    return {acc}
""", {base: "natural", n: "small"})


FAMILIES: dict[str, Family] = {
    f.__name__: f for f in (
        sum_range, sum_between, digits, extreme_digit, divisors, greatest_common,
        count_steps, collatz, grow_until, recurrence, build_sequence, power)
}
