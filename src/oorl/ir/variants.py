"""Equivalent IRs: optimisation levels and passes on a whole batch, text rewrites on one function.

Every recipe runs once over a module of many functions (LLVM has no cost per module worth
mentioning, but parsing and pass set-up have). By default the levels run without vectorising and
unrolling, which more than halves the length of -O2 and -O3. Os and Oz are not exposed by
llvmlite: they are -O2 over functions marked `optsize` / `optsize minsize`, as clang does.

llvmlite 0.50: a pass manager is single use (a second run aborts the process), so one is made per
run; loop-strength-reduce asserts on some functions and is not used.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from oorl.errors import ToolchainMissing
from oorl.ir.normalise import renumber

TRIPLE = "x86_64-unknown-linux-gnu"


@dataclass(frozen=True)
class Recipe:
    """How an IR is made from clang's -O0 output: attributes, a level (or none), then passes."""

    name: str
    level: int | None = None
    passes: tuple[str, ...] = ()
    attributes: str = ""
    wide: bool = False  # vectorise and unroll


# In order of preference: winners[0] of a group has the first recipe that fits.
SHORT = (
    Recipe("Oz", 2, attributes="optsize minsize"),
    Recipe("O2", 2),
    Recipe("sroa+instcombine+simplifycfg", None,
           ("sroa", "instruction_combine", "simplify_cfg")),
    Recipe("sroa+simplifycfg", None, ("sroa", "simplify_cfg")),
    Recipe("sroa+gvn+simplifycfg", None, ("sroa", "simplify_cfg", "new_gvn", "reassociate",
                                          "dead_code_elimination", "simplify_cfg")),
    Recipe("sroa+rotate", None, ("sroa", "loop_simplify", "loop_rotate", "instruction_combine")),
    Recipe("sroa+instcombine", None, ("sroa", "instruction_combine")),
    Recipe("sroa", None, ("sroa",)),
    Recipe("O0"),
)
# Longer texts, for models with room: what the compiler really emits at each level and more.
WIDE = (
    Recipe("O1", 1),
    Recipe("O3", 3, wide=True),
    Recipe("O2+wide", 2, wide=True),
    Recipe("Os", 2, attributes="optsize"),
    Recipe("O1+lcssa", 1, ("lcssa",)),
    Recipe("O1+reg2mem", 1, ("register_to_memory",)),
    Recipe("O1+unroll", 1, ("loop_unroll",)),
)


@cache
def binding() -> Any:
    """llvmlite's binding with this machine's target initialised. Raises `ToolchainMissing`."""
    try:
        import llvmlite.binding as llvm
    except ImportError:
        raise ToolchainMissing("llvmlite is not installed",
                               "Run `pip install 'llvmlite>=0.50,<0.51'`.") from None
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


@cache
def target_machine(level: int = 2) -> Any:
    """The machine is fixed so that the text does not depend on the host's processor."""
    target = binding().Target.from_triple(TRIPLE)
    return target.create_target_machine(cpu="x86-64", opt=level)


def apply_recipe(ir: str, recipe: Recipe) -> str:
    """Run `recipe` over a module's text; the result's local names are numbers."""
    llvm = binding()
    if recipe.attributes:
        ir = re.sub(r"^(attributes #\d+ = \{)(?= [^\n]*uwtable)", rf"\1 {recipe.attributes}", ir,
                    flags=re.M)
    module = llvm.parse_assembly(ir)
    run_passes(module, recipe)
    return str(module)


def run_passes(module: Any, recipe: Recipe) -> None:
    """Run a recipe's level and passes on a parsed module, in place."""
    llvm = binding()
    options = llvm.create_pipeline_tuning_options(speed_level=recipe.level or 0)
    options.loop_vectorization = options.slp_vectorization = recipe.wide
    options.loop_unrolling = options.loop_interleaving = recipe.wide
    builder = llvm.create_pass_builder(target_machine(), options)
    if recipe.level:
        builder.getModulePassManager().run(module, builder)
    manager = llvm.create_new_module_pass_manager()
    for name in recipe.passes:
        getattr(manager, f"add_{name}_pass")()
    manager.add_strip_symbols_pass()
    manager.run(module, builder)


def valid(ir: str) -> bool:
    """Whether a text parses and verifies; `parse_assembly` alone does not check."""
    try:
        module = binding().parse_assembly(ir)
        module.verify()
    except RuntimeError:
        return False
    return True


# ---- text rewrites: another text of the same meaning, or None where there is no place for it ----

_COMMUTES = re.compile(r"^(  %\d+ = (?:add|mul|and|or|xor|fadd|fmul)(?: \w+)*?"
                       r" (?:i\d+|double|float)) ([^,\n]+), ([^,\n]+)$", re.M)
_ICMP = re.compile(r"^(  %\d+ = icmp(?: samesign)?) (\w+) (\w+) ([^,\n]+), ([^,\n]+)$", re.M)
_MIRROR = {"slt": "sgt", "sgt": "slt", "sle": "sge", "sge": "sle", "ult": "ugt", "ugt": "ult",
           "ule": "uge", "uge": "ule", "eq": "eq", "ne": "ne"}
_FLAGS = re.compile(r"(?<= )(?:nsw|nuw|nneg|inbounds|disjoint|exact|samesign) ")


def commute(text: str, rng: random.Random) -> str | None:
    """Swap the operands of one commutative operation."""
    return _replace_one(_COMMUTES, text, rng, lambda m: f"{m[1]} {m[3]}, {m[2]}")


def mirror_icmp(text: str, rng: random.Random) -> str | None:
    """`a < b` becomes `b > a`."""
    return _replace_one(_ICMP, text, rng,
                        lambda m: f"{m[1]} {_MIRROR[m[2]]} {m[3]} {m[5]}, {m[4]}")


def drop_flags(text: str, rng: random.Random) -> str | None:
    """Without nsw, nuw, inbounds, ...: fewer promises, the same results."""
    return _FLAGS.sub("", text) if _FLAGS.search(text) else None


def shuffle_blocks(text: str, rng: random.Random) -> str | None:
    """Another order of the blocks after the entry."""
    start = text.index("define ")
    end = text.index("\n}", start)
    head, *blocks = re.split(r"\n(?=\d+:)", text[start:end])
    if len(blocks) < 2:
        return None
    mixed = blocks[:]
    rng.shuffle(mixed)
    if mixed == blocks:
        mixed = mixed[1:] + mixed[:1]
    return text[:start] + renumber("\n".join([head, *mixed, "}"])) + text[end + 2:]


def reschedule(text: str, rng: random.Random) -> str | None:
    """Swap two neighbouring instructions that do not touch memory or each other."""
    pure = r"(?:add|sub|mul|and|or|xor|shl|icmp|zext|sext|trunc|select|getelementptr)\b"
    pair = re.compile(rf"^  (%\d+) = {pure}[^\n]*\n  (%\d+) = {pure}[^\n]*$", re.M)
    places = [m for m in pair.finditer(text)
              if not re.search(rf"{m[1]}\b", m[0].split("\n")[1].split("=", 1)[1])]
    if not places:
        return None
    place = rng.choice(places)
    first, second = place[0].split("\n")
    swapped = text[:place.start()] + second + "\n" + first + text[place.end():]
    return renumber_all(swapped)


def renumber_all(text: str) -> str:
    """`renumber` on each definition of a module's text."""
    return re.sub(r"^define .*?^\}", lambda m: renumber(m[0]), text, flags=re.M | re.S)


def _replace_one(pattern: re.Pattern[str], text: str, rng: random.Random,
                 change: Callable[[re.Match[str]], str]) -> str | None:
    places = list(pattern.finditer(text))
    if not places:
        return None
    place = rng.choice(places)
    return text[:place.start()] + change(place) + text[place.end():]


REWRITES = {"commute": commute, "mirror": mirror_icmp, "noflags": drop_flags,
            "blocks": shuffle_blocks, "reschedule": reschedule}


def rewrites(text: str, rng: random.Random) -> list[tuple[str, str]]:
    """(name, text) of every rewrite that finds a place, in a fixed order."""
    found = []
    for name, rewrite in REWRITES.items():
        changed = rewrite(text, rng)
        if changed is not None and changed != text:
            found.append((name, changed))
    return found
