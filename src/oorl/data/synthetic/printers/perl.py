"""Perl 5: lists and maps come and go as references, locals are plain arrays and hashes."""

from __future__ import annotations

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.nodes import CHAR, INT, STR
from oorl.data.synthetic.printers._base import (
    ATOM,
    CHOICE,
    COMPARE,
    CONCAT,
    OR,
    Printer,
    plus,
)
from oorl.data.synthetic.printers.cpp import difference
from oorl.records import Type

_WORDS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


class PerlPrinter(Printer):
    language = "perl"
    else_if = "elsif"
    true, false = "1", "0"

    def header(self, function: n.Function) -> str:
        return f"sub {function.name}"

    def print_function(self, function: n.Function) -> None:
        self.line(f"{self.header(function)} {{")
        self.line(f"{self.tab}my ({', '.join(f'${p.name}' for p in function.parameters)}) = @_;")
        self.block(function.body)
        self.line("}")

    def var(self, name: str) -> str:
        """A scalar, or a reference to a collection."""
        kind = self.types.get(name)
        if kind and kind.args and not self.is_parameter(name):
            return f"\\{'@' if kind.kind == 'list' else '%'}{name}"
        return f"${name}"

    def all_of(self, node: n.Expr) -> str:
        """The whole collection behind a variable: @name or @$name."""
        assert isinstance(node, n.Var)
        sigil = "@" if node.type.kind == "list" else "%"
        return f"{sigil}{'$' * self.is_parameter(node.name)}{node.name}"

    def element(self, node: n.Expr, key: n.Expr) -> str:
        assert isinstance(node, n.Var)
        arrow = "->" if self.is_parameter(node.name) else ""
        left, right = "[]" if node.type.kind == "list" else "{}"
        return f"${node.name}{arrow}{left}{self.expr(key)}{right}"

    # Statements

    def stmt_Declare(self, node: n.Declare) -> None:
        if isinstance(node.value, n.Empty):
            self.line(f"my {'@' if node.value.type.kind == 'list' else '%'}{node.name};")
        else:
            self.line(f"my ${node.name} = {self.expr(node.value)};")

    def stmt_Assign(self, node: n.Assign) -> None:
        if isinstance(node.value, n.Empty):
            self.line(f"{'@' if node.value.type.kind == 'list' else '%'}{node.name} = ();")
        else:
            super().stmt_Assign(node)

    def stmt_Augment(self, node: n.Augment) -> None:
        if node.op == "//":
            self.expand(node)
        elif node.target.type == STR:
            self.line(f"${node.target.name} .= {self.expr(node.value)};")
        else:
            super().stmt_Augment(node)

    def stmt_SetItem(self, node: n.SetItem) -> None:
        self.line(f"{self.element(node.target, node.key)} = {self.expr(node.value)};")

    def stmt_Append(self, node: n.Append) -> None:
        self.line(f"push {self.all_of(node.target)}, {self.expr(node.value)};")

    def stmt_ForRange(self, node: n.ForRange) -> None:
        if node.step == 1:
            stop = self.expr(plus(node.stop, -1))
            head = f"for my ${node.name} ({self.expr(node.start)} .. {stop})"
        else:
            head = f"for ({self.range_head(node, 'my ')})"
        self.line(f"{head} {{")
        self.block(node.body)
        self.line("}")

    def stmt_ForEach(self, node: n.ForEach) -> None:
        source = (f"split //, {self.expr(node.iterable)}" if node.iterable.type == STR
                  else self.all_of(node.iterable))
        self.line(f"for my ${node.name} ({source}) {{")
        self.block(node.body)
        self.line("}")

    def stmt_ForItems(self, node: n.ForItems) -> None:
        self.line(f"for my ${node.key} (keys {self.all_of(node.mapping)}) {{")
        value = self.element(node.mapping, n.Var(node.mapping.type.args[0], node.key))
        self.line(f"{self.tab}my ${node.value} = {value};")
        self.block(node.body)
        self.line("}")

    def stmt_Break(self, node: n.Break) -> None:
        self.line("last;")

    # Expressions

    def string(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def empty(self, kind: Type) -> str:
        return "[]" if kind.kind == "list" else "{}"

    def binary(self, node: n.Binary) -> tuple[str, int]:
        if node.op == "//":
            return f"int({self.expr(n.Binary(n.FLOAT, '/', node.left, node.right))})", ATOM
        return super().binary(node)

    def comparison(self, node: n.Compare) -> str:
        return _WORDS[node.op] if node.left.type in (STR, CHAR) else node.op

    def concat(self, node: n.Concat) -> tuple[str, int]:
        return f"{self.sub(node.left, CONCAT)} . {self.sub(node.right, ATOM)}", CONCAT

    def index_text(self, base: n.Expr, index: n.Expr) -> str:
        if base.type == STR:
            return f"substr({self.expr(base)}, {self.expr(index)}, 1)"
        return self.element(base, index)

    def call_min(self, a: n.Expr, b: n.Expr) -> tuple[str, int]:
        return self.pick("<", a, b)

    def call_max(self, a: n.Expr, b: n.Expr) -> tuple[str, int]:
        return self.pick(">", a, b)

    def pick(self, op: str, a: n.Expr, b: n.Expr) -> tuple[str, int]:
        left, right = self.sub(a, CONCAT), self.sub(b, CONCAT)
        return f"{left} {op} {right} ? {self.sub(a, OR)} : {self.sub(b, OR)}", CHOICE

    def call_abs(self, a: n.Expr) -> str:
        return self.plain_call("abs", a)

    def call_len(self, a: n.Expr) -> str:
        if a.type == STR:
            return self.plain_call("length", a)
        keys = "keys " if a.type.kind == "map" else ""
        return f"scalar({keys}{self.all_of(a)})"

    def call_str(self, a: n.Expr) -> str:
        return f'"{self.expr(a)}"' if isinstance(a, n.Var) else f"({self.expr(a)})"

    def call_int(self, a: n.Expr) -> tuple[str, int]:
        return self.render(a)

    def call_ord(self, a: n.Expr) -> str:
        return self.plain_call("ord", a)

    def call_chr(self, a: n.Expr) -> str:
        return self.plain_call("chr", a)

    def call_upper(self, a: n.Expr) -> str:
        return self.plain_call("uc", a)

    def call_lower(self, a: n.Expr) -> str:
        return self.plain_call("lc", a)

    def call_isdigit(self, a: n.Expr) -> tuple[str, int]:
        return f"{self.sub(a, ATOM)} =~ /[0-9]/", COMPARE

    def call_isalpha(self, a: n.Expr) -> tuple[str, int]:
        return f"{self.sub(a, ATOM)} =~ /[a-zA-Z]/", COMPARE

    def call_isupper(self, a: n.Expr) -> tuple[str, int]:
        return f"{self.sub(a, ATOM)} =~ /[A-Z]/", COMPARE

    def call_islower(self, a: n.Expr) -> tuple[str, int]:
        return f"{self.sub(a, ATOM)} =~ /[a-z]/", COMPARE

    def call_contains(self, text: n.Expr, part: n.Expr) -> tuple[str, int]:
        return f"{self.plain_call('index', text, part)} >= 0", COMPARE

    def call_includes(self, items: n.Expr, value: n.Expr) -> str:
        word = "eq" if value.type == STR else "=="
        return f"(grep {{ $_ {word} {self.sub(value, CONCAT)} }} {self.all_of(items)})"

    def call_has(self, mapping: n.Expr, key: n.Expr) -> str:
        return f"exists {self.element(mapping, key)}"

    def call_get(self, mapping: n.Expr, key: n.Expr, default: n.Expr) -> tuple[str, int]:
        return f"{self.element(mapping, key)} // {self.sub(default, COMPARE)}", CHOICE

    def call_lookup(self, mapping: n.Expr, key: n.Expr) -> str:
        return self.element(mapping, key)

    def call_slice(self, text: n.Expr, start: n.Expr, end: n.Expr) -> str:
        if end == n.Builtin(INT, "len", (text,)):
            return self.plain_call("substr", text, start)
        return self.plain_call("substr", text, start, difference(end, start))


PRINTER = PerlPrinter()
