"""Building strings: filtering, converting, slicing, padding, joining two."""

from __future__ import annotations

from oorl.data.synthetic.families._draw import (
    CHARS,
    COUNTS,
    INTS,
    OUTPUTS,
    TEXTS,
    TOTALS,
    Draft,
    Draw,
    Family,
    char_test,
    named,
    put_char,
)


def keep_chars(d: Draw) -> Draft:
    s, c, out = d.name(TEXTS), d.name(CHARS), d.name(OUTPUTS)
    test, word = char_test(d, c)
    put, extra = put_char(d, c)
    style = d.one("append", "prepend", "else")
    if style == "append":
        return Draft(f"""
def {named('keep', word, extra)}({s}: str) -> str:
    {out} = ""
    for {c} in {s}:
        if {test}:
            {out} += {put}
    return {out}
""")
    if style == "prepend":
        return Draft(f"""
def {named('reverse', word)}({s}: str) -> str:
    {out} = ""
    for {c} in {s}:
        if {test}:
            {out} = {c} + {out}
    return {out}
""")
    other, more = put_char(d, c)
    return Draft(f"""
def {named('replace', word, extra or more)}({s}: str) -> str:
    {out} = ""
    for {c} in {s}:
        if {test}:
            {out} += {put}
        else:
            {out} += {other}
    return {out}
""")


def every_nth_char(d: Draw) -> Draft:
    s, i, out = d.name(TEXTS), d.name(("i", "j")), d.name(OUTPUTS)
    step, start = d.number(2, 4), d.number(0, 3)
    put = d.one("{c}", "{c}", "{c}.upper()", "{c}.lower()").format(c=f"{s}[{i}]")
    style = d.one("step", "mod", "back")
    if style == "step":
        return Draft(f"""
def {d.one('take_every', 'skip_chars', 'sample_text')}({s}: str) -> str:
    {out} = ""
    for {i} in range({start}, len({s}), {step}):
        {out} += {put}
    return {out}
""")
    if style == "back":
        test, word = char_test(d, f"{s}[{i}]")
        return Draft(f"""
def {named('reverse', word)}({s}: str) -> str:
    {out} = ""
    for {i} in range(len({s}) - 1, -1, -1):
        if {test}:
            {out} += {put}
    return {out}
""")
    one, two = d.rng.sample([".upper()", ".lower()", ""], 2)
    return Draft(f"""
def {d.one('alternate_case', 'wave_case', 'mixed_case')}({s}: str) -> str:
    {out} = ""
    for {i} in range(len({s})):
        if {i} % {step} == {min(start, step - 1)}:
            {out} += {s}[{i}]{one}
        else:
            {out} += {s}[{i}]{two}
    return {out}
""")


def shift_letters(d: Draw) -> Draft:
    s, c, out = d.name(TEXTS), d.name(CHARS), d.name(OUTPUTS)
    k = d.number(1, 25)
    if d.chance(0.5):
        m = d.one(26, 97, 101, 7, 10, 13)
        total = d.name(TOTALS)
        step, word = d.one((f"{total} += ord({c})", "code_sum"),
                           (f"{total} = ({total} * {k} + ord({c})) % {m}", "text_hash"),
                           (f"{total} += ord({c}) - 97", "letter_sum"),
                           (f"{total} = max({total}, ord({c}) - {k + 70})", "highest_letter"),
                           (f"{total} = ({total} + ord({c})) % {m}", "code_mod"),
                           (f"{total} += (ord({c}) - 96) * {k}", "letter_value"))
        return Draft(f"""
def {word}({s}: str) -> int:
    {total} = {d.one(0, 0, d.number(1, 9))}
    for {c} in {s}:
        {step}
    return {total}
""", {s: "lower"})
    code = d.one(f"(ord({c}) - 97 + {k}) % 26 + 97", f"219 - ord({c})",
                 f"(ord({c}) - 97) * {d.one(3, 5, 7, 9, 11)} % 26 + 97")
    return Draft(f"""
def {d.one('shift_letters', 'encode_text', 'rotate_text', 'cipher_text')}({s}: str) -> str:
    {out} = ""
    for {c} in {s}:
        {out} += chr({code})
    return {out}
""", {s: "lower"})


def number_text(d: Draw) -> Draft:
    n, out = d.name(INTS), d.name(OUTPUTS)
    base = d.number(2, 10)
    sep = d.one("", "", "-", ",", ".", " ", ":")
    style = d.one("base", "join", "frame", "count")
    if style == "base":
        pad = d.one("", '"0"', '"x"')
        return Draft(f"""
def {d.one('to_base', 'write_digits', 'number_text', 'show_number')}({n}: int) -> str:
    {out} = {pad or '""'}
    while {n} > 0:
        {out} = str({n} % {base}) + {out}
        {n} //= {base}
    return {out}
""", {n: "large"})
    if style == "join":
        change, word = d.change("i")
        return Draft(f"""
def {named('join', word or 'numbers')}({n}: int) -> str:
    {out} = ""
    for i in range({d.one(n, f'1, {n} + 1')}):
        {out} += str({change}){f' + "{sep}"' if sep else ''}
    return {out}
""", {n: "small"})
    if style == "frame":
        a, b = d.one(("[", "]"), ("<", ">"), ("#", ""), ("id-", ""), ("", "px"), ("v", ""),
                     ("no. ", "!"), ("", "%"))
        change, word = d.change(n)
        left = f'"{a}" + ' if a else ""
        right = f' + "{b}"' if b else ""
        return Draft(f"""
def {named(d.one('format', 'show', 'tag'), word or 'number')}({n}: int) -> str:
    return {left}str({change}){right}
""")
    test, word = d.test("i")
    yes, no = d.one(("x", "o"), ("1", "0"), ("*", "."), ("#", "-"), ("y", "n"))
    return Draft(f"""
def {named('draw', word)}({n}: int) -> str:
    {out} = ""
    for i in range({d.one(n, f'1, {n} + 1')}):
        if {test}:
            {out} += "{yes}"
        else:
            {out} += "{no}"
    return {out}
""", {n: "small"})


def slices(d: Draw) -> Draft:
    s, k = d.name(TEXTS), d.name(("k", "n", "cut"))
    c, e = d.number(1, 4), d.number(1, 3)
    sep = d.one("", "-", "_", "..", " ", "*")
    word, value, guard = d.one(
        ("rotate_text", f"{s}[{k}:] + {s}[:{k}]", f"{k} < 0 or {k} > len({s})"),
        ("cut_start", f"{s}[{k}:]", f"{k} < 0 or {k} > len({s})"),
        ("cut_text", f"{s}[:{k}]", f"{k} < 0 or {k} > len({s})"),
        ("split_text", f'{s}[:{k}] + "{sep}" + {s}[{k}:]', f"{k} < 0 or {k} > len({s})"),
        ("drop_char", f"{s}[:{k}] + {s}[{k} + 1:]", f"{k} < 0 or {k} >= len({s})"),
        ("double_start", f"{s}[:{k}] + {s}", f"{k} < 0 or {k} > len({s})"),
        ("mark_char", f'{s}[:{k}] + "{sep}" + {s}[{k} + 1:]', f"{k} < 0 or {k} >= len({s})"))
    if d.chance(0.5):
        word, value, size = d.one(
            ("trim_start", f"{s}[{c}:]", c), ("trim_ends", f"{s}[{c}:len({s}) - {e}]", c + e),
            ("keep_start", f"{s}[:{c}]", c), ("move_start", f"{s}[{c}:] + {s}[:{c}]", c),
            ("keep_tail", f"{s}[len({s}) - {c}:]", c),
            ("join_ends", f'{s}[:{c}] + "{sep}" + {s}[len({s}) - {e}:]', max(c, e)),
            ("repeat_start", f"{s}[:{c}] + {s}", c), ("hide_start", f'"{sep}" + {s}[{c}:]', c))
        return Draft(f"""
def {word}({s}: str) -> str:
    if len({s}) < {size}:
        return {d.one(s, '""', f'"{sep}"')}
    return {value}
""")
    return Draft(f"""
def {word}({s}: str, {k}: int) -> str:
    if {guard}:
        return {d.one(s, '""')}
    return {value}
""", {k: "small"})


def repeat_text(d: Draw) -> Draft:
    s, n, out = d.name(TEXTS), d.name(("n", "k", "copies")), d.name(OUTPUTS)
    sep = d.one("", "-", " ", "+", ", ", "/", "ab", "!")
    test, word = d.test("i")
    style = d.one("repeat", "pad", "some")
    if style == "repeat":
        before = f'"{sep}" + {s}' if sep and d.chance(0.5) else f'{s} + "{sep}"' if sep else s
        return Draft(f"""
def {d.one('repeat_text', 'copy_text', 'echo_text')}({s}: str, {n}: int) -> str:
    {out} = {d.one('""', '""', '">"', s)}
    for i in range({n}):
        {out} += {before}
    return {out}
""", {n: "small"})
    if style == "pad":
        fill = d.one(*"0 .-*_#x")
        side = d.one(f'{s} = "{fill}" + {s}', f'{s} += "{fill}"')
        return Draft(f"""
def {d.one('pad_text', 'fill_text', 'widen_text')}({s}: str, {n}: int) -> str:
    while len({s}) < {n}{d.one('', f' + {d.number(1, 9)}')}:
        {side}
    return {s}
""", {n: "small"})
    return Draft(f"""
def {named('repeat', word)}({s}: str, {n}: int) -> str:
    {out} = ""
    for i in range({n}):
        if {test}:
            {out} += {s}{f' + "{sep}"' if sep else ''}
    return {out}
""", {n: "small", s: "word"})


def two_texts(d: Draw) -> Draft:
    a, b = d.one(("a", "b"), ("left", "right"), ("first", "second"), ("s", "t"))
    i, cnt, c = d.name(("i", "j")), d.name(COUNTS), d.name(CHARS)
    test, _ = char_test(d, f"{a}[{i}]")
    op, how = d.one(("!=", "differences"), ("==", "matches"))
    style = d.one("hamming", "common", "longer", "weave", "keep")
    if style == "hamming":
        extra = d.one("", f" and ({test})")
        return Draft(f"""
def {named('count', how)}({a}: str, {b}: str) -> int:
    {cnt} = {d.one('0', '0', '1', f'abs(len({a}) - len({b}))')}
    for {i} in range(min(len({a}), len({b}))):
        if {a}[{i}] {op} {b}[{i}]{extra}:
            {cnt} += {d.one('1', '1', str(d.number(2, 5)), i)}
    return {cnt}
""", {a: "lower", b: "lower"})
    if style == "common":
        test, _ = char_test(d, c)
        extra = d.one("", f" and ({test})")
        which = d.one("in", "not in")
        return Draft(f"""
def {named('count', 'shared' if which == 'in' else 'missing')}({a}: str, {b}: str) -> int:
    {cnt} = 0
    for {c} in {a}:
        if {c} {which} {b}{extra}:
            {cnt} += {d.one('1', '1', '2')}
    return {cnt}
""", {a: "lower", b: "lower"})
    if style == "longer":
        k = d.number(0, 4)
        op = d.one(">", "<", ">=")
        return Draft(f"""
def {'longer' if op != '<' else 'shorter'}_text({a}: str, {b}: str) -> str:
    if len({a}) {op} len({b}){f' + {k}' if k else ''}:
        return {a}{d.one('', f' + "{d.one(*"!?.-")}"')}
    return {b}
""")
    if style == "keep":
        test, _ = char_test(d, c)
        which = d.one("in", "not in")
        return Draft(f"""
def {named('keep', 'shared' if which == 'in' else 'missing')}({a}: str, {b}: str) -> str:
    {cnt} = ""
    for {c} in {a}:
        if {c} {which} {b}{d.one('', f' and ({test})')}:
            {cnt} += {c}{d.one('', '', '.upper()')}
    return {cnt}
""", {a: "lower", b: "lower"})
    return Draft(f"""
def {d.one('weave_texts', 'zip_texts', 'mix_texts')}({a}: str, {b}: str) -> str:
    {cnt} = ""
    for {i} in range(min(len({a}), len({b}))):
        {cnt} += {d.one(f'{a}[{i}]', f'{a}[{i}].upper()')}
        {cnt} += {d.one(f'{b}[{i}]', f'"{d.one(*"-+.")}"')}
    return {cnt}
""", {a: "lower", b: "lower"})


FAMILIES: dict[str, Family] = {
    f.__name__: f for f in (
        keep_chars, every_nth_char, shift_letters, number_text, slices, repeat_text,
        two_texts)
}
