"""PHP 8."""

from __future__ import annotations

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.nodes import FLOAT, INT, STR
from oorl.data.synthetic.printers._base import (
    ATOM,
    CHOICE,
    COMPARE,
    CONCAT,
    UNARY,
    Printer,
)
from oorl.data.synthetic.printers.cpp import difference
from oorl.records import Type


class PhpPrinter(Printer):
    language = "php"
    else_if = "elseif"

    def var(self, name: str) -> str:
        return f"${name}"

    def header(self, function: n.Function) -> str:
        return f"function {function.name}({', '.join(f'${p.name}' for p in function.parameters)})"

    def string(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def stmt_Augment(self, node: n.Augment) -> None:
        if node.op == "//":
            self.expand(node)
        elif node.target.type == STR:
            self.line(f"{self.var(node.target.name)} .= {self.expr(node.value)};")
        else:
            super().stmt_Augment(node)

    def stmt_Append(self, node: n.Append) -> None:
        self.line(f"{self.var(node.target.name)}[] = {self.expr(node.value)};")

    def stmt_ForRange(self, node: n.ForRange) -> None:
        self.line(f"for ({self.range_head(node, '')}) {{")
        self.block(node.body)
        self.line("}")

    def stmt_ForEach(self, node: n.ForEach) -> None:
        name, whole = self.var(node.name), self.sub(node.iterable, ATOM)
        if node.iterable.type == STR:
            i = self.var(self.fresh())
            self.line(f"for ({i} = 0; {i} < strlen({whole}); {i}++) {{")
            self.line(f"{self.tab}{name} = {whole}[{i}];")
            self.block(node.body)
            self.release()
        else:
            self.line(f"foreach ({whole} as {name}) {{")
            self.block(node.body)
        self.line("}")

    def stmt_ForItems(self, node: n.ForItems) -> None:
        mapping, key, value = map(self.var, (node.mapping.name, node.key, node.value))
        self.line(f"foreach ({mapping} as {key} => {value}) {{")
        self.block(node.body)
        self.line("}")

    def empty(self, kind: Type) -> str:
        return "[]"

    def binary(self, node: n.Binary) -> tuple[str, int]:
        if node.op == "//":
            return self.plain_call("intdiv", node.left, node.right), ATOM
        return super().binary(node)

    def comparison(self, node: n.Compare) -> str:
        # === is the idiom, but an integral float may arrive as an int.
        if FLOAT in (node.left.type, node.right.type):
            return node.op
        return {"==": "===", "!=": "!=="}.get(node.op, node.op)

    def concat(self, node: n.Concat) -> tuple[str, int]:
        return f"{self.sub(node.left, CONCAT)} . {self.sub(node.right, ATOM)}", CONCAT

    def call_min(self, a: n.Expr, b: n.Expr) -> str:
        return self.plain_call("min", a, b)

    def call_max(self, a: n.Expr, b: n.Expr) -> str:
        return self.plain_call("max", a, b)

    def call_abs(self, a: n.Expr) -> str:
        return self.plain_call("abs", a)

    def call_len(self, a: n.Expr) -> str:
        return self.plain_call("strlen" if a.type == STR else "count", a)

    def call_str(self, a: n.Expr) -> str:
        return self.plain_call("strval", a)

    def call_int(self, a: n.Expr) -> tuple[str, int]:
        return f"(int){self.sub(a, UNARY)}", UNARY

    def call_ord(self, a: n.Expr) -> str:
        return self.plain_call("ord", a)

    def call_chr(self, a: n.Expr) -> str:
        return self.plain_call("chr", a)

    def call_upper(self, a: n.Expr) -> str:
        return self.plain_call("strtoupper", a)

    def call_lower(self, a: n.Expr) -> str:
        return self.plain_call("strtolower", a)

    def call_isdigit(self, a: n.Expr) -> str:
        return self.plain_call("ctype_digit", a)

    def call_isalpha(self, a: n.Expr) -> str:
        return self.plain_call("ctype_alpha", a)

    def call_isupper(self, a: n.Expr) -> str:
        return self.plain_call("ctype_upper", a)

    def call_islower(self, a: n.Expr) -> str:
        return self.plain_call("ctype_lower", a)

    def call_contains(self, text: n.Expr, part: n.Expr) -> str:
        return self.plain_call("str_contains", text, part)

    def call_has(self, mapping: n.Expr, key: n.Expr) -> str:
        return f"isset({self.index_text(mapping, key)})"

    def call_includes(self, items: n.Expr, value: n.Expr) -> str:
        return self.plain_call("in_array", value, items)

    def call_get(self, mapping: n.Expr, key: n.Expr, default: n.Expr) -> tuple[str, int]:
        return f"{self.index_text(mapping, key)} ?? {self.sub(default, COMPARE)}", CHOICE

    def call_lookup(self, mapping: n.Expr, key: n.Expr) -> str:
        return self.index_text(mapping, key)

    def call_slice(self, text: n.Expr, start: n.Expr, end: n.Expr) -> str:
        if end == n.Builtin(INT, "len", (text,)):
            return self.plain_call("substr", text, start)
        return self.plain_call("substr", text, start, difference(end, start))


PRINTER = PhpPrinter()
