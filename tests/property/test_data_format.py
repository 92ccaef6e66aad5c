"""Properties of formats: what is cut off never counts, names never matter, precedence holds."""

import operator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from oorl.data.prompts import completion, extract_code
from oorl.data.synthetic import nodes as n
from oorl.data.synthetic.normalise import normal_form
from oorl.data.synthetic.printers.cpp import PRINTER as CPP
from oorl.data.synthetic.printers.python import PRINTER as PYTHON
from oorl.records import Parameter

CODE = st.text(st.characters(exclude_characters="\r"), min_size=1).map(
    lambda t: t.strip("\n")).filter(
        lambda t: bool(t.strip()) and not any(
            line.lstrip().startswith("```") for line in t.split("\n")))


@given(CODE)
def test_a_completion_gives_its_code_back(code: str) -> None:
    assert extract_code(completion(code, "php"), "php") == code


@given(CODE, st.data())
def test_a_truncated_completion_has_no_code(code: str, data: st.DataObject) -> None:
    text = completion(code, "php")
    cut = data.draw(st.integers(0, len(text) - 1))
    assert extract_code(text[:cut], "php") is None


def expressions() -> st.SearchStrategy[n.Expr]:
    leaves = st.one_of(
        st.sampled_from(["a", "b"]).map(lambda name: n.Var(n.INT, name)),
        st.integers(-9, 9).map(lambda value: n.Const(n.INT, value)))

    def grow(inner: st.SearchStrategy[n.Expr]) -> st.SearchStrategy[n.Expr]:
        def test(pair: tuple[n.Expr, n.Expr]) -> n.Expr:
            return n.Compare(n.BOOL, "<", *pair)
        return st.one_of(
            st.tuples(st.sampled_from("+-*"), inner, inner).map(lambda t: n.Binary(n.INT, *t)),
            inner.map(lambda x: n.Unary(n.INT, "-", x)),
            st.tuples(st.tuples(inner, inner).map(test), inner, inner).map(
                lambda t: n.Choice(n.INT, *t)),
            st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
                lambda t: n.Builtin(n.INT, t[0], (t[1], t[2]))))
    return st.recursive(leaves, grow, max_leaves=12)


def value(node: Any, scope: dict[str, int]) -> Any:
    """A naive evaluator that never sees printed text."""
    match node:
        case n.Const(value=constant):
            return constant
        case n.Var(name=name):
            return scope[name]
        case n.Unary(operand=operand):
            return -value(operand, scope)
        case n.Binary(op=op, left=left, right=right):
            return {"+": operator.add, "-": operator.sub, "*": operator.mul}[op](
                value(left, scope), value(right, scope))
        case n.Compare(left=left, right=right):
            return value(left, scope) < value(right, scope)
        case n.Choice(test=test, then=then, orelse=orelse):
            return value(then, scope) if value(test, scope) else value(orelse, scope)
        case n.Builtin(name=name, args=args):
            return {"min": min, "max": max}[name](*(value(a, scope) for a in args))
    raise AssertionError(node)


@settings(max_examples=300)
@given(expressions(), st.integers(-50, 50), st.integers(-50, 50))
def test_printed_expressions_mean_what_the_tree_means(node: n.Expr, a: int, b: int) -> None:
    assert eval(PYTHON.expr(node), {"a": a, "b": b}) == value(node, {"a": a, "b": b})


@settings(max_examples=200)
@given(expressions())
def test_minus_signs_never_melt_into_a_decrement(node: n.Expr) -> None:
    assert "--" not in CPP.expr(node)


@given(expressions(), st.permutations(["a", "b", "c", "d"]))
def test_renaming_keeps_the_normal_form(node: n.Expr, names: list[str]) -> None:
    def renamed(item: Any) -> Any:
        match item:
            case n.Var(type=kind, name=name):
                return n.Var(kind, {"a": names[0], "b": names[1]}[name])
            case n.Node():
                return type(item)(*(renamed(getattr(item, f)) for f in item.__match_args__))
            case tuple():
                return tuple(map(renamed, item))
        return item

    def program(expr: n.Expr, first: str, second: str, name: str) -> n.Program:
        parameters = (Parameter(first, n.INT), Parameter(second, n.INT))
        return n.Program((n.Function(name, parameters, n.INT, (n.Return(expr),)),))

    form = normal_form(program(node, "a", "b", "f_one"))
    assert normal_form(program(renamed(node), names[0], names[1], "g_two")) == form
