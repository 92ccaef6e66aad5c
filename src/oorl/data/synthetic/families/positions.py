"""Lists of integers by position: neighbours, pairs, weights, two pointers, two lists."""

from __future__ import annotations

from oorl.data.synthetic.families._draw import (
    COUNTS,
    LISTS,
    OUTPUTS,
    TOTALS,
    Draft,
    Draw,
    Family,
    named,
)


def find_index(d: Draw) -> Draft:
    nums, limit, parameters = d.over()
    i = d.name(("i", "j", "pos"))
    test, word = d.test(f"{nums}[{i}]", limit)
    if d.chance(0.5):
        return Draft(f"""
def {named('first', word, 'index')}({parameters}) -> int:
    for {i} in range(len({nums})):
        if {test}:
            return {i}
    return -1
""")
    last = d.name(("last", "result", "spot"))
    return Draft(f"""
def {named('last', word, 'index')}({parameters}) -> int:
    {last} = -1
    for {i} in range(len({nums})):
        if {test}:
            {last} = {i}
    return {last}
""")


def adjacent(d: Draw) -> Draft:
    nums = d.name(LISTS)
    i, cnt = d.name(("i", "j")), d.name(COUNTS)
    a, b = f"{nums}[{i} - 1]", f"{nums}[{i}]"
    c = d.number(2, 9)
    test, word = d.one(
        (f"{b} > {a}", "rises"), (f"{b} < {a}", "drops"), (f"{b} == {a}", "repeats"),
        (f"{b} != {a}", "changes"), (f"abs({b} - {a}) > {c}", "jumps"),
        (f"abs({b} - {a}) <= {c}", "close_pairs"), (f"{a} + {b} > {c}", "big_pairs"),
        (f"({a} + {b}) % {c} == 0", "divisible_pairs"), (f"{b} > {a} + {c}", "leaps"),
        (f"{a} * {b} < 0", "sign_flips"), (f"{b} == {a} + 1", "steps"),
        (f"{b} - {a} == {c}", "gaps"))
    step, verb = d.one(("1", "count"), ("1", "count"), (b, "sum"), (f"{b} - {a}", "total"),
                       (i, "index_sum"))
    return Draft(f"""
def {named(verb, word)}({nums}: list[int]) -> int:
    {cnt} = 0
    for {i} in range(1, len({nums})):
        if {test}:
            {cnt} += {step}
    return {cnt}
""")


def is_ordered(d: Draw) -> Draft:
    nums, i = d.name(LISTS), d.name(("i", "j"))
    a, b = f"{nums}[{i} - 1]", f"{nums}[{i}]"
    c = d.number(2, 9)
    test, word = d.one(
        (f"{b} < {a}", "is_rising"), (f"{b} > {a}", "is_falling"), (f"{b} == {a}", "no_repeats"),
        (f"{b} <= {a}", "strictly_rising"), (f"{b} >= {a}", "strictly_falling"),
        (f"abs({b} - {a}) > {c}", "is_smooth"), (f"{b} != {a}", "all_same"),
        (f"{a} * {b} > 0", "is_alternating"), (f"({a} + {b}) % 2 == 0", "parity_alternates"))
    return Draft(f"""
def {word}({nums}: list[int]) -> bool:
    for {i} in range(1, len({nums})):
        if {test}:
            return False
    return True
""", {nums: d.one("sorted", "list")})


def reversed_walk(d: Draw) -> Draft:
    nums, i, out = d.name(LISTS), d.name(("i", "j")), d.name(OUTPUTS)
    change, word = d.change(f"{nums}[{i}]")
    if d.chance(0.5):
        test, extra = d.test(f"{nums}[{i}]")
        return Draft(f"""
def {named('reverse', extra, word)}({nums}: list[int]) -> list[int]:
    {out}: list[int] = []
    for {i} in range(len({nums}) - 1, -1, -1):
        if {test}:
            {out}.append({change})
    return {out}
""")
    return Draft(f"""
def {named('reverse', word or 'list')}({nums}: list[int]) -> list[int]:
    {out}: list[int] = []
    for {i} in range(len({nums}) - 1, -1, -1):
        {out}.append({change})
    return {out}
""")


def every_nth(d: Draw) -> Draft:
    nums, i, total = d.name(LISTS), d.name(("i", "j")), d.name(TOTALS)
    step, start = d.number(2, 5), d.number(0, 2)
    change, word = d.change(f"{nums}[{i}]")
    if d.chance(0.4):
        return Draft(f"""
def {named('take_every', word)}({nums}: list[int]) -> list[int]:
    {total}: list[int] = []
    for {i} in range({start}, len({nums}), {step}):
        {total}.append({change})
    return {total}
""")
    return Draft(f"""
def {named('sum_every', word)}({nums}: list[int]) -> int:
    {total} = 0
    for {i} in range({start}, len({nums}), {step}):
        {total} += {change}
    return {total}
""")


def weighted(d: Draw) -> Draft:
    nums, i, total = d.name(LISTS), d.name(("i", "j")), d.name(TOTALS)
    c = d.number(2, 9)
    weight, word = d.one((f"{i}", "index"), (f"({i} + 1)", "rank"), (f"({i} % 2)", "odd_places"),
                         (f"({i} % {c})", "cycle"), (f"(len({nums}) - {i})", "countdown"),
                         (f"({i} + {c})", "offset"), (f"({c} * {i})", "scaled"))
    change, extra = d.change(f"{nums}[{i}]")
    inner = change if change[0] in "nvxidshmap" and " " not in change else f"({change})"
    return Draft(f"""
def {named('weigh', word, extra)}({nums}: list[int]) -> int:
    {total} = 0
    for {i} in range(len({nums})):
        {total} += {inner} * {weight}
    return {total}
""")


def pairs(d: Draw) -> Draft:
    nums, limit, parameters = d.over()
    cnt, (i, j) = d.name(COUNTS), d.one(("i", "j"), ("u", "w"), ("a", "b"))
    a, b = f"{nums}[{i}]", f"{nums}[{j}]"
    k = limit or str(d.number(2, 20))
    test, word = d.one(
        (f"{a} + {b} == {k}", "sum_equal"), (f"{a} + {b} > {k}", "sum_above"),
        (f"{a} + {b} < {k}", "sum_below"), (f"abs({a} - {b}) == {k}", "gap_equal"),
        (f"abs({a} - {b}) < {k}", "near"), (f"{a} == {b}", "same"), (f"{a} > {b}", "inversion"),
        (f"({a} + {b}) % {k} == 0", "divisible"), (f"{a} * {b} > {k}", "product_above"))
    return Draft(f"""
def {named('count', word, 'pairs')}({parameters}) -> int:
    {cnt} = 0
    for {i} in range(len({nums})):
        for {j} in range({i} + 1, len({nums})):
            if {test}:
                {cnt} += 1
    return {cnt}
""")


def best_pair(d: Draw) -> Draft:
    nums, i = d.name(LISTS), d.name(("i", "j"))
    best = d.name(("best", "result", "top"))
    a, b = f"{nums}[{i} - 1]", f"{nums}[{i}]"
    c = d.number(2, 9)
    value, word = d.one((f"{a} + {b}", "sum"), (f"{b} - {a}", "rise"), (f"{a} - {b}", "drop"),
                        (f"abs({a} - {b})", "gap"), (f"{a} * {b}", "product"),
                        (f"{a} + {c} * {b}", "mix"), (f"min({a}, {b})", "low"),
                        (f"{c} * {a} - {b}", "blend"))
    fn, how = d.one(("max", "best"), ("min", "least"))
    start = d.one(0, 0, c) if fn == "max" else d.one(100, 1000)
    return Draft(f"""
def {named(how, 'adjacent', word)}({nums}: list[int]) -> int:
    {best} = {start}
    for {i} in range(1, len({nums})):
        {best} = {fn}({best}, {value})
    return {best}
""")


def two_pointer(d: Draw) -> Draft:
    nums, total = d.name(LISTS), d.name(TOTALS)
    left, right = d.one(("left", "right"), ("lo", "hi"), ("i", "j"))
    a, b = f"{nums}[{left}]", f"{nums}[{right}]"
    c = d.number(2, 9)
    test, word = d.one((f"{a} == {b}", "mirrored"), (f"{a} != {b}", "unmatched"),
                       (f"{a} < {b}", "rising"), (f"{a} + {b} > {c}", "big"),
                       (f"({a} + {b}) % {c} == 0", "divisible"), (f"abs({a} - {b}) > {c}", "far"))
    step, verb = d.one(("1", "count"), ("1", "count"), (f"{a} + {b}", "sum"), (f"{b} - {a}", "gap"),
                       (a, "left_sum"), (b, "right_sum"))
    return Draft(f"""
def {named(verb, word, 'ends')}({nums}: list[int]) -> int:
    {total} = 0
    {left} = 0
    {right} = len({nums}) - 1
    while {left} < {right}:
        if {test}:
            {total} += {step}
        {left} += 1
        {right} -= 1
    return {total}
""", {nums: d.one("list", "mirrored")})


def two_lists(d: Draw) -> Draft:
    a, b = d.one(("xs", "ys"), ("left", "right"), ("a", "b"), ("first", "second"))
    i, total = d.name(("i", "j")), d.name(TOTALS)
    x, y = f"{a}[{i}]", f"{b}[{i}]"
    c = d.number(2, 9)
    change, word = d.one((f"{x} * {y}", "dot"), (f"abs({x} - {y})", "distance"),
                         (f"min({x}, {y})", "overlap"), (f"max({x}, {y})", "cover"),
                         (f"{x} - {y}", "difference"), (f"{x} + {c} * {y}", "mixed"),
                         (f"({x} - {y}) * ({x} - {y})", "squared"))
    test, extra = d.one(("", ""), (f"{x} > {y}", "wins"), (f"{x} == {y}", "ties"),
                        (f"{x} < {y}", "losses"), (f"{x} + {y} > {c}", "big"),
                        (f"{x} != {y}", "misses"))
    size = f"range(min(len({a}), len({b})))"
    if d.chance(0.35):
        return Draft(f"""
def {named('merge', word)}({a}: list[int], {b}: list[int]) -> list[int]:
    {total}: list[int] = []
    for {i} in {size}:
        {total}.append({change})
    return {total}
""")
    inner = f"{total} += {change}"
    if test:
        inner = f"if {test}:\n            {total} += {d.one('1', change)}"
    return Draft(f"""
def {named('zip', word, extra)}({a}: list[int], {b}: list[int]) -> int:
    {total} = 0
    for {i} in {size}:
        {inner}
    return {total}
""")


FAMILIES: dict[str, Family] = {
    f.__name__: f for f in (
        find_index, adjacent, is_ordered, reversed_walk, every_nth, weighted, pairs,
        best_pair, two_pointer, two_lists)
}
