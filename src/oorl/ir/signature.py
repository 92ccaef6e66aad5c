"""Typed C signatures by libclang, for a whole batch at once.

Only what can be generated and compared is supported: scalars, pointers to scalars and arrays of
arrays of scalars. Anything else (structures, pointers to pointers, callbacks) is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from oorl.errors import ToolchainMissing
from oorl.ir.compile import C as C_DIALECT
from oorl.ir.compile import CFunction, Dialect, render

INTEGERS = {"bool": (1, False), "char": (1, True), "signed char": (1, True),
            "unsigned char": (1, False), "short": (2, True), "unsigned short": (2, False),
            "int": (4, True), "unsigned int": (4, False), "long": (8, True),
            "unsigned long": (8, False), "long long": (8, True), "unsigned long long": (8, False)}
REALS = {"float": 4, "double": 8}


@dataclass(frozen=True)
class CType:
    """A scalar C type by its canonical name, or a buffer of them.

    `row` is the number of elements of the inner arrays of `T x[][row]` (else 1).
    """

    scalar: str
    pointer: bool = False
    const: bool = False
    row: int = 1

    @property
    def bytes(self) -> int:
        """Size of one scalar."""
        if self.scalar == "void":
            return 0
        return REALS.get(self.scalar) or INTEGERS[self.scalar][0]

    @property
    def real(self) -> bool:
        return self.scalar in REALS

    @property
    def text(self) -> bool:
        """A NUL-terminated string, by convention."""
        return self.pointer and self.scalar == "char" and self.row == 1


@dataclass(frozen=True)
class CSignature:
    """Result type, parameters as (name, type), and the prototype for people to read."""

    name: str
    returns: CType
    parameters: tuple[tuple[str, CType], ...]
    prototype: str


def _index() -> Any:
    try:
        from clang import cindex
        return cindex.Index.create()
    except Exception as error:
        raise ToolchainMissing(f"libclang cannot be loaded ({type(error).__name__}: {error})",
                               "Run `pip install libclang`.") from None


def _scalar(kind: Any) -> str | None:
    name = kind.get_canonical().spelling.replace("const ", "").replace("volatile ", "").strip()
    name = {"_Bool": "bool"}.get(name, name)
    return name if name in INTEGERS or name in REALS else None


def _ctype(kind: Any) -> CType | None:
    """None for what we cannot generate."""
    from clang.cindex import TypeKind

    kind = kind.get_canonical()
    arrays = (TypeKind.CONSTANTARRAY, TypeKind.INCOMPLETEARRAY, TypeKind.VARIABLEARRAY)
    if kind.kind not in (*arrays, TypeKind.POINTER):
        name = _scalar(kind)
        return CType(name) if name else None
    inner = kind.get_pointee() if kind.kind == TypeKind.POINTER else kind.element_type
    inner, row = inner.get_canonical(), 1
    while inner.kind == TypeKind.CONSTANTARRAY:
        row *= inner.element_count
        inner = inner.element_type.get_canonical()
    name = _scalar(inner)
    if name is None or row > 128:
        return None
    return CType(name, True, inner.is_const_qualified(), row)


def _signature(cursor: Any, name: str) -> CSignature | None:
    from clang.cindex import TypeKind

    if cursor.type.kind != TypeKind.FUNCTIONPROTO and list(cursor.get_arguments()):
        return None
    if cursor.type.kind == TypeKind.FUNCTIONPROTO and cursor.type.is_function_variadic():
        return None
    parameters = []
    for position, argument in enumerate(cursor.get_arguments()):
        kind = _ctype(argument.type)
        if kind is None:
            return None
        parameters.append((argument.spelling or f"p{position}", kind))
    if cursor.result_type.get_canonical().kind == TypeKind.VOID:
        returns: CType | None = CType("void")
    else:
        returns = _ctype(cursor.result_type)
    if returns is None or returns.pointer or len(parameters) > 8:
        return None
    shown = ", ".join(_spell(kind, label) for label, kind in parameters) or "void"
    return CSignature(name, returns, tuple(parameters), f"{returns.scalar} {name}({shown})")


def _spell(kind: CType, name: str) -> str:
    const = "const " if kind.const else ""
    if kind.row > 1:
        return f"{const}{kind.scalar} {name}[][{kind.row}]"
    return f"{const}{kind.scalar} {'*' if kind.pointer else ''}{name}"


def signatures(functions: Sequence[tuple[int, CFunction]], dialect: Dialect = C_DIALECT,
               ) -> dict[int, CSignature]:
    """Signatures by slot; a slot whose types are not supported is absent.

    `functions` must compile (see `compile.compile_batch`). Raises `ToolchainMissing`.
    """
    from clang.cindex import CursorKind

    wanted = {f"oorl{slot}_{function.name}": (slot, function.name) for slot, function in functions}
    unit = _index().parse("batch", args=[*dialect.flags, "-w", "-target", "x86_64-linux-gnu"],
                          unsaved_files=[("batch", render(functions, dialect))])
    found: dict[int, CSignature] = {}
    for cursor in _declarations(unit.cursor):
        if cursor.kind == CursorKind.FUNCTION_DECL and cursor.spelling in wanted \
                and cursor.is_definition():
            slot, name = wanted[cursor.spelling]
            signature = _signature(cursor, name)
            if signature:
                found[slot] = signature
    return found


def _declarations(cursor: Any) -> Iterator[Any]:
    """What stands at file scope, and inside `extern "C" { }` there."""
    from clang.cindex import CursorKind

    for child in cursor.get_children():
        if child.kind in (CursorKind.LINKAGE_SPEC, CursorKind.UNEXPOSED_DECL):
            yield from _declarations(child)
        else:
            yield child
