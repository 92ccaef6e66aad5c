"""C11: int = long long, str = const char *, a list is a pointer and its length.

`list[int] nums` becomes `const long long *nums, int nums_len`. C makes neither lists, strings
nor maps here, so functions that return or build one have no C text.
"""

from __future__ import annotations

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.nodes import BOOL, CHAR, FLOAT, INT, STR
from oorl.data.synthetic.printers._base import (
    ADD,
    ATOM,
    CHOICE,
    COMPARE,
    CONCAT,
    MUL,
    OR,
    UNARY,
    Printer,
    Unsupported,
)
from oorl.records import Type

_SCALARS = {INT: "long long", FLOAT: "double", BOOL: "bool", CHAR: "char"}


class CPrinter(Printer):
    language = "c"

    def type_name(self, kind: Type) -> str:
        if kind in _SCALARS:
            return _SCALARS[kind]
        raise Unsupported(f"c has no local {kind}")

    def header(self, function: n.Function) -> str:
        parameters = []
        for p in function.parameters:
            if p.type == STR:
                parameters.append(f"const char *{p.name}")
            elif p.type.kind == "list":
                element = self.type_name(p.type.args[0])
                parameters += [f"const {element} *{p.name}", f"int {p.name}_len"]
            else:
                parameters.append(f"{self.type_name(p.type)} {p.name}")
        return f"{self.type_name(function.returns)} {function.name}({', '.join(parameters)})"

    def stmt_Declare(self, node: n.Declare) -> None:
        self.line(f"{self.type_name(node.value.type)} {node.name} = {self.expr(node.value)};")

    def stmt_Assign(self, node: n.Assign) -> None:
        self.type_name(node.value.type)
        super().stmt_Assign(node)

    def stmt_SetItem(self, node: n.SetItem) -> None:
        raise Unsupported("c has no local lists here")

    def stmt_Append(self, node: n.Append) -> None:
        raise Unsupported("c has no growing lists")

    def stmt_ForRange(self, node: n.ForRange) -> None:
        self.line(f"for ({self.range_head(node, 'long long ')}) {{")
        self.block(node.body)
        self.line("}")

    def stmt_ForEach(self, node: n.ForEach) -> None:
        i = self.fresh()
        whole, kind = self.sub(node.iterable, ATOM), self.type_name(node.element)
        more = f"{whole}[{i}]" if node.iterable.type == STR else f"{i} < {whole}_len"
        self.line(f"for (int {i} = 0; {more}; {i}++) {{")
        self.line(f"{self.tab}{kind} {node.name} = {whole}[{i}];")
        self.block(node.body)
        self.release()
        self.line("}")

    def stmt_ForItems(self, node: n.ForItems) -> None:
        raise Unsupported("c has no maps")

    def char(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def render(self, node: n.Expr) -> tuple[str, int]:
        if isinstance(node, n.Invoke):
            return f"{node.name}({', '.join(map(self.argument, node.args))})", ATOM
        return super().render(node)

    def argument(self, node: n.Expr) -> str:
        text = self.expr(node)
        return f"{text}, {text}_len" if node.type.kind == "list" else text

    def binary(self, node: n.Binary) -> tuple[str, int]:
        if node.op == "/" and FLOAT not in (node.left.type, node.right.type):
            left, right = self.sub(node.left, UNARY), self.sub(node.right, MUL + 1)
            return f"(double){left} / {right}", MUL
        text, level = super().binary(node)
        return (text.replace(" // ", " / "), level) if "//" in text else (text, level)

    def compare(self, node: n.Compare) -> tuple[str, int]:
        if node.left.type == STR:
            left, right = self.expr(node.left), self.expr(node.right)
            return f"strcmp({left}, {right}) {node.op} 0", COMPARE
        return super().compare(node)

    def concat(self, node: n.Concat) -> tuple[str, int]:
        raise Unsupported("c does not join strings")

    def call_text(self, a: n.Expr) -> str:
        raise Unsupported("c makes no strings")

    def call_min(self, a: n.Expr, b: n.Expr) -> tuple[str, int]:
        return self.pick("<", a, b)

    def call_max(self, a: n.Expr, b: n.Expr) -> tuple[str, int]:
        return self.pick(">", a, b)

    def pick(self, op: str, a: n.Expr, b: n.Expr) -> tuple[str, int]:
        left, right = self.sub(a, CONCAT), self.sub(b, CONCAT)
        return f"{left} {op} {right} ? {self.sub(a, OR)} : {self.sub(b, OR)}", CHOICE

    def call_abs(self, a: n.Expr) -> str:
        return self.plain_call("fabs" if a.type == FLOAT else "llabs", a)

    def call_len(self, a: n.Expr) -> tuple[str, int]:
        if a.type == STR:
            return f"(int)strlen({self.expr(a)})", UNARY
        return f"{self.expr(a)}_len", ATOM

    def call_int(self, a: n.Expr) -> tuple[str, int]:
        return f"{self.sub(a, ADD)} - '0'", ADD

    def call_ord(self, a: n.Expr) -> tuple[str, int]:
        return f"(long long){self.sub(a, UNARY)}", UNARY

    def call_upper(self, a: n.Expr) -> str:
        return self.plain_call("toupper", a)

    def call_lower(self, a: n.Expr) -> str:
        return self.plain_call("tolower", a)

    def call_isdigit(self, a: n.Expr) -> str:
        return self.plain_call("isdigit", a)

    def call_isalpha(self, a: n.Expr) -> str:
        return self.plain_call("isalpha", a)

    def call_isupper(self, a: n.Expr) -> str:
        return self.plain_call("isupper", a)

    def call_islower(self, a: n.Expr) -> str:
        return self.plain_call("islower", a)

    def call_contains(self, text: n.Expr, part: n.Expr) -> tuple[str, int]:
        return f"strchr({self.expr(text)}, {self.expr(part)}) != NULL", COMPARE


PRINTER = CPrinter()
