"""Typed signatures for functions that came without one: from declarations and from values.

A declared type is a proposal: it counts only if every value of the tests is of it. Where several
languages propose different ones, the most frequent wins; where none holds, the values decide.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from oorl.errors import DataError
from oorl.languages.values import conform
from oorl.records import Case, Json, Parameter, Signature, Type

SCALARS = {
    "int": ("int", "Int", "long", "Long", "Integer", "int64", "long long", "size_t"),
    "float": ("float", "double", "Double", "float64", "Float"),
    "bool": ("bool", "boolean", "Boolean", "_Bool"),
    "str": ("str", "string", "String"),
}
NAMES = {name: Type(kind) for kind, names in SCALARS.items() for name in names}
LISTS = ("vector", "List", "ArrayList", "Array", "list", "MutableList", "Sequence")
MAPS = ("map", "unordered_map", "Map", "HashMap", "Dictionary", "Dict", "dict", "MutableMap")
OPTIONALS = ("optional", "Optional", "Option")
MAX_DEPTH = 8


def declared(text: str) -> Type | None:
    """A type as C++, Java, C#, Kotlin, Scala, Go or Python write it; None if it is not one of
    ours. TypeScript's `number` may be either of two, so it proposes nothing."""
    text = re.sub(r"\b(std::|const\b|final\b|typing\.)|[&?]", "", text).strip()
    if text in NAMES:
        return NAMES[text]
    if text.startswith("[]"):  # Go
        return _of("list", declared(text[2:]))
    if text.endswith("[]"):  # Java, C#
        return _of("list", declared(text[:-2]))
    if found := re.fullmatch(r"map\[(\w+)\](.+)", text):  # Go
        return _of("map", declared(found[1]), declared(found[2]))
    found = re.fullmatch(r"(\w+)\s*[<\[](.*)[>\]]", text, re.S)
    arguments = [declared(part) for part in split_commas(found[2])] if found else []
    name = found[1] if found else ""
    if name in LISTS and len(arguments) == 1:
        return _of("list", *arguments)
    if name in OPTIONALS and len(arguments) == 1:
        return _of("optional", *arguments)
    return _of("map", *arguments) if name in MAPS and len(arguments) == 2 else None


def _of(kind: str, *arguments: Type | None) -> Type | None:
    known = tuple(a for a in arguments if a is not None)
    if len(known) < len(arguments):
        return None
    try:
        return Type.parse(str(Type(kind, known)))
    except DataError:  # a map with keys that are lists
        return None


def plain_parameters(function: ast.FunctionDef, what: str = "the function's parameters"
                     ) -> list[ast.arg]:
    """Its parameters. Raises `ValueError` if it has more than positional ones, naming `what`."""
    own = function.args
    if own.vararg or own.kwarg or own.kwonlyargs or own.posonlyargs:
        raise ValueError(f"{what} are not plain ones")
    return own.args


def split_commas(text: str) -> list[str]:
    """Split at the commas outside of all brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "<[(") - (char in ">])")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def of_value(value: Any, depth: int = 0) -> Type | None:
    """The narrowest type of a Python value; None inside of an empty list is what is not known.

    Raises `ValueError` for a value of no type of ours: a tuple of unlike things, a set, None.
    """
    if depth > MAX_DEPTH:
        raise ValueError("a value is nested too deeply")
    for kind, own in (("bool", bool), ("int", int), ("float", float), ("str", str)):
        if type(value) is own:
            return Type(kind)
    if type(value) in (list, tuple):
        return Type("list", tuple(filter(None, [common([of_value(v, depth + 1) for v in value])])))
    if type(value) is dict:
        key = common([of_value(k, depth + 1) for k in value])
        item = common([of_value(v, depth + 1) for v in value.values()])
        if key is not None and item is not None:
            return _checked(Type("map", (key, item)))
        return None
    raise ValueError(f"a value of a type that has none here: {type(value).__name__}")


def common(types: Iterable[Type | None]) -> Type | None:
    """The type of all of them: ints beside floats are floats. Raises `ValueError`."""
    found: Type | None = None
    for type_ in types:
        if type_ is None:
            continue
        found = type_ if found is None else _join(found, type_)
    return found


def _join(one: Type, two: Type) -> Type:
    if one == two:
        return one
    kinds = {one.kind, two.kind}
    if kinds == {"int", "float"}:
        return Type("float")
    if len(kinds) == 1 and kinds <= {"list", "map"}:
        longer, shorter = (one, two) if len(one.args) >= len(two.args) else (two, one)
        if not shorter.args:  # an empty list
            return longer
        return _checked(Type(one.kind, tuple(map(_join, one.args, two.args))))
    raise ValueError(f"values of unlike types: {one} and {two}")


def _checked(type_: Type) -> Type:
    try:
        return Type.parse(str(type_))
    except DataError as error:
        raise ValueError(error.problem) from None


def encode(type_: Type, value: Any) -> Json:
    """A Python value (tuples as lists, dicts as pairs) in the encoding of `oorl.records`.

    Raises `ValueError` if it is not of the type.
    """
    return conform(type_, _plain(value))


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        raise ValueError("a value is nested too deeply")
    if type(value) in (list, tuple):
        return [_plain(v, depth + 1) for v in value]
    if type(value) is dict:
        return [[_plain(k, depth + 1), _plain(v, depth + 1)] for k, v in value.items()]
    return value


def infer_type(values: Sequence[Any], proposals: Iterable[Type | None] = (),
               what: str = "") -> Type:
    """The most proposed type that all values are of, else the values' own.

    Raises `ValueError`, naming `what`, if there is none.
    """
    for type_, _ in Counter(p for p in proposals if p is not None).most_common():
        try:
            for value in values:
                encode(type_, value)
        except ValueError:
            continue
        return type_
    try:
        found = common([of_value(v) for v in values])
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None
    if found is None or "list" in (t.kind for t in found.walk() if not t.args):
        raise ValueError(f"{what}: its values do not tell its type")
    return found


def signature_and_cases(name: str, parameters: Sequence[str],
                        cases: Sequence[tuple[list[Any], Any]],
                        proposals: Sequence[tuple[Sequence[Type | None], Type | None]] = ()
                        ) -> tuple[Signature, tuple[Case, ...]]:
    """The typed function that takes these (arguments, expected) pairs, and them as cases.

    `proposals` are (types of the parameters, type of the result) as other files declare them.
    Raises `ValueError`.
    """
    if not cases or not parameters:
        raise ValueError("no tests" if parameters else "a function without parameters")
    for arguments, _ in cases:
        if len(arguments) != len(parameters):
            raise ValueError(f"a test has {len(arguments)} argument(s), the function "
                             f"{len(parameters)}")
    useful = [p for p in proposals if len(p[0]) == len(parameters)]
    types = [infer_type([a[i] for a, _ in cases], [p[0][i] for p in useful], parameter)
             for i, parameter in enumerate(parameters)]
    returns = infer_type([e for _, e in cases], [p[1] for p in useful], "the result")
    signature = Signature(name, tuple(map(Parameter, parameters, types)), returns)
    return signature, tuple(
        Case(tuple(encode(t, a) for t, a in zip(types, arguments, strict=True)),
             encode(returns, expected)) for arguments, expected in cases)
