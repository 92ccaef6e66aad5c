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
from dataclasses import dataclass

from oorl.ir.normalise import renumber

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


@dataclass(frozen=True)
class Site:
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
            found += (s for s in _changes(at, line)
                      if s.operator != "switch_case" or not _has_case(text, s.line or ""))
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
    if " = " not in line:
        return
    name = line[2:line.index(" ", 2)]
    if " = alloca " in line:
        kind = "alloca " + line.split(" = alloca ", 1)[1].split(",")[0]
        scope.setdefault(kind, []).append(name)
        return
    if " = icmp " in line or " = fcmp " in line:
        block.setdefault("i1", []).append(name)
        return
    if " = getelementptr " in line:
        block.setdefault("gep " + line.split("getelementptr", 1)[1].split(", ptr")[0].split()[-1],
                         []).append(name)
        return
    for pattern in _DEFINES:
        match = pattern.match(line)
        if match:
            block.setdefault(match[2], []).append(name)
            return


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


def _changes(at: int, line: str) -> Iterator[Site]:
    """What can be done to one line without knowing other values."""
    if m := _BINOP.match(line):
        yield from _binop(at, m)
    elif m := _CMP.match(line):
        name, op, same, predicate, kind, a, b = m.groups()
        negated = _ICMP_NEGATED if op == "icmp" else _FCMP_NEGATED
        for operator, table in (("negate", negated), ("swap", _SWAPPED), ("bound", _BOUND)):
            if predicate in table:
                yield Site(f"{op}_{operator}", at,
                           f"  {name} = {op}{same} {table[predicate]} {kind} {a}, {b}")
        for near in _nearby(b, kind):
            yield Site("constant", at, f"  {name} = {op}{same} {predicate} {kind} {a}, {near}")
    elif m := _SELECT.match(line):
        yield Site("select_swap", at, f"{m[1]}, {m[3]}, {m[2]}")
    elif "@llvm." in line and (m := _MINMAX.search(line)):
        other = "max" if m[2] == "min" else "min"
        yield Site("minmax", at, line[:m.start(2)] + other + line[m.end(2):])
    elif m := _UNARY_CALL.match(line):
        yield Site("call_drop", at, None, m[1], m[3])
    elif m := _BRANCH.match(line):
        if m[2] != m[3]:
            yield Site("branch_swap", at, f"{m[1]}, {m[3]}, {m[2]}")
    elif m := _GEP.match(line):
        yield from (Site("gep_index", at, f"{m[1]} {near}") for near in _nearby(m[3], m[2]))
    elif m := _STORE.match(line):
        yield Site("store_drop", at, None)
        yield from (Site("constant", at, f"  store {m[1]} {near}, ptr {m[3]}{m[4]}")
                    for near in _nearby(m[2], m[1]))
    elif m := _CAST.match(line):
        yield Site("cast", at, f"{m[1]}{'zext' if m[2] == 'sext' else 'sext'} {m[3]}")
    elif m := _RET.match(line):
        yield from (Site("constant", at, f"  ret {m[1]} {near}") for near in _nearby(m[2], m[1]))
    elif m := _PHI.match(line):
        yield from _phi(at, m)
    elif m := _CASE.match(line):
        yield from (Site("switch_case", at, f"    {m[1]} {near}, label %{m[3]}")
                    for near in _nearby(m[2], m[1]))


def _binop(at: int, m: re.Match[str]) -> Iterator[Site]:
    name, op, _, kind, a, b = m.groups()
    yield Site("binop", at, f"  {name} = {_OTHER[op]} {kind} {a}, {b}")
    if op in _ORDERED and a != b:
        yield Site("operand_swap", at, f"  {name} = {op} {kind} {b}, {a}")
    yield Site("binop_drop", at, None, name, a)
    if b.startswith("%"):
        yield Site("binop_drop", at, None, name, b)
    operator = "shift" if op in ("shl", "lshr", "ashr") else "constant"
    for near in _nearby(b, kind):
        if operator == "constant" or 0 <= int(near) < int(kind[1:]):
            yield Site(operator, at, f"  {name} = {op} {kind} {a}, {near}")
    for near in _nearby(a, kind):
        yield Site("constant", at, f"  {name} = {op} {kind} {near}, {b}")


def _phi(at: int, m: re.Match[str]) -> Iterator[Site]:
    name, kind, rest = m.groups()
    arms = re.findall(r"\[ (\S+), (%\d+) \]", rest)
    for index, (value, _) in enumerate(arms):
        for near in _nearby(value, kind):
            changed = [(near if k == index else v, b) for k, (v, b) in enumerate(arms)]
            shown = ", ".join(f"[ {v}, {b} ]" for v, b in changed)
            yield Site("phi_constant", at, f"  {name} = phi {kind} {shown}")


def _wrong_values(at: int, line: str, scope: dict[str, list[str]],
                  block: dict[str, list[str]]) -> Iterator[Site]:
    """Another value of the same type that is defined here: an argument, a variable, a neighbour."""
    if m := _LOAD.match(line):
        for names in scope.values():
            if m[3] in names:
                yield from (Site("load_variable", at, f"  {m[1]} = load {m[2]}, ptr {other}{m[4]}")
                            for other in names if other != m[3])
        return
    if m := _BINOP.match(line) or _CMP.match(line):
        last = m.re.groups
        places, kind = [last - 1, last], m[last - 2]
    elif m := _RET.match(line) or _STORE.match(line):
        places, kind = [2], m[1]
    elif m := _GEP.match(line):
        places, kind = [3], m[2]
    else:
        return
    for place in places:
        if m[place].startswith("%"):
            for other in (*scope.get(kind, []), *block.get(kind, [])[-3:]):
                if other != m[place]:
                    yield Site("operand", at, line[:m.start(place)] + other + line[m.end(place):])
