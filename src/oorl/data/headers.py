"""A function's header in another language, read from its source alone.

The inverse of `Language.declaration`, by trying: a language writes the headers of all common types,
and the source's header is compared with them. So a new language needs nothing here. What a header
leaves open (Python without annotations, PHP) stays open: it matters only where the target's
declaration depends on it. Where a type is also written for its optional form (Java's String), it is
read as the plain one.

Not promised: languages whose headers name no parameters in parentheses (Bash, Perl, Haskell, OCaml,
R, Racket) as sources; types that no signature has.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import cache

from oorl.errors import DataError
from oorl.languages import get_language
from oorl.records import SCALARS, Parameter, Signature, Type

_NAME, _PARAMETER = "oorl_name", "oorl_parameter"
_REWRITES: dict[str, tuple[tuple[str, str], ...]] = {
    "cpp": ((r"\bconst\b|\bstd::|&", ""),
            (r"\b(?:unsigned\s+)?(?:long\s+long|long|int|int64_t|size_t)\b", "long long"),
            (r"\bfloat\b", "double")),
    "python": ((r"\bList\b", "list"), (r"\bDict\b", "dict"),
               (r"\bOptional\[(\w+)\]", r"\1 | None")),
}
"""Other spellings of the types that these languages' declarations write."""


@cache
def types() -> tuple[Type, ...]:
    """The types that are tried."""
    plain = list(SCALARS)
    texts = [*plain, *(f"list[{s}]" for s in plain), *(f"list[list[{s}]]" for s in plain),
             *(f"optional[{s}]" for s in plain),
             *(f"map[{k},{v}]" for k in ("int", "str")
               for v in (*plain, *(f"list[{s}]" for s in plain)))]
    return tuple(Type.parse(text) for text in texts)


def target_declaration(code: str, source: str, target: str) -> str:
    """The header that a translation of `code` must have.

    Raises `DataError` if the source's header cannot be read, or leaves open what the target needs;
    `UnknownName` for an unknown language.
    """
    name, parameters, returns = _read(code, source)
    language = get_language(target)

    def declare(kinds: Sequence[Type]) -> str | None:
        signature = Signature(name, tuple(Parameter(parameter, kind) for (parameter, _), kind
                                          in zip(parameters, kinds, strict=False)), kinds[-1])
        try:
            return language.declaration(signature)
        except (KeyError, DataError):  # a type that the language does not have
            return None

    slots = [*(kinds for _, kinds in parameters), returns]
    first = [kinds[0] for kinds in slots]
    found = {declare([*first[:i], kind, *first[i + 1:]])
             for i, kinds in enumerate(slots) for kind in kinds} - {None}
    if len(found) != 1:
        raise DataError(
            f"the {source} header of {name!r} does not tell its types, which {target} needs",
            "Give the header that the translation must have as `declaration`.")
    return str(found.pop())


def _read(code: str, source: str) -> tuple[str, list[tuple[str, list[Type]]], list[Type]]:
    """Name, parameters with their possible types, possible types of the result."""
    text = code
    for pattern, spelling in _REWRITES.get(source, ()):
        text = re.sub(pattern, spelling, text)
    shapes = _shapes(source)
    prefixes = sorted({before for before, _, _ in shapes.values()}, key=len, reverse=True)
    headers = list(re.finditer(
        rf"^[ \t]*(?P<before>{'|'.join(map(_loose, prefixes))})\s*(?P<name>\w+)\s*\(",
        text, re.MULTILINE)) if prefixes else []
    if not headers:
        raise DataError(f"no function with a {source} header was found in the code",
                        "Give the header that the translation must have as `declaration`.")
    header = headers[-1]  # helpers come before what uses them
    inside, rest = _closing(text[header.end():])
    parameters = []
    for part in inside:
        kinds = [(found["name"], kind) for kind, (_, parameter, _) in shapes.items()
                 if (found := re.fullmatch(_loose(parameter).replace(
                     _PARAMETER, r"(?P<name>\w+)"), part))]
        kinds = [(n, kind) for n, kind in kinds if kind.kind != "optional"] or kinds
        if not kinds and re.fullmatch(r"\w+", part):  # without its type
            kinds = [(part, kind) for kind in types()]
        if not kinds:
            raise DataError(f"the {source} parameter {part!r} has a type that is not known",
                            "Give the header that the translation must have as `declaration`.")
        parameters.append((kinds[0][0], [kind for _, kind in kinds]))
    returns = [kind for kind, (before, _, after) in shapes.items()
               if re.fullmatch(_loose(before), header["before"])
               and re.match(_loose(after), rest)]
    returns = [kind for kind in returns if kind.kind != "optional"] or returns
    return header["name"], parameters, returns or list(types())


@cache
def _shapes(source: str) -> dict[Type, tuple[str, str, str]]:
    """By type: what stands before the name, the parameter, what follows the parentheses."""
    language, shapes = get_language(source), {}
    for kind in types():
        try:
            header = language.declaration(
                Signature(_NAME, (Parameter(_PARAMETER, kind),), kind))
        except (KeyError, DataError):
            continue
        found = re.fullmatch(rf"(.*)\b{_NAME}\((.*{_PARAMETER}.*?)\)([^()]*)", header)
        if found:
            shapes[kind] = (found[1].strip(), found[2].strip(), found[3].strip())
    return shapes


def _loose(text: str) -> str:
    """A pattern for the text with any white space between its words and signs."""
    words = re.findall(r"\w+|[^\w\s]", text)
    parts = [re.escape(words[0])] if words else []
    for before, word in itertools.pairwise(words):
        both = before[-1].isalnum() and word[0].isalnum()
        parts.append((r"\s+" if both else r"\s*") + re.escape(word))
    return "".join(parts)


def _closing(text: str) -> tuple[list[str], str]:
    """The parameters up to the closing parenthesis, and what follows it."""
    depth, parts, start = 0, [], 0
    for i, sign in enumerate(text):
        if sign in "([{<":
            depth += 1
        elif sign in ")]}>" and not (sign == ")" and depth == 0):
            depth -= 1
        elif sign in ",)" and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
            if sign == ")":
                return [part for part in parts if part], text[i + 1:].lstrip()
    raise DataError("the function's header is not closed", "Send the whole function.")
