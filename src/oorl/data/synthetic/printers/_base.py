"""What the printers share: precedence, blocks, names of fresh variables.

A printer turns one `Program` into source text. `render` gives an expression's text with its
precedence, `sub` adds parentheses where needed; `stmt_<Node>` print statements and
`call_<builtin>` the built-ins, so a language states only what is particular to it. Anything
a language cannot express raises `Unsupported`, and the problem then lacks that language.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.nodes import BOOL, CHAR, FLOAT, INT, STR
from oorl.records import Type

OR, AND, NOT, COMPARE, CONCAT, ADD, MUL, UNARY, ATOM = range(1, 10)
CHOICE = 0

_LEVELS = {"+": ADD, "-": ADD, "*": MUL, "/": MUL, "//": MUL, "%": MUL}
Rendered = str | tuple[str, int]
"""An expression: its text, with its precedence unless it is an atom."""

_FRESH = ("i", "j", "k", "t", "u", "w")


class Unsupported(Exception):
    """This language has no idiom for a construct or type of the program."""


def plus(node: n.Expr, amount: int) -> n.Expr:
    """`node + amount`, folded where a constant is in sight."""
    match node:
        case n.Const(value=value):
            return n.Const(INT, value + amount)
        case n.Binary(op="+" | "-" as op, left=left, right=n.Const(value=value)):
            amount += value if op == "+" else -value
            node = left
    if amount == 0:
        return node
    return n.Binary(INT, "+" if amount > 0 else "-", node, n.Const(INT, abs(amount)))


class Printer:
    """The defaults are those of the C family; `tab` is one indentation."""

    language = ""
    tab = "    "
    operators: ClassVar[dict[str, str]] = {"and": "&&", "or": "||", "not": "!"}
    not_level = UNARY
    end = ";"
    true, false = "true", "false"

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0
        self.function: n.Function
        self.types: dict[str, Type] = {}
        self.reassigned: set[str] = set()
        self.loop_names: list[str] = []

    # Programs and functions

    def program(self, program: n.Program) -> str:
        """Print the whole program. Raises `Unsupported`."""
        self.lines, self.depth = [], 0
        for function in program.functions:
            if self.lines:
                self.lines.append("")
            self.begin(function)
            self.print_function(function)
        return "\n".join(self.lines)

    def begin(self, function: n.Function) -> None:
        self.function = function
        self.types = function.variables()
        self.reassigned = function.reassigned()
        self.loop_names = []

    def print_function(self, function: n.Function) -> None:
        self.line(f"{self.header(function)} {{")
        self.block(function.body)
        self.line("}")

    def header(self, function: n.Function) -> str:
        raise NotImplementedError

    def line(self, text: str) -> None:
        self.lines.append(self.tab * self.depth + text if text else "")

    def block(self, body: Iterable[n.Stmt]) -> None:
        self.depth += 1
        for stmt in body:
            self.stmt(stmt)
        self.depth -= 1

    def fresh(self) -> str:
        """A loop variable no visible name collides with; give it back with `release`."""
        taken = set(self.types) | set(self.loop_names)
        for name in _FRESH:
            if name not in taken:
                self.loop_names.append(name)
                return name
        raise Unsupported("no loop name left")

    def release(self) -> None:
        self.loop_names.pop()

    def is_parameter(self, name: str) -> bool:
        return any(p.name == name for p in self.function.parameters)

    # Statements (C family)

    def stmt(self, node: n.Stmt) -> None:
        getattr(self, f"stmt_{type(node).__name__}")(node)

    def var(self, name: str) -> str:
        return name

    def stmt_Declare(self, node: n.Declare) -> None:
        self.line(f"{self.var(node.name)} = {self.expr(node.value)}{self.end}")

    def stmt_Assign(self, node: n.Assign) -> None:
        self.line(f"{self.var(node.name)} = {self.expr(node.value)}{self.end}")

    def stmt_Augment(self, node: n.Augment) -> None:
        name, value = self.var(node.target.name), node.value
        if node.target.type == INT and isinstance(value, n.Const) and value.value == 1:
            self.line(f"{name}{node.op * 2}{self.end}")
        else:
            self.line(f"{name} {node.op.replace('//', '/')}= {self.expr(value)}{self.end}")

    def expand(self, node: n.Augment) -> None:
        """Print `x op= e` as `x = x op e`, for operators without a short form."""
        make = n.Concat(STR, node.target, node.value) if node.target.type == STR else n.Binary(
            node.target.type, node.op, node.target, node.value)
        self.stmt(n.Assign(node.target.name, make))

    def stmt_SetItem(self, node: n.SetItem) -> None:
        target = self.index_text(node.target, node.key)
        self.line(f"{target} = {self.expr(node.value)}{self.end}")

    def stmt_If(self, node: n.If) -> None:
        self.line(f"if ({self.expr(node.test)}) {{")
        self.block(node.body)
        while len(node.orelse) == 1 and isinstance(node.orelse[0], n.If):
            node = node.orelse[0]
            self.line(f"}} {self.else_if} ({self.expr(node.test)}) {{")
            self.block(node.body)
        if node.orelse:
            self.line("} else {")
            self.block(node.orelse)
        self.line("}")

    else_if = "else if"

    def stmt_While(self, node: n.While) -> None:
        self.line(f"while ({self.expr(node.test)}) {{")
        self.block(node.body)
        self.line("}")

    def range_head(self, node: n.ForRange, declare: str) -> str:
        """The three parts of a C-style loop over a range."""
        name = self.var(node.name)
        sign, less = ("+", "<") if node.step > 0 else ("-", ">")
        stop = node.stop
        if node.step == -1:
            less, stop = ">=", plus(stop, 1)
        elif node.step == 1 and (shorter := plus(stop, -1)) and isinstance(stop, n.Binary) \
                and stop.op == "+" and not isinstance(shorter, n.Binary):
            less, stop = "<=", shorter
        step = f"{name}{sign * 2}" if abs(node.step) == 1 else f"{name} {sign}= {abs(node.step)}"
        start = self.expr(node.start)
        bound = self.bound(stop)
        return f"{declare}{name} = {start}; {name} {less} {bound}; {step}"

    def bound(self, stop: n.Expr) -> str:
        return self.sub(stop, ADD)

    def stmt_Return(self, node: n.Return) -> None:
        self.line(f"return {self.expr(node.value)}{self.end}")

    def stmt_Break(self, node: n.Break) -> None:
        self.line(f"break{self.end}")

    # Expressions

    def expr(self, node: n.Expr) -> str:
        return self.render(node)[0]

    def sub(self, node: n.Expr, level: int) -> str:
        text, own = self.render(node)
        return f"({text})" if own < level else text

    def render(self, node: n.Expr) -> tuple[str, int]:
        """Text and precedence of an expression."""
        match node:
            case n.Const():
                negative = node.type in (INT, FLOAT) and node.value < 0
                return self.const(node), UNARY if negative else ATOM
            case n.Var(name=name):
                return self.var(name), ATOM
            case n.Empty(type=kind):
                return self.empty(kind), ATOM
            case n.Unary(op="-", operand=operand):
                return f"-{self.sub(operand, UNARY + 1)}", UNARY
            case n.Unary(operand=operand):
                space = " " if self.operators["not"].isalpha() else ""
                level = self.not_level
                return f"{self.operators['not']}{space}{self.sub(operand, level)}", level
            case n.Binary():
                return self.binary(node)
            case n.Compare():
                return self.compare(node)
            case n.Logic(op=op, left=left, right=right):
                level = AND if op == "and" else OR
                word = self.operators[op]
                # Parentheses around "and" inside "or" are for readers (and silence compilers).
                inner = [self.sub(x, COMPARE if isinstance(x, n.Logic) and x.op != op else level)
                         for x in (left, right)]
                return f"{inner[0]} {word} {inner[1]}", level
            case n.Choice(test=test, then=then, orelse=orelse):
                return self.choice(self.sub(test, OR), self.sub(then, OR), self.sub(orelse, OR))
            case n.Concat():
                return self.concat(node)
            case n.Index(base=base, index=index):
                return self.index_text(base, index), ATOM
            case n.Builtin(name=name, args=args):
                method = getattr(self, f"call_{name}", None)
                if method is None:
                    raise Unsupported(f"{self.language} has no idiom for {name}")
                result: Rendered = method(*args)
                return result if isinstance(result, tuple) else (result, ATOM)
            case n.Invoke(name=name, args=args):
                return f"{name}({', '.join(map(self.expr, args))})", ATOM
        raise Unsupported(type(node).__name__)

    def const(self, node: n.Const) -> str:
        if node.type == BOOL:
            return self.true if node.value else self.false
        if node.type == CHAR:
            return self.char(node.value)
        if node.type == STR:
            return self.string(node.value)
        return repr(node.value)

    def string(self, value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def char(self, value: str) -> str:
        return self.string(value)

    def empty(self, kind: Type) -> str:
        raise Unsupported(f"{self.language} cannot make an empty {kind}")

    def binary(self, node: n.Binary) -> tuple[str, int]:
        level = _LEVELS[node.op]
        associative = node.op == "+" or (node.op == "*" and not _mixed(node.right))
        right = level if associative else level + 1
        text = f"{self.sub(node.left, level)} {node.op} {self.sub(node.right, right)}"
        return text, level

    def compare(self, node: n.Compare) -> tuple[str, int]:
        left, right = self.sub(node.left, CONCAT), self.sub(node.right, CONCAT)
        return f"{left} {self.comparison(node)} {right}", COMPARE

    def comparison(self, node: n.Compare) -> str:
        return node.op

    def choice(self, test: str, then: str, orelse: str) -> tuple[str, int]:
        return f"{test} ? {then} : {orelse}", CHOICE

    def concat(self, node: n.Concat) -> tuple[str, int]:
        return f"{self.sub(node.left, ADD)} + {self.sub(node.right, ATOM)}", ADD

    def index_text(self, base: n.Expr, index: n.Expr) -> str:
        return f"{self.sub(base, ATOM)}[{self.expr(index)}]"

    # Built-ins that are plain calls in most languages

    def plain_call(self, name: str, *args: n.Expr) -> str:
        return f"{name}({', '.join(map(self.expr, args))})"

    def call_text(self, a: n.Expr) -> Rendered:
        """A one-character string from a character: the same thing in dynamic languages."""
        return self.render(a)


def _mixed(node: n.Expr) -> bool:
    """`a * (b / c)` and `a * (b // c)` must keep their parentheses."""
    return isinstance(node, n.Binary) and node.op in ("//", "/", "%")


def is_empty_test(node: n.Compare) -> n.Expr | None:
    """The list or string of `len(x) == 0`, for languages with a shorter idiom."""
    match node:
        case n.Compare(op="==", left=n.Builtin(name="len", args=(subject,)),
                       right=n.Const(value=0)):
            return subject
    return None


