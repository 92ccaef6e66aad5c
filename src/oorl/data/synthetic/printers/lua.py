"""Lua 5.4: tables count from 1, so indices are printed one higher."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.nodes import INT, STR
from oorl.data.synthetic.printers._base import (
    ATOM,
    COMPARE,
    CONCAT,
    OR,
    Printer,
    Unsupported,
    plus,
)
from oorl.records import Type


class LuaPrinter(Printer):
    language = "lua"
    tab = "  "
    operators: ClassVar[dict[str, str]] = {"and": "and", "or": "or", "not": "not"}
    end = ""

    def print_function(self, function: n.Function) -> None:
        self.enclose(self.header(function), function.body)

    def header(self, function: n.Function) -> str:
        return f"function {function.name}({', '.join(p.name for p in function.parameters)})"

    def enclose(self, head: str, body: Iterable[n.Stmt]) -> None:
        self.line(head)
        self.block(body)
        self.line("end")

    def stmt_Declare(self, node: n.Declare) -> None:
        self.line(f"local {node.name} = {self.expr(node.value)}")

    def stmt_Augment(self, node: n.Augment) -> None:
        self.expand(node)

    def stmt_Append(self, node: n.Append) -> None:
        self.line(f"table.insert({node.target.name}, {self.expr(node.value)})")

    def stmt_If(self, node: n.If) -> None:
        self.line(f"if {self.expr(node.test)} then")
        self.block(node.body)
        while len(node.orelse) == 1 and isinstance(node.orelse[0], n.If):
            node = node.orelse[0]
            self.line(f"elseif {self.expr(node.test)} then")
            self.block(node.body)
        if node.orelse:
            self.line("else")
            self.block(node.orelse)
        self.line("end")

    def stmt_While(self, node: n.While) -> None:
        self.enclose(f"while {self.expr(node.test)} do", node.body)

    def stmt_ForRange(self, node: n.ForRange) -> None:
        stop = self.expr(plus(node.stop, -1 if node.step > 0 else 1))
        step = "" if node.step == 1 else f", {node.step}"
        self.enclose(f"for {node.name} = {self.expr(node.start)}, {stop}{step} do", node.body)

    def stmt_ForEach(self, node: n.ForEach) -> None:
        if node.iterable.type == STR:
            head = f'for {node.name} in {self.object(node.iterable)}:gmatch(".") do'
        else:
            head = f"for _, {node.name} in ipairs({self.expr(node.iterable)}) do"
        self.enclose(head, node.body)

    def stmt_ForItems(self, node: n.ForItems) -> None:
        self.enclose(f"for {node.key}, {node.value} in pairs({node.mapping.name}) do", node.body)

    def object(self, node: n.Expr) -> str:
        """A string something is called on; a literal needs parentheses."""
        return f"({self.expr(node)})" if isinstance(node, n.Const) else self.sub(node, ATOM)

    def empty(self, kind: Type) -> str:
        return "{}"

    def comparison(self, node: n.Compare) -> str:
        return node.op.replace("!=", "~=")

    def choice(self, test: str, then: str, orelse: str) -> tuple[str, int]:
        return f"{test} and {then} or {orelse}", OR

    def concat(self, node: n.Concat) -> tuple[str, int]:
        return f"{self.sub(node.left, CONCAT)} .. {self.sub(node.right, CONCAT)}", CONCAT

    def index_text(self, base: n.Expr, index: n.Expr) -> str:
        if base.type == STR:
            place = self.expr(plus(index, 1))
            return f"{self.object(base)}:sub({place}, {place})"
        if base.type.kind == "map":
            return f"{self.expr(base)}[{self.expr(index)}]"
        return f"{self.expr(base)}[{self.expr(plus(index, 1))}]"

    def call_min(self, a: n.Expr, b: n.Expr) -> str:
        return self.plain_call("math.min", a, b)

    def call_max(self, a: n.Expr, b: n.Expr) -> str:
        return self.plain_call("math.max", a, b)

    def call_abs(self, a: n.Expr) -> str:
        return self.plain_call("math.abs", a)

    def call_len(self, a: n.Expr) -> str:
        if a.type.kind == "map":
            raise Unsupported("lua does not count the keys of a table")
        return f"#{self.sub(a, ATOM)}"

    def call_str(self, a: n.Expr) -> str:
        return self.plain_call("tostring", a)

    def call_int(self, a: n.Expr) -> str:
        return self.plain_call("tonumber", a)

    def call_ord(self, a: n.Expr) -> str:
        return f"{self.object(a)}:byte()"

    def call_chr(self, a: n.Expr) -> str:
        return self.plain_call("string.char", a)

    def call_upper(self, a: n.Expr) -> str:
        return f"{self.object(a)}:upper()"

    def call_lower(self, a: n.Expr) -> str:
        return f"{self.object(a)}:lower()"

    def matches(self, a: n.Expr, pattern: str) -> tuple[str, int]:
        return f'{self.object(a)}:match("{pattern}") ~= nil', COMPARE

    def call_isdigit(self, a: n.Expr) -> tuple[str, int]:
        return self.matches(a, "%d")

    def call_isalpha(self, a: n.Expr) -> tuple[str, int]:
        return self.matches(a, "%a")

    def call_isupper(self, a: n.Expr) -> tuple[str, int]:
        return self.matches(a, "%u")

    def call_islower(self, a: n.Expr) -> tuple[str, int]:
        return self.matches(a, "%l")

    def call_contains(self, text: n.Expr, part: n.Expr) -> tuple[str, int]:
        return f"{self.object(text)}:find({self.expr(part)}, 1, true) ~= nil", COMPARE

    def call_has(self, mapping: n.Expr, key: n.Expr) -> tuple[str, int]:
        return f"{self.index_text(mapping, key)} ~= nil", COMPARE

    def call_get(self, mapping: n.Expr, key: n.Expr, default: n.Expr) -> tuple[str, int]:
        return f"{self.index_text(mapping, key)} or {self.sub(default, COMPARE)}", OR

    def call_lookup(self, mapping: n.Expr, key: n.Expr) -> str:
        return self.index_text(mapping, key)

    def call_slice(self, text: n.Expr, start: n.Expr, end: n.Expr) -> str:
        bounds = self.expr(plus(start, 1))
        if end != n.Builtin(INT, "len", (text,)):
            bounds += f", {self.expr(end)}"
        return f"{self.object(text)}:sub({bounds})"


PRINTER = LuaPrinter()
