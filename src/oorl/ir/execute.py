"""Running many IRs at once: one module, one JIT, one forked child, results in shared memory.

A unit is one function's IR (as `normalise.extract` prints it) with packed inputs. Units are
renamed apart and joined; every loop gets a call to `oorl_tick`, which burns fuel, so a hang ends
after a fixed number of steps and not after a time. The child compiles, then gives up every system
call that could reach outside (see driver.c), then runs each unit under every fill pattern.
A child that dies names the unit that killed it; the rest is run by another child.

Only x86-64 Linux. Called from worker processes: the caller must be single-threaded.
"""

from __future__ import annotations

import ctypes
import faulthandler
import mmap
import os
import platform
import re
import resource
import signal
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from oorl.errors import InfraError, IsolationUnavailable, ToolchainMissing
from oorl.ir import poison
from oorl.ir.compile import native_compiler
from oorl.ir.inputs import Packed
from oorl.ir.normalise import SIZES, Module, rename, split_module
from oorl.ir.variants import TRIPLE, binding
from oorl.records import stable_id

NOT_RUN, DONE = 0, 1
# What memory that nobody wrote holds: complements, and 0, which is what a native stack often has;
# arithmetic on uninitialised values may by chance be the same under two patterns. The first is
# also what lies around constants. Neighbours differ in parity: each parity has its own addresses.
PATTERNS = (0xAA, 0x55, 0x00)
# For the optimised recompile: small and large numbers of both signs, true and false.
CONFIRM = (0x01, 0x00, 0xFF, 0x7E, 0x21, 0xC4)
VET_FUEL, FUEL = 20_000, 50_000  # steps of one call; winners were vetted far below the limit
CPU_LIMIT_MS = 3000  # of one unit; only library calls without fuel could reach it
CHILD_CPU_S = 300
CONSTANT_PAD = 64

_MINE = ("malloc", "calloc", "realloc", "free", "qsort", "printf", "puts", "putchar")
_LIBRARY = """
abs labs llabs sqrt pow fabs floor ceil round trunc fmod log log2 log10 exp exp2 exp10 sin cos tan
asin acos atan atan2 sinh cosh tanh cbrt hypot fmin fmax ldexp sqrtf powf fabsf floorf ceilf roundf
fmodf sinf cosf tanf logf expf ldexpf lround llround strlen strcmp strncmp strcpy strncpy strcat
strchr strrchr strstr memcpy memmove memset memcmp bcmp memchr stpcpy isalpha isdigit isalnum
isspace isupper islower ispunct isxdigit toupper tolower atoi atol atoll strtol
"""
ALLOWED = frozenset((*_LIBRARY.split(), *_MINE))
_HARMLESS = re.compile(r"@llvm\.(?:[su](?:min|max)|abs|fabs|ctpop|ctlz|cttz|ubsantrap|trap|stack"
                       r"|[su]\w+\.with\.overflow)")
_VECTOR_ALIGN = re.compile(r", align \d+$")
_ALLOCA = re.compile(r"^(  %\d+ = )alloca ((?:\[\d+ x )*)(i8|i16|i32|i64|ptr|float|double)\]*"
                     r"(?:, (i\d+) (%?\d+))?(?:, align \d+)?$")
_LABEL = re.compile(r"^([\w.]+):", re.M)
_TARGET = re.compile(r"label %([\w.]+)")
_PHIS = re.compile(r"(?:  %\S+ = phi [^\n]*\n)*")
_CALL = re.compile(r"call [^\n]*?@([\w.$]+)\(")


@dataclass(frozen=True)
class Unit:
    """One IR text, the function in it to call, and what to call it with."""

    ir: str
    name: str
    packed: Packed
    fuel: int = FUEL
    hangs: int = 2  # so many calls may run out of fuel before the rest is left out
    every_pattern: bool = False  # go on under the other patterns even so
    follows: bool = False  # only the inputs on which the unit before it finishes
    defined: bool = False  # a call whose code breaks a promise of LLVM's flags is not `DONE`


def foreign_symbols(ir: str) -> list[str]:
    """External functions that may not be linked, and mutable globals (as `name`)."""
    module = split_module(ir)
    bad = [n for n in module.declares if not n.startswith("llvm.") and n not in ALLOWED]
    state = [n for n, line in module.globals.items()
             if not re.match(r"@\S+ =(?: \w+)* constant ", line)]
    return bad + state


@cache
def driver() -> ctypes.PyDLL:
    """The C driver, compiled once per version into the user's cache. Raises `ToolchainMissing`."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        raise ToolchainMissing(f"IR groups are executed on x86-64 Linux only, this is "
                               f"{platform.system()} {platform.machine()}",
                               "Build the groups on such a machine; every other stage runs here.")
    source = Path(__file__).with_name("driver.c")
    command = [*native_compiler(), "-O2", "-fPIC", "-shared", "-fomit-frame-pointer", "-w"]
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(base) / "oorl"
    path = folder / f"driver-{stable_id(source.read_text(), *command)}.so"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / "driver.so"
            done = subprocess.run([*command, str(source), "-o", str(made)], capture_output=True,
                                  text=True, check=False)
            if done.returncode:
                raise ToolchainMissing(f"the IR driver does not compile: {done.stderr[:400]}",
                                       "Run `apt-get install gcc libc6-dev`.")
            os.replace(made, path)
    return ctypes.PyDLL(str(path))


def _array(line: str) -> str:
    """A local array becomes a block between unmapped pages, so that leaving it is seen."""
    match = _ALLOCA.match(line)
    if not match or not (match[2] or match[4]) or match[4] == "i32":
        return line
    size = SIZES[match[3]]
    for count in re.findall(r"\d+", match[2]):
        size *= int(count)
    # The element count is what may vary at run time; a fixed array is one run of its elements.
    count, size = (match[5], size) if match[4] else (str(size // SIZES[match[3]]), SIZES[match[3]])
    return f"{match[1]}call ptr @oorl_array(i64 {count}, i64 {size})"


def with_fuel(function: str, recursive: bool) -> str:
    """A define whose loops (targets of backward branches) and, if asked, entry burn fuel, and
    that covers the dead frame after each call and fences arrays (see driver.c)."""
    labels = {m[1]: m.start() for m in _LABEL.finditer(function)}
    burners = {labels[m[1]] for m in _TARGET.finditer(function)
               if labels.get(m[1], len(function)) <= m.start()}
    out, last = [], 0
    for at in sorted(burners | ({0} if recursive else set())):
        phis = _PHIS.match(function, function.index("\n", at) + 1)
        assert phis is not None
        out += [function[last:phis.end()], "  call void @oorl_tick()\n"]
        last = phis.end()
    lines = "".join([*out, function[last:]]).split("\n")
    # Nothing unwinds: tables for it would cost a tenth of the machine code's time.
    lines[0] = lines[0].removesuffix(" {") + " nounwind {"
    return "\n".join(map(_fenced, lines))


@lru_cache(maxsize=65536)  # mutants share most of their lines
def _fenced(line: str) -> str:
    if " alloca " in line:
        return _array(line)
    if "<" in line and ", align " in line:  # arrays are aligned to their elements only
        line = _VECTOR_ALIGN.sub(", align 1", line)
    if " call " not in line or line.endswith("@oorl_tick()"):
        return line
    if "@llvm.ubsantrap(" in line:  # which trap does not matter, and this one is selected faster
        return "  call void @llvm.trap()"
    return line if _HARMLESS.search(line) else line + "\n  call void @oorl_wipe()"


def _padded(line: str, fill: int) -> str:
    """A constant between pads: reading past it gives what another build does not give."""
    match = re.match(r"(@\S+ = (?:\w+ )*?constant) (\[[^\]]*(?:\[[^\]]*\])*[^\]]*\]|\w+) (.*?)"
                     r"(, align \d+)?$", line)
    assert match is not None, line
    pad = f'[{CONSTANT_PAD} x i8] c"{f"{chr(92)}{fill:02X}" * CONSTANT_PAD}"'
    kind = f"[{CONSTANT_PAD} x i8]"
    return (f"{match[1]} <{{ {kind}, {match[2]}, {kind} }}> "
            f"<{{ {pad}, {match[2]} {match[3]}, {pad} }}>, align 16")


def join(units: Sequence[Unit], fuel: bool = True, fill: int = 0, flag: str = "null") -> str:
    """One module that defines `@v<k>.<name>` for unit k, for running (`fuel`) or for passes.

    For running, constants lie between pads of `fill`, and checks of `Unit.defined` note a breach
    in the byte at `flag`.
    """
    parts, declares = [f'target triple = "{TRIPLE}"'], {}
    if fuel:
        declares = {"": "declare void @oorl_tick()\ndeclare void @oorl_wipe()\n"
                        "declare ptr @oorl_array(i64, i64)",
                    "llvm.trap": "declare void @llvm.trap()"}
    for index, unit in enumerate(units):
        module = split_module(unit.ir)

        def symbol(name: str, module: Module = module, index: int = index) -> str:
            if name in module.globals and fuel:
                return f"getelementptr (i8, ptr @v{index}.{name}, i64 {CONSTANT_PAD})"
            if name in module.functions or name in module.globals:
                return f"@v{index}.{name}"
            return f"@oorl_{name}" if fuel and name in _MINE else f"@{name}"

        called = {name for text in module.functions.values() for name in _CALL.findall(text)}
        for name, line in module.globals.items():
            value = line.split(" = ", 1)[1]
            line = f"@v{index}.{name} = {rename(value, symbol)}"
            parts.append(_padded(line, fill) if fuel else line)
        for name, text in module.functions.items():
            if fuel:
                text = with_fuel(text, name in called)
            if unit.defined and fuel:
                text = poison.checked(text, flag)
                for other, line in poison.declarations(text).items():
                    declares.setdefault(other, line)
            parts.append(rename(text, symbol))
        for name, line in module.declares.items():
            declares.setdefault(name, rename(line, symbol))
    return "\n".join([*parts, *declares.values()])


class Runner:
    """Shared memory of one batch: a progress word, then each unit's slots."""

    def __init__(self, units: Sequence[Unit], patterns: Sequence[int]) -> None:
        self.units, self.patterns = units, patterns
        self.offsets, at = [], 64
        for unit in units:
            self.offsets.append(at)
            at += len(patterns) * len(unit.packed.values) * unit.packed.slot_bytes
        self.memory = mmap.mmap(-1, max(at, 4096))
        self.failed: set[int] = set()

    def run(self, first: int, last: int) -> None:
        """Fill the slots of units [first, last), halving batches whose child dies compiling."""
        while first < last:
            self._progress = -1
            code = self._child(first, last)
            if code == 0:
                return
            died_at = self._progress if first <= self._progress < last else -1
            if died_at < 0 and last - first == 1:
                self.failed.add(first)
                return
            if died_at < 0:
                middle = (first + last) // 2
                self.run(first, middle)
                first = middle
            else:
                self.failed.add(died_at)
                first = died_at + 1

    @property
    def _progress(self) -> int:
        return int(struct.unpack_from("<q", self.memory)[0])

    @_progress.setter
    def _progress(self, value: int) -> None:
        struct.pack_into("<q", self.memory, 0, value)

    def _child(self, first: int, last: int) -> int:
        byte = ctypes.addressof(ctypes.c_uint8.in_dll(driver(), "oorl_poisoned"))
        text = join(self.units[first:last], fill=self.patterns[0],
                    flag=f"inttoptr (i64 {byte} to ptr)")
        binding()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = self._work(text, first, last)
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == 77:
            raise IsolationUnavailable("seccomp filters cannot be installed on this machine",
                                       "Allow prctl(PR_SET_SECCOMP) in the container's profile.")
        if code in (-signal.SIGINT, -signal.SIGTERM):
            raise InfraError("the IR runner was stopped", "Run the stage again: it resumes.")
        return code

    def _work(self, text: str, first: int, last: int) -> int:
        """In the child: compile, lock, run. Returns the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        faulthandler.disable()  # a crash is this process's way to answer
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (CHILD_CPU_S, CHILD_CPU_S))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # LLVM's last words
        library, llvm = driver(), binding()
        address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        for name in ("oorl_tick", "oorl_wipe", "oorl_array", *(f"oorl_{n}" for n in _MINE)):
            pointer = ctypes.cast(getattr(library, name), ctypes.c_void_p).value
            llvm.add_symbol(name, pointer)
        module = llvm.parse_assembly(text)
        module.verify()  # a unit that is not valid IR ends as one that kills its child
        machine = llvm.Target.from_triple(TRIPLE).create_target_machine(
            cpu="x86-64", opt=0, jit=True, reloc="pic", codemodel="small")
        engine = llvm.create_mcjit_compiler(module, machine)
        engine.finalize_object()
        functions = [engine.get_function_address(f"v{k}.{unit.name}")
                     for k, unit in enumerate(self.units[first:last])]
        if library.oorl_setup():
            return 1
        if library.oorl_lock():
            return 77
        for index, function in enumerate(functions, first):
            self._progress = index
            basis = address + self.offsets[index - 1] if self.units[index].follows else 0
            self._call(library, self.units[index], function, address + self.offsets[index], basis)
        return 0

    def _call(self, library: ctypes.PyDLL, unit: Unit, function: int, out: int, basis: int,
              ) -> None:
        """What does not finish in the slots at `basis`, or else under the first pattern, is not
        tried under the others: no label can rest on it."""
        packed = unit.packed
        returns = packed.signature.returns
        kind = {"double": 1, "float": 2, "bool": 6}.get(returns.scalar, 0)
        inputs = len(packed.values)
        for fill in self.patterns:
            library.oorl_run(
                ctypes.c_void_p(function), inputs, len(packed.signature.parameters), packed.args,
                packed.blob, kind, returns.bytes, fill, ctypes.c_int64(unit.fuel),
                unit.hangs, CPU_LIMIT_MS,
                ctypes.c_void_p(out), packed.slot_bytes, ctypes.c_void_p(basis or None))
            basis = basis or out
            out += inputs * packed.slot_bytes
            if not unit.every_pattern and inputs and ctypes.c_int32.from_address(
                    out - packed.slot_bytes).value == NOT_RUN:
                return

    def slots(self, index: int) -> np.ndarray | None:
        """uint8 array (pattern, input, slot byte); None for a unit that killed its child."""
        if index in self.failed:
            return None
        packed = self.units[index].packed
        shape = (len(self.patterns), len(packed.values), packed.slot_bytes)
        return np.frombuffer(self.memory, np.uint8, int(np.prod(shape)),
                             self.offsets[index]).reshape(shape)


def execute(units: Sequence[Unit], patterns: Sequence[int] = PATTERNS) -> list[np.ndarray | None]:
    """Run every unit on its inputs under all patterns; see `Runner.slots` for the result."""
    runner = Runner(units, patterns)
    if units:
        runner.run(0, len(units))
    return [runner.slots(index) for index in range(len(units))]


def status(slots: np.ndarray) -> np.ndarray:
    """int32 statuses (pattern, input) of a `Runner.slots` array; `DONE` is a finished call."""
    return slots[..., :4].copy().view("<i4")[..., 0]


