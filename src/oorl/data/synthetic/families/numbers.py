"""Functions of one to three integers: digits, divisors, ranges, recurrences, conditions."""

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
        sum_range, sum_between, digits, extreme_digit, divisors, greatest_common, count_steps,
        collatz, grow_until, recurrence, build_sequence, power, piecewise, label, is_kind, formula,
        share_out, grid, prime_like, find_root)
}
