"""Running IRs: right answers in every type, and nothing that a bad IR does goes further."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from oorl.ir import execute, inputs
from oorl.ir.compile import CFunction, compile_batch
from oorl.ir.execute import DONE, Unit
from oorl.ir.inputs import Packed, pack
from oorl.ir.normalise import extract, split_module
from oorl.ir.signature import CSignature, CType, signatures
from oorl.records import Json

INT = CSignature("f", CType("int"), (("x", CType("int")),), "int f(int x)")
POINTER = CSignature("f", CType("int"), (("p", CType("int", True)), ("n", CType("int"))),
                     "int f(int *p, int n)")


def run_c(code: str, values: list[list[Json]]) -> list[Json]:
    function = CFunction(code, "f")
    ir, refused = compile_batch([(0, function)])
    assert not refused
    packed = pack(signatures([(0, function)])[0], values)
    (slots,) = execute.execute([Unit(extract(split_module(ir), "oorl0_f", "oorl0_"), "f", packed)])
    assert slots is not None
    assert (execute.status(slots) == DONE).all()
    assert (slots == slots[:1]).all()
    return [inputs.read_output(packed, k, slots[0, k].tobytes()) for k in range(len(values))]


def statuses(ir: str, packed: Packed, fuel: int = execute.FUEL) -> list[set[int]]:
    """The statuses under all patterns, by input."""
    (slots,) = execute.execute([Unit(ir, "f", packed, fuel, 99)])
    assert slots is not None
    return [set(column) for column in execute.status(slots).T.tolist()]


@pytest.mark.parametrize(("code", "value", "output"), [
    ("int f(int a, int b) { return a - b; }", [3, 10], {"return": -7}),
    ("unsigned long long f(long long a) { return a; }", [-1], {"return": 2**64 - 1}),
    ("bool f(unsigned char a) { return a > 199; }", [200], {"return": 1}),
    ("short f(short a, signed char b) { return a * b; }", [-300, -3], {"return": 900}),
    ("float f(float a, double b) { return a * b; }", [1.5, -3.0], {"return": -4.5}),
    ("double f(double a) { return a / 0.0 * 0.0; }", [1.0], {"return": "NaN"}),
    ("double f(double a) { return -a * 1e308 * 10.0; }", [1.0], {"return": "-Infinity"}),
    ("void f(int *p, int n) { for (int i = 0; i < n; i++) p[i] += i; }", [[5, 5, 5], 3],
     {"arrays": {"p": [5, 6, 7]}}),
    ("void f(char *s) { s[0] = toupper(s[0]); }", ["abc"], {"arrays": {"s": "Abc"}}),
    ("int f(const char *s) { return printf(\"<%s>\", s); }", ["hi"],
     {"return": 4, "stdout": "<hi>"}),
    ("int f(int m[][2], int n) { return m[n][1]; }", [[1, 2, 3, 4], 1], {"return": 4}),
    ("int f(int n) { int *p = malloc(n * 4); for (int i = 0; i < n; i++) p[i] = i; int s = p[n-1];"
     " free(p); return s; }", [9], {"return": 8}),
    ("double f(int a, double b, int c, double d, int e, int g, int h, int i) "
     "{ return a + 10 * b + 100 * c + 1000 * d + 1e4 * e + 1e5 * g + 1e6 * h + 1e7 * i; }",
     [1, 2.0, 3, 4.0, 5, 6, 7, 8], {"return": 87654321.0}),
])
def test_answers(code: str, value: list[Json], output: Json) -> None:
    assert run_c(code, [value]) == [output]


LOOP = """define i32 @f(i32 %0) {
  br label %2
2:
  %3 = phi i32 [ 0, %1 ], [ %4, %2 ]
  %4 = add i32 %3, 1
  %5 = icmp eq i32 %4, %0
  br i1 %5, label %6, label %2
6:
  ret i32 %4
}"""


def test_a_hang_ends_by_steps_not_by_time() -> None:
    packed = pack(INT, [[10], [0], [900]])
    assert statuses(LOOP, packed, fuel=1000) == [{DONE}, {2}, {DONE}]


def test_what_hangs_under_one_pattern_is_not_tried_under_the_others() -> None:
    packed = pack(INT, [[0], [-1], [3]])
    unit = Unit(LOOP, "f", packed, 1000, hangs=2)
    for every, rest in ((False, [0, 0, 0]), (True, [2, 2, 0])):
        (slots,) = execute.execute([replace(unit, every_pattern=every)])
        assert slots is not None
        assert execute.status(slots).tolist() == [[2, 2, 0], rest, rest]


BAD = {
    "null": "define i32 @f(i32 %0) {\n  %2 = load i32, ptr null\n  ret i32 %2\n}",
    "division": "define i32 @f(i32 %0) {\n  %2 = sub i32 %0, %0\n  %3 = sdiv i32 %0, %2\n"
                "  ret i32 %3\n}",
    "recursion": "define i32 @f(i32 %0) {\n  %2 = alloca [99 x i32]\n  %3 = call i32 @f(i32 %0)\n"
                 "  %4 = add i32 %3, 1\n  ret i32 %4\n}",
    "trap": "define i32 @f(i32 %0) {\n  call void @llvm.trap()\n  unreachable\n}\n"
            "declare void @llvm.trap()",
    "wild jump": "define i32 @f(i32 %0) {\n  %2 = inttoptr i64 4919 to ptr\n  call void %2()\n"
                 "  ret i32 0\n}",
    "smash": """define i32 @f(i32 %0) {
  %2 = alloca i64
  br label %3
3:
  %4 = phi i64 [ 0, %1 ], [ %6, %3 ]
  %5 = getelementptr i64, ptr %2, i64 %4
  store i64 81985529216486895, ptr %5
  %6 = add i64 %4, 1
  %7 = icmp eq i64 %6, 4000
  br i1 %7, label %8, label %3
8:
  ret i32 0
}""",
}


@pytest.mark.parametrize("name", list(BAD))
def test_a_bad_function_is_caught_and_its_neighbours_run_on(name: str) -> None:
    packed = pack(INT, [[5], [6]])
    good = "define i32 @f(i32 %0) {\n  %2 = mul i32 %0, %0\n  ret i32 %2\n}"
    results = execute.execute([Unit(good, "f", packed), Unit(BAD[name], "f", packed),
                               Unit(good, "f", packed)])
    bad = results[1]
    assert bad is None or not (execute.status(bad) == DONE).any()
    for slots in (results[0], results[2]):
        assert slots is not None
        assert [inputs.read_output(packed, k, slots[1, k].tobytes())["return"]
                for k in range(2)] == [25, 36]


def test_a_unit_that_kills_its_child_is_the_only_one_lost() -> None:
    """A system call that is not allowed ends the child; here exit_group's neighbour, getppid."""
    packed = pack(INT, [[5]])
    killer = ('define i32 @f(i32 %0) {\n  %2 = call i64 asm sideeffect "syscall", '
              '"={rax},{rax},~{rcx},~{r11},~{memory}"(i64 110)\n  ret i32 %0\n}')
    good = "define i32 @f(i32 %0) {\n  ret i32 %0\n}"
    results = execute.execute([Unit(good, "f", packed), Unit(killer, "f", packed),
                               Unit(good, "f", packed)])
    assert [slots is None for slots in results] == [False, True, False]


def test_the_child_cannot_open_files(tmp_path: Path) -> None:
    path = tmp_path / "made"
    raw = "".join(f"\\{byte:02X}" for byte in os.fsencode(path))
    opener = (f'@.c = constant [{len(os.fsencode(path)) + 1} x i8] c"{raw}\\00"\n'
              'define i32 @f(i32 %0) {\n  %2 = call i64 asm sideeffect "syscall", '
              '"={rax},{rax},{rdi},{rsi},{rdx},~{rcx},~{r11},~{memory}"'
              "(i64 2, ptr @.c, i64 65, i64 511)\n  ret i32 %0\n}")
    assert execute.execute([Unit(opener, "f", pack(INT, [[5]]))]) == [None]
    assert not path.exists()


def test_a_module_that_does_not_compile_is_narrowed_down() -> None:
    packed = pack(INT, [[5]])
    good = "define i32 @f(i32 %0) {\n  ret i32 %0\n}"
    broken = "define i32 @f(i32 %0) {\n  ret i64 %0\n}"
    results = execute.execute([Unit(t, "f", packed) for t in (good, broken, good, broken)])
    assert [slots is None for slots in results] == [False, True, False, True]


@pytest.mark.parametrize("index", [3, -1, 40, 100_000])
@pytest.mark.parametrize("write", [True, False])
def test_leaving_an_array_never_passes_unseen(index: int, write: bool) -> None:
    """Not under all patterns: each has an unmapped page at another end of the array."""
    action = "store i32 7, ptr %3\n  ret i32 1" if write else \
        "%4 = load i32, ptr %3\n  %5 = icmp eq i32 %4, 12345\n  %6 = zext i1 %5 to i32\n" \
        "  ret i32 %6"
    ir = (f"define i32 @f(ptr %0, i32 %1) {{\n  %3 = getelementptr i32, ptr %0, i64 {index}\n"
          f"  {action}\n}}")
    assert statuses(ir, pack(POINTER, [[[1, 2, 3], 3]])) != [{DONE}]


@pytest.mark.parametrize("index", [5, -1])
def test_leaving_a_local_array_never_passes_unseen(index: int) -> None:
    ir = ("define i32 @f(i32 %0) {\n  %2 = alloca [5 x i32], align 16\n"
          f"  %3 = getelementptr i32, ptr %2, i64 {index}\n  %4 = load i32, ptr %3\n"
          "  %5 = icmp eq i32 %4, 12345\n  %6 = zext i1 %5 to i32\n  ret i32 %6\n}")
    assert statuses(ir, pack(INT, [[1]])) != [{DONE}]


@pytest.mark.parametrize("ir", [
    "define i32 @f(i32 %0) {\n  %2 = alloca i32\n  %3 = load i32, ptr %2\n  ret i32 %3\n}",
    "define i32 @f(i32 %0) {\n  %2 = alloca [9 x i32]\n  %3 = load i32, ptr %2\n  ret i32 %3\n}",
    "define i32 @f(i32 %0) {\n  %2 = alloca i32\n  %3 = ptrtoint ptr %2 to i64\n"
    "  %4 = lshr i64 %3, 32\n  %5 = trunc i64 %4 to i32\n  ret i32 %5\n}",
    "define i32 @f(i32 %0) {\n  %2 = call ptr @malloc(i64 16)\n  %3 = load i32, ptr %2\n"
    "  ret i32 %3\n}\ndeclare ptr @malloc(i64)",
])
def test_uninitialised_memory_and_addresses_differ_between_patterns(ir: str) -> None:
    (slots,) = execute.execute([Unit(ir, "f", pack(INT, [[1]]))])
    assert slots is not None
    assert not np.array_equal(slots[0], slots[1])


def test_no_return_address_stays_on_the_dead_stack() -> None:
    """An address of the JIT is the same under both patterns, so only covering it helps."""
    reader = """define i32 @f(i32 %0) {
  %2 = call i32 @callee(i32 %0)
  %3 = call i32 @reader(i32 %0)
  ret i32 %3
}
define i32 @callee(i32 %0) {
  %2 = alloca i64
  store volatile i64 0, ptr %2
  %3 = call i32 @abs(i32 %0)
  ret i32 %3
}
define i32 @reader(i32 %0) {
  %2 = alloca i64
  %3 = alloca i64
  %4 = alloca i64
  %5 = alloca i64
  %6 = load volatile i64, ptr %2
  %7 = load volatile i64, ptr %3
  %8 = load volatile i64, ptr %4
  %9 = load volatile i64, ptr %5
  %10 = xor i64 %6, %7
  %11 = xor i64 %8, %9
  %12 = or i64 %10, %11
  %13 = lshr i64 %12, 32
  %14 = trunc i64 %13 to i32
  ret i32 %14
}
declare i32 @abs(i32)"""
    packed = pack(INT, [[1]])
    (slots,) = execute.execute([Unit(reader, "f", packed)])
    assert slots is not None
    assert inputs.read_output(packed, 0, slots[0, 0].tobytes()) == {"return": 0}


def test_foreign_symbols() -> None:
    assert execute.foreign_symbols("declare i32 @system(ptr)\ndeclare i32 @abs(i32)\n"
                                   "declare i32 @llvm.smax.i32(i32, i32)") == ["system"]
    assert execute.foreign_symbols("@counter = global i32 0\n@table = constant [1 x i32] [i32 1]"
                                   ) == ["counter"]


def test_inputs_round_trip_and_are_reproducible() -> None:
    kinds = [CType(n) for n in inputs._FORMATS] + [CType(n, True) for n in inputs._FORMATS]
    signature = CSignature("f", CType("int"), tuple((f"p{k}", t) for k, t in enumerate(kinds)), "")
    first = inputs.generate(signature, random.Random(5), 20)
    assert first == inputs.generate(signature, random.Random(5), 20)
    for value in first:
        for item, kind in zip(value, kinds, strict=True):
            assert inputs.decode(inputs.encode(item, kind), kind) == item


def test_a_named_length_is_the_arrays_length() -> None:
    parameters = (("xs", CType("int", True)), ("xs_len", CType("int")))
    signature = CSignature("f", CType("int"), parameters, "")
    for xs, length in inputs.generate(signature, random.Random(1), 30):
        assert len(xs) == length
