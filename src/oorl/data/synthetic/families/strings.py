"""Functions of strings: counting, building, testing, converting characters."""

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
    named,
)

_LOOPS = ("i", "j", "pos")


def _char_test(d: Draw, c: str) -> tuple[str, str]:
    """A condition on the character `c` and its word."""
    one, two = d.rng.sample("abcdefghinorstxyz", 2)
    group = d.one("aeiou", "aeiou", "xyz", "0123456789", "aeiouy", "abc", ".,!?", "AEIOU", "02468")
    word = {"aeiou": "vowels", "aeiouy": "vowels", "0123456789": "digits", ".,!?": "marks",
            "AEIOU": "capitals", "02468": "even_digits"}.get(group, "chosen")
    return d.one(
        (f'{c} == "{one}"', f"letter_{one}"), (f'{c} != "{one}"', f"not_{one}"),
        (f'{c} in "{group}"', word), (f'{c} not in "{group}"', f"non_{word}"),
        (f'{c} == "{one}" or {c} == "{two}"', f"{one}_or_{two}"),
        (f"{c}.isdigit()", "digits"), (f"{c}.isalpha()", "letters"),
        (f"{c}.isupper()", "uppercase"), (f"{c}.islower()", "lowercase"),
        (f"not {c}.isdigit()", "non_digits"), (f"not {c}.isalpha()", "non_letters"),
        (f'{c} == " "', "spaces"), (f'{c} != " "', "non_spaces"))


def _put(d: Draw, c: str) -> tuple[str, str]:
    """What to append for the character `c`."""
    letter, mark = d.one(*"abcdexyz"), d.one(*"-_*#.+")
    return d.one((c, ""), (c, ""), (f"{c}.upper()", "upper"), (f"{c}.lower()", "lower"),
                 (f'"{letter}"', f"as_{letter}"), (f'"{mark}"', "masked"))


def count_chars(d: Draw) -> Draft:
    s, c, cnt = d.name(TEXTS), d.name(CHARS), d.name(COUNTS)
    test, word = _char_test(d, c)
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


def keep_chars(d: Draw) -> Draft:
    s, c, out = d.name(TEXTS), d.name(CHARS), d.name(OUTPUTS)
    test, word = _char_test(d, c)
    put, extra = _put(d, c)
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
    other, more = _put(d, c)
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


def find_char(d: Draw) -> Draft:
    s, i = d.name(TEXTS), d.name(_LOOPS)
    test, word = _char_test(d, f"{s}[{i}]")
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
    test, word = _char_test(d, c)
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
    test, word = _char_test(d, c)
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
    test, word = _char_test(d, c)
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
    more, _ = _char_test(d, a)
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
        test, word = _char_test(d, f"{s}[{i}]")
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
    test, _ = _char_test(d, f"{a}[{i}]")
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
        test, _ = _char_test(d, c)
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
        test, _ = _char_test(d, c)
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
        count_chars, keep_chars, find_char, all_chars, enough_chars, longest_char_run,
        adjacent_chars, palindrome, every_nth_char, digit_text, shift_letters, number_text,
        slices, repeat_text, two_texts, brackets)
}
