"""What a language is: one object that knows how to write, compile and run typed functions.

A language turns (candidate source, signature, inputs) into a `Program`: the files and commands
by which a *driver* around the candidate calls the function on every input and reports each
typed result on descriptor 3. Expected results are unknown here and inside the sandbox.

**Records.** The driver writes lines of `tag <TAB> field ...` to descriptor 3:

====  ======================  =====================================================
tag   fields                  meaning
====  ======================  =====================================================
`C`   message                 the candidate does not parse
`L`   message                 loading the candidate raised
`=`   case, JSON value        the call returned a value of the signature's type
`?`   case, message           the call returned a value of another type
`!`   case, message           the call raised
====  ======================  =====================================================

Lines come in the order of the cases, one a case. A missing, repeated or malformed line never
passes: see `oorl.sandbox.verdicts`.

**Types.** Drivers encode *by the signature*: a value is accepted for a type only if it is one
under the language's own rules. Common rules: bool is never int and int never bool; an int is
accepted where a float is expected; a float where an int is expected only if the language does
not keep the two apart (JavaScript, PHP, Perl, Lua) and the value is integral and exact (within
2^53). A list is the language's list, not a tuple or iterator.

**Whole programs.** Besides functions a language runs whole programs, judged by what they print
for given inputs (`whole`), and programs of candidate and assertions (`asserting`). The second
kind is trusted less: tests and candidate share a process, so a program that reads its own file
or memory can cheat. What it must show is a secret of this one run, printed by a statement
behind the last test; an early exit, whatever its code, cannot.
"""

from __future__ import annotations

import math
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import ClassVar

from oorl.errors import DataError, ToolchainMissing
from oorl.records import Json, Signature, Type

SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"
"""Where compilers and interpreters are looked for before PATH: the sandbox mounts /usr."""

COMPILERS = ("gcc", "cc", "clang-19", "clang")
"""What builds the C parts of warm interpreters."""

SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(frozen=True)
class Tool:
    """An executable; `names` in order of preference, `package` in Debian and Ubuntu."""

    names: tuple[str, ...]
    package: str
    version: tuple[str, ...] = ("--version",)
    required: bool = True


@dataclass(frozen=True)
class Prepared:
    """A file built once per machine from trusted sources, in the sandbox (a compiled header).

    `argv` runs with `files` in /prepared/`name` and writes the artifact to /tmp/artifact; later
    compilations find it, as `output`, and `files` read-only in /prepared/`name`. With `unpack`
    the artifact is a tar archive, found unpacked there; `executable` if it is to be run. What
    needs an `optional` one can do without.
    """

    name: str
    files: Mapping[str, bytes]
    argv: tuple[str, ...]
    output: str = "artifact"
    unpack: bool = False
    executable: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Server:
    """A warm process in its own sandbox that compiles one source at a time.

    It reads frames (4-byte big-endian length, then bytes) on stdin and answers each on
    descriptor 3: a byte 0 and then the files (see `oorl.sandbox.servers`), or 1 and a message.
    """

    name: str
    files: Mapping[str, bytes]
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Warm:
    """A warm interpreter in its own sandbox, every program a fork of it in namespaces of its own.

    `argv` runs with `files` in /job and `prepared` built; how it is talked to is in
    `runtime/warm.py`.
    """

    name: str
    files: Mapping[str, bytes]
    argv: tuple[str, ...]
    prepared: tuple[Prepared, ...] = ()


@dataclass(frozen=True)
class Compile:
    """How to compile. Either `argv`, which leaves the program in /tmp/artifact, or `server`;
    both find what is `prepared`.

    Where `warm` can be had, `job` is run by a fork of it instead of `argv`, to the same effect,
    but what it refuses with `doubt` in its message, and what it cannot link, is for `argv` to
    decide.
    """

    files: Mapping[str, bytes]
    argv: tuple[str, ...] = ()
    prepared: tuple[Prepared, ...] = ()
    server: Server | None = None
    warm: Warm | None = None
    job: bytes = b""
    doubt: str = ""


@dataclass(frozen=True)
class Program:
    """Everything needed to run a candidate. `files` appear read-only in /job.

    A compiled artifact appears as /job/program. `{heap_mib}` in `argv` becomes two thirds of
    the memory limit. Where `warm` can be had, `job`, and behind it the file named `job_end` if any,
    is run by a fork of it instead of `argv`, to the same effect.
    """

    files: Mapping[str, bytes]
    argv: tuple[str, ...]
    compile: Compile | None = None
    warm: Warm | None = None
    job: bytes = b""
    job_end: str = ""


@dataclass(frozen=True)
class Probe:
    """A tiny program and what must become of it (a `Status` value)."""

    code: str
    status: str


class Language(ABC):
    """One programming language. Instances are stateless; the module's `LANGUAGE` is the one.

    Attributes:
        name: registry key, the file's name.
        title: for people ("C++").
        aliases: other names accepted by `get_language`.
        suffix: of source files, with the dot.
        fence: the tag after ``` in prompts; `fences` are all the tags accepted from models.
        kinds: type kinds supported anywhere in a signature.
        reserved: words that cannot name a function or parameter.
        reserved_functions: names that parameters may have and functions may not.
        tools: executables needed; the first is the language's own.
        syntax_errors: a pattern for stderr that tells a program which did not parse from one
            that failed while running; "" for compiled languages.
        completion: a statement that prints `@SECRET@` on a line of its own to stdout and flushes
            it; "" if assertion programs cannot be judged.
        completion_at: where the statement goes in an assertion program: before the last match.
            The default is the end; a language with a `main` gives the end of its body.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    suffix: ClassVar[str]
    fence: ClassVar[str]
    kinds: ClassVar[frozenset[str]] = frozenset(
        ("int", "float", "bool", "str", "list", "map", "optional"))
    reserved: ClassVar[frozenset[str]]
    reserved_functions: ClassVar[frozenset[str]] = frozenset()
    tools: ClassVar[tuple[Tool, ...]]
    memory_errors: ClassVar[tuple[str, ...]] = ()
    syntax_errors: ClassVar[str] = ""
    completion: ClassVar[str] = ""
    completion_at: ClassVar[str] = r"\s*\Z"

    @property
    def fences(self) -> frozenset[str]:
        """All fence tags that mean this language."""
        return frozenset((self.fence, self.name, *self.aliases))

    @property
    def packages(self) -> tuple[str, ...]:
        """The Debian packages that provide the language."""
        return tuple(dict.fromkeys(tool.package for tool in self.tools))

    def supports(self, type_: Type) -> bool:
        """Can values of this type go in and out?"""
        return all(inner.kind in self.kinds for inner in type_.walk())

    def supports_signature(self, signature: Signature) -> bool:
        """Can this function be written and judged in the language?"""
        names = {signature.name, *(p.name for p in signature.parameters)}
        if names & self.reserved or signature.name in self.reserved_functions:
            return False
        return all(self.supports(t) for t in signature.types)

    @abstractmethod
    def declaration(self, signature: Signature) -> str:
        """The function's header as shown in prompts, without an opening body."""

    @abstractmethod
    def literal(self, type_: Type, value: Json) -> str:
        """A fresh, mutable value of `type_` as an expression of the language."""

    @abstractmethod
    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        """The candidate with its driver. Raises `ToolchainMissing`."""

    def whole(self, code: str) -> Program:
        """`code` as a program of its own that reads stdin and writes stdout.

        This is right for an interpreter that takes a file; compiled languages override it with a
        `Compile` and `/job/program`. Raises `ToolchainMissing`.
        """
        name = f"main{self.suffix}"
        return Program({name: source_bytes(code)}, (*self.interpreter(), f"/job/{name}"))

    def warm(self) -> Warm | None:
        """The warm interpreter whose forks run this language's programs, if it has one. Raises
        `ToolchainMissing`."""
        return None

    def interpreter(self) -> tuple[str, ...]:
        """The command that runs a file, without the file. Raises `ToolchainMissing`."""
        return (self.find(),)

    def asserting(self, code: str, tests: str, secret: str) -> Program:
        """`code`, then `tests`, then the statement that prints `secret`, as one whole program.

        `tests` goes on where `code` ends, so it may close a class that `code` left open.
        Raises `ToolchainMissing`, and `DataError` where the language has no `completion`.
        """
        return self.whole(self.complete(f"{code}\n{tests}", secret))

    def complete(self, text: str, secret: str) -> str:
        """`text` with the completion statement behind its last test."""
        if not self.completion:
            raise DataError(f"{self.title}: assertion programs cannot be judged.",
                            "Use typed cases or stdin/stdout programs for this language.")
        places = [m.start() for m in re.finditer(self.completion_at, text)]
        at = places[-1] if places else len(text)
        return f"{text[:at]}\n{self.completion.replace('@SECRET@', secret)}\n{text[at:]}"

    @property
    @abstractmethod
    def probes(self) -> Mapping[str, Probe]:
        """Programs for `PROBE` ("ok", "wrong", "compile_error", "crash", "hang")."""

    def decode(self, type_: Type, payload: str) -> Json:
        """The canonical value in a `=` record. Raises `ValueError` if it is not of the type."""
        from oorl.languages.values import decode_json
        return decode_json(type_, payload)

    def find(self, index: int = 0) -> str:
        """Absolute path of `tools[index]`. Raises `ToolchainMissing` with the remedy."""
        tool = self.tools[index]
        path = find_tool(tool.names)
        if path is None:
            raise ToolchainMissing(
                f"{self.title} cannot be judged: {' or '.join(tool.names)} is not installed.",
                f"sudo apt-get install -y {tool.package}")
        return path

    def check(self) -> None:
        """Raises `ToolchainMissing` naming every missing package at once."""
        missing = [t for t in self.tools if t.required and find_tool(t.names) is None]
        if missing:
            names = ", ".join(" or ".join(t.names) for t in missing)
            packages = " ".join(dict.fromkeys(t.package for t in missing))
            raise ToolchainMissing(f"{self.title} cannot be judged: {names} is not installed.",
                                   f"sudo apt-get install -y {packages}")


_FOUND: dict[tuple[tuple[str, ...], str], str] = {}


def find_tool(names: Sequence[str]) -> str | None:
    """The first of `names` found in /usr, PATH or beside this Python, symbolic links kept.

    What was found is looked up once for a process and a PATH (each verdict asks); what was not,
    each time.
    """
    key = (tuple(names), os.environ.get("PATH", ""))
    if key not in _FOUND:
        paths = (SEARCH_PATH, key[1], os.path.dirname(sys.executable))
        looked = (shutil.which(name, path=path) for path in paths for name in names)
        found = next(filter(None, looked), None)
        if found is None:
            return None
        _FOUND[key] = found
    return _FOUND[key]


@cache
def warm_part(name: str, source: str, output: str, options: tuple[str, ...] = ("-shared", "-fPIC"),
              *, optional: bool = False) -> Prepared | None:
    """A C part of a warm parent, from `source` and warm.c beside it; None without a compiler."""
    compiler = find_tool(COMPILERS)
    if compiler is None:
        return None
    return Prepared(name, {n: runtime_file(n) for n in dict.fromkeys(("warm.c", source))}, (
        compiler, "-O2", "-w", *options, "-o", "/tmp/artifact", f"/prepared/{name}/{source}"),
        output, executable=not options, optional=optional)


def warm_compiler(name: str, argv: Sequence[str], start_at: str = "",
                  prepared: tuple[Prepared, ...] = ()) -> Warm | None:
    """A compiler whose forks go on before its `main`, or where it first opens the file `start_at`;
    its object code is then what it writes to stdout. See `runtime/warm_start.c`."""
    part = warm_part("start-warm", "warm_start.c", "warm.so")
    if part is None:
        return None
    ours = ("LD_BIND_NOW=1", "LD_PRELOAD=/prepared/start-warm/warm.so",
            *([f"OORL_START_AT={start_at}"] if start_at else []))
    return Warm(name, {}, ("/usr/bin/env", *ours, *argv), (part, *prepared))


def compile_job(files: Mapping[str, bytes], then: Sequence[str], args: Sequence[str] = ()) -> bytes:
    """A job for a warm compiler: `then` is the command after it, `args` what it reads from
    /job/args."""
    lines = {"then": "\n".join(then).encode(), "args": "\n".join(args).encode()}
    return pack_job((), {**files, **lines})


@cache
def link_command(compiler: str, mold: str | None, *inputs: str) -> tuple[str, ...]:
    """How to link /tmp/main.o and `inputs` into /tmp/artifact.

    The compiler is asked once what it would run (`-###`); running the linker itself saves its
    start for every candidate. Where the answer is not understood, the compiler links.
    """
    # One thread, in this process: starting more costs more than linking something this small.
    mold_flag = ("-fuse-ld=mold", "-Wl,--no-fork,--threads=1") if mold else ()
    with tempfile.TemporaryDirectory() as folder:  # compilers leave out inputs that do not exist
        names = {f"{folder}/{index}.o": name
                 for index, name in enumerate(("/tmp/main.o", *inputs))}
        for name in names:
            Path(name).touch()
        program = f"{folder}/program"
        done = subprocess.run([compiler, *mold_flag, *names, "-o", program, "-###"],
                              capture_output=True, text=True, check=False)
    names[program] = "/tmp/artifact"
    lines = done.stderr.strip().splitlines()
    parts = shlex.split(lines[-1]) if lines else []
    if names.keys() <= set(parts) and os.path.basename(parts[0]).startswith(("ld", "mold")):
        return tuple(names.get(part, part) for part in parts)
    return (compiler, *mold_flag, "/tmp/main.o", *inputs, "-o", "/tmp/artifact")


def pack_job(argv: Sequence[str], files: Mapping[str, bytes]) -> bytes:
    """A command for a warm parent, with its files in /job; without arguments the interpreter finds
    what to run there."""
    def pack(data: bytes) -> bytes:
        return struct.pack("=I", len(data)) + data + b"\0"
    parts = [b"x", struct.pack("=I", len(argv)), *(pack(os.fsencode(part)) for part in argv),
             struct.pack("=I", len(files))]
    for name, data in files.items():
        parts += [pack(os.fsencode(name)), pack(data)]
    return b"".join(parts)


def source_bytes(code: str) -> bytes:
    """Candidate text as bytes. Lone surrogates become bytes no language accepts, not an error
    of ours."""
    return code.encode("utf-8", "surrogatepass")


def words(text: str) -> frozenset[str]:
    """A set of words from a text with blanks."""
    return frozenset(text.split())


@cache
def runtime_file(name: str) -> bytes:
    """A file of a driver that has one of its own, from the package's data."""
    return (resources.files("oorl.languages") / "runtime" / name).read_bytes()
