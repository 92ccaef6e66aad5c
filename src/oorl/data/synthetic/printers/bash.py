"""Bash 5: lists of ints are one space-separated argument, results are echoed.

No floats, no maps and no lists of strings: such functions have no Bash text. Booleans are the
words true and false.
"""

from __future__ import annotations

from collections.abc import Iterable

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.nodes import BOOL, CHAR, INT, STR
from oorl.data.synthetic.printers._base import ATOM, CHOICE, CONCAT, OR, Printer, Unsupported
from oorl.data.synthetic.printers.cpp import difference
from oorl.records import Type

_TYPES = (INT, BOOL, STR, CHAR, Type("list", (INT,)))
_CLASSES = {"isdigit": "[0-9]", "isalpha": "[[:alpha:]]", "isupper": "[[:upper:]]",
            "islower": "[[:lower:]]"}


class BashPrinter(Printer):
    language = "bash"
    end = ""

    def begin(self, function: n.Function) -> None:
        super().begin(function)
        for kind in (*self.types.values(), function.returns):
            if kind not in _TYPES:
                raise Unsupported(f"bash has no {kind}")

    def header(self, function: n.Function) -> str:
        return f"{function.name}()"

    def print_function(self, function: n.Function) -> None:
        self.line(f"{self.header(function)} {{")
        self.depth += 1
        words = []
        for position, p in enumerate(function.parameters, 1):
            words.append(f"{p.name}=(${position})" if p.type.kind == "list"
                         else f"{p.name}=${position}")
        self.line(f"local {' '.join(words)}")
        self.body(function.body, tail=True)
        self.depth -= 1
        self.line("}")

    def body(self, body: Iterable[n.Stmt], tail: bool = False) -> None:
        """Statements at this depth; at the tail of a function an echo needs no return."""
        stmts = list(body)
        for position, stmt in enumerate(stmts):
            last = tail and position == len(stmts) - 1
            if isinstance(stmt, n.Return):
                self.line(self.echo(stmt.value))
                if not last:
                    self.line("return")
            elif isinstance(stmt, n.If):
                self.branch(stmt, last)
            else:
                self.stmt(stmt)

    def block(self, body: Iterable[n.Stmt]) -> None:
        self.depth += 1
        self.body(body)
        self.depth -= 1

    # Statements

    def echo(self, value: n.Expr) -> str:
        if value.type.kind == "list":
            return f'echo "${{{self.name_of(value)}[@]}}"'
        if value.type == BOOL and not isinstance(value, n.Const | n.Var | n.Invoke):
            return f"{self.condition(value)} && echo true || echo false"
        return f"echo {self.word(value, quote=not isinstance(value, n.Const))}"

    def branch(self, node: n.If, tail: bool) -> None:
        word = "if"
        while True:
            self.line(f"{word} {self.condition(node.test)}; then")
            self.depth += 1
            self.body(node.body, tail)
            self.depth -= 1
            if len(node.orelse) != 1 or not isinstance(node.orelse[0], n.If):
                break
            node, word = node.orelse[0], "elif"
        if node.orelse:
            self.line("else")
            self.depth += 1
            self.body(node.orelse, tail)
            self.depth -= 1
        self.line("fi")

    def stmt_Declare(self, node: n.Declare) -> None:
        if isinstance(node.value, n.Empty):
            self.line(f"local {node.name}=()")
        elif node.value.type == BOOL and not isinstance(node.value, n.Const | n.Var | n.Invoke):
            self.line(f"local {node.name}=false")
            self.line(f"{self.condition(node.value)} && {node.name}=true")
        else:
            self.line(f"local {node.name}={self.word(node.value)}")

    def stmt_Assign(self, node: n.Assign) -> None:
        if isinstance(node.value, n.Empty):
            self.line(f"{node.name}=()")
        elif node.value.type == BOOL and not isinstance(node.value, n.Const | n.Var | n.Invoke):
            test = self.condition(node.value)
            self.line(f"{test} && {node.name}=true || {node.name}=false")
        else:
            self.line(f"{node.name}={self.word(node.value)}")

    def stmt_Augment(self, node: n.Augment) -> None:
        name = node.target.name
        if node.target.type == STR:
            self.line(f"{name}+={self.word(node.value)}")
        elif node.value == n.Const(INT, 1) and node.op in "+-":
            self.line(f"(( {name}{node.op * 2} ))")
        else:
            self.line(f"(( {name} {node.op.replace('//', '/')}= {self.expr(node.value)} ))")

    def stmt_SetItem(self, node: n.SetItem) -> None:
        target = f"{node.target.name}[{self.expr(node.key)}]"
        self.line(f"(( {target} = {self.expr(node.value)} ))")

    def stmt_Append(self, node: n.Append) -> None:
        self.line(f"{node.target.name}+=({self.word(node.value)})")

    def stmt_While(self, node: n.While) -> None:
        self.line(f"while {self.condition(node.test)}; do")
        self.block(node.body)
        self.line("done")

    def stmt_ForRange(self, node: n.ForRange) -> None:
        self.line(f"for (( {self.range_head(node, '')} )); do")
        self.block(node.body)
        self.line("done")

    def stmt_ForEach(self, node: n.ForEach) -> None:
        name = self.name_of(node.iterable)
        if node.iterable.type == STR:
            i = self.fresh()
            self.line(f"for (( {i} = 0; {i} < ${{#{name}}}; {i}++ )); do")
            self.line(f'{self.tab}{node.name}="${{{name}:{i}:1}}"')
            self.block(node.body)
            self.release()
        else:
            self.line(f'for {node.name} in "${{{name}[@]}}"; do')
            self.block(node.body)
        self.line("done")

    # Words: what stands after an = or as an argument

    def word(self, node: n.Expr, quote: bool = True) -> str:
        """`node` as one shell word."""
        if node.type == INT and not isinstance(node, n.Invoke):
            if isinstance(node, n.Const):
                return self.expr(node)
            if isinstance(node, n.Var):
                return f'"${node.name}"' if quote else f"${node.name}"
            return f"$(( {self.expr(node)} ))"
        if node.type == BOOL and not isinstance(node, n.Const | n.Var | n.Invoke):
            raise Unsupported("bash passes no computed booleans")
        parts = [self.part(x) for x in _flatten(node)]
        for position in range(len(parts) - 1):
            follows = parts[position + 1][:1]
            if parts[position][:1] == "$" and parts[position][1:].isidentifier() and (
                    follows.isalnum() or follows in ("_", "[")):
                parts[position] = f"${{{parts[position][1:]}}}"
        text = "".join(parts)
        if isinstance(node, n.Const) and text.isalnum():
            return text
        return f'"{text}"'

    def part(self, node: n.Expr) -> str:
        """`node` as it stands inside double quotes."""
        match node:
            case n.Const(type=kind, value=value) if kind in (STR, CHAR):
                return "".join("\\" + c if c in '"$`\\' else c for c in value)
            case n.Const(value=value):
                return str(value).lower()
            case n.Var(name=name):
                return f"${name}"
            case n.Invoke():
                return self.expr(node)
            case n.Index(base=base, index=index) if base.type == STR:
                return f"${{{self.name_of(base)}:{self.expr(index)}:1}}"
            case n.Builtin(name="slice", args=(base, start, end)):
                name, first = self.name_of(base), self.expr(start)
                if end == n.Builtin(INT, "len", (base,)):
                    return f"${{{name}:{first}}}"
                return f"${{{name}:{first}:{self.expr(difference(end, start))}}}"
            case n.Builtin(name="upper" | "lower" as name, args=(n.Var(name=subject),)):
                return f"${{{subject}{'^^' if name == 'upper' else ',,'}}}"
            case n.Builtin(name="text" | "str", args=(inner,)):
                return self.part(inner)
        if node.type == INT:
            return f"$(( {self.expr(node)} ))"
        raise Unsupported(f"bash has no word for {type(node).__name__}")

    def name_of(self, node: n.Expr) -> str:
        if isinstance(node, n.Var):
            return node.name
        raise Unsupported("bash slices only variables")

    # Conditions

    def condition(self, node: n.Expr) -> str:
        if _is_arithmetic(node):
            return f"(( {self.expr(node)} ))"
        inside = self.test(node)
        if inside is not None:
            return f"[[ {inside} ]]"
        match node:
            case n.Logic(op=op, left=left, right=right):
                return f"{self.group(left, op)} {self.operators[op]} {self.group(right, op)}"
            case n.Unary(operand=operand):
                return f"! {self.group(operand, 'not')}"
        raise Unsupported(f"bash has no test for {type(node).__name__}")

    def group(self, node: n.Expr, op: str) -> str:
        """&& and || bind equally in the shell, so a mix needs braces."""
        text = self.condition(node)
        loose = isinstance(node, n.Logic) and node.op != op and not text.startswith(("((", "[["))
        mixed = isinstance(node, n.Logic) and node.op != op and ("]] " in text or ")) " in text)
        return f"{{ {text}; }}" if loose or mixed else text

    def test(self, node: n.Expr, negate: bool = False) -> str | None:
        """What stands inside [[ ]], or None if it needs more than one command."""
        equal = "!=" if negate else "=="
        match node:
            case n.Unary(op="not", operand=operand):
                return self.test(operand, not negate)
            case n.Compare(op="==" | "!=" as op, left=left, right=right) if (
                    left.type in (STR, CHAR)):
                equal = {"==": "!=", "!=": "=="}[op] if negate else op
                if right == n.Const(STR, ""):
                    return f"-{'z' if equal == '==' else 'n'} {self.part(left)}"
                return f"{self.part(left)} {equal} {self.pattern(right)}"
            case n.Builtin(name="contains", args=(whole, part)):
                return f"{self.pattern(whole)} {equal} *{self.pattern(part)}*"
            case n.Builtin(name="includes", args=(items, value)):
                name = self.name_of(items)
                return f'" ${{{name}[*]}} " {equal} *" {self.part(value)} "*'
            case n.Builtin(name=name, args=(char,)) if name in _CLASSES:
                return f"{self.part(char)} {equal} {_CLASSES[name]}"
            case n.Var() | n.Invoke() if node.type == BOOL:
                return f"{self.part(node)} {equal} true"
            case n.Logic(op=op, left=left, right=right) if not negate:
                a, b = self.test(left), self.test(right)
                if a is None or b is None:
                    return None
                a, b = (f"( {t} )" if isinstance(x, n.Logic) and x.op != op else t
                        for t, x in ((a, left), (b, right)))
                return f"{a} {self.operators[op]} {b}"
        return None

    def pattern(self, node: n.Expr) -> str:
        text = self.part(node)
        return text if isinstance(node, n.Const) and text.isalnum() else f'"{text}"'

    # Arithmetic: the base's expressions, with lengths and elements spelled for (( ))

    def render(self, node: n.Expr) -> tuple[str, int]:
        match node:
            case n.Invoke(name=name, args=args):
                return f"$({' '.join((name, *map(self.argument, args)))})", ATOM
            case n.Compare() | n.Logic() | n.Choice() if not _is_arithmetic(node):
                raise Unsupported("bash arithmetic has only integers")
            case n.Const(type=kind) | n.Var(type=kind) if kind not in (INT, CHAR):
                raise Unsupported(f"bash arithmetic has no {kind}")
            case n.Binary(op="//"):
                text, level = super().render(node)
                return text.replace(" // ", " / "), level
        return super().render(node)

    def argument(self, node: n.Expr) -> str:
        if node.type.kind == "list":
            return f'"${{{self.name_of(node)}[*]}}"'
        return self.word(node)

    def index_text(self, base: n.Expr, index: n.Expr) -> str:
        if base.type == STR:
            return f"${{{self.name_of(base)}:{self.expr(index)}:1}}"
        return f"{self.name_of(base)}[{self.expr(index)}]"

    def call_len(self, a: n.Expr) -> str:
        return f"${{#{self.name_of(a)}{'[@]' if a.type.kind == 'list' else ''}}}"

    def call_int(self, a: n.Expr) -> str:
        return self.expr(a)

    def call_ord(self, a: n.Expr) -> str:
        return f"$(printf '%d' \"'{self.part(a)}\")"

    def call_min(self, a: n.Expr, b: n.Expr) -> tuple[str, int]:
        return self.pick("<", a, b)

    def call_max(self, a: n.Expr, b: n.Expr) -> tuple[str, int]:
        return self.pick(">", a, b)

    def pick(self, op: str, a: n.Expr, b: n.Expr) -> tuple[str, int]:
        left, right = self.sub(a, CONCAT), self.sub(b, CONCAT)
        return f"{left} {op} {right} ? {self.sub(a, OR)} : {self.sub(b, OR)}", CHOICE

    def call_abs(self, a: n.Expr) -> tuple[str, int]:
        text, minus = self.sub(a, CONCAT), self.expr(n.Unary(INT, "-", a))
        return f"{text} < 0 ? {minus} : {self.sub(a, OR)}", CHOICE


def _flatten(node: n.Expr) -> list[n.Expr]:
    if isinstance(node, n.Concat):
        return [*_flatten(node.left), *_flatten(node.right)]
    return [node]


def _is_arithmetic(node: n.Expr) -> bool:
    """Whether an expression is integers all the way, so that (( )) can evaluate it."""
    match node:
        case n.Compare(left=left, right=right):
            return left.type == right.type == INT
        case n.Logic(left=left, right=right):
            return _is_arithmetic(left) and _is_arithmetic(right)
        case n.Unary(op="not", operand=operand):
            return _is_arithmetic(operand)
        case n.Choice(test=test):
            return _is_arithmetic(test)
    return node.type == INT


PRINTER = BashPrinter()
