"""Looking at strings: counting, searching, testing characters, reading digits."""

from __future__ import annotations

from oorl.data.synthetic.families._draw import (
    CHARS,
    COUNTS,
    TEXTS,
    TOTALS,
    Draft,
    Draw,
    Family,
    char_test,
    named,
)

_LOOPS = ("i", "j", "pos")


def count_chars(d: Draw) -> Draft:
    s, c, cnt = d.name(TEXTS), d.name(CHARS), d.name(COUNTS)
    test, word = char_test(d, c)
    step = d.one("1", "1", "1", str(d.number(2, 9)))
    if d.chance(0.3):
        return Draft(f"""
def {named('balance', word)}({s}: str) -> int:
    {cnt} = 0
    for {c} in {s}:
        if {test}:
            {cnt} += {step}
        else:
            {cnt} -= {d.number(1, 4)}
    return {cnt}
""")
    return Draft(f"""
def {named('count', word) if step == '1' else named('points', word)}({s}: str) -> int:
    {cnt} = {d.one('0', '0', '0', f'len({s})')}
    for {c} in {s}:
        if {test}:
            {cnt} += {step}
    return {cnt}
""")


def find_char(d: Draw) -> Draft:
    s, i = d.name(TEXTS), d.name(_LOOPS)
    test, word = char_test(d, f"{s}[{i}]")
    if d.chance(0.5):
        return Draft(f"""
def {named('first', word, 'at')}({s}: str) -> int:
    for {i} in range(len({s})):
        if {test}:
            return {i}
    return {d.one('-1', '-1', f'len({s})')}
""")
    last = d.name(("last", "result", "spot"))
    step, start = d.one((f"{last} = {i}", "-1"), (f"{last} += {i}", "0"))
    return Draft(f"""
def {named('last' if start == '-1' else 'sum', word, 'at')}({s}: str) -> int:
    {last} = {start}
    for {i} in range(len({s})):
        if {test}:
            {step}
    return {last}
""")


def all_chars(d: Draw) -> Draft:
    s, c = d.name(TEXTS), d.name(CHARS)
    test, word = char_test(d, c)
    kind = d.one("has", "only", "no")
    inner = f"not ({test})" if kind == "only" else test
    if inner.startswith("not (not "):
        inner = test[4:]
    return Draft(f"""
def {named(kind, word)}({s}: str) -> bool:
    for {c} in {s}:
        if {inner}:
            return {kind == 'has'}
    return {kind != 'has'}
""")


def enough_chars(d: Draw) -> Draft:
    s, c, cnt = d.name(TEXTS), d.name(CHARS), d.name(COUNTS)
    test, word = char_test(d, c)
    op, how = d.one((">=", "at_least"), ("==", "exactly"), (">", "more_than"), ("<", "fewer_than"))
    return Draft(f"""
def {named('has', how, word)}({s}: str) -> bool:
    {cnt} = 0
    for {c} in {s}:
        if {test}:
            {cnt} += 1
    return {cnt} {op} {d.number(1, 3)}
""")


def longest_char_run(d: Draw) -> Draft:
    s, c = d.name(TEXTS), d.name(CHARS)
    best, run = d.name(("best", "longest", "top")), d.name(("run", "cur", "streak"))
    test, word = char_test(d, c)
    return Draft(f"""
def {named('longest', word, 'run')}({s}: str) -> int:
    {best} = 0
    {run} = 0
    for {c} in {s}:
        if {test}:
            {run} += 1
            {best} = max({best}, {run})
        else:
            {run} = 0
    return {best}
""")


def adjacent_chars(d: Draw) -> Draft:
    s, i, cnt = d.name(TEXTS), d.name(("i", "j")), d.name(COUNTS)
    gap = d.number(1, 3)
    a, b = f"{s}[{i}]", f"{s}[{i} - {gap}]"
    test, word = d.one((f"{a} == {b}", "repeats"), (f"{a} != {b}", "changes"))
    more, _ = char_test(d, a)
    extra = d.one("", f" and ({more})", f" and ({more})")
    style = d.one("count", "drop", "has")
    if style == "count":
        return Draft(f"""
def {named('count', word)}({s}: str) -> int:
    {cnt} = 0
    for {i} in range({gap}, len({s})):
        if {test}{extra}:
            {cnt} += {d.one('1', '1', i)}
    return {cnt}
""", {s: d.one("str", "lower")})
    if style == "has":
        return Draft(f"""
def {named('has', word)}({s}: str) -> bool:
    for {i} in range({gap}, len({s})):
        if {test}{extra}:
            return True
    return False
""", {s: d.one("str", "lower")})
    return Draft(f"""
def {named('keep', word)}({s}: str) -> str:
    {cnt} = ""
    for {i} in range({gap}, len({s})):
        if {test}{extra}:
            {cnt} += {a}
    return {cnt}
""", {s: d.one("str", "lower")})


def palindrome(d: Draw) -> Draft:
    s, i = d.name(TEXTS), d.name(("i", "j"))
    cnt = d.name(COUNTS)
    a, b = f"{s}[{i}]", f"{s}[len({s}) - 1 - {i}]"
    if d.chance(0.4):
        skip = d.number(0, 3)
        return Draft(f"""
def {d.one('is_palindrome', 'reads_same', 'is_mirrored')}({s}: str) -> bool:
    for {i} in range({f'{skip}, ' if skip else ''}len({s}) // 2):
        if {a} != {b}:
            return False
    return True
""", {s: "str"})
    start, c = d.number(0, 3), d.number(1, 5)
    op, word = d.one(("==", "mirrored"), ("!=", "unmatched"))
    return Draft(f"""
def {named('count', word)}({s}: str) -> int:
    {cnt} = {start}
    for {i} in range(len({s}){d.one('', ' // 2')}):
        if {a} {op} {b}:
            {cnt} += {c}
    return {cnt}
""", {s: "str"})


def digit_text(d: Draw) -> Draft:
    s, c, total = d.name(("text", "s", "code", "digits")), d.name(CHARS), d.name(TOTALS)
    k, m = d.number(2, 9), d.one(7, 9, 10, 11, 97)
    step, word, domain = d.one(
        (f"{total} += int({c})", "sum_digits", "digits"),
        (f"{total} = {total} * 10 + int({c})", "parse_number", "digits"),
        (f"{total} = {total} * 2 + int({c})", "parse_bits", "bits"),
        (f"{total} = ({total} * 10 + int({c})) % {m}", "number_mod", "digits"),
        (f"{total} += int({c}) * {k}", "scaled_digits", "digits"),
        (f"{total} = max({total}, int({c}))", "largest_digit", "digits"),
        (f"{total} = {total} * {k} + int({c})", "parse_base", "digits"),
        (f"{total} = ({total} + int({c}) * {k}) % {m}", "check_digit", "digits"),
        (f"{total} += int({c}) * int({c})", "digit_squares", "digits"),
        (f"{total} = int({c}) - {total}", "alternating_digits", "digits"))
    start = d.one(0, 0, d.number(1, 9))
    if domain == "digits" and d.chance(0.4):
        test, extra = d.one((f"{c}.isdigit()", "found"), (f'{c} != "{d.number(1, 9)}"', "some"),
                            (f'{c} in "{d.one("13579", "02468", "2357", "147")}"', "chosen"))
        return Draft(f"""
def {named(word, extra)}({s}: str) -> int:
    {total} = {start}
    for {c} in {s}:
        if {test}:
            {step}
    return {total}
""", {s: "str" if extra == "found" else "digits"})
    return Draft(f"""
def {word}({s}: str) -> int:
    {total} = {start}
    for {c} in {s}:
        {step}
    return {total}
""", {s: domain})


def brackets(d: Draw) -> Draft:
    s, c = d.name(TEXTS), d.name(CHARS)
    depth, best = d.name(("depth", "level", "height")), d.name(("best", "deepest", "top"))
    up, down = d.one(("a", "b"), ("x", "y"), ("a", "c"), ("b", "c"), ("e", "o"), ("a", "z"))
    k = d.one(1, 1, 2, 3)
    style = d.one("peak", "low", "zero")
    if style == "zero":
        return Draft(f"""
def {d.one('is_balanced', 'ends_level')}({s}: str) -> bool:
    {depth} = 0
    for {c} in {s}:
        if {c} == "{up}":
            {depth} += {k}
        elif {c} == "{down}":
            {depth} -= 1
    return {depth} {d.one('==', '>=', '<=')} {d.number(0, 2)}
""", {s: "lower"})
    fn = "max" if style == "peak" else "min"
    return Draft(f"""
def {d.one('peak_level', 'deepest_level') if fn == 'max' else 'lowest_level'}({s}: str) -> int:
    {depth} = 0
    {best} = 0
    for {c} in {s}:
        if {c} == "{up}":
            {depth} += {k}
        elif {c} == "{down}":
            {depth} -= 1
        {best} = {fn}({best}, {depth})
    return {best}
""", {s: "lower"})


FAMILIES: dict[str, Family] = {
    f.__name__: f for f in (
        count_chars, find_char, all_chars, enough_chars, longest_char_run, adjacent_chars,
        palindrome, digit_text, brackets)
}
