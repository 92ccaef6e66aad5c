"""Cutting a file into its functions, each with the declarations and helpers that it uses.

Not a parser: items at file scope are found by brackets, their use of each other by names. A cut
that goes wrong gives a text that does not compile, and that is refused and counted later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from oorl.errors import DataError
from oorl.ir.frontends import get_frontend

SUFFIXES = {".c": "c", ".cpp": "cpp", ".cc": "cpp", ".cxx": "cpp", ".rs": "rust"}
_LITERALS = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\[^\n']+|[^'\\\n])'")
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+([^\n]*?)[ \t]*$", re.M)
_HEAD = re.compile(r"(\w+)\s*\((?:[^(){}]|\([^(){}]*\))*\)\s*(?:const\s*|->\s*[^{}]+)?$")
MAX_CHARS = 200_000  # of a file


@dataclass(frozen=True)
class Item:
    """One declaration at file scope; `name` is what others call it, if it is a function."""

    text: str
    name: str
    function: bool


def cut(text: str, language: str) -> list[tuple[str, str]]:
    """(name, source) of every function but main, in the order of the file."""
    if len(text) > MAX_CHARS:
        return []
    bare = get_frontend(language).normal(text)
    if language != "rust":
        bare = _without_macros(bare)
    items = _items(bare)
    return [(item.name, _closure(items, number)) for number, item in enumerate(items)
            if item.function and item.name != "main"]


def _without_macros(text: str) -> str:
    """Constants by #define replaced by their values; other directives are left to be refused."""
    macros = {name: value for name, value in _MACRO.findall(text) if value}
    text = _MACRO.sub("", text)
    for _ in range(4):  # a macro may name another one
        if not macros or not (found := re.compile(rf"\b(?:{'|'.join(macros)})\b")).search(text):
            break
        text = found.sub(lambda m: macros[m[0]], text)
    return text


def _items(text: str) -> list[Item]:
    items: list[Item] = []
    masked = _LITERALS.sub(lambda m: "0" * len(m[0]), text)
    start = depth = 0
    body = False
    for match in re.finditer(r"[{};]", masked):
        mark, at = match[0], match.start()
        if mark == "{":
            body = body or (depth == 0 and bool(_HEAD.search(masked[start:at].rstrip())))
            depth += 1
            continue
        depth -= mark == "}"
        if depth == 0 and (mark == ";" or body):
            items.append(_item(text[start:at + 1].strip(), masked[start:at + 1].strip(), body))
            start, body = at + 1, False
    return [item for item in items if item.text != ";"]


def _item(text: str, masked: str, function: bool) -> Item:
    head = masked.partition("{")[0].rstrip().rstrip(";")
    named = _HEAD.search(head) or re.search(r"(\w+)\s*(?:\[[^\]]*\]\s*)*(?:=.*)?$", head, re.S)
    name = named[1] if named else ""
    if not function and (found := re.search(r"\b(?:struct|union|enum|const|static)\s+(\w+)\s*[{:]",
                                            masked)):
        name = found[1]
    if not function and re.match(r"typedef\b", masked):
        name = (re.search(r"(\w+)\s*;$", masked) or ["", ""])[1]
    return Item(text, name, function)


def _closure(items: list[Item], wanted: int) -> str:
    """The text of an item and of all that it uses, in the order of the file."""
    words = [set(re.findall(r"\w+", _LITERALS.sub("0", item.text))) for item in items]
    chosen = {wanted, *(n for n, item in enumerate(items) if item.text.startswith("using "))}
    queue = [wanted]
    while queue:
        used = words[queue.pop()]
        for number, item in enumerate(items):
            if number not in chosen and item.name and item.name in used and item.name != "main":
                chosen.add(number)
                queue.append(number)
    return "\n".join(items[number].text for number in sorted(chosen))


def wanted_path(path: str, root: Path, what: str) -> Path:
    """`path` under `root`. Raises `DataError` where it is unset or absent."""
    if not path:
        raise DataError("ir_groups.path is not set", f"Set it to {what}.")
    found = root / path
    if not found.exists():
        raise DataError(f"{found}: not found", f"ir_groups.path must be {what}.")
    return found
