"""From a small typed subset of Python to the typed AST.

Families write their skeletons as Python text, which is far easier to read than nested
constructors; this front end infers the types, checks block scoping (what C and Java need)
and refuses anything whose meaning could differ between languages.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.nodes import BOOL, CHAR, FLOAT, INT, STR
from oorl.records import Parameter, Type

BUILTINS: dict[str, tuple[int, Type | None]] = {
    # name: (number of arguments, result type; None = that of the arguments)
    "min": (2, None), "max": (2, None), "abs": (1, None),
    "len": (1, INT), "str": (1, STR), "int": (1, INT), "ord": (1, INT), "chr": (1, CHAR),
}
"""Called as functions; `int` takes a digit character, `str` an int."""

METHODS: dict[str, Type] = {
    "upper": CHAR, "lower": CHAR,
    "isdigit": BOOL, "isalpha": BOOL, "isupper": BOOL, "islower": BOOL,
}
"""Called on one ASCII character."""

_ARITHMETIC: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%", ast.Div: "/"}
_COMPARE: dict[type[ast.AST], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


class Refused(Exception):
    """The text is outside the subset: a mistake in a family, never a user's."""


def parse_program(text: str) -> n.Program:
    """Parse one or more function definitions. Raises `Refused` outside the subset."""
    returns: dict[str, Type] = {}
    functions = []
    for item in ast.parse(text).body:
        if not isinstance(item, ast.FunctionDef) or item.returns is None:
            raise Refused(f"not a typed function: {ast.unparse(item)}")
        functions.append(_Reader(returns).function(item))
        returns[item.name] = functions[-1].returns
    return n.Program(tuple(functions))


class _Reader:
    """Reads one function; `scopes` holds the visible variables, innermost block last."""

    def __init__(self, helpers: dict[str, Type]) -> None:
        self.helpers = helpers
        self.scopes: list[dict[str, Type]] = [{}]
        self.returns = INT

    def function(self, item: ast.FunctionDef) -> n.Function:
        assert item.returns is not None
        parameters = tuple(Parameter(a.arg, _annotation(a.annotation)) for a in item.args.args)
        self.returns = _annotation(item.returns)
        self.scopes = [{p.name: p.type for p in parameters}]
        return n.Function(item.name, parameters, self.returns, self.block(item.body))

    def block(self, body: Sequence[ast.stmt], **bound: Type) -> tuple[n.Stmt, ...]:
        self.scopes.append(dict(bound))
        result = tuple(self.statement(item) for item in body)
        self.scopes.pop()
        return result

    def lookup(self, name: str) -> Type | None:
        return next((s[name] for s in reversed(self.scopes) if name in s), None)

    # Statements

    def statement(self, item: ast.stmt) -> n.Stmt:
        match item:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind, value=value) if value:
                return self.assign(name, self.expr(value, _annotation(kind)))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return self.assign(name, self.expr(value, self.lookup(name)))
            case ast.Assign(targets=[ast.Subscript(value=base, slice=key)], value=value):
                return self.set_item(base, key, value)
            case ast.AugAssign(target=ast.Name() as name_node, op=op, value=value):
                var = self.expr(name_node)
                assert isinstance(var, n.Var)
                return n.Augment(var, _ARITHMETIC[type(op)], self.expr(value, var.type))
            case ast.If(test=test, body=body, orelse=orelse):
                return n.If(self.condition(test), self.block(body), self.block(orelse))
            case ast.While(test=test, body=body):
                return n.While(self.condition(test), self.block(body))
            case ast.For():
                return self.loop(item)
            case ast.Return(value=value) if value:
                return n.Return(self.expr(value, self.returns))
            case ast.Break():
                return n.Break()
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=base, attr="append"), args=[a])):
                target = self.local(base)
                return n.Append(target, self.expr(a, target.type.args[0]))
        raise Refused(f"statement: {ast.unparse(item)}")

    def assign(self, name: str, value: n.Expr) -> n.Stmt:
        known = self.lookup(name)
        if known is None:
            self.scopes[-1][name] = value.type
            return n.Declare(name, value)
        if known != value.type and (known, value.type) != (FLOAT, INT):
            raise Refused(f"{name} is {known}, not {value.type}")
        return n.Assign(name, value)

    def set_item(self, base: ast.expr, key: ast.expr, value: ast.expr) -> n.Stmt:
        target = self.local(base)
        kind = target.type.args[0] if target.type.kind == "map" else INT
        return n.SetItem(target, self.expr(key, kind), self.expr(value, target.type.args[-1]))

    def local(self, base: ast.expr) -> n.Var:
        """A list or map made here: changing the caller's would be a side effect."""
        target = self.expr(base)
        if not isinstance(target, n.Var) or target.name in self.scopes[0]:
            raise Refused("only local lists and maps may change")
        return target

    def loop(self, item: ast.For) -> n.Stmt:
        match item:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"))):
                assert isinstance(item.iter, ast.Call)
                args = [self.expr(a) for a in item.iter.args]
                start = n.Const(INT, 0) if len(args) == 1 else args[0]
                stop = args[0] if len(args) == 1 else args[1]
                step = args[2] if len(args) == 3 else n.Const(INT, 1)
                if not isinstance(step, n.Const):
                    raise Refused("a range's step must be a constant")
                body = self.block(item.body, **{name: INT})
                self.check_unchanged(body, {name} | _names(stop))
                return n.ForRange(name, start, stop, step.value, body)
            case ast.For(target=ast.Tuple(elts=[ast.Name(id=key), ast.Name(id=value)]),
                         iter=ast.Call(func=ast.Attribute(value=base, attr="items"))):
                mapping = self.expr(base)
                assert isinstance(mapping, n.Var)
                kinds = mapping.type.args
                body = self.block(item.body, **{key: kinds[0], value: kinds[1]})
                self.check_unchanged(body, {key, value, mapping.name})
                return n.ForItems(key, value, mapping, body)
            case ast.For(target=ast.Name(id=name), iter=source):
                iterable = self.expr(source)
                element = CHAR if iterable.type == STR else iterable.type.args[0]
                body = self.block(item.body, **{name: element})
                self.check_unchanged(body, {name} | _names(iterable))
                return n.ForEach(name, element, iterable, body)
        raise Refused(f"loop: {ast.unparse(item)}")

    def check_unchanged(self, body: tuple[n.Stmt, ...], fixed: set[str]) -> None:
        """What a loop runs over is evaluated once in Python but every time in C: keep it fixed."""
        for node in (x for stmt in body for x in stmt.walk()):
            changed = ""
            if isinstance(node, n.Assign):
                changed = node.name
            elif isinstance(node, n.Augment | n.Append | n.SetItem):
                changed = node.target.name
            if changed in fixed:
                raise Refused(f"{changed} changes inside the loop over it")

    # Expressions

    def condition(self, item: ast.expr) -> n.Expr:
        result = self.expr(item)
        if result.type != BOOL:
            raise Refused(f"not a bool: {ast.unparse(item)}")
        return result

    def expr(self, item: ast.expr, wanted: Type | None = None) -> n.Expr:
        """Read an expression; `wanted` turns int constants into floats and chars into strings."""
        result = self.plain(item, wanted)
        if wanted == FLOAT and isinstance(result, n.Const) and result.type == INT:
            return n.Const(FLOAT, float(result.value))
        if wanted == STR and result.type == CHAR:
            return n.Builtin(STR, "text", (result,))
        if wanted == CHAR and isinstance(result, n.Const) and result.type == STR:
            return n.Const(CHAR, result.value)
        return result

    def plain(self, item: ast.expr, wanted: Type | None) -> n.Expr:
        match item:
            case ast.Constant(value=value):
                kind = {bool: BOOL, int: INT, float: FLOAT, str: STR}[type(value)]
                return n.Const(kind, value)
            case ast.Name(id=name):
                known = self.lookup(name)
                if known is None:
                    raise Refused(f"{name} is not visible here")
                return n.Var(known, name)
            case ast.List(elts=[]) | ast.Dict(keys=[]):
                if wanted is None or not wanted.args:
                    raise Refused("an empty list or map needs its type")
                return n.Empty(wanted)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return n.Const(INT if isinstance(number, int) else FLOAT, -number)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.expr(operand)
                return n.Unary(inner.type, "-", inner)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return n.Unary(BOOL, "not", self.condition(operand))
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) else "or"
                result = self.condition(values[0])
                for further in values[1:]:
                    result = n.Logic(BOOL, word, result, self.condition(further))
                return result
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.compare(left, op, right)
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(self.expr(left), _ARITHMETIC[type(op)], self.expr(right))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return n.Choice(INT, self.condition(test), self.expr(body), self.expr(orelse))
            case ast.Subscript(value=base, slice=ast.Slice(lower=lower, upper=upper)):
                start = self.expr(lower) if lower else n.Const(INT, 0)
                source = self.expr(base)
                if source.type != STR:
                    raise Refused("slices are for strings")
                end = self.expr(upper) if upper else n.Builtin(INT, "len", (source,))
                return n.Builtin(STR, "slice", (source, start, end))
            case ast.Subscript(value=base, slice=key):
                source = self.expr(base)
                if source.type.kind == "map":
                    return n.Builtin(source.type.args[1], "lookup",
                                     (source, self.expr(key, source.type.args[0])))
                element = CHAR if source.type == STR else source.type.args[0]
                return n.Index(element, source, self.expr(key))
            case ast.Call():
                return self.call(item)
        raise Refused(f"expression: {ast.unparse(item)}")

    def binary(self, left: n.Expr, op: str, right: n.Expr) -> n.Expr:
        if op == "+" and STR in (left.type, right.type):
            return n.Concat(STR, left, right)
        if not {left.type, right.type} <= {INT, FLOAT}:
            raise Refused(f"{left.type} {op} {right.type}")
        kind = FLOAT if op == "/" or FLOAT in (left.type, right.type) else INT
        if op in ("//", "%") and kind != INT:
            raise Refused(f"{op} is for integers")
        return n.Binary(kind, op, left, right)

    def compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> n.Expr:
        a, b = self.expr(left), self.expr(right)
        if isinstance(op, ast.In | ast.NotIn):
            name = {"str": "contains", "map": "has", "list": "includes"}[b.type.kind]
            key = b.type.args[0] if b.type.args else CHAR
            found = n.Builtin(BOOL, name, (b, self.expr(left, key)))
            return found if isinstance(op, ast.In) else n.Unary(BOOL, "not", found)
        if CHAR in (a.type, b.type):
            a, b = self.expr(left, CHAR), self.expr(right, CHAR)
        elif FLOAT in (a.type, b.type):
            a, b = self.expr(left, FLOAT), self.expr(right, FLOAT)
        if a.type != b.type and not {a.type, b.type} <= {INT, FLOAT}:
            raise Refused(f"{a.type} compared with {b.type}")
        return n.Compare(BOOL, _COMPARE[type(op)], a, b)

    def call(self, item: ast.Call) -> n.Expr:
        match item.func:
            case ast.Attribute(value=base, attr="get"):
                source = self.expr(base)
                key, default = item.args
                return n.Builtin(source.type.args[1], "get", (
                    source, self.expr(key, source.type.args[0]), self.expr(default)))
            case ast.Attribute(value=base, attr=name) if name in METHODS:
                subject = self.expr(base)
                if subject.type != CHAR:
                    raise Refused(f".{name}() is for single characters")
                return n.Builtin(METHODS[name], name, (subject,))
            case ast.Name(id=name) if name in self.helpers:
                return n.Invoke(self.helpers[name], name, tuple(map(self.expr, item.args)))
            case ast.Name(id=name) if name in BUILTINS:
                count, kind = BUILTINS[name]
                args = tuple(map(self.expr, item.args))
                if len(args) != count:
                    raise Refused(f"{name} takes {count} argument(s)")
                if name == "int" and args[0].type != CHAR:
                    raise Refused("int() is for digit characters")
                if kind is None:
                    kind = FLOAT if FLOAT in [a.type for a in args] else INT
                    args = tuple(self.expr(a, kind) for a in item.args)
                return n.Builtin(kind, name, args)
        raise Refused(f"call: {ast.unparse(item)}")


def _names(node: n.Node) -> set[str]:
    return {x.name for x in node.walk() if isinstance(x, n.Var)}


def _annotation(node: ast.expr | None) -> Type:
    if node is None:
        raise Refused("a type is missing")
    return Type.parse(ast.unparse(node).replace("dict[", "map[").replace(" ", ""))
