"""Proving the labels of finished groups again, by another path.

The generator runs IR through LLVM's JIT and its own driver. Here the source goes through the
system's C compiler at -O0, the IRs through clang's code generator at -O1 into a native object, and
a small C program written for each group calls both and prints what they did. Nothing of the
generator's code takes part: inputs, literals, prototypes and outputs are read and written anew.

A winner is confirmed when it does what the source does on every input of the group, a loser when on
its witness the source does what is recorded as expected and the loser what is recorded as got, and
the two differ. The program locks itself (seccomp's strict mode: read, write, exit) before it calls.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from oorl.errors import DataError
from oorl.ir.compile import find_clang, native_compiler
from oorl.ir.frontends import get_frontend
from oorl.records import IRGroup, Json, canonical

_PARAMETER = re.compile(r"^(const )?(.*?) (\*)?(\w+)(\[\])?(?:\[(\d+)\])?$")
_TIMEOUT_S = 60

_HEAD = r"""
#define _GNU_SOURCE
#include <ctype.h>
#include <float.h>
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static char check_text[1 << 16], check_report[1 << 22];
static size_t check_used;
#define SAY(...) (check_used += snprintf(check_report + check_used, \
    sizeof check_report - check_used, __VA_ARGS__))
static void check_text_out(void) {
    size_t count = __fpending(stdout);
    SAY(" out ");
    for (size_t i = 0; i < count; i++) SAY("%02x", (unsigned char)check_text[i]);
    SAY("\n");
    __fpurge(stdout);
}
static void check_send(void) {
    size_t at = 0;
    while (at < check_used) {
        ssize_t done = write(2, check_report + at, check_used - at);
        if (done <= 0) break;
        at += done;
    }
    check_used = 0;
}
static void check_lock(void) {
    struct rlimit cpu = {10, 10}, none = {0, 0};
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_CORE, &none);
    setvbuf(stdout, check_text, _IOFBF, sizeof check_text);
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    free(malloc(64 << 20));
    if (prctl(PR_SET_SECCOMP, 1)) _exit(77);
}
"""


@dataclass
class VerifyReport:
    """What was checked. `failures` are (group id, label, why); share = confirmed / labels."""

    groups: int = 0
    labels: int = 0
    confirmed: int = 0
    failures: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.confirmed / self.labels if self.labels else 1.0

    def to_json(self) -> dict[str, Json]:
        return {"groups": self.groups, "labels": self.labels, "confirmed": self.confirmed,
                "share": round(self.share, 6), "failures": [list(f) for f in self.failures]}


@dataclass(frozen=True)
class _Parameter:
    name: str
    scalar: str
    pointer: bool

    @property
    def real(self) -> bool:
        return self.scalar in ("float", "double")

    @property
    def text(self) -> bool:
        return self.pointer and self.scalar == "char"


def verify_groups(groups: Sequence[IRGroup], progress: bool = False) -> VerifyReport:
    """Re-execute every label of `groups`. Raises `ToolchainMissing` without a C compiler."""
    report = VerifyReport(groups=len(groups))
    for group in tqdm(groups, desc="verify", unit="group", disable=not progress):
        for label, why in _check(group):
            report.labels += 1
            if why:
                report.failures.append((group.id, label, why))
            else:
                report.confirmed += 1
    return report


def _check(group: IRGroup) -> list[tuple[str, str]]:
    """(label, why it is not confirmed or "") of each winner and loser."""
    texts = [w.ir for w in group.winners] + [lo.ir for lo in group.losers]
    names = [f"winner {k}" for k in range(len(group.winners))] \
        + [f"loser {k}" for k in range(len(group.losers))]
    try:
        done = _run(group, texts)
    except DataError as error:
        return [(name, error.problem) for name in names]
    truth = done.get("source", {})
    found = []
    for position, name in enumerate(names):
        mine = done.get(str(position), {})
        if texts.index(texts[position]) != position:
            why = "the same text as another member"
        elif name.startswith("winner"):
            why = _winner_fault(group, truth, mine)
        else:
            why = _loser_fault(group, position - len(group.winners), truth, mine)
        found.append((name, why))
    return found


def _winner_fault(group: IRGroup, truth: dict[int, Json], mine: dict[int, Json]) -> str:
    for index in range(len(group.inputs)):
        if index not in truth:
            return f"the source does not finish on input {index}"
        if canonical(truth[index]) != canonical(mine.get(index)):
            return f"input {index}: source {canonical(truth[index])}, " \
                   f"winner {canonical(mine.get(index))}"
    return ""


def _loser_fault(group: IRGroup, index: int, truth: dict[int, Json], mine: dict[int, Json]) -> str:
    witness = group.losers[index].witness
    if witness["input"] not in group.inputs:
        return "the witness is not an input of the group"
    at = group.inputs.index(witness["input"])
    if canonical(witness["expected"]) == canonical(witness["got"]):
        return "the witness shows no difference"
    if canonical(truth.get(at)) != canonical(witness["expected"]):
        return f"witness: source {canonical(truth.get(at))}, " \
               f"recorded {canonical(witness['expected'])}"
    if canonical(mine.get(at)) != canonical(witness["got"]):
        return f"witness: loser {canonical(mine.get(at))}, recorded {canonical(witness['got'])}"
    return ""


def _run(group: IRGroup, texts: Sequence[str]) -> dict[str, dict[int, Json]]:
    """{"source" or position: {input: output}} of a native program made for the group."""
    name, returns, parameters = _prototype(group.signature)
    with tempfile.TemporaryDirectory(prefix="oorl-verify-") as folder:
        ir, obj, source, program = (Path(folder) / n for n in ("g.ll", "g.o", "g.c", "g"))
        ir.write_text(_link_texts(texts), encoding="utf-8")
        linked = [] if group.language == "c" else get_frontend(group.language).native(
            group.source_code, name, Path(folder))
        if linked is None:
            raise DataError("the source does not compile", "Build the group again.")
        source.write_text(_program(group, name, returns, parameters, len(texts)), encoding="utf-8")
        _tool([find_clang(), "clang", "-target", "x86_64-linux-gnu", "-O1", "-w", "-c",
               "-x", "ir", str(ir), "-o", str(obj)], "the IRs do not compile")
        _tool([*native_compiler(), "-O0", "-w", "-ffp-contract=off", str(source), str(obj),
               *linked, "-o", str(program), "-lm", "-no-pie"], "the source does not compile")
        done = subprocess.run([str(program)], capture_output=True, timeout=_TIMEOUT_S, check=False)
    return _read(done.stderr.decode("latin-1"), group, returns, parameters)


def _tool(command: list[str], problem: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode:
        raise DataError(f"{problem}: {done.stderr[:300]}", "Build the group again.")


def _prototype(text: str) -> tuple[str, str, list[_Parameter]]:
    match = re.fullmatch(r"(.*?) (\w+)\((.*)\)", text)
    if match is None:
        raise DataError(f"bad signature {text!r}", "Build the group again.")
    parameters = []
    for part in [] if match[3] == "void" else match[3].split(", "):
        found = _PARAMETER.match(part)
        if found is None:
            raise DataError(f"bad parameter {part!r}", "Build the group again.")
        parameters.append(_Parameter(found[4], found[2], bool(found[3] or found[5])))
    return match[2], match[1], parameters


def _link_texts(texts: Sequence[str]) -> str:
    """All IRs in one module, the names of IR k prefixed with `ir<k>_`."""
    parts, declares = [], {}
    for position, text in enumerate(texts):
        own = set(re.findall(r"^define [^@]*@([\w.$]+)|^@([\w.$]+) =", text, re.M))
        names = {a or b for a, b in own}
        pieces = re.split(r'(c"[^"]*")', text)
        prefix = {name: f"@ir{position}_{name}" for name in names}
        pieces[::2] = [re.sub(r"@([\w.$]+)", lambda m, p=prefix: p.get(m[1], m[0]), piece)
                       for piece in pieces[::2]]
        for line in "".join(pieces).split("\n"):
            found = re.match(r"declare [^@]*@([\w.$]+)", line)
            if found:
                declares[found[1]] = line
            else:
                parts.append(line)
    return "\n".join([*parts, *declares.values()]) + "\n"


def _literal(value: Json, real: bool) -> str:
    if real:
        special = {"NaN": "__builtin_nan(\"\")", "Infinity": "__builtin_inf()",
                   "-Infinity": "-__builtin_inf()"}
        return special[value] if isinstance(value, str) else float(value).hex()
    if value == -2**63:
        return "(-9223372036854775807LL - 1)"
    return f"{value}ULL" if value >= 2**63 else f"{value}LL"


def _items(value: Json, parameter: _Parameter) -> list[Json]:
    return [*str(value).encode("latin-1"), 0] if parameter.text else list(value)


def _call(index: int, value: list[Json], function: str, returns: str,
          parameters: Sequence[_Parameter]) -> str:
    """A block of C that calls `function` on one input and says what happened."""
    lines, arguments = [], []
    for parameter, item in zip(parameters, value, strict=True):
        if parameter.pointer:
            items = [_literal(v, parameter.real) for v in _items(item, parameter)]
            kind = f"({parameter.scalar})" if parameter.text else ""
            shown = ", ".join(kind + v for v in items) or "0"
            lines.append(f"{parameter.scalar} a_{parameter.name}[] = {{ {shown} }};")
            arguments.append(f"(void *)a_{parameter.name}")
        else:
            arguments.append(_literal(item, parameter.real))
    call = f"{function}({', '.join(arguments)})"
    say = {"void": f"{call}; SAY(\"call {index} ret -\");",
           "bool": f"int r = {call} & 1; SAY(\"call {index} ret %d\", r);",
           "float": f"double r = {call}; SAY(\"call {index} ret %a\", r);",
           "double": f"double r = {call}; SAY(\"call {index} ret %a\", r);"}
    unsigned = returns.startswith("unsigned")
    lines.append(say.get(returns, f"{returns} r = {call}; SAY(\"call {index} ret "
                         + ("%llu\", (unsigned long long)r);" if unsigned
                            else "%lld\", (long long)r);")))
    for parameter, item in zip(parameters, value, strict=True):
        if parameter.pointer:
            count = len(_items(item, parameter))
            form, cast = ("%a", "double") if parameter.real else ("%lld", "long long")
            lines.append(f"SAY(\" arr\"); for (int i = 0; i < {count}; i++) SAY(\" {form}\", "
                         f"({cast})a_{parameter.name}[i]);")
    return "{ " + " ".join(lines) + " check_text_out(); }"


def _program(group: IRGroup, name: str, returns: str, parameters: Sequence[_Parameter],
             count: int) -> str:
    """The C text: the source, prototypes of the IRs, one child process for each of them."""
    source = re.sub(r"^[ \t]*#[ \t]*include[^\n]*$", "", group.source_code, flags=re.M)
    kinds = ", ".join("void *" if p.pointer else p.scalar for p in parameters) or "void"
    result = "unsigned char" if returns == "bool" else returns
    if group.language != "c":  # linked; under another name, for headers may know its own
        source = f'{result} source_{name}({kinds}) __asm__("{name}");'
    own = name if group.language == "c" else f"source_{name}"
    parts = [_HEAD, source, *(f"{result} ir{k}_{name}({kinds});" for k in range(count)),
             "static void run(int which) {", "  switch (which) {"]
    for which in range(-1, count):
        label = "default" if which < 0 else f"case {which}"
        function = own if which < 0 else f"ir{which}_{name}"
        wanted = range(len(group.inputs))
        if which >= len(group.winners):
            witness = group.losers[which - len(group.winners)].witness["input"]
            wanted = [k for k in wanted if group.inputs[k] == witness][:1]  # type: ignore
        blocks = [_call(k, group.inputs[k], function, returns, parameters) for k in wanted]
        parts += [f"  {label}:", *blocks, "  break;"]
    parts.append(f"""  }}
}}
int main(void) {{
    for (int which = -1; which < {count}; which++) {{
        fflush(0);
        pid_t child = fork();
        if (child == 0) {{
            check_lock();
            SAY("who %d\\n", which);
            run(which);
            check_send();
            syscall(SYS_exit, 0);
        }}
        waitpid(child, 0, 0);
    }}
    return 0;
}}
""")
    return "\n".join(parts)


def _read(text: str, group: IRGroup, returns: str, parameters: Sequence[_Parameter],
          ) -> dict[str, dict[int, Json]]:
    found: dict[str, dict[int, Json]] = {}
    who = ""
    for line in text.split("\n"):
        if line.startswith("who "):
            who = "source" if line == "who -1" else line[4:]
            found[who] = {}
        elif line.startswith("call "):
            head, _, out = line.partition(" out ")
            index = int(head.split()[1])
            found[who][index] = _output(head, out, group.inputs[index], returns, parameters)
    return found


def _output(head: str, out: str, value: list[Json], returns: str,
            parameters: Sequence[_Parameter]) -> Json:
    """The record's form: {"return", "arrays" that changed, "stdout" if any}."""
    first, *arrays = head.split(" arr")
    shown = first.split()[-1]
    output: dict[str, Json] = {}
    if returns != "void":
        output["return"] = _number(shown, returns in ("float", "double"))
    changed = {}
    pointers = [(p, v) for p, v in zip(parameters, value, strict=True) if p.pointer]
    for (parameter, before), text in zip(pointers, arrays, strict=True):
        items = [_number(word, parameter.real) for word in text.split()]
        if parameter.text:
            after: Json = bytes(v % 256 for v in items[:-1]).decode("latin-1")
        else:
            after = [v % 256 if parameter.scalar == "unsigned char" else v for v in items]
        if after != [_plain(v) for v in before] if not parameter.text else after != before:
            changed[parameter.name] = after
    if changed:
        output["arrays"] = changed
    if out:
        output["stdout"] = bytes.fromhex(out).decode("latin-1")
    return output


def _plain(value: Json) -> Json:
    return int(value) if isinstance(value, bool) else value


def _number(text: str, real: bool) -> Json:
    if not real:
        return int(text)
    if "nan" in text:
        return "NaN"
    if "inf" in text:
        return "-Infinity" if text.startswith("-") else "Infinity"
    return float.fromhex(text)
