"""Lists of integers, element by element: sums, counts, extremes, searches, new lists."""

from __future__ import annotations

from oorl.data.synthetic.families._draw import (
    COUNTS,
    ELEMENTS,
    LISTS,
    OUTPUTS,
    TOTALS,
    Draft,
    Draw,
    Family,
    named,
)


def count_where(d: Draw) -> Draft:
    nums, limit, parameters = d.over()
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
    nums, limit, parameters = d.over()
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
    nums, limit, parameters = d.over()
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
    nums, limit, parameters = d.over()
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
    nums, limit, parameters = d.over()
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
    nums, limit, parameters = d.over()
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
    nums, limit, parameters = d.over()
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


def first_value(d: Draw) -> Draft:
    nums, limit, parameters = d.over()
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
    nums, limit, parameters = d.over()
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
    nums, limit, parameters = d.over()
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


def longest_run(d: Draw) -> Draft:
    nums, limit, parameters = d.over()
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
        count_where, sum_where, sum_changed, signed_sum, extreme_where, keep_where,
        change_each, first_value, all_or_any, enough, running, fold, longest_run, spend,
        leaders)
}
