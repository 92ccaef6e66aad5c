"""Ruby 3."""

from __future__ import annotations

from collections.abc import Iterable

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.nodes import FLOAT, INT
from oorl.data.synthetic.printers._base import (
    ATOM,
    CONCAT,
    MUL,
    Printer,
    is_empty_test,
    plus,
)
from oorl.records import Type


class RubyPrinter(Printer):
    language = "ruby"
    tab = "  "
    end = ""

    def print_function(self, function: n.Function) -> None:
        self.line(self.header(function))
        self.block(function.body[:-1])
        self.depth += 1
        last = function.body[-1]
        # The value of the last expression is the result: nobody writes `return` there.
        self.line(self.expr(last.value)) if isinstance(last, n.Return) else self.stmt(last)
        self.depth -= 1
        self.line("end")

    def header(self, function: n.Function) -> str:
        return f"def {function.name}({', '.join(p.name for p in function.parameters)})"

    def stmt_Augment(self, node: n.Augment) -> None:
        self.line(f"{node.target.name} {node.op.replace('//', '/')}= {self.expr(node.value)}")

    def stmt_Append(self, node: n.Append) -> None:
        self.line(f"{node.target.name} << {self.sub(node.value, CONCAT)}")

    def stmt_If(self, node: n.If) -> None:
        self.line(f"if {self.expr(node.test)}")
        self.block(node.body)
        while len(node.orelse) == 1 and isinstance(node.orelse[0], n.If):
            node = node.orelse[0]
            self.line(f"elsif {self.expr(node.test)}")
            self.block(node.body)
        if node.orelse:
            self.line("else")
            self.block(node.orelse)
        self.line("end")

    def stmt_While(self, node: n.While) -> None:
        self.enclose(f"while {self.expr(node.test)}", node.body)

    def enclose(self, head: str, body: Iterable[n.Stmt]) -> None:
        self.line(head)
        self.block(body)
        self.line("end")

    def stmt_ForRange(self, node: n.ForRange) -> None:
        start = self.sub(node.start, ATOM)
        if node.step == -1:
            head = f"{start}.downto({self.expr(plus(node.stop, 1))}) do |{node.name}|"
        elif node.step < 0:
            head = f"{start}.step({self.expr(plus(node.stop, 1))}, {node.step}) do |{node.name}|"
        else:
            shorter = plus(node.stop, -1)
            dots, stop = "...", node.stop
            if isinstance(stop, n.Binary) and stop.op == "+" and not isinstance(shorter, n.Binary):
                dots, stop = "..", shorter
            each = "each" if node.step == 1 else f"step({node.step})"
            head = f"({self.expr(node.start)}{dots}{self.expr(stop)}).{each} do |{node.name}|"
        self.enclose(head, node.body)

    def stmt_ForEach(self, node: n.ForEach) -> None:
        each = "each_char" if node.iterable.type == n.STR else "each"
        self.enclose(f"{self.sub(node.iterable, ATOM)}.{each} do |{node.name}|", node.body)

    def stmt_ForItems(self, node: n.ForItems) -> None:
        self.enclose(f"{node.mapping.name}.each do |{node.key}, {node.value}|", node.body)

    def empty(self, kind: Type) -> str:
        return "[]" if kind.kind == "list" else "{}"

    def binary(self, node: n.Binary) -> tuple[str, int]:
        if node.op == "/" and FLOAT not in (node.left.type, node.right.type):
            return f"{self.sub(node.left, ATOM)}.to_f / {self.sub(node.right, ATOM)}", MUL
        text, level = super().binary(node)
        return text.replace(" // ", " / "), level

    def compare(self, node: n.Compare) -> tuple[str, int]:
        subject = is_empty_test(node)
        return (self.dot(subject, "empty?"), ATOM) if subject else super().compare(node)

    def dot(self, subject: n.Expr, method: str, *args: n.Expr) -> str:
        inside = f"({', '.join(map(self.expr, args))})" if args else ""
        return f"{self.sub(subject, ATOM)}.{method}{inside}"

    def call_min(self, a: n.Expr, b: n.Expr) -> str:
        return f"[{self.expr(a)}, {self.expr(b)}].min"

    def call_max(self, a: n.Expr, b: n.Expr) -> str:
        return f"[{self.expr(a)}, {self.expr(b)}].max"

    def call_abs(self, a: n.Expr) -> str:
        return self.dot(a, "abs")

    def call_len(self, a: n.Expr) -> str:
        return self.dot(a, "length")

    def call_str(self, a: n.Expr) -> str:
        return self.dot(a, "to_s")

    def call_int(self, a: n.Expr) -> str:
        return self.dot(a, "to_i")

    def call_ord(self, a: n.Expr) -> str:
        return self.dot(a, "ord")

    def call_chr(self, a: n.Expr) -> str:
        return self.dot(a, "chr")

    def call_upper(self, a: n.Expr) -> str:
        return self.dot(a, "upcase")

    def call_lower(self, a: n.Expr) -> str:
        return self.dot(a, "downcase")

    def call_isdigit(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.match?(/[0-9]/)"

    def call_isalpha(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.match?(/[a-zA-Z]/)"

    def call_isupper(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.match?(/[A-Z]/)"

    def call_islower(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.match?(/[a-z]/)"

    def call_contains(self, whole: n.Expr, part: n.Expr) -> str:
        return self.dot(whole, "include?", part)

    call_includes = call_contains

    def call_has(self, mapping: n.Expr, key: n.Expr) -> str:
        return self.dot(mapping, "key?", key)

    def call_get(self, mapping: n.Expr, key: n.Expr, default: n.Expr) -> str:
        return self.dot(mapping, "fetch", key, default)

    def call_lookup(self, mapping: n.Expr, key: n.Expr) -> str:
        return self.index_text(mapping, key)

    def call_slice(self, text: n.Expr, start: n.Expr, end: n.Expr) -> str:
        last = ".." if end == n.Builtin(INT, "len", (text,)) else f"...{self.expr(end)}"
        return f"{self.sub(text, ATOM)}[{self.expr(start)}{last}]"


PRINTER = RubyPrinter()
