"""Java 17 static methods: int = long, list[int] = List<Long>, map[str,int] = Map<String, Long>.

Variables used as an index are `int`, as anybody would write them, when every value they are
given is one; all others are `long`.
"""

from __future__ import annotations

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.nodes import BOOL, CHAR, FLOAT, INT, STR
from oorl.data.synthetic.printers._base import (
    ADD,
    ATOM,
    COMPARE,
    CONCAT,
    MUL,
    UNARY,
    Printer,
    is_empty_test,
)
from oorl.records import Type

_SCALARS = {INT: "long", FLOAT: "double", BOOL: "boolean", STR: "String", CHAR: "char"}
_BOXES = {INT: "Long", FLOAT: "Double", BOOL: "Boolean", STR: "String", CHAR: "Character"}


class JavaPrinter(Printer):
    language = "java"

    def begin(self, function: n.Function) -> None:
        super().begin(function)
        self.ints = _index_variables(function)

    def type_name(self, kind: Type) -> str:
        if kind in _SCALARS:
            return _SCALARS[kind]
        name = {"list": "List", "map": "Map"}[kind.kind]
        return f"{name}<{', '.join(_BOXES.get(a) or self.type_name(a) for a in kind.args)}>"

    def local(self, name: str) -> str:
        return "int" if name in self.ints else self.type_name(self.types[name])

    def header(self, function: n.Function) -> str:
        parameters = ", ".join(f"{self.type_name(p.type)} {p.name}" for p in function.parameters)
        return f"static {self.type_name(function.returns)} {function.name}({parameters})"

    def stmt_Declare(self, node: n.Declare) -> None:
        kind = "int" if node.name in self.ints else self.type_name(node.value.type)
        self.line(f"{kind} {node.name} = {self.expr(node.value)};")

    def stmt_SetItem(self, node: n.SetItem) -> None:
        name, value = node.target.name, self.boxed(node.value, node.target.type.args[-1])
        if node.target.type.kind == "map":
            self.line(f"{name}.put({self.boxed(node.key, node.target.type.args[0])}, {value});")
        else:
            self.line(f"{name}.set({self.index(node.key)}, {value});")

    def stmt_Append(self, node: n.Append) -> None:
        value = self.boxed(node.value, node.target.type.args[0])
        self.line(f"{node.target.name}.add({value});")

    def stmt_ForRange(self, node: n.ForRange) -> None:
        self.line(f"for ({self.range_head(node, self.local(node.name) + ' ')}) {{")
        self.block(node.body)
        self.line("}")

    def stmt_ForEach(self, node: n.ForEach) -> None:
        text = self.expr(node.iterable)
        if node.iterable.type == STR:
            text = f"{self.sub(node.iterable, ATOM)}.toCharArray()"
        self.line(f"for ({self.type_name(node.element)} {node.name} : {text}) {{")
        self.block(node.body)
        self.line("}")

    def stmt_ForItems(self, node: n.ForItems) -> None:
        key, value = (_BOXES[a] for a in node.mapping.type.args)
        self.line(f"for (Map.Entry<{key}, {value}> entry : {node.mapping.name}.entrySet()) {{")
        self.depth += 1
        for name, getter, index in ((node.key, "getKey", 0), (node.value, "getValue", 1)):
            if any(isinstance(x, n.Var) and x.name == name for s in node.body for x in s.walk()):
                kind = self.type_name(node.mapping.type.args[index])
                self.line(f"{kind} {name} = entry.{getter}();")
        self.depth -= 1
        self.block(node.body)
        self.line("}")

    def is_int(self, node: n.Expr) -> bool:
        """Whether Java gives this expression the type int."""
        return _is_int(node, self.ints)

    def boxed(self, node: n.Expr, kind: Type) -> str:
        """A value as the element of a collection: int does not become Long by itself."""
        if kind == INT and isinstance(node, n.Const):
            return f"{node.value}L"
        if kind == INT and self.is_int(node):
            return f"(long) {self.sub(node, UNARY)}"
        if kind == FLOAT and node.type == INT:
            return f"(double) {self.sub(node, UNARY)}"
        return self.expr(node)

    def index(self, node: n.Expr) -> str:
        if self.is_int(node):
            return self.expr(node)
        if _is_boxed(node):
            return f"{self.expr(node)}.intValue()"
        return f"(int) {self.sub(node, UNARY)}"

    def index_text(self, base: n.Expr, index: n.Expr) -> str:
        method = "charAt" if base.type == STR else "get"
        return f"{self.sub(base, ATOM)}.{method}({self.index(index)})"

    def char(self, value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def empty(self, kind: Type) -> str:
        return "new ArrayList<>()" if kind.kind == "list" else "new HashMap<>()"

    def binary(self, node: n.Binary) -> tuple[str, int]:
        if node.op == "/" and FLOAT not in (node.left.type, node.right.type):
            left, right = self.sub(node.left, UNARY), self.sub(node.right, MUL + 1)
            return f"(double) {left} / {right}", MUL
        text, level = super().binary(node)
        return (text.replace(" // ", " / "), level) if "//" in text else (text, level)

    def compare(self, node: n.Compare) -> tuple[str, int]:
        subject = is_empty_test(node)
        if subject:
            return f"{self.sub(subject, ATOM)}.isEmpty()", ATOM
        by_equals = node.left.type == STR or (_is_boxed(node.left) and _is_boxed(node.right))
        if by_equals and node.op in ("==", "!="):
            left, right = self.sub(node.left, ATOM), self.expr(node.right)
            return f"{'!' * (node.op == '!=')}{left}.equals({right})", UNARY
        if node.left.type == STR:
            left, right = self.sub(node.left, ATOM), self.expr(node.right)
            return f"{left}.compareTo({right}) {node.op} 0", COMPARE
        return f"{self.sub(node.left, CONCAT)} {node.op} {self.sub(node.right, CONCAT)}", COMPARE

    def call_min(self, a: n.Expr, b: n.Expr) -> str:
        return self.plain_call("Math.min", a, b)

    def call_max(self, a: n.Expr, b: n.Expr) -> str:
        return self.plain_call("Math.max", a, b)

    def call_abs(self, a: n.Expr) -> str:
        return self.plain_call("Math.abs", a)

    def call_len(self, a: n.Expr) -> str:
        return f"{self.sub(a, ATOM)}.{'length' if a.type == STR else 'size'}()"

    def call_str(self, a: n.Expr) -> str:
        return self.plain_call("String.valueOf", a)

    call_text = call_str

    def call_int(self, a: n.Expr) -> tuple[str, int]:
        return f"{self.sub(a, ADD)} - '0'", ADD

    def call_ord(self, a: n.Expr) -> tuple[str, int]:
        return f"(long) {self.sub(a, UNARY)}", UNARY

    def call_chr(self, a: n.Expr) -> tuple[str, int]:
        return f"(char) ({self.expr(a)})", UNARY

    def call_upper(self, a: n.Expr) -> str:
        return self.plain_call("Character.toUpperCase", a)

    def call_lower(self, a: n.Expr) -> str:
        return self.plain_call("Character.toLowerCase", a)

    def call_isdigit(self, a: n.Expr) -> str:
        return self.plain_call("Character.isDigit", a)

    def call_isalpha(self, a: n.Expr) -> str:
        return self.plain_call("Character.isLetter", a)

    def call_isupper(self, a: n.Expr) -> str:
        return self.plain_call("Character.isUpperCase", a)

    def call_islower(self, a: n.Expr) -> str:
        return self.plain_call("Character.isLowerCase", a)

    def call_contains(self, text: n.Expr, part: n.Expr) -> tuple[str, int]:
        return f"{self.sub(text, ATOM)}.indexOf({self.expr(part)}) >= 0", COMPARE

    def call_has(self, mapping: n.Expr, key: n.Expr) -> str:
        return f"{self.expr(mapping)}.containsKey({self.boxed(key, mapping.type.args[0])})"

    def call_includes(self, items: n.Expr, value: n.Expr) -> str:
        return f"{self.expr(items)}.contains({self.boxed(value, items.type.args[0])})"

    def call_get(self, mapping: n.Expr, key: n.Expr, default: n.Expr) -> str:
        which, other = (self.boxed(x, k) for x, k in zip((key, default), mapping.type.args,
                                                         strict=True))
        return f"{self.expr(mapping)}.getOrDefault({which}, {other})"

    def call_lookup(self, mapping: n.Expr, key: n.Expr) -> str:
        return f"{self.expr(mapping)}.get({self.boxed(key, mapping.type.args[0])})"

    def call_slice(self, text: n.Expr, start: n.Expr, end: n.Expr) -> str:
        whole, first = self.sub(text, ATOM), self.index(start)
        if end == n.Builtin(INT, "len", (text,)):
            return f"{whole}.substring({first})"
        return f"{whole}.substring({first}, {self.index(end)})"


def _is_boxed(node: n.Expr) -> bool:
    """Elements of collections are objects, which == compares by identity."""
    return (isinstance(node, n.Index) and node.base.type.kind == "list") or (
        isinstance(node, n.Builtin) and node.name in ("get", "lookup"))


def _is_int(node: n.Expr, ints: set[str]) -> bool:
    match node:
        case n.Const(type=kind):
            return kind == INT
        case n.Var(name=name):
            return name in ints
        case n.Builtin(name="len" | "int"):
            return True
        case n.Builtin(name="min" | "max" | "abs", args=args):
            return all(_is_int(a, ints) for a in args)
        case n.Unary(op="-", operand=operand):
            return _is_int(operand, ints)
        case n.Binary(op="+" | "-" | "*" | "//" | "%", left=left, right=right):
            return _is_int(left, ints) and _is_int(right, ints)
        case n.Choice(then=then, orelse=orelse):
            return _is_int(then, ints) and _is_int(orelse, ints)
    return False


def _index_variables(function: n.Function) -> set[str]:
    """Locals that index something and only ever get int values."""
    ints: set[str] = set()
    values: dict[str, list[n.Expr]] = {}
    for node in function.walk():
        match node:
            case n.Index(index=index):
                ints |= {x.name for x in index.walk() if isinstance(x, n.Var) and x.type == INT}
            case n.Builtin(name="slice", args=(_, *bounds)):
                ints |= {x.name for b in bounds for x in b.walk() if isinstance(x, n.Var)
                         and x.type == INT}
            case n.Declare(name=name, value=value) | n.Assign(name=name, value=value):
                values.setdefault(name, []).append(value)
            case n.Augment(target=n.Var(name=name), value=value):
                values.setdefault(name, []).append(value)
            case n.ForRange(name=name, start=start):
                values.setdefault(name, []).append(start)
    ints &= set(values)
    while wrong := {x for x in ints if not all(_is_int(v, ints) for v in values[x])}:
        ints -= wrong
    return ints - {p.name for p in function.parameters}


PRINTER = JavaPrinter()
