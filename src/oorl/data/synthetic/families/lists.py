"""Lists of integers: sums, counts, extremes, searches, new lists."""

from __future__ import annotations

from oorl.data.synthetic.families._draw import (
    COUNTS,
    ELEMENTS,
    LIMITS,
    LISTS,
    OUTPUTS,
    TOTALS,
    Draft,
    Draw,
    Family,
    named,
)


def _over(d: Draw, share: float = 0.5) -> tuple[str, str, str]:
    """The list, perhaps a limit, and the parameter list."""
    nums = d.name(LISTS)
    limit = d.name(LIMITS) if d.chance(share) else ""
    return nums, limit, f"{nums}: list[int]" + (f", {limit}: int" if limit else "")


def count_where(d: Draw) -> Draft:
    nums, limit, parameters = _over(d)
    x, cnt = d.name(ELEMENTS), d.name(COUNTS)
    test, word = d.test(x, limit)
    return Draft(f"""
def {named('count', word)}({parameters}) -> int:
    {cnt} = 0
    for {x} in {nums}:
        if {test}:
            {cnt} += 1
    return {cnt}
""")


def sum_where(d: Draw) -> Draft:
    nums, limit, parameters = _over(d)
    x, total = d.name(ELEMENTS), d.name(TOTALS)
    test, word = d.test(x, limit)
    change, extra = d.change(x)
    return Draft(f"""
def {named('sum', word, extra)}({parameters}) -> int:
    {total} = 0
    for {x} in {nums}:
        if {test}:
            {total} += {change}
    return {total}
""")


def sum_changed(d: Draw) -> Draft:
    nums, limit, parameters = _over(d)
    x, total = d.name(ELEMENTS), d.name(TOTALS)
    change, word = d.change(x, limit)
    start = d.one(0, 0, 0, d.number(1, 20))
    return Draft(f"""
def {named('sum', word or 'all', 'from' if start else '')}({parameters}) -> int:
    {total} = {start}
    for {x} in {nums}:
        {total} += {change}
    return {total}
""")


def signed_sum(d: Draw) -> Draft:
    nums, limit, parameters = _over(d)
    x, total = d.name(ELEMENTS), d.name(TOTALS)
    test, word = d.test(x, limit)
    plus, minus = d.one((x, x), ("1", "1"), (x, "1"), ("1", x), (x, f"{d.number(2, 5)}"))
    return Draft(f"""
def {named('balance', word)}({parameters}) -> int:
    {total} = 0
    for {x} in {nums}:
        if {test}:
            {total} += {plus}
        else:
            {total} -= {minus}
    return {total}
""")


def extreme_where(d: Draw) -> Draft:
    nums, limit, parameters = _over(d)
    x, best = d.name(ELEMENTS), d.name(("best", "result", "top"))
    test, word = d.test(x, limit)
    most = d.chance(0.5)
    start = d.one(0, -1, -100) if most else d.one(100, 1000)
    if d.chance(0.5):
        inner = f"if {x} {'>' if most else '<'} {best} and ({test}):\n            {best} = {x}"
    else:
        inner = f"if {test}:\n            {best} = {'max' if most else 'min'}({best}, {x})"
    return Draft(f"""
def {named('largest' if most else 'smallest', word)}({parameters}) -> int:
    {best} = {start}
    for {x} in {nums}:
        {inner}
    return {best}
""")


def keep_where(d: Draw) -> Draft:
    nums, limit, parameters = _over(d)
    x, out = d.name(ELEMENTS), d.name(OUTPUTS)
    test, word = d.test(x, limit)
    change, extra = d.change(x)
    return Draft(f"""
def {named('keep', word, extra)}({parameters}) -> list[int]:
    {out}: list[int] = []
    for {x} in {nums}:
        if {test}:
            {out}.append({change})
    return {out}
""")


def change_each(d: Draw) -> Draft:
    nums, limit, parameters = _over(d)
    x, out = d.name(ELEMENTS), d.name(OUTPUTS)
    change, word = d.change(x, limit)
    if d.chance(0.5):
        test, other = d.test(x)
        second, _ = d.change(x)
        return Draft(f"""
def {named('map', other, word)}({parameters}) -> list[int]:
    {out}: list[int] = []
    for {x} in {nums}:
        if {test}:
            {out}.append({change})
        else:
            {out}.append({second})
    return {out}
""")
    return Draft(f"""
def {named('make', word or 'copy')}({parameters}) -> list[int]:
    {out}: list[int] = []
    for {x} in {nums}:
        {out}.append({change})
    return {out}
""")


def find_index(d: Draw) -> Draft:
    nums, limit, parameters = _over(d)
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


def first_value(d: Draw) -> Draft:
    nums, limit, parameters = _over(d)
    x = d.name(ELEMENTS)
    test, word = d.test(x, limit)
    return Draft(f"""
def {named('first', word)}({parameters}) -> int:
    for {x} in {nums}:
        if {test}:
            return {x}
    return {d.one('0', '-1', f'len({nums})')}
""")


def all_or_any(d: Draw) -> Draft:
    nums, limit, parameters = _over(d)
    x = d.name(ELEMENTS)
    test, word = d.test(x, limit)
    kind = d.one("any", "all", "none")
    inner = f"not ({test})" if kind == "all" else test
    return Draft(f"""
def {named({'any': 'has', 'all': 'all', 'none': 'none'}[kind], word)}({parameters}) -> bool:
    for {x} in {nums}:
        if {inner}:
            return {kind == 'any'}
    return {kind != 'any'}
""")


def enough(d: Draw) -> Draft:
    nums, limit, parameters = _over(d)
    x, cnt = d.name(ELEMENTS), d.name(COUNTS)
    test, word = d.test(x, limit)
    op, how = d.one((">=", "at_least"), ("==", "exactly"), (">", "more_than"), ("<", "fewer_than"))
    return Draft(f"""
def {named('has', how, word)}({parameters}) -> bool:
    {cnt} = 0
    for {x} in {nums}:
        if {test}:
            {cnt} += 1
    return {cnt} {op} {d.number(1, 3)}
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


def running(d: Draw) -> Draft:
    nums = d.name(LISTS)
    x, total, out = d.name(ELEMENTS), d.name(("total", "acc", "state")), d.name(OUTPUTS)
    c = d.number(2, 12)
    start, step, word = d.one(
        (0, f"{total} += {x}", "sums"), (c, f"{total} += {x}", "balance"),
        (0, f"{total} = max({total}, {x})", "max"), (c, f"{total} = min({total}, {x})", "min"),
        (0, f"{total} = max(0, {total} + {x})", "floor"),
        (0, f"{total} = min({c}, {total} + {x})", "capped"),
        (0, f"{total} = {x} - {total}", "flip"), (0, f"{total} += {x} * {c}", "scaled"),
        (0, f"{total} += abs({x})", "size"), (0, f"{total} += {x} * {x}", "squares"),
        (c, f"{total} -= {x}", "left"), (0, f"{total} += {x} + {c}", "shifted"))
    put = d.one(total, total, f"{total} * 2", f"{total} + 1", f"{total} - {x}")
    return Draft(f"""
def {named('running', word)}({nums}: list[int]) -> list[int]:
    {out}: list[int] = []
    {total} = {start}
    for {x} in {nums}:
        {step}
        {out}.append({put})
    return {out}
""")


def fold(d: Draw) -> Draft:
    nums = d.name(LISTS)
    x, acc = d.name(ELEMENTS), d.name(("acc", "total", "state", "result"))
    c, m = d.number(2, 12), d.one(7, 10, 11, 13, 17, 97, 100, 101)
    start, step, word = d.one(
        (1, f"{acc} = {acc} * {x} % {m}", "product_mod"),
        (0, f"{acc} = ({acc} * {c} + {x}) % {m}", "hash"),
        (0, f"{acc} = ({acc} + {x} * {x}) % {m}", "square_mod"),
        (0, f"{acc} = ({acc} + {x} * {c}) % {m}", "weighted_mod"),
        (c, f"{acc} = ({acc} + {x}) % {m}", "sum_mod"),
        (0, f"{acc} = {acc} * {c} + {x}", "poly"),
        (1, f"{acc} *= {x} + {c}", "product_shifted"))
    return Draft(f"""
def {named('fold', word)}({nums}: list[int]) -> int:
    {acc} = {start}
    for {x} in {nums}:
        {step}
    return {acc}
""", {nums: "naturals"})


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
    nums, limit, parameters = _over(d)
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


def longest_run(d: Draw) -> Draft:
    nums, limit, parameters = _over(d)
    x = d.name(ELEMENTS)
    best, run = d.name(("best", "longest", "top")), d.name(("run", "cur", "streak"))
    test, word = d.test(x, limit)
    return Draft(f"""
def {named('longest', word, 'run')}({parameters}) -> int:
    {best} = 0
    {run} = 0
    for {x} in {nums}:
        if {test}:
            {run} += 1
            {best} = max({best}, {run})
        else:
            {run} = 0
    return {best}
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


def spend(d: Draw) -> Draft:
    nums, limit = d.name(LISTS), d.name(("budget", "limit", "space", "fuel"))
    x, cnt = d.name(ELEMENTS), d.name(COUNTS)
    c = d.number(1, 9)
    cost = d.one(x, f"{x} + {c}", f"{x} * 2", f"abs({x})", f"max({x}, {c})")
    stop = d.one("break", "")
    if stop:
        return Draft(f"""
def {named('afford', 'prefix')}({nums}: list[int], {limit}: int) -> int:
    {cnt} = 0
    for {x} in {nums}:
        if {cost} > {limit}:
            break
        {limit} -= {cost}
        {cnt} += 1
    return {d.one(cnt, limit)}
""", {nums: "naturals"})
    return Draft(f"""
def {named('afford', 'any')}({nums}: list[int], {limit}: int) -> int:
    {cnt} = 0
    for {x} in {nums}:
        if {cost} <= {limit}:
            {limit} -= {cost}
            {cnt} += 1
    return {d.one(cnt, limit)}
""", {nums: "naturals"})


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


def leaders(d: Draw) -> Draft:
    nums, x, out = d.name(LISTS), d.name(ELEMENTS), d.name(OUTPUTS)
    best = d.name(("best", "seen", "top"))
    op, start, word = d.one((">", d.one(0, -100), "records"), ("<", d.one(100, 1000), "lows"))
    c = d.number(0, 6)
    test = f"{x} {op} {best}" + (f" {'+' if op == '>' else '-'} {c}" if c > 1 else "")
    if d.chance(0.5):
        return Draft(f"""
def {named('keep', word)}({nums}: list[int]) -> list[int]:
    {out}: list[int] = []
    {best} = {start}
    for {x} in {nums}:
        if {test}:
            {best} = {x}
            {out}.append({d.one(x, x, f'len({out})', f'{x} * 2', f'{x} + 1')})
    return {out}
""")
    return Draft(f"""
def {named('count', word)}({nums}: list[int]) -> int:
    {out} = 0
    {best} = {start}
    for {x} in {nums}:
        if {test}:
            {best} = {x}
            {out} += {d.one('1', '1', x)}
    return {out}
""")


FAMILIES: dict[str, Family] = {
    f.__name__: f for f in (
        count_where, sum_where, sum_changed, signed_sum, extreme_where, keep_where, change_each,
        find_index, first_value, all_or_any, enough, adjacent, is_ordered, running, fold,
        reversed_walk, every_nth, weighted, pairs, longest_run, best_pair, two_pointer, spend,
        two_lists, leaders)
}
