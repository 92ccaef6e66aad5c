"""Two functions: a helper, and the tested one that calls it on every element."""

from __future__ import annotations

from oorl.data.synthetic.families._draw import (
    COUNTS,
    ELEMENTS,
    LISTS,
    OUTPUTS,
    Draft,
    Draw,
    Family,
    named,
)


def _predicate(d: Draw) -> tuple[str, str, str]:
    """A boolean helper: its name, its text, a word for what satisfies it."""
    c, k = d.number(2, 9), d.number(2, 12)
    return d.one(
        ("is_prime", """
def is_prime(n: int) -> bool:
    if n < 2:
        return False
    for i in range(2, n):
        if n % i == 0:
            return False
    return True
""", "primes"),
        ("is_square", """
def is_square(n: int) -> bool:
    r = 0
    while r * r < n:
        r += 1
    return r * r == n
""", "square_numbers"),
        ("is_special", f"""
def is_special(n: int) -> bool:
    return n % {c} == 0 or n > {10 * k}
""", "special"),
        ("is_inside", f"""
def is_inside(n: int) -> bool:
    return n > {c} and n < {c + k}
""", "inside"),
        ("is_lucky", f"""
def is_lucky(n: int) -> bool:
    return (n * n) % {c} == {min(1, c - 1)}
""", "lucky"))


def _number(d: Draw) -> tuple[str, str, str]:
    """An integer helper: its name, its text, a word for its values."""
    c, k, m = d.number(2, 9), d.number(2, 12), d.one(7, 10, 11, 13)
    return d.one(
        ("digit_sum", """
def digit_sum(n: int) -> int:
    t = 0
    while n > 0:
        t += n % 10
        n //= 10
    return t
""", "digit_sums"),
        ("digit_count", """
def digit_count(n: int) -> int:
    t = 1
    while n > 9:
        t += 1
        n //= 10
    return t
""", "digit_counts"),
        ("triangle_of", """
def triangle_of(n: int) -> int:
    return n * (n + 1) // 2
""", "triangles"),
        ("price_of", f"""
def price_of(n: int) -> int:
    if n > {k}:
        return n - {c}
    return n
""", "prices"),
        ("mix_of", f"""
def mix_of(n: int) -> int:
    return (n * {c} + {k}) % {m}
""", "mixes"),
        ("bounded_of", f"""
def bounded_of(n: int) -> int:
    return max({c}, min(n, {c + k}))
""", "bounded"),
        ("gap_to", f"""
def gap_to(n: int) -> int:
    return abs(n - {k})
""", "gaps"))


def helper_test(d: Draw) -> Draft:
    helper, text, word = _predicate(d)
    nums, x, cnt = d.name(LISTS), d.name(ELEMENTS), d.name(COUNTS)
    call = f"{helper}({x})"
    change, extra = d.change(x)
    style = d.one("count", "sum", "keep", "first", "all")
    if style == "keep":
        return Draft(f"""{text}
def {named('keep', word, extra)}({nums}: list[int]) -> list[int]:
    {cnt}: list[int] = []
    for {x} in {nums}:
        if {call}:
            {cnt}.append({change})
    return {cnt}
""", {nums: "naturals"})
    if style in ("first", "all"):
        result = "int" if style == "first" else "bool"
        test, value, last = ((call, x, d.one("-1", "0")) if style == "first"
                             else (f"not {call}", "False", "True"))
        return Draft(f"""{text}
def {named(style, word)}({nums}: list[int]) -> {result}:
    for {x} in {nums}:
        if {test}:
            return {value}
    return {last}
""", {nums: "naturals"})
    return Draft(f"""{text}
def {named(style, word, extra if style == 'sum' else '')}({nums}: list[int]) -> int:
    {cnt} = 0
    for {x} in {nums}:
        if {d.one('', '', 'not ')}{call}:
            {cnt} += {'1' if style == 'count' else change}
    return {cnt}
""", {nums: "naturals"})


def helper_value(d: Draw) -> Draft:
    helper, text, word = _number(d)
    nums, x, out = d.name(LISTS), d.name(ELEMENTS), d.name(OUTPUTS)
    call = f"{helper}({x})"
    test, extra = d.test(call)
    style = d.one("sum", "map", "count", "max")
    if style == "map":
        return Draft(f"""{text}
def {named('list', word)}({nums}: list[int]) -> list[int]:
    {out}: list[int] = []
    for {x} in {nums}:
        {out}.append({d.one(call, f'{call} + {x}', f'{call} * {d.number(2, 5)}')})
    return {out}
""", {nums: "naturals"})
    if style == "max":
        return Draft(f"""{text}
def {named('largest', word)}({nums}: list[int]) -> int:
    {out} = {d.one(0, 0, -1)}
    for {x} in {nums}:
        {out} = max({out}, {d.one(call, f'{call} + {x}', f'{x} - {call}')})
    return {out}
""", {nums: "naturals"})
    if style == "count" and "abs" not in test:
        return Draft(f"""{text}
def {named('count', extra, word)}({nums}: list[int]) -> int:
    {out} = 0
    for {x} in {nums}:
        if {test}:
            {out} += 1
    return {out}
""", {nums: "naturals"})
    return Draft(f"""{text}
def {named('sum', word)}({nums}: list[int]) -> int:
    {out} = 0
    for {x} in {nums}:
        {out} += {d.one(call, f'{call} * {x}', f'{call} - {x}', f'{x} - {call}')}
    return {out}
""", {nums: "naturals"})


def helper_range(d: Draw) -> Draft:
    helper, text, word = d.one(_predicate(d), _number(d))
    n, i, total = d.name(("n", "num", "limit")), d.name(("i", "j", "k")), d.name(COUNTS)
    call = f"{helper}({i})"
    is_test = helper.startswith("is")
    body = (f"if {call}:\n            {total} += {d.one('1', i)}" if is_test
            else f"{total} += {d.one(call, f'{call} * {i}', f'{call} - {i}')}")
    return Draft(f"""{text}
def {named('total' if not is_test else 'count', word, 'upto')}({n}: int) -> int:
    {total} = 0
    for {i} in range({d.one('1', '2')}, {n} + 1):
        {body}
    return {total}
""", {n: "small"})


FAMILIES: dict[str, Family] = {f.__name__: f for f in (helper_test, helper_value, helper_range)}
