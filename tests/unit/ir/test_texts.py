"""Cleaning, numbering, recipes and mutation: every text parses, verifies and keeps its promise."""

from __future__ import annotations

import random
import re

import pytest

from oorl.ir import mutate, normalise, variants
from oorl.ir.compile import CFunction, compile_batch
from oorl.ir.normalise import (
    Module,
    clean_declare,
    clean_function,
    clean_global,
    extract,
    renumber,
    split_module,
)
from tests.unit.ir.c_sources import GOOD

SLOTS = {name: k for k, name in enumerate(GOOD)}


@pytest.fixture(scope="module")
def plain() -> str:
    ir, refused = compile_batch([(SLOTS[n], CFunction(c, n)) for n, c in GOOD.items()])
    assert not refused
    return ir


@pytest.fixture(scope="module")
def modules(plain: str) -> dict[str, Module]:
    recipes = variants.SHORT + variants.WIDE
    return {r.name: split_module(variants.apply_recipe(plain, r)) for r in recipes}


def text_of(module: Module, name: str) -> str:
    return extract(module, f"oorl{SLOTS[name]}_{name}", f"oorl{SLOTS[name]}_")


@pytest.mark.parametrize("recipe", [r.name for r in variants.SHORT + variants.WIDE])
def test_every_recipe_gives_clean_valid_text(modules: dict[str, Module], recipe: str) -> None:
    for name in GOOD:
        text = text_of(modules[recipe], name)
        assert variants.valid(text), text
        assert variants.renumber_all(text) == text
        assert not re.search(r"![\w]|; |#\d|noundef|dso_local|unnamed_addr|oorl\d|nocapture|target",
                             text), text


def test_levels_differ_and_the_short_ones_are_short(modules: dict[str, Module]) -> None:
    lengths = {r: sum(len(text_of(m, n)) for n in GOOD) for r, m in modules.items()}
    assert lengths["Oz"] < lengths["O0"]
    assert lengths["O2"] < lengths["O2+wide"]
    assert len({text_of(m, "count_even") for m in modules.values()}) >= 6


def test_extraction_takes_what_is_needed_and_nothing_else(modules: dict[str, Module]) -> None:
    text = text_of(modules["O0"], "is_big")
    assert re.findall(r"define \S+ @(\w+)", text) == ["is_big", "twice"]
    assert "@steps = constant [5 x i32]" in text_of(modules["O0"], "table")
    greeting = text_of(modules["O0"], "greet")
    assert greeting.startswith('@.c = constant [4 x i8] c"%d,\\00"')
    assert greeting.endswith("declare i32 @printf(ptr, ...)")


def test_a_part_of_a_batch_is_made_as_in_the_whole(plain: str) -> None:
    symbols = [f"oorl{SLOTS[name]}_{name}" for name in ("is_big", "table")]
    part = normalise.select(plain, split_module(plain), symbols)
    assert set(split_module(part).functions) == {*symbols, f"oorl{SLOTS['is_big']}_twice"}
    for recipe in variants.SHORT:
        made = split_module(variants.apply_recipe(part, recipe))
        whole = split_module(variants.apply_recipe(plain, recipe))
        for name in ("is_big", "table"):
            assert text_of(made, name) == text_of(whole, name)


def test_cleaning_by_hand() -> None:
    dirty = """define dso_local range(i32 0, 5) i32 @f(ptr noundef captures(none) %0, \
i8 noundef signext %1) local_unnamed_addr #0 {
  %3 = load i32, ptr %0, align 4, !tbaa !5
  %4 = load i32, ptr %0, align 1
  %5 = tail call i32 @g(ptr noundef nonnull align 4 dereferenceable(8) %0) #3, !range !7
  call void @llvm.lifetime.start.p0(ptr nonnull %0)
  br label %6, !llvm.loop !9

6:                                                ; preds = %2
  ret i32 %5
}"""
    assert clean_function(dirty) == """define i32 @f(ptr %0, i8 %1) {
  %3 = load i32, ptr %0
  %4 = load i32, ptr %0, align 1
  %5 = call i32 @g(ptr %0)
  br label %6
6:
  ret i32 %5
}"""
    assert clean_declare("declare noundef i32 @g(ptr noundef readonly captures(none), ...) "
                         "local_unnamed_addr #6") == "declare i32 @g(ptr, ...)"
    assert clean_global('@.str = private unnamed_addr constant [9 x i8] c"private \\00", align 1') \
        == '@.str = constant [9 x i8] c"private \\00"'


def test_renumbering_after_a_deletion() -> None:
    text = """define i32 @f(i32 %0) {
  %2 = add i32 %0, 1
  %4 = mul i32 %2, %0
  br label %5
5:
  ret i32 %4
}"""
    assert renumber(text) == text.replace("%4", "%3").replace("%5", "%4").replace("5:", "4:")


def test_a_pass_manager_is_never_used_twice(plain: str) -> None:
    """A second run of one manager aborts the process; a second run of a recipe must not."""
    first = variants.apply_recipe(plain, variants.SHORT[0])
    assert variants.apply_recipe(plain, variants.SHORT[0]) == first


def test_broken_texts_are_not_valid() -> None:
    assert not variants.valid("define i32 @f(i32 %0) {\n  ret i64 %0\n}")
    assert not variants.valid("define i32 @f(i32 %0) {\n  %2 = add i32 %3, 1\n"
                              "  %3 = add i32 %2, 1\n  ret i32 %2\n}")  # use before definition


@pytest.mark.parametrize("name", list(GOOD))
def test_mutants_are_distinct_and_valid(modules: dict[str, Module], name: str) -> None:
    for recipe in ("Oz", "O0", "sroa+simplifycfg"):
        text = text_of(modules[recipe], name)
        found = list(mutate.mutants(text, random.Random(3)))
        assert len({ir for _, ir in found}) == len(found)
        assert all(ir != text for _, ir in found)
        for operator, ir in found:
            assert variants.valid(ir), (operator, ir)


@pytest.mark.parametrize(("line", "operator", "mutant"), [
    ("%3 = icmp slt i32 %0, %1", "icmp_negate", "%3 = icmp sge i32 %0, %1"),
    ("%3 = icmp slt i32 %0, %1", "icmp_swap", "%3 = icmp sgt i32 %0, %1"),
    ("%3 = icmp slt i32 %0, %1", "icmp_bound", "%3 = icmp sle i32 %0, %1"),
    ("%3 = icmp slt i32 %0, 7", "constant", "%3 = icmp slt i32 %0, 8"),
    ("%3 = sub nsw i32 %0, %1", "operand_swap", "%3 = sub i32 %1, %0"),
    ("%3 = sub nsw i32 %0, %1", "binop", "%3 = add i32 %0, %1"),
    ("%3 = sub nsw i32 %0, %1", "operand", "%3 = sub nsw i32 %1, %1"),
    ("%3 = shl i32 %0, 3", "shift", "%3 = shl i32 %0, 4"),
    ("%3 = select i1 %2, i32 %0, i32 %1", "select_swap", "%3 = select i1 %2, i32 %1, i32 %0"),
    ("%3 = sext i32 %0 to i64", "cast", "%3 = zext i32 %0 to i64"),
    ("br i1 %2, label %3, label %4", "branch_swap", "br i1 %2, label %4, label %3"),
    ("%3 = fcmp olt double %0, %1", "fcmp_negate", "%3 = fcmp uge double %0, %1"),
    ("%3 = getelementptr i32, ptr %0, i64 1", "gep_index", "%3 = getelementptr i32, ptr %0, i64 2"),
    ("%3 = phi i32 [ 0, %2 ], [ %4, %5 ]", "phi_constant", "%3 = phi i32 [ 1, %2 ], [ %4, %5 ]"),
])
def test_operators_by_hand(line: str, operator: str, mutant: str) -> None:
    text = f"define i32 @f(i32 %0, i32 %1) {{\n  {line}\n  ret i32 0\n}}"
    changed = [mutate.apply(text, site) for site in mutate.sites(text)
               if site.operator == operator]
    assert f"define i32 @f(i32 %0, i32 %1) {{\n  {mutant}\n  ret i32 0\n}}" in changed


def test_min_becomes_max_and_is_declared() -> None:
    text = ("define i32 @f(i32 %0) {\n  %2 = call i32 @llvm.smin.i32(i32 %0, i32 4)\n"
            "  ret i32 %2\n}\ndeclare i32 @llvm.smin.i32(i32, i32)")
    (site,) = [s for s in mutate.sites(text) if s.operator == "minmax"]
    mutant = mutate.apply(text, site)
    assert "smin" not in mutant
    assert variants.valid(mutant)


def test_dropping_an_operation_renumbers() -> None:
    text = "define i32 @f(i32 %0) {\n  %2 = add i32 %0, 1\n  %3 = mul i32 %2, %2\n  ret i32 %3\n}"
    site = next(s for s in mutate.sites(text) if s.operator == "binop_drop")
    assert mutate.apply(text, site) == \
        "define i32 @f(i32 %0) {\n  %2 = mul i32 %0, %0\n  ret i32 %2\n}"
