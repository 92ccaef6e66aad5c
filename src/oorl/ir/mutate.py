"""Typed mutants of LLVM IR: valid by construction, mostly of another meaning.

Deleting a random line gives 81 % invalid IR; these operators change an instruction within its
type and keep definitions before uses, so nearly all of their texts verify. Whether a mutant really
differs is for execution to say: about 70 % do.

The text is a module as `normalise.extract` prints it, all local values numbered.
"""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from oorl.ir.normalise import renumber

_CACHE = 65536  # lines: winners and functions share many
_VALUE = r"(?:%\d+|-?\d+|true|false|-?\d\.\d+e[+-]\d+|0x[0-9A-F]+)"
_HEAD = re.compile(r"^define .*?\((.*)\)[^)]*\{$")
_BINOP = re.compile(rf"^  (%\d+) = (add|sub|mul|sdiv|udiv|srem|urem|shl|lshr|ashr|and|or|xor|fadd"
                    rf"|fsub|fmul|fdiv|frem)((?: (?:nsw|nuw|exact|disjoint))*) (i\d+|double|float) "
                    rf"({_VALUE}), ({_VALUE})$")
_CMP = re.compile(r"^  (%\d+) = (icmp|fcmp)((?: samesign)?) (\w+) (\w+) (\S+), (\S+)$")
_SELECT = re.compile(r"^(  %\d+ = select i1 \S+), (\w+ \S+), (\w+ \S+)$")
_MINMAX = re.compile(r"@llvm\.([su])(min|max)\.")
_UNARY_CALL = re.compile(r"^  (%\d+) = call (\w+) @llvm\.(?:abs|fabs)\.\w+\(\w+ (%\d+)")
_BRANCH = re.compile(r"^(  br i1 \S+), (label %\d+), (label %\d+)$")
_GEP = re.compile(r"^(  %\d+ = getelementptr [^,]*, ptr \S+(?:, i\d+ \S+)*, (i\d+)) (\S+)$")
_STORE = re.compile(rf"^  store (\w+) ({_VALUE}), ptr (\S+?)((?:, align \d+)?)$")
_LOAD = re.compile(r"^  (%\d+) = load (\w+), ptr (%\d+)((?:, align \d+)?)$")
_CAST = re.compile(r"^(  %\d+ = )(sext|zext(?: nneg)?) (i\d+ %\d+ to i\d+)$")
_RET = re.compile(rf"^  ret (\w+) ({_VALUE})$")
_PHI = re.compile(r"^  (%\d+) = phi (\w+) (.*)$")
_CASE = re.compile(r"^    (i\d+) (-?\d+), label %(\d+)$")
_DEFINES = (re.compile(r"^  (%\d+) = (?:load|phi|alloca) (\w+)"),
            re.compile(r"^  (%\d+) = \w+[^@]*? to (\w+)$"),
            re.compile(r"^  (%\d+) = select i1 \S+, (\w+) "),
            re.compile(r"^  (%\d+) = call (\w+) "),
            re.compile(r"^  (%\d+) = (?:add|sub|mul|[su]div|[su]rem|shl|[la]shr|and|or|xor|f\w+)"
                       r"(?: \w+)*? (i\d+|double|float) "))

_ICMP_NEGATED = {"eq": "ne", "ne": "eq", "slt": "sge", "sge": "slt", "sgt": "sle", "sle": "sgt",
                 "ult": "uge", "uge": "ult", "ugt": "ule", "ule": "ugt"}
_FCMP_NEGATED = {"oeq": "une", "une": "oeq", "olt": "uge", "uge": "olt", "ogt": "ule",
                 "ule": "ogt", "ole": "ugt", "ugt": "ole", "oge": "ult", "ult": "oge"}
_SWAPPED = {"slt": "sgt", "sgt": "slt", "sle": "sge", "sge": "sle", "ult": "ugt", "ugt": "ult",
            "ule": "uge", "uge": "ule", "olt": "ogt", "ogt": "olt", "ole": "oge", "oge": "ole"}
_BOUND = {"slt": "sle", "sle": "slt", "sgt": "sge", "sge": "sgt", "ult": "ule", "ule": "ult",
          "ugt": "uge", "uge": "ugt", "olt": "ole", "ole": "olt", "ogt": "oge", "oge": "ogt"}
_OTHER = {"add": "sub", "sub": "add", "mul": "add", "sdiv": "srem", "srem": "sdiv", "udiv": "urem",
          "urem": "udiv", "shl": "lshr", "lshr": "shl", "ashr": "shl", "and": "or", "or": "and",
          "xor": "or", "fadd": "fsub", "fsub": "fadd", "fmul": "fadd", "fdiv": "fmul",
          "frem": "fdiv"}
_ORDERED = {"sub", "sdiv", "udiv", "srem", "urem", "shl", "lshr", "ashr", "fsub", "fdiv", "frem"}


class Site(NamedTuple):
    """One possible change: line `at` becomes `line` (or goes), and `old` is read as `new`."""

    operator: str
    at: int
    line: str | None
    old: str = ""
    new: str = ""


def sites(text: str) -> list[Site]:
    """All changes of all operators, in the order of the text."""
    found: list[Site] = []
    lines = text.split("\n")
    scope: dict[str, list[str]] = {}
    block: dict[str, list[str]] = {}
    for at, line in enumerate(lines):
        if line.startswith("define "):
            scope, block = _arguments(line), {}
        elif line and line[0].isdigit():
            block = {}
        elif line.startswith("  "):
            found += [Site(operator, at, changed, old, new)
                      for operator, changed, old, new in _changes(line)
                      if operator != "switch_case" or not _has_case(text, changed or "")]
            found += _wrong_values(at, line, scope, block)
            _learn(line, scope, block)
    return found


def _has_case(text: str, line: str) -> bool:
    """Whether a switch of the text has this case already; twice is not valid."""
    return f"\n{line.partition(',')[0]}," in text


def apply(text: str, site: Site) -> str:
    """The mutant's text: renumbered where a value went, with the intrinsics it needs declared."""
    lines = text.split("\n")
    if site.line is None:
        lines[site.at:site.at + 1] = []
    else:
        lines[site.at] = site.line
    if not site.old:
        changed = "\n".join(lines)
        return renumber_function(changed, site.at) if site.line is None else _declare(changed)
    low, high = _function_range(lines, site.at)
    pattern = re.compile(rf"{re.escape(site.old)}\b")
    for at in range(low, high):
        if site.old in lines[at]:
            lines[at] = pattern.sub(site.new, lines[at])
    return renumber_function("\n".join(lines), site.at)


def mutants(text: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    """(operator, mutant) in random order, the operators taking turns; each text once."""
    by_operator: dict[str, list[Site]] = {}
    for site in sites(text):
        by_operator.setdefault(site.operator, []).append(site)
    seen = {text}
    while by_operator:
        operator = rng.choice(sorted(by_operator))
        choices = by_operator[operator]
        site = choices.pop(rng.randrange(len(choices)))
        if not choices:
            del by_operator[operator]
        mutant = apply(text, site)
        if mutant not in seen:
            seen.add(mutant)
            yield operator, mutant


def _function_range(lines: list[str], at: int) -> tuple[int, int]:
    low = next(k for k in range(min(at, len(lines) - 1), -1, -1) if lines[k].startswith("define "))
    return low, lines.index("}", low) + 1


def renumber_function(text: str, at: int) -> str:
    """`normalise.renumber` on the definition around line `at`."""
    lines = text.split("\n")
    low, high = _function_range(lines, at)
    lines[low:high] = renumber("\n".join(lines[low:high])).split("\n")
    return "\n".join(lines)


def _declare(text: str) -> str:
    """Declare the min/max intrinsics that are called, and no others."""
    called = dict.fromkeys(re.findall(r"call (i\d+) (@llvm\.[su](?:min|max)\.i\d+)\(", text))
    if not called and "@llvm.smin" not in text and "@llvm.smax" not in text:
        return text
    keep = [line for line in text.split("\n")
            if not re.match(r"declare i\d+ @llvm\.[su](?:min|max)\.i\d+\(", line)]
    return "\n".join([*keep, *(f"declare {kind} {name}({kind}, {kind})" for kind, name in called)])


def _arguments(head: str) -> dict[str, list[str]]:
    scope: dict[str, list[str]] = {}
    match = _HEAD.match(head)
    for kind, name in re.findall(r"(\w+) (%\d+)", match[1] if match else ""):
        scope.setdefault(kind, []).append(name)
    return scope


def _learn(line: str, scope: dict[str, list[str]], block: dict[str, list[str]]) -> None:
    """Remember what the line defines: allocas for the whole function, others for the block."""
    kind, name = _defined(line)
    if kind:
        (scope if kind.startswith("alloca ") else block).setdefault(kind, []).append(name)


@lru_cache(maxsize=_CACHE)
def _defined(line: str) -> tuple[str, str]:
    """The type and the name of a line's result; no type for what no operator can use."""
    if " = " not in line:
        return "", ""
    name = line[2:line.index(" ", 2)]
    if " = alloca " in line:
        return "alloca " + line.split(" = alloca ", 1)[1].split(",")[0], name
    if " = icmp " in line or " = fcmp " in line:
        return "i1", name
    if " = getelementptr " in line:
        return "gep " + line.split("getelementptr", 1)[1].split(", ptr")[0].split()[-1], name
    found = next((m for m in (pattern.match(line) for pattern in _DEFINES) if m), None)
    return (found[2] if found else ""), name


def _nearby(value: str, kind: str) -> list[str]:
    """Other constants of the same type: the neighbours, and 0 or a sign for the rest."""
    if kind == "i1":
        return [{"true": "false", "false": "true"}[value]] if value in ("true", "false") else []
    if re.fullmatch(r"-?\d+", value):
        number, bits = int(value), int(kind[1:]) if kind[1:].isdigit() else 32
        near = [number + 1, number - 1] + ([0] if abs(number) > 1 else [])
        return [str(n) for n in near if -(2**(bits - 1)) <= n < 2**(bits - 1)]
    if kind in ("double", "float") and re.fullmatch(r"-?\d\.\d+e[+-]\d+", value):
        number_f = float(value)
        return ["0x" + struct.pack(">d", n).hex().upper() for n in (number_f + 1.0, number_f * 2.0)
                if n != number_f and struct.unpack("f", struct.pack("f", n))[0] == n]
    return []


Change = tuple[str, str | None, str, str]
"""A `Site` without its place: operator, line, old, new."""


def _change(operator: str, line: str | None, old: str = "", new: str = "") -> Change:
    return operator, line, old, new


@lru_cache(maxsize=_CACHE)
def _changes(line: str) -> tuple[Change, ...]:
    """What can be done to one line without knowing other values."""
    return tuple(_changed(line))


def _changed(line: str) -> Iterator[Change]:
    if m := _BINOP.match(line):
        yield from _binop(m)
    elif m := _CMP.match(line):
        name, op, same, predicate, kind, a, b = m.groups()
        negated = _ICMP_NEGATED if op == "icmp" else _FCMP_NEGATED
        for operator, table in (("negate", negated), ("swap", _SWAPPED), ("bound", _BOUND)):
            if predicate in table:
                yield _change(f"{op}_{operator}",
                           f"  {name} = {op}{same} {table[predicate]} {kind} {a}, {b}")
        for near in _nearby(b, kind):
            yield _change("constant", f"  {name} = {op}{same} {predicate} {kind} {a}, {near}")
    elif m := _SELECT.match(line):
        yield _change("select_swap", f"{m[1]}, {m[3]}, {m[2]}")
    elif "@llvm." in line and (m := _MINMAX.search(line)):
        other = "max" if m[2] == "min" else "min"
        yield _change("minmax", line[:m.start(2)] + other + line[m.end(2):])
    elif m := _UNARY_CALL.match(line):
        yield _change("call_drop", None, m[1], m[3])
    elif m := _BRANCH.match(line):
        if m[2] != m[3]:
            yield _change("branch_swap", f"{m[1]}, {m[3]}, {m[2]}")
    elif m := _GEP.match(line):
        yield from (_change("gep_index", f"{m[1]} {near}") for near in _nearby(m[3], m[2]))
    elif m := _STORE.match(line):
        yield _change("store_drop", None)
        yield from (_change("constant", f"  store {m[1]} {near}, ptr {m[3]}{m[4]}")
                    for near in _nearby(m[2], m[1]))
    elif m := _CAST.match(line):
        yield _change("cast", f"{m[1]}{'zext' if m[2] == 'sext' else 'sext'} {m[3]}")
    elif m := _RET.match(line):
        yield from (_change("constant", f"  ret {m[1]} {near}") for near in _nearby(m[2], m[1]))
    elif m := _PHI.match(line):
        yield from _phi(m)
    elif m := _CASE.match(line):
        yield from (_change("switch_case", f"    {m[1]} {near}, label %{m[3]}")
                    for near in _nearby(m[2], m[1]))


def _binop(m: re.Match[str]) -> Iterator[Change]:
    name, op, _, kind, a, b = m.groups()
    yield _change("binop", f"  {name} = {_OTHER[op]} {kind} {a}, {b}")
    if op in _ORDERED and a != b:
        yield _change("operand_swap", f"  {name} = {op} {kind} {b}, {a}")
    yield _change("binop_drop", None, name, a)
    if b.startswith("%"):
        yield _change("binop_drop", None, name, b)
    operator = "shift" if op in ("shl", "lshr", "ashr") else "constant"
    for near in _nearby(b, kind):
        if operator == "constant" or 0 <= int(near) < int(kind[1:]):
            yield _change(operator, f"  {name} = {op} {kind} {a}, {near}")
    for near in _nearby(a, kind):
        yield _change("constant", f"  {name} = {op} {kind} {near}, {b}")


def _phi(m: re.Match[str]) -> Iterator[Change]:
    name, kind, rest = m.groups()
    arms = re.findall(r"\[ (\S+), (%\d+) \]", rest)
    for value, block in dict.fromkeys(arms):
        for near in _nearby(value, kind):
            # A block may be there twice, always with the same value.
            changed = [(near if b == block else v, b) for v, b in arms]
            shown = ", ".join(f"[ {v}, {b} ]" for v, b in changed)
            yield _change("phi_constant", f"  {name} = phi {kind} {shown}")


def _wrong_values(at: int, line: str, scope: dict[str, list[str]],
                  block: dict[str, list[str]]) -> Iterator[Site]:
    """Another value of the same type that is defined here: an argument, a variable, a neighbour."""
    operator, kind, places = _operands(line)
    if operator == "load_variable":
        ((start, end, value),) = places
        for names in scope.values():
            if value in names:
                yield from (Site(operator, at, line[:start] + other + line[end:])
                            for other in names if other != value)
        return
    if places:
        others = (*scope.get(kind, []), *block.get(kind, [])[-3:])
        for start, end, value in places:
            for other in others:
                if other != value:
                    yield Site(operator, at, line[:start] + other + line[end:])


@lru_cache(maxsize=_CACHE)
def _operands(line: str) -> tuple[str, str, tuple[tuple[int, int, str], ...]]:
    """The operator, the type and the places (start, end, name) of values that may be others."""
    if m := _LOAD.match(line):
        return "load_variable", "", ((*m.span(3), m[3]),)
    if m := _BINOP.match(line) or _CMP.match(line):
        last = m.re.groups
        places, kind = [last - 1, last], m[last - 2]
    elif m := _RET.match(line) or _STORE.match(line):
        places, kind = [2], m[1]
    elif m := _GEP.match(line):
        places, kind = [3], m[2]
    else:
        return "", "", ()
    return "operand", kind, tuple((*m.span(k), m[k]) for k in places if m[k].startswith("%"))
