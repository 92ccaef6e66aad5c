"""Reading LLVM's text: taking one function out of a batch, cleaning it, numbering it anew.

Cleaning drops what does not change execution and costs a model tokens: comments, metadata,
attribute groups, target lines, linkage hints, most parameter attributes, natural alignments,
lifetime markers. What is left parses again and runs identically (measured; see tests). The
result is also the normal form: two IRs are the same when their cleaned texts are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

SIZES = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "ptr": 8, "float": 4, "double": 8}

_NAME = r'(?:[\w.$-]+|"[^"]*")'
_GLOBAL_REF = re.compile(rf"@({_NAME})")
_TOP = re.compile(rf"^(?:define [^\n]*?@({_NAME})\(.*?^\}}|declare [^\n]*?@({_NAME})\([^\n]*"
                  rf"|@({_NAME}) = [^\n]*)", re.M | re.S)
_METADATA = re.compile(r",? !(?:[\w.]+ )?!(?:\d+|\{[^}]*\}|DI\w+\([^)]*\))| ![\w.]+ !\d+")
_WORDS = re.compile(
    r" (?:noundef|nonnull|nocapture|readonly|writeonly|readnone|noalias|signext|zeroext|returned"
    r"|immarg|local_unnamed_addr|unnamed_addr|dso_local|allocptr|writable|dead_on_unwind"
    r"|dead_on_return|nounwind|willreturn|mustprogress|norecurse|nofree|nosync|hidden|comdat"
    r"|(?:captures|nofpclass|dereferenceable|dereferenceable_or_null|memory|allocsize|range)"
    r"\([^()]*(?:\([^()]*\)[^()]*)*\)|initializes\((?:\([^()]*\)(?:, )?)*\)|#\d+)(?=[ ,)\n({]|$)")
_ALIGN_ARGUMENT = re.compile(r"(ptr(?: \w+)*?) align \d+(?= |,|\))")
_ALIGN = re.compile(r", align (\d+)$")
_TYPED = re.compile(r"(?:= (?:load|alloca)|^\s*store) (i1|i8|i16|i32|i64|ptr|float|double)\b"
                    r"[^\[<{]*$")
_MADE_UP = re.compile(r"\d+|\.?str(\.\d+)?|switch\.table\..*|__const\..*|anon.*")
_LINKAGE = re.compile(r"^(@\S+ =)(?: (?:private|internal|dso_local|local_unnamed_addr|unnamed_addr"
                      r"|hidden|linkonce_odr|weak))+")
_DROPPED = re.compile(r"call void @llvm\.(?:lifetime|assume|experimental\.noalias|dbg)\b")


@dataclass
class Module:
    """A module's text taken apart; every dict is in file order."""

    functions: dict[str, str] = field(default_factory=dict)
    declares: dict[str, str] = field(default_factory=dict)
    globals: dict[str, str] = field(default_factory=dict)


def split_module(text: str) -> Module:
    """Definitions, declarations and globals of LLVM's own printing."""
    module = Module()
    for match in _TOP.finditer(text):
        function, declare, variable = match.groups()
        if function:
            module.functions[function] = match[0]
        elif declare:
            module.declares[declare] = match[0]
        else:
            module.globals[variable] = match[0]
    return module


def clean_function(text: str) -> str:
    """A `define` without what does not matter to execution."""
    lines = []
    for line in text.split("\n"):
        if not line or _DROPPED.search(line):
            continue
        if line[0] not in " }d":  # a label with its comment
            line = line.split(" ", 1)[0]
        elif line[0] == "d":
            line = _WORDS.sub("", _WORDS.sub("", line))
            line = re.sub(r" (?:nounwind|uwtable)\b.*?\{$", " {", line)
        else:
            line = _clean_instruction(line)
        lines.append(line)
    return "\n".join(lines)


def _clean_instruction(line: str) -> str:
    if "!" in line:
        line = _METADATA.sub("", line)
    if "call" in line:
        line = line.replace("tail call", "call").replace("mustcall", "musttail call")
        line = _ALIGN_ARGUMENT.sub(r"\1", _WORDS.sub("", line))
    elif ", align" in line:
        found, typed = _ALIGN.search(line), _TYPED.search(line)
        if found and typed and SIZES[typed[1]] == int(found[1]):
            line = line[:found.start()]
    return line


@lru_cache(maxsize=4096)
def clean_declare(line: str) -> str:
    """A `declare` with bare types."""
    line = _ALIGN_ARGUMENT.sub(r"\1", _WORDS.sub("", _WORDS.sub("", line)))
    return line.rstrip()


def clean_global(line: str) -> str:
    """A global without linkage, visibility and natural alignment."""
    return re.sub(r", align 1$", "", _LINKAGE.sub(r"\1", line))


def references(text: str) -> list[str]:
    """Global names that a text mentions, in order of first mention."""
    bare = re.sub(r'c"[^"]*"', "", text) if 'c"' in text else text
    return list(dict.fromkeys(_GLOBAL_REF.findall(bare)))


def closure(module: Module, name: str) -> tuple[list[str], list[str], list[str]]:
    """Names of the globals, functions and declares that `name` needs; itself first."""
    queue, seen = [name], {name}
    globals_, functions, declares = [], [], []
    while queue:
        here = queue.pop(0)
        if here in module.functions:
            functions.append(here)
            text = module.functions[here]
        elif here in module.globals:
            globals_.append(here)
            text = module.globals[here]
        else:
            declares.append(here)
            continue
        for other in references(text):
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return globals_, functions, declares


def select(text: str, module: Module, symbols: Sequence[str]) -> str:
    """A module's text with these functions and what they need alone; `module` is `text` split."""
    wanted: set[str] = set()
    for symbol in symbols:
        wanted.update(*closure(module, symbol))
    return _TOP.sub(lambda m: m[0] if (m[1] or m[2] or m[3]) in wanted else "", text)


def extract(module: Module, symbol: str, prefix: str) -> str:
    """The cleaned text of one function of a batch with all that it needs.

    `prefix` ("oorl17_") is taken off every name; unnamed and string globals are numbered in
    order of use. The order is globals, the function, its helpers, declares.
    """
    globals_, functions, declares = closure(module, symbol)
    names: dict[str, str] = {}
    for position, name in enumerate(globals_):
        plain = name.strip('"')
        if _MADE_UP.fullmatch(plain):
            names[name] = f".c{position or ''}"
        else:
            names[name] = plain.replace(prefix, "", 1)
    for name in functions:
        names[name] = name.replace(prefix, "", 1)
    parts = [clean_global(module.globals[name]) for name in globals_]
    parts += [clean_function(module.functions[name]) for name in functions]
    parts += [clean_declare(module.declares[name]) for name in declares if name in module.declares]
    return rename("\n".join(parts), lambda name: "@" + names.get(name, name))


def rename(text: str, mapping: Callable[[str], str]) -> str:
    """Replace each global `@name` by `mapping(name)`, leaving string constants alone."""
    if 'c"' not in text:
        return _GLOBAL_REF.sub(lambda m: mapping(m[1]), text)
    pieces = re.split(r'(c"[^"]*")', text)
    return "".join(piece if index % 2 else _GLOBAL_REF.sub(lambda m: mapping(m[1]), piece)
                   for index, piece in enumerate(pieces))


_NUMBER_DEF = re.compile(r"^(?:  %(\d+) =|(\d+):)", re.M)
_NUMBER_REF = re.compile(r"%(\d+)\b|^(\d+):", re.M)


def renumber(text: str) -> str:
    """One function's unnamed values and blocks numbered in order again, after an edit."""
    head = text[:text.index("\n")]
    order = re.findall(r"%(\d+)", head)
    order.append(str(len(order)))  # the entry block takes a number and prints no label
    order += [value or label for value, label in _NUMBER_DEF.findall(text)]
    names = {old: str(new) for new, old in enumerate(order)}

    def swap(match: re.Match[str]) -> str:
        value, label = match.groups()
        return f"{names.get(label, label)}:" if label else f"%{names.get(value, value)}"

    return _NUMBER_REF.sub(swap, text)
