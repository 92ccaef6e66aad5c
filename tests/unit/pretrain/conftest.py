"""Small problems and settings shared by the pretraining tests."""

import pytest

from oorl.params.base_model import BaseParams
from oorl.records import Case, IRGroup, Parameter, Problem, Signature, Type, Winner

WORDS = ("alpha", "beta", "gamma", "delta", "omega", "sigma")
INT = Type("int")


def make_problem(number: int, split: str = "sft") -> Problem:
    """add_<word>(<word>) returning its argument plus a constant, in four languages."""
    name, arg = f"add_{WORDS[number % 6]}", WORDS[number * 5 % 6]
    plus = f"{arg} + {number}"
    return Problem(
        id=f"p{number:03d}", source="made up", split=split,
        signature=Signature(name, (Parameter(arg, INT),), INT),
        cases=(Case((1,), 1 + number),),
        solutions={
            "python": f"def {name}({arg}):\n    return {plus}\n",
            "cpp": f"long long {name}(long long {arg}) {{\n    return {plus};\n}}\n",
            "php": f"function {name}(${arg}) {{\n    return ${plus};\n}}\n",
            "javascript": f"function {name}({arg}) {{\n  return {plus};\n}}\n",
        })


@pytest.fixture(scope="session")
def problems():
    return [make_problem(i) for i in range(40)]


@pytest.fixture(scope="session")
def groups():
    ir = "define i64 @f(i64 %0) {\n  %2 = add i64 %0, 1\n  ret i64 %2\n}\n"
    return [IRGroup(id=f"g{i}", problem_id=f"p{i:03d}", split="sft", language="c",
                    source_code=f"long long f(long long x) {{ return x + {i}; }}\n",
                    signature="", inputs=[], losers=(),
                    winners=(Winner(ir, "O1"), Winner(ir.replace("%2", "%3"), "O2")))
            for i in range(6)]


@pytest.fixture(scope="session")
def params():
    return BaseParams(
        hidden_size=32, layers=2, heads=4, vocab_size=360, max_length=256,
        language_shares={"python": 1.0, "cpp": 1.0, "javascript": 0.5, "php": 0.1},
        ir_share=0.2, max_steps=30, tokens_per_batch=512, eval_every=10, save_every=10)
