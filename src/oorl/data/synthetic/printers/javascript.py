"""JavaScript: int and float are Number, map is Map."""

from __future__ import annotations

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.nodes import INT
from oorl.data.synthetic.printers._base import ATOM, CHOICE, COMPARE, Printer
from oorl.records import Type


class JavascriptPrinter(Printer):
    language = "javascript"
    tab = "  "

    def header(self, function: n.Function) -> str:
        return f"function {function.name}({', '.join(p.name for p in function.parameters)})"

    def stmt_Declare(self, node: n.Declare) -> None:
        word = "let" if node.name in self.reassigned else "const"
        self.line(f"{word} {node.name} = {self.expr(node.value)};")

    def stmt_Augment(self, node: n.Augment) -> None:
        if node.op == "//":
            self.expand(node)
        else:
            super().stmt_Augment(node)

    def stmt_SetItem(self, node: n.SetItem) -> None:
        if node.target.type.kind == "map":
            self.line(f"{node.target.name}.set({self.expr(node.key)}, {self.expr(node.value)});")
        else:
            super().stmt_SetItem(node)

    def stmt_Append(self, node: n.Append) -> None:
        self.line(f"{node.target.name}.push({self.expr(node.value)});")

    def stmt_ForRange(self, node: n.ForRange) -> None:
        self.line(f"for ({self.range_head(node, 'let ')}) {{")
        self.block(node.body)
        self.line("}")

    def stmt_ForEach(self, node: n.ForEach) -> None:
        self.line(f"for (const {node.name} of {self.expr(node.iterable)}) {{")
        self.block(node.body)
        self.line("}")

    def stmt_ForItems(self, node: n.ForItems) -> None:
        self.line(f"for (const [{node.key}, {node.value}] of {node.mapping.name}) {{")
        self.block(node.body)
        self.line("}")

    def empty(self, kind: Type) -> str:
        return "[]" if kind.kind == "list" else "new Map()"

    def binary(self, node: n.Binary) -> tuple[str, int]:
        if node.op == "//":
            inner = n.Binary(n.FLOAT, "/", node.left, node.right)
            return f"Math.floor({self.expr(inner)})", ATOM
        return super().binary(node)

    def comparison(self, node: n.Compare) -> str:
        return {"==": "===", "!=": "!=="}.get(node.op, node.op)

    def call_min(self, a: n.Expr, b: n.Expr) -> str:
        return self.plain_call("Math.min", a, b)

    def call_max(self, a: n.Expr, b: n.Expr) -> str:
        return self.plain_call("Math.max", a, b)

    def call_abs(self, a: n.Expr) -> str:
        return self.plain_call("Math.abs", a)

    def call_len(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.{'size' if a.type.kind == 'map' else 'length'}"

    def call_str(self, a: n.Expr) -> str:
        return self.plain_call("String", a)

    def call_int(self, a: n.Expr) -> str:
        return self.plain_call("Number", a)

    def call_ord(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.charCodeAt(0)"

    def call_chr(self, a: n.Expr) -> str:
        return self.plain_call("String.fromCharCode", a)

    def call_upper(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.toUpperCase()"

    def call_lower(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.toLowerCase()"

    def call_isdigit(self, a: n.Expr) -> str:
        return f"/[0-9]/.test({self.expr(a)})"

    def call_isalpha(self, a: n.Expr) -> str:
        return f"/[a-zA-Z]/.test({self.expr(a)})"

    def call_isupper(self, a: n.Expr) -> str:
        return f"/[A-Z]/.test({self.expr(a)})"

    def call_islower(self, a: n.Expr) -> str:
        return f"/[a-z]/.test({self.expr(a)})"

    def call_contains(self, whole: n.Expr, part: n.Expr) -> str:
        return f"{self.sub(whole, ATOM)}.includes({self.expr(part)})"

    call_includes = call_contains

    def call_has(self, mapping: n.Expr, key: n.Expr) -> str:
        return f"{self.expr(mapping)}.has({self.expr(key)})"

    def call_get(self, mapping: n.Expr, key: n.Expr, default: n.Expr) -> tuple[str, int]:
        found = f"{self.expr(mapping)}.get({self.expr(key)})"
        return f"{found} ?? {self.sub(default, COMPARE)}", CHOICE

    def call_lookup(self, mapping: n.Expr, key: n.Expr) -> str:
        return f"{self.expr(mapping)}.get({self.expr(key)})"

    def call_slice(self, text: n.Expr, start: n.Expr, end: n.Expr) -> str:
        bounds = self.expr(start)
        if end != n.Builtin(INT, "len", (text,)):
            bounds += f", {self.expr(end)}"
        return f"{self.sub(text, ATOM)}.slice({bounds})"


PRINTER = JavascriptPrinter()
