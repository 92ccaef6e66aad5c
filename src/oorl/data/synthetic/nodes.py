"""The typed AST of the embedded functions: what every printer understands.

Values follow the language-neutral types of `oorl.records.Type` plus one internal type, `CHAR`:
what iterating or indexing a string gives. Division and remainder are only ever evaluated where
all languages agree (see `reference`), so that one tree means the same program everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from oorl.records import Parameter, Signature, Type

INT, FLOAT, BOOL, STR = Type("int"), Type("float"), Type("bool"), Type("str")
CHAR = Type("char")


@dataclass(frozen=True, slots=True)
class Node:
    """Anything in the tree."""

    def children(self) -> Iterator[Node]:
        """The direct children, in field order."""
        names: tuple[str, ...] = self.__match_args__
        for name in names:
            value: Any = getattr(self, name)
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                yield from (item for item in value if isinstance(item, Node))

    def walk(self) -> Iterator[Node]:
        """This node and everything below it, depth first."""
        stack: list[Node] = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += reversed(list(node.children()))


@dataclass(frozen=True, slots=True)
class Expr(Node):
    type: Type


@dataclass(frozen=True, slots=True)
class Const(Expr):
    value: Any


@dataclass(frozen=True, slots=True)
class Var(Expr):
    name: str


@dataclass(frozen=True, slots=True)
class Empty(Expr):
    """A new empty list or map of `type`."""


@dataclass(frozen=True, slots=True)
class Unary(Expr):
    """`op` is "-" or "not"."""

    op: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Expr):
    """Arithmetic: + - * // % and / (whose type is always float)."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Compare(Expr):
    """== != < <= > >= on two values of one kind."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Logic(Expr):
    """`op` is "and" or "or"."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Choice(Expr):
    """`then` if `test` else `orelse`, on integers."""

    test: Expr
    then: Expr
    orelse: Expr


@dataclass(frozen=True, slots=True)
class Concat(Expr):
    """Strings (and characters) joined; at least one side is a string."""

    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Index(Expr):
    """One element of a list, or one character of a string; the index is never negative."""

    base: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class Builtin(Expr):
    """A built-in every printer maps to its own idiom: see `frontend.BUILTINS`."""

    name: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Invoke(Expr):
    """A call of a helper function of the same program."""

    name: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Stmt(Node):
    pass


@dataclass(frozen=True, slots=True)
class Declare(Stmt):
    """The first assignment of a variable, in the innermost block that uses it."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Assign(Stmt):
    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Augment(Stmt):
    """`target op= value`; + on strings appends."""

    target: Var
    op: str
    value: Expr


@dataclass(frozen=True, slots=True)
class SetItem(Stmt):
    """`target[key] = value` on a local list or map."""

    target: Var
    key: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class Append(Stmt):
    target: Var
    value: Expr


@dataclass(frozen=True, slots=True)
class If(Stmt):
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class While(Stmt):
    test: Expr
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class ForRange(Stmt):
    """`step` is a non-zero constant; the bounds do not change while the loop runs."""

    name: str
    start: Expr
    stop: Expr
    step: int
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class ForEach(Stmt):
    """Over a list's elements or a string's characters."""

    name: str
    element: Type
    iterable: Expr
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class ForItems(Stmt):
    """Over a map's entries, in any order: only for results that do not depend on it."""

    key: str
    value: str
    mapping: Var
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Return(Stmt):
    value: Expr


@dataclass(frozen=True, slots=True)
class Break(Stmt):
    pass


@dataclass(frozen=True, slots=True)
class Function(Node):
    name: str
    parameters: tuple[Parameter, ...]
    returns: Type
    body: tuple[Stmt, ...]

    @property
    def signature(self) -> Signature:
        return Signature(self.name, self.parameters, self.returns)

    def variables(self) -> dict[str, Type]:
        """All names of variables with their types: parameters, then locals in order of birth."""
        found = {p.name: p.type for p in self.parameters}
        for node in self.walk():
            match node:
                case Declare(name=name, value=value):
                    found.setdefault(name, value.type)
                case ForRange(name=name):
                    found.setdefault(name, INT)
                case ForEach(name=name, element=element):
                    found.setdefault(name, element)
                case ForItems(key=key, value=value, mapping=mapping):
                    found.setdefault(key, mapping.type.args[0])
                    found.setdefault(value, mapping.type.args[1])
        return found

    def reassigned(self) -> set[str]:
        """Names whose value changes after their birth (by assignment, not by mutation)."""
        names = set()
        for node in self.walk():
            if isinstance(node, Assign):
                names.add(node.name)
            elif isinstance(node, Augment):
                names.add(node.target.name)
        return names


@dataclass(frozen=True, slots=True)
class Program(Node):
    """Helpers first; the last function is the one that is tested."""

    functions: tuple[Function, ...]

    @property
    def main(self) -> Function:
        return self.functions[-1]

    @property
    def signature(self) -> Signature:
        return self.main.signature
