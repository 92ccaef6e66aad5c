"""Python 3."""

from __future__ import annotations

from typing import ClassVar

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.printers._base import (
    ATOM,
    CHOICE,
    COMPARE,
    CONCAT,
    NOT,
    Printer,
    is_empty_test,
)
from oorl.records import Type


class PythonPrinter(Printer):
    language = "python"
    operators: ClassVar[dict[str, str]] = {"and": "and", "or": "or", "not": "not"}
    not_level = NOT
    end = ""
    true, false = "True", "False"

    def print_function(self, function: n.Function) -> None:
        self.line(f"{self.header(function)}:")
        self.block(function.body)

    def header(self, function: n.Function) -> str:
        parameters = ", ".join(f"{p.name}: {annotation(p.type)}" for p in function.parameters)
        return f"def {function.name}({parameters}) -> {annotation(function.returns)}"

    def stmt_Augment(self, node: n.Augment) -> None:
        self.line(f"{node.target.name} {node.op}= {self.expr(node.value)}")

    def stmt_Append(self, node: n.Append) -> None:
        self.line(f"{node.target.name}.append({self.expr(node.value)})")

    def stmt_If(self, node: n.If) -> None:
        self.line(f"if {self.expr(node.test)}:")
        self.block(node.body)
        while len(node.orelse) == 1 and isinstance(node.orelse[0], n.If):
            node = node.orelse[0]
            self.line(f"elif {self.expr(node.test)}:")
            self.block(node.body)
        if node.orelse:
            self.line("else:")
            self.block(node.orelse)

    def stmt_While(self, node: n.While) -> None:
        self.line(f"while {self.expr(node.test)}:")
        self.block(node.body)

    def stmt_ForRange(self, node: n.ForRange) -> None:
        parts = [self.expr(node.stop)]
        if node.start != n.Const(n.INT, 0) or node.step != 1:
            parts.insert(0, self.expr(node.start))
        if node.step != 1:
            parts.append(str(node.step))
        self.line(f"for {node.name} in range({', '.join(parts)}):")
        self.block(node.body)

    def stmt_ForEach(self, node: n.ForEach) -> None:
        self.line(f"for {node.name} in {self.expr(node.iterable)}:")
        self.block(node.body)

    def stmt_ForItems(self, node: n.ForItems) -> None:
        self.line(f"for {node.key}, {node.value} in {node.mapping.name}.items():")
        self.block(node.body)

    def empty(self, kind: Type) -> str:
        return "[]" if kind.kind == "list" else "{}"

    def compare(self, node: n.Compare) -> tuple[str, int]:
        subject = is_empty_test(node)
        return (f"not {self.expr(subject)}", NOT) if subject else super().compare(node)

    def choice(self, test: str, then: str, orelse: str) -> tuple[str, int]:
        return f"{then} if {test} else {orelse}", CHOICE

    def call_min(self, a: n.Expr, b: n.Expr) -> str:
        return self.plain_call("min", a, b)

    def call_max(self, a: n.Expr, b: n.Expr) -> str:
        return self.plain_call("max", a, b)

    def call_abs(self, a: n.Expr) -> str:
        return self.plain_call("abs", a)

    def call_len(self, a: n.Expr) -> str:
        return self.plain_call("len", a)

    def call_str(self, a: n.Expr) -> str:
        return self.plain_call("str", a)

    def call_int(self, a: n.Expr) -> str:
        return self.plain_call("int", a)

    def call_ord(self, a: n.Expr) -> str:
        return self.plain_call("ord", a)

    def call_chr(self, a: n.Expr) -> str:
        return self.plain_call("chr", a)

    def call_upper(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.upper()"

    def call_lower(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.lower()"

    def call_isdigit(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.isdigit()"

    def call_isalpha(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.isalpha()"

    def call_isupper(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.isupper()"

    def call_islower(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.islower()"

    def contains(self, whole: n.Expr, part: n.Expr) -> tuple[str, int]:
        return f"{self.sub(part, CONCAT)} in {self.sub(whole, CONCAT)}", COMPARE

    call_contains = call_includes = call_has = contains

    def call_get(self, mapping: n.Expr, key: n.Expr, default: n.Expr) -> str:
        return f"{self.expr(mapping)}.get({self.expr(key)}, {self.expr(default)})"

    def call_lookup(self, mapping: n.Expr, key: n.Expr) -> str:
        return self.index_text(mapping, key)

    def call_slice(self, text: n.Expr, start: n.Expr, end: n.Expr) -> str:
        first = "" if start == n.Const(n.INT, 0) else self.expr(start)
        last = "" if end == n.Builtin(n.INT, "len", (text,)) else self.expr(end)
        return f"{self.sub(text, ATOM)}[{first}:{last}]"


def annotation(kind: Type) -> str:
    """A type as Python writes it."""
    return str(kind).replace("map[", "dict[").replace(",", ", ")


PRINTER = PythonPrinter()
