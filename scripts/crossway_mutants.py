"""Mutants of a function: programs with one small fault each, as people make them.

Every place of a Python function's tree where an operator applies gives mutants: comparisons and
their boundaries, arithmetic, constants one up and one down, `and` and `or`, conditions negated,
branches swapped, statements deleted, filters dropped, bounds of ranges and slices moved,
min for max. C++, Java and Go are mutated by their tokens: operators, constants, `true` and
`false`; what then does not compile is no mutant. All are enumerated in a fixed order; a seeded
sample is taken where there are many. Not promised: that a mutant differs from the original at all
(equivalent mutants survive any test).
"""

from __future__ import annotations

import ast
import copy
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,)}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr}
TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}
TOKENS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|[A-Za-z_]\w*|[0-9][\w.]*"""
    r"""|<<=?|>>=?|\+\+|--|->|:=|&&|\|\||[<>=!+\-*/%&|^]=|\s+|.""", re.DOTALL)
"""Of C++, Java and Go alike."""
SIGNS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",),
         "!=": ("==",), "&&": ("||",), "||": ("&&",), "+": ("-",), "-": ("+",), "*": ("+",),
         "/": ("*",), "%": ("*",), "+=": ("-=",), "-=": ("+=",), "true": ("false",),
         "false": ("true",)}
SPACED = ("<", ">", "*", "/", "%")
"""Operators only with blanks around them: they are type arguments and pointers too."""
DELETED = (ast.Assign, ast.AugAssign, ast.Expr, ast.Break, ast.Continue, ast.Return, ast.Raise)


@dataclass(frozen=True)
class Mutant:
    """`line` is the one of the original that was changed; `was` and `became` show the change."""

    operator: str
    line: int
    was: str
    became: str
    code: str


def mutants(code: str, limit: int = 0, seed: int = 0, language: str = "python") -> list[Mutant]:
    """The distinct mutants of `code`, a seeded sample of `limit` of them (0: all)."""
    every = _of_tree(code) if language == "python" else _of_tokens(code)
    return random.Random(seed).sample(every, limit) if 0 < limit < len(every) else every


def _of_tokens(code: str) -> list[Mutant]:
    tokens = TOKENS.findall(code)
    found = []
    for i in range(len(tokens)):
        for other in _other_tokens(tokens, i):
            text = "".join([*tokens[:i], other, *tokens[i + 1:]])
            line = "".join(tokens[:i]).count("\n")
            found.append(Mutant("token", line + 1, code.splitlines()[line].strip()[:80],
                                text.splitlines()[line].strip()[:80], text))
    return found


def _other_tokens(tokens: list[str], i: int) -> tuple[str, ...]:
    token, before, after = tokens[i], tokens[i - 1:i], tokens[i + 1:i + 2]
    if number := re.fullmatch("([0-9]+)([lL]*)", token):
        return f"{int(number[1]) + 1}{number[2]}", f"{int(number[1]) - 1}{number[2]}"
    if token in SPACED and (before, after) != ([" "], [" "]):
        return ()
    if token in "+-" and not re.match(r"[\w)\]]", "".join(tokens[:i]).rstrip()[-1:]):
        return ()  # a sign
    return SIGNS.get(token, ())


def _of_tree(code: str) -> list[Mutant]:
    tree = ast.parse(code)
    found: dict[str, Mutant] = {}
    original = ast.unparse(tree)
    for index, node in enumerate(ast.walk(tree)):
        for operator, change in _changes(node):
            other = copy.deepcopy(tree)
            copied = next(n for i, n in enumerate(ast.walk(other)) if i == index)
            became = change(copied)
            text = ast.unparse(ast.fix_missing_locations(other))
            if text != original:
                found.setdefault(text, Mutant(operator, getattr(node, "lineno", 0),
                                              _short(node), _short(became), text + "\n"))
    return list(found.values())


Change = Callable[[ast.AST], ast.AST]


def _short(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0][:80]


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """What can be done to a node: the operator's name, and the change of a copy in its place."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in COMPARISONS.get(type(op), ()):
                yield "comparison", _item("ops", i, other())
    elif isinstance(node, ast.BinOp | ast.AugAssign):
        if type(node.op) in ARITHMETIC:
            yield "arithmetic", _set("op", ARITHMETIC[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        yield "boolean", _set("op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.Constant):
        for value in _other_constants(node.value):
            yield "constant", _set("value", value)
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        yield "negated", _set("test", ast.UnaryOp(ast.Not(), node.test))
        if isinstance(node, ast.If) and not node.orelse:
            yield "always", _set("test", ast.Constant(True))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in TWINS:
            yield "twin", _set("func", ast.Name(TWINS[node.func.id]))
        if node.func.id == "range":
            for i, bound in enumerate(node.args[:2]):
                yield from _moved("args", i, bound)
    elif isinstance(node, ast.Slice):
        for name in ("lower", "upper"):
            bound = getattr(node, name)
            if bound is not None:
                yield from _moved(name, None, bound)
    elif isinstance(node, ast.comprehension):
        for i in range(len(node.ifs)):
            yield "filter", _item("ifs", i, ast.Constant(True))
    yield from _deletions(node)


def _deletions(node: ast.AST) -> Iterator[tuple[str, Change]]:
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if isinstance(block, list) and not isinstance(node, ast.Module):
            for i, statement in enumerate(block):
                if isinstance(statement, DELETED):
                    yield "deleted", _item(name, i, ast.Pass())


def _moved(name: str, index: int | None, bound: ast.expr) -> Iterator[tuple[str, Change]]:
    if isinstance(bound, ast.Constant):
        return  # the constant's own mutants
    for op in (ast.Add(), ast.Sub()):
        moved = ast.BinOp(bound, op, ast.Constant(1))
        yield "boundary", _set(name, moved) if index is None else _item(name, index, moved)


def _other_constants(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1]
    if isinstance(value, str):
        return ["" if value else "x"]
    return []


def _set(name: str, value: object) -> Change:
    def change(node: ast.AST) -> ast.AST:
        setattr(node, name, value)
        return node
    return change


def _item(name: str, index: int, value: ast.AST) -> Change:
    def change(node: ast.AST) -> ast.AST:
        getattr(node, name)[index] = value
        return value if isinstance(value, ast.Pass) else node
    return change
