"""Floating-point numbers: averages, money, measures; values stay on exact quarters."""

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

_POINTS = ("prices", "weights", "scores", "rates", "values", "lengths", "temps")


def _test(d: Draw, x: str, limit: str = "") -> tuple[str, str]:
    c = limit or str(d.one(0.5, 1.5, 2.0, 2.5, 4.0, 5.5, 7.25, 10.0))
    return d.one((f"{x} > {c}", "above"), (f"{x} < {c}", "below"), (f"{x} >= {c}", "at_least"),
                 (f"{x} <= {c}", "at_most"), (f"{x} > 0", "positive"), (f"{x} < 0", "negative"),
                 (f"abs({x}) < {c}", "near"), (f"abs({x}) > {c}", "far"))


def _change(d: Draw, x: str) -> tuple[str, str]:
    c = d.one(0.25, 0.5, 1.5, 2.5, 3.0, 0.75, 1.25, 10.0)
    return d.one((x, ""), (f"{x} * {c}", "scaled"), (f"{x} + {c}", "shifted"),
                 (f"{x} * {x}", "squares"), (f"abs({x})", "sizes"), (f"max({x}, {c})", "raised"),
                 (f"min({x}, {c})", "capped"), (f"{x} - {c}", "lowered"))


def float_sum(d: Draw) -> Draft:
    xs, x, total = d.name(_POINTS), d.name(ELEMENTS), d.name(TOTALS)
    limit = d.name(("limit", "bound")) if d.chance(0.4) else ""
    test, word = _test(d, x, limit)
    change, extra = _change(d, x)
    parameters = f"{xs}: list[float]" + (f", {limit}: float" if limit else "")
    return Draft(f"""
def {named('sum', word, extra)}({parameters}) -> float:
    {total} = 0.0
    for {x} in {xs}:
        if {test}:
            {total} += {change}
    return {total}
""")


def float_count(d: Draw) -> Draft:
    xs, x, cnt = d.name(_POINTS), d.name(ELEMENTS), d.name(COUNTS)
    limit = d.name(("limit", "bound")) if d.chance(0.5) else ""
    test, word = _test(d, x, limit)
    parameters = f"{xs}: list[float]" + (f", {limit}: float" if limit else "")
    return Draft(f"""
def {named('count', word)}({parameters}) -> int:
    {cnt} = 0
    for {x} in {xs}:
        if {test}:
            {cnt} += {d.one(1, 1, 2)}
    return {cnt}
""")


def average(d: Draw) -> Draft:
    whole = d.chance(0.5)
    xs = d.name(LISTS if whole else _POINTS)
    x, total = d.name(ELEMENTS), d.name(TOTALS)
    kind, zero = ("int", "0") if whole else ("float", "0.0")
    change, word = d.change(x) if whole else _change(d, x)
    scale = d.one("", "", f" * {d.one(2, 10, 100)}")
    start = d.one(0.0, 0.0, -1.0)
    return Draft(f"""
def {named('average', word or 'of_all')}({xs}: list[{kind}]) -> float:
    if len({xs}) == 0:
        return {start}
    {total} = {zero}
    for {x} in {xs}:
        {total} += {change}
    return {total}{scale} / len({xs})
""")


def average_where(d: Draw) -> Draft:
    xs, x, total = d.name(LISTS), d.name(ELEMENTS), d.name(TOTALS)
    cnt = d.name(COUNTS)
    test, word = d.test(x)
    return Draft(f"""
def {named('average', word)}({xs}: list[int]) -> float:
    {total} = 0
    {cnt} = 0
    for {x} in {xs}:
        if {test}:
            {total} += {x}
            {cnt} += 1
    if {cnt} == 0:
        return 0.0
    return {total} / {cnt}
""")


def share_where(d: Draw) -> Draft:
    xs, x, cnt = d.name(LISTS), d.name(ELEMENTS), d.name(COUNTS)
    test, word = d.test(x)
    hundred = d.one("", f"{d.one(10, 100)} * ")
    return Draft(f"""
def {named('share' if not hundred else 'percent', word)}({xs}: list[int]) -> float:
    {cnt} = 0
    for {x} in {xs}:
        if {test}:
            {cnt} += 1
    if len({xs}) == 0:
        return 0.0
    return {hundred}{cnt} / len({xs})
""")


def change_floats(d: Draw) -> Draft:
    xs, x, out = d.name(_POINTS), d.name(ELEMENTS), d.name(OUTPUTS)
    change, word = _change(d, x)
    test, extra = _test(d, x)
    if d.chance(0.5):
        return Draft(f"""
def {named('keep', extra, word)}({xs}: list[float]) -> list[float]:
    {out}: list[float] = []
    for {x} in {xs}:
        if {test}:
            {out}.append({change})
    return {out}
""")
    other, _ = _change(d, x)
    return Draft(f"""
def {named('adjust', extra, word)}({xs}: list[float]) -> list[float]:
    {out}: list[float] = []
    for {x} in {xs}:
        if {test}:
            {out}.append({change})
        else:
            {out}.append({other})
    return {out}
""")


def formula_float(d: Draw) -> Draft:
    a, b = d.one(("width", "height"), ("price", "rate"), ("x", "y"), ("speed", "hours"),
                 ("edge", "side"), ("mass", "speed"))
    c, k = d.one(0.5, 1.5, 2.0, 2.5, 0.25), d.one(0.5, 1.25, 3.0, 4.0, 10.0)
    word, value = d.one(
        ("area_of", f"{a} * {b} * {c}"), ("perimeter_of", f"{c} * ({a} + {b})"),
        ("cost_of", f"{a} * {b} + {k}"), ("energy_of", f"{c} * {a} * {b} * {b}"),
        ("blend_of", f"{c} * {a} + {k} * {b}"), ("gap_of", f"abs({a} - {b}) * {c}"),
        ("middle_of", f"({a} + {b}) / 2 + {c}"), ("capped_of", f"min({a} * {b}, {k})"),
        ("ratio_of", f"({a} + {c}) / (abs({b}) + {k})"),
        ("larger_of", f"max({a} + {c}, {b} * {k})"),
        ("square_sum_of", f"{a} * {a} + {c} * {b} * {b}"))
    return Draft(f"""
def {word}({a}: float, {b}: float) -> float:
    return {value}
""")


def bracket_float(d: Draw) -> Draft:
    x = d.name(("amount", "income", "weight", "x", "price"))
    low = d.one(1.0, 2.5, 5.0, 10.0)
    high = low + d.one(1.5, 5.0, 10.0)
    values = [d.one(str(d.one(0.0, 1.5, 2.0, 7.5)), _change(d, x)[0]) for _ in range(3)]
    return Draft(f"""
def {d.one('tax_on', 'fee_on', 'cost_on', 'charge_on')}({x}: float) -> float:
    if {x} {d.one('<', '<=')} {low}:
        return {values[0]}
    if {x} {d.one('<', '<=')} {high}:
        return {values[1]}
    return {values[2]}
""")


def compound(d: Draw) -> Draft:
    x, n = d.one("amount", "price", "level", "x"), d.one("years", "n", "rounds", "days")
    c, k = d.one(0.5, 1.5, 1.25, 0.75, 2.0), d.one(0.5, 1.0, 2.5, 10.0)
    step, word = d.one((f"{x} *= {c}", "growth"), (f"{x} = {x} * {c} + {k}", "savings"),
                       (f"{x} = {x} * {c} - {k}", "debt"), (f"{x} += {k}", "rise"),
                       (f"{x} -= {x} / 4", "decay"), (f"{x} = ({x} + {k}) / 2", "cooling"))
    return Draft(f"""
def {named(word, 'after')}({x}: float, {n}: int) -> float:
    for {d.one('i', 'j', 'k')} in range({n}):
        {step}
    return {x}
""", {n: "small"})


def extreme_float(d: Draw) -> Draft:
    xs, i, best = d.name(_POINTS), d.name(("i", "j")), d.name(("best", "result", "top"))
    a, b = f"{xs}[{i} - 1]", f"{xs}[{i}]"
    value, word = d.one((f"{b} - {a}", "rise"), (f"abs({b} - {a})", "gap"), (f"{a} + {b}", "pair"),
                        (f"({a} + {b}) / 2", "middle"), (f"{a} * {b}", "product"),
                        (f"{a} - {b}", "drop"), (f"{b} * {d.one(0.5, 1.5, 2.5)}", "scaled"))
    fn, how, start = d.one(("max", "largest", d.one(0.0, 1.5)), ("min", "smallest", 100.0))
    return Draft(f"""
def {named(how, word)}({xs}: list[float]) -> float:
    {best} = {start}
    for {i} in range(1, len({xs})):
        {best} = {fn}({best}, {value})
    return {best}
""")


FAMILIES: dict[str, Family] = {
    f.__name__: f for f in (
        float_sum, float_count, average, average_where, share_where, change_floats, formula_float,
        bracket_float, compound, extreme_float)
}
