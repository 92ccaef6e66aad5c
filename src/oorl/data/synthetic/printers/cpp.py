"""C++17 with `using namespace std`: int = long long, str = string, list = vector, map = map.

Parameters are taken by value, as the declaration shown in prompts has them.
"""

from __future__ import annotations

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.nodes import BOOL, CHAR, FLOAT, INT, STR
from oorl.data.synthetic.printers._base import (
    ADD,
    ATOM,
    COMPARE,
    MUL,
    UNARY,
    Printer,
    is_empty_test,
)
from oorl.records import Type

_SCALARS = {INT: "long long", FLOAT: "double", BOOL: "bool", STR: "string", CHAR: "char"}


class CppPrinter(Printer):
    language = "cpp"

    def type_name(self, kind: Type) -> str:
        if kind in _SCALARS:
            return _SCALARS[kind]
        name = {"list": "vector", "map": "map"}[kind.kind]
        return f"{name}<{', '.join(map(self.type_name, kind.args))}>"

    def header(self, function: n.Function) -> str:
        parameters = ", ".join(f"{self.type_name(p.type)} {p.name}" for p in function.parameters)
        return f"{self.type_name(function.returns)} {function.name}({parameters})"

    def stmt_Declare(self, node: n.Declare) -> None:
        kind = self.type_name(node.value.type)
        if isinstance(node.value, n.Empty) or node.value == n.Const(STR, ""):
            self.line(f"{kind} {node.name};")
        else:
            self.line(f"{kind} {node.name} = {self.expr(node.value)};")

    def stmt_Assign(self, node: n.Assign) -> None:
        if isinstance(node.value, n.Empty):
            self.line(f"{node.name}.clear();")
        else:
            super().stmt_Assign(node)

    def stmt_SetItem(self, node: n.SetItem) -> None:
        match node.value:
            case n.Binary(op="+", left=n.Builtin(name="get", args=(mapping, key, default)),
                          right=step) if mapping == node.target and key == node.key \
                    and default == n.Const(INT, 0):
                target = self.index_text(node.target, node.key)
                one = step == n.Const(INT, 1)
                self.line(f"{target}++;" if one else f"{target} += {self.expr(step)};")
            case _:
                super().stmt_SetItem(node)

    def stmt_Append(self, node: n.Append) -> None:
        self.line(f"{node.target.name}.push_back({self.expr(node.value)});")

    def stmt_ForRange(self, node: n.ForRange) -> None:
        self.line(f"for ({self.range_head(node, 'long long ')}) {{")
        self.block(node.body)
        self.line("}")

    def bound(self, stop: n.Expr) -> str:
        # A loop from a non-negative start may compare with the unsigned size itself.
        match stop:
            case n.Builtin(name="len", args=(subject,)):
                return f"{self.sub(subject, ATOM)}.size()"
        return super().bound(stop)

    def stmt_ForEach(self, node: n.ForEach) -> None:
        kind = self.type_name(node.element)
        if node.element == STR:
            kind = f"const {kind}&"
        self.line(f"for ({kind} {node.name} : {self.expr(node.iterable)}) {{")
        self.block(node.body)
        self.line("}")

    def stmt_ForItems(self, node: n.ForItems) -> None:
        self.line(f"for (const auto& [{node.key}, {node.value}] : {node.mapping.name}) {{")
        self.block(node.body)
        self.line("}")

    def char(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def binary(self, node: n.Binary) -> tuple[str, int]:
        if node.op == "/" and FLOAT not in (node.left.type, node.right.type):
            left, right = self.sub(node.left, UNARY), self.sub(node.right, MUL + 1)
            return f"(double){left} / {right}", MUL
        text, level = super().binary(node)
        return (text.replace(" // ", " / "), level) if "//" in text else (text, level)

    def compare(self, node: n.Compare) -> tuple[str, int]:
        subject = is_empty_test(node)
        if subject:
            return f"{self.sub(subject, ATOM)}.empty()", ATOM
        return super().compare(node)

    def concat(self, node: n.Concat) -> tuple[str, int]:
        left = self.sub(node.left, ADD)
        # Neither a literal nor a char can be added to another one: that would be pointer sums.
        if _is_raw(node.left) and _is_raw(node.right):
            left = (self.call_text(node.left) if node.left.type == CHAR
                    else f"string({left})")
        return f"{left} + {self.sub(node.right, ATOM)}", ADD

    def arguments(self, *args: n.Expr) -> str:
        """std::min and std::max want both arguments of one type."""
        texts = []
        for a in args:
            text = self.expr(a)
            if isinstance(a, n.Const) and a.type == INT:
                text = f"{text}LL"
            elif _is_narrow(a):
                text = f"(long long)({text})"
            texts.append(text)
        return ", ".join(texts)

    def call_min(self, a: n.Expr, b: n.Expr) -> str:
        return f"min({self.arguments(a, b)})"

    def call_max(self, a: n.Expr, b: n.Expr) -> str:
        return f"max({self.arguments(a, b)})"

    def call_abs(self, a: n.Expr) -> str:
        return self.plain_call("abs", a)

    def call_len(self, a: n.Expr) -> tuple[str, int]:
        return f"(long long){self.sub(a, ATOM)}.size()", UNARY

    def call_str(self, a: n.Expr) -> str:
        return self.plain_call("to_string", a)

    def call_text(self, a: n.Expr) -> str:
        if isinstance(a, n.Const):
            return self.string(a.value)
        return f"string(1, {self.expr(a)})"

    def call_int(self, a: n.Expr) -> tuple[str, int]:
        return f"{self.sub(a, ADD)} - '0'", ADD

    def call_ord(self, a: n.Expr) -> tuple[str, int]:
        return f"(long long){self.sub(a, UNARY)}", UNARY

    def call_chr(self, a: n.Expr) -> tuple[str, int]:
        return f"(char)({self.expr(a)})", UNARY

    def call_upper(self, a: n.Expr) -> tuple[str, int]:
        return f"(char)toupper({self.expr(a)})", UNARY

    def call_lower(self, a: n.Expr) -> tuple[str, int]:
        return f"(char)tolower({self.expr(a)})", UNARY

    def call_isdigit(self, a: n.Expr) -> str:
        return self.plain_call("isdigit", a)

    def call_isalpha(self, a: n.Expr) -> str:
        return self.plain_call("isalpha", a)

    def call_isupper(self, a: n.Expr) -> str:
        return self.plain_call("isupper", a)

    def call_islower(self, a: n.Expr) -> str:
        return self.plain_call("islower", a)

    def call_contains(self, text: n.Expr, part: n.Expr) -> tuple[str, int]:
        whole = self.sub(text, ATOM)
        if isinstance(text, n.Const):
            whole = f"string({whole})"
        return f"{whole}.find({self.expr(part)}) != string::npos", COMPARE

    def call_has(self, mapping: n.Expr, key: n.Expr) -> tuple[str, int]:
        return f"{self.expr(mapping)}.count({self.expr(key)}) > 0", COMPARE

    def call_includes(self, items: n.Expr, value: n.Expr) -> tuple[str, int]:
        name = self.expr(items)
        return (f"find({name}.begin(), {name}.end(), {self.expr(value)}) != {name}.end()",
                COMPARE)

    def call_get(self, mapping: n.Expr, key: n.Expr, default: n.Expr) -> tuple[str, int]:
        name, which = self.expr(mapping), self.expr(key)
        other = self.arguments(default)
        return self.choice(f"{name}.count({which})", f"{name}.at({which})", other)

    def call_lookup(self, mapping: n.Expr, key: n.Expr) -> str:
        return f"{self.expr(mapping)}.at({self.expr(key)})"

    def call_slice(self, text: n.Expr, start: n.Expr, end: n.Expr) -> str:
        whole, first = self.sub(text, ATOM), self.expr(start)
        if end == n.Builtin(INT, "len", (text,)):
            return f"{whole}.substr({first})"
        return f"{whole}.substr({first}, {self.expr(difference(end, start))})"


def _is_raw(node: n.Expr) -> bool:
    """Whether C++ sees a char or a char array here, not a string."""
    return node.type == CHAR or isinstance(node, n.Const)


def _is_narrow(node: n.Expr) -> bool:
    """Whether C++ computes this integer as int, not as long long: digits and literals only."""
    match node:
        case n.Builtin(name="int") | n.Const(type=Type(kind="int")):
            return True
        case n.Binary(left=left, right=right):
            return _is_narrow(left) and _is_narrow(right)
    return False


def difference(end: n.Expr, start: n.Expr) -> n.Expr:
    """`end - start`, folded: the length that substr wants."""
    match end, start:
        case _, n.Const(value=0):
            return end
        case n.Const(value=a), n.Const(value=b):
            return n.Const(INT, a - b)
        case n.Binary(op="+", left=left, right=length), _ if left == start:
            return length
    return n.Binary(INT, "-", end, start)


PRINTER = CppPrinter()
