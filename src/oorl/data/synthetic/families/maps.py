"""Maps and lists of strings: counting words, looking up, filtering, joining."""

from __future__ import annotations

from oorl.data.synthetic.families._draw import (
    COUNTS,
    OUTPUTS,
    TEXTS,
    TOTALS,
    WORDS,
    Draft,
    Draw,
    Family,
    named,
)

_MAPS = ("stock", "ages", "points", "wallet", "grades")
_EACH = ("w", "word", "name", "token")


def _word_test(d: Draw, w: str) -> tuple[str, str]:
    c, letter = d.number(1, 5), d.one(*"abcdefhiknorstu")
    return d.one((f"len({w}) > {c}", "long"), (f"len({w}) < {c + 2}", "short"),
                 (f"len({w}) == {c + 1}", f"length_{c + 1}"),
                 (f'"{letter}" in {w}', f"with_{letter}"),
                 (f'"{letter}" not in {w}', f"without_{letter}"),
                 (f'len({w}) > 0 and {w}[0] == "{letter}"', f"starting_{letter}"),
                 (f"len({w}) % 2 == 0", "even"), (f"len({w}) >= {c}", "long"))


def word_stats(d: Draw) -> Draft:
    words, w, total = d.name(WORDS), d.name(_EACH), d.name(TOTALS)
    test, word = _word_test(d, w)
    value, verb = d.one(("1", "count"), (f"len({w})", "letters"), (f"len({w}) * {d.number(2, 9)}",
                        "score"), (f"len({w}) + {d.number(1, 9)}", "cost"))
    return Draft(f"""
def {named(verb, word, 'words')}({words}: list[str]) -> int:
    {total} = 0
    for {w} in {words}:
        if {test}:
            {total} += {value}
    return {total}
""")


def longest_word(d: Draw) -> Draft:
    words, w, best = d.name(WORDS), d.name(_EACH), d.name(("best", "result", "top"))
    op, how = d.one((">", "longest"), (">=", "last_longest"))
    test, word = _word_test(d, w)
    more = d.one("", f" and ({test})")
    if d.chance(0.6):
        return Draft(f"""
def {named(how, word if more else '', 'word')}({words}: list[str]) -> str:
    {best} = ""
    for {w} in {words}:
        if len({w}) {op} len({best}){more}:
            {best} = {w}
    return {best}
""")
    return Draft(f"""
def {named('longest', word if more else '', 'length')}({words}: list[str]) -> int:
    {best} = 0
    for {w} in {words}:
        if len({w}) > {best}{more}:
            {best} = len({w})
    return {best}
""")


def join_words(d: Draw) -> Draft:
    words, w, out = d.name(WORDS), d.name(_EACH), d.name(OUTPUTS)
    test, word = _word_test(d, w)
    sep = d.one(" ", "-", ",", "", "+", "; ", "/")
    part, how = d.one((w, "join"), (f"{w}[0]", "initials"), (f"str(len({w}))", "lengths"))
    if how == "initials":
        test, word = f"len({w}) > {d.number(0, 4)}", ""
    tail = f' + "{sep}"' if sep else ""
    if part.endswith("]") and sep:
        part, tail = f'{part} + "{sep}"', ""
    return Draft(f"""
def {named(how, word, 'words')}({words}: list[str]) -> str:
    {out} = ""
    for {w} in {words}:
        if {test}:
            {out} += {part}{tail}
    return {out}
""")


def filter_words(d: Draw) -> Draft:
    words, w, out = d.name(WORDS), d.name(_EACH), d.name(OUTPUTS)
    test, word = _word_test(d, w)
    mark = d.one("!", "s", "-", "?", "ed", "er")
    put, extra = d.one((w, ""), (w, ""), (f'{w} + "{mark}"', "marked"), (f'"{mark}" + {w}', "led"),
                       (f"{w} + {w}", "doubled"))
    if d.chance(0.4):
        return Draft(f"""
def {named('lengths', word)}({words}: list[str]) -> list[int]:
    {out}: list[int] = []
    for {w} in {words}:
        if {test}:
            {out}.append({d.one(f'len({w})', f'len({w}) * {d.number(2, 5)}')})
    return {out}
""")
    return Draft(f"""
def {named('keep', word, extra)}({words}: list[str]) -> list[str]:
    {out}: list[str] = []
    for {w} in {words}:
        if {test}:
            {out}.append({put})
    return {out}
""")


def find_word(d: Draw) -> Draft:
    words, target, i = d.name(WORDS), d.one("target", "wanted", "query"), d.name(("i", "j"))
    cnt = d.name(COUNTS)
    w = f"{words}[{i}]"
    style = d.one("first", "last", "count", "has")
    if style == "first":
        return Draft(f"""
def {d.one('find_word', 'index_of_word', 'position_of')}({words}: list[str], {target}: str) -> int:
    for {i} in range({d.one('', '', f'{d.number(1, 2)}, ')}len({words})):
        if {w} == {target}:
            return {i}{d.one('', f' + {d.number(1, 9)}')}
    return {d.one('-1', '-1', f'len({words})')}
""", {target: "word"})
    if style == "has":
        k = d.number(1, 3)
        return Draft(f"""
def {d.one('has_word', 'lists_word')}({words}: list[str], {target}: str) -> bool:
    {cnt} = 0
    for {i} in range(len({words})):
        if {w} == {target}:
            {cnt} += 1
    return {cnt} {d.one('>=', '==', '<')} {k}
""", {target: "word"})
    step = f"{cnt} = {i}" if style == "last" else f"{cnt} += {d.one('1', i, '2')}"
    return Draft(f"""
def {'last_place' if style == 'last' else 'count_word'}({words}: list[str], {target}: str) -> int:
    {cnt} = {'-1' if style == 'last' else '0'}
    for {i} in range(len({words})):
        if {w} {d.one('==', '!=')} {target}:
            {step}
    return {cnt}
""", {target: "word"})


def count_map(d: Draw) -> Draft:
    words, w, counts = d.name(WORDS), d.name(_EACH), d.name(("counts", "freq", "tally"))
    test, word = _word_test(d, w)
    step = d.one("1", "1", f"len({w})", str(d.number(2, 5)))
    line = f"{counts}[{w}] = {counts}.get({w}, 0) + {step}"
    body = line if d.chance(0.3) else f"if {test}:\n            {line}"
    verb = "count" if step == "1" else "weigh"
    return Draft(f"""
def {named(verb, word if 'if' in body else 'all', 'words')}({words}: list[str]) -> dict[str, int]:
    {counts}: dict[str, int] = {{}}
    for {w} in {words}:
        {body}
    return {counts}
""")


def letter_map(d: Draw) -> Draft:
    s, c, counts = d.name(TEXTS), d.name(("c", "ch", "letter")), d.name(("counts", "freq", "tally"))
    letter = d.one(*"abcexyz")
    test, word = d.one((f'{c} != "{letter}"', f"not_{letter}"), (f'{c} in "aeiou"', "vowels"),
                       (f'{c} not in "aeiou"', "consonants"), (f"{c}.isalpha()", "letters"),
                       (f"{c}.islower()", "lowercase"), (f"not {c}.isdigit()", "non_digits"))
    step = str(d.one(1, 1, 1, 2, 3))
    verb = "count" if step == "1" else "weigh"
    line = f"{counts}[{c}] = {counts}.get({c}, 0) + {step}"
    body = line if d.chance(0.2) else f"if {test}:\n            {line}"
    return Draft(f"""
def {named(verb, word if 'if' in body else 'characters')}({s}: str) -> dict[str, int]:
    {counts}: dict[str, int] = {{}}
    for {c} in {s}:
        {body}
    return {counts}
""", {s: d.one("str", "lower")})


def map_total(d: Draw) -> Draft:
    m, total = d.name(_MAPS), d.name(TOTALS)
    key, value = d.one(("name", "age"), ("key", "value"), ("k", "v"), ("word", "num"))
    limit = d.one("", "limit", "bound")
    test, word = d.test(value, limit)
    change, extra = d.change(value)
    more, _ = _word_test(d, key)
    test = d.one(test, test, more)
    step, verb = d.one(("1", "count"), (change, "sum"), (f"len({key})", "letters"))
    use = f", {limit}: int" if limit and limit in test else ""
    name = named(verb, word if test != more else "chosen", extra if verb == "sum" else "")
    return Draft(f"""
def {name}({m}: dict[str, int]{use}) -> int:
    {total} = 0
    for {key}, {value} in {m}.items():
        if {test}:
            {total} += {step}
    return {total}
""")


def map_extreme(d: Draw) -> Draft:
    m, best = d.name(_MAPS), d.name(("best", "result", "top"))
    key, value = d.one(("name", "age"), ("key", "value"), ("k", "v"))
    change, word = d.change(value)
    fn, how, start = d.one(("max", "largest", d.one(0, -50)), ("min", "smallest", d.one(100, 500)))
    more, _ = _word_test(d, key)
    line = f"{best} = {fn}({best}, {change})"
    body = line if d.chance(0.4) else f"if {more}:\n            {line}"
    return Draft(f"""
def {named(how, word or 'value')}({m}: dict[str, int]) -> int:
    {best} = {start}
    for {key}, {value} in {m}.items():
        {body}
    return {best}
""")


def map_change(d: Draw) -> Draft:
    m, out = d.name(_MAPS), d.name(OUTPUTS)
    key, value = d.one(("name", "age"), ("key", "value"), ("k", "v"))
    test, word = d.test(value)
    change, extra = d.change(value)
    line = f"{out}[{key}] = {change}"
    body = line if d.chance(0.3) else f"if {test}:\n            {line}"
    name = named("update", word if "if" in body else "all", extra)
    return Draft(f"""
def {name}({m}: dict[str, int]) -> dict[str, int]:
    {out}: dict[str, int] = {{}}
    for {key}, {value} in {m}.items():
        {body}
    return {out}
""")


def look_up(d: Draw) -> Draft:
    m, words, total = d.name(_MAPS), d.name(WORDS), d.name(TOTALS)
    w, default, c = d.name(_EACH), d.one(0, 0, -1, d.number(1, 20)), d.number(2, 9)
    style = d.one("sum", "one", "count", "list")
    if style == "sum":
        more, _ = _word_test(d, w)
        line = f"{total} += {m}.get({w}, {default}){d.one('', f' * {c}', f' + {c}')}"
        body = line if d.chance(0.5) else f"if {more}:\n            {line}"
        return Draft(f"""
def {d.one('total_price', 'sum_lookup', 'add_up')}({m}: dict[str, int], {words}: list[str]) -> int:
    {total} = 0
    for {w} in {words}:
        {body}
    return {total}
""")
    if style == "one":
        value = d.one(f"{m}[{w}]", f"{m}[{w}] * {c}", f"{m}[{w}] + {c}", f"max({m}[{w}], {c})",
                      f"{c} - {m}[{w}]")
        return Draft(f"""
def {d.one('value_of', 'look_up', 'price_of')}({m}: dict[str, int], {w}: str) -> int:
    if {w} in {m}:
        return {value}
    return {default}
""", {w: "word"})
    if style == "count":
        which, word = d.one(("in", "known"), ("not in", "unknown"))
        more, _ = _word_test(d, w)
        test = f"{w} {which} {m}" + d.one("", f" and ({more})")
        return Draft(f"""
def {named('count', word, 'words')}({m}: dict[str, int], {words}: list[str]) -> int:
    {total} = 0
    for {w} in {words}:
        if {test}:
            {total} += {d.one('1', f'len({w})')}
    return {total}
""")
    return Draft(f"""
def {d.one('all_values', 'list_values')}({m}: dict[str, int], {words}: list[str]) -> list[int]:
    {total}: list[int] = []
    for {w} in {words}:
        {total}.append({m}.get({w}, {default}){d.one('', f' * {c}', f' + {c}', f' - {c}')})
    return {total}
""")


FAMILIES: dict[str, Family] = {
    f.__name__: f for f in (
        word_stats, longest_word, join_words, filter_words, find_word, count_map, letter_map,
        map_total, map_extreme, map_change, look_up)
}
