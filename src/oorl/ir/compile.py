"""Clang's front end (from PyPI's ziglang): many functions of C or C++ in one translation unit.

A compiler process costs about 45 ms, a function inside a unit less than one: functions are
compiled in batches. In slot k every top-level name `x` becomes `oorlk_x`, so sources that share
names live together, and `# 1 "Fk"` makes the compiler name the slot of each error.

Sources are untrusted: a directive that could read files of this machine is refused before the
compiler sees it (`screen`). Known library functions are declared by a small prelude, so headers
are not needed and `#include` lines are dropped.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from oorl.errors import InfraError, ToolchainMissing

CLANG_VERSION = "ziglang 0.17"
FLAGS = ["-target", "x86_64-linux-gnu", "-w", "-ffp-contract=off", "-fno-ident", "-S",
         "-emit-llvm", "-O0", "-Xclang", "-disable-O0-optnone", "-ferror-limit=0"]
# Undefined behaviour becomes a trap; locals start as 0xAA, the pads' first pattern.
SANITIZE = ["-fsanitize=undefined,float-cast-overflow,float-divide-by-zero,local-bounds",
            "-fno-sanitize=function", "-fsanitize-trap=all", "-ftrivial-auto-var-init=pattern"]

PRELUDE = """typedef _Bool bool; typedef unsigned long size_t; typedef signed char int8_t;
typedef short int16_t; typedef int int32_t; typedef long int64_t; typedef unsigned char uint8_t;
typedef unsigned short uint16_t; typedef unsigned int uint32_t; typedef unsigned long uint64_t;
typedef unsigned long uintptr_t; typedef long intptr_t; typedef long ptrdiff_t;
typedef long ssize_t;
#define true 1
#define false 0
#define NULL ((void *)0)
#define CHAR_BIT 8
#define SCHAR_MIN (-128)
#define SCHAR_MAX 127
#define UCHAR_MAX 255
#define CHAR_MIN (-128)
#define CHAR_MAX 127
#define SHRT_MIN (-32768)
#define SHRT_MAX 32767
#define INT_MAX 2147483647
#define INT_MIN (-INT_MAX - 1)
#define UINT_MAX 4294967295U
#define LONG_MAX 9223372036854775807L
#define LONG_MIN (-LONG_MAX - 1L)
#define ULONG_MAX 18446744073709551615UL
#define LLONG_MAX 9223372036854775807LL
#define LLONG_MIN (-LLONG_MAX - 1LL)
#define ULLONG_MAX 18446744073709551615ULL
#define INT32_MAX INT_MAX
#define INT32_MIN INT_MIN
#define INT64_MAX LONG_MAX
#define INT64_MIN LONG_MIN
#define DBL_MAX __DBL_MAX__
#define DBL_MIN __DBL_MIN__
#define DBL_EPSILON __DBL_EPSILON__
#define FLT_MAX __FLT_MAX__
#define FLT_MIN __FLT_MIN__
#define FLT_EPSILON __FLT_EPSILON__
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define M_PI 3.14159265358979323846
#define M_E 2.7182818284590452354
#define isnan(x) __builtin_isnan(x)
#define isinf(x) __builtin_isinf(x)
#define assert(x) ((x) ? (void)0 : __builtin_trap())
int abs(int); long labs(long); long long llabs(long long);
double sqrt(double), pow(double, double), fabs(double), floor(double), ceil(double), round(double),
  trunc(double), fmod(double, double), log(double), log2(double), log10(double), exp(double),
  exp2(double), sin(double), cos(double), tan(double), asin(double), acos(double), atan(double),
  atan2(double, double), sinh(double), cosh(double), tanh(double), cbrt(double),
  hypot(double, double), fmin(double, double), fmax(double, double), ldexp(double, int);
float sqrtf(float), powf(float, float), fabsf(float), floorf(float), ceilf(float), roundf(float),
  fmodf(float, float), sinf(float), cosf(float), tanf(float), logf(float), expf(float);
long lround(double); long long llround(double);
size_t strlen(const char *); int strcmp(const char *, const char *);
int strncmp(const char *, const char *, size_t); char *strcpy(char *, const char *);
char *strncpy(char *, const char *, size_t); char *strcat(char *, const char *);
char *strchr(const char *, int); char *strrchr(const char *, int);
char *strstr(const char *, const char *); void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t); void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
int isalpha(int), isdigit(int), isalnum(int), isspace(int), isupper(int), islower(int),
  ispunct(int), isxdigit(int), toupper(int), tolower(int);
int atoi(const char *); long atol(const char *); long long atoll(const char *);
void *malloc(size_t); void *calloc(size_t, size_t); void *realloc(void *, size_t);
void free(void *);
void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
int printf(const char *, ...); int puts(const char *); int putchar(int);
"""

_TOKENS = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<[\w./]+>[^\n]*$", re.M)
_BAD = re.compile(r"\basm\b|\b__asm__\b|\b__asm\b|\b_Pragma\b|\b__attribute__\b|\b__declspec\b"
                  r"|\b__has_\w+|\bmain\s*\(|\b__builtin_(?!clz|ctz|popcount|parity|bswap)\w+")


@dataclass(frozen=True)
class CFunction:
    """A text in a language of `frontends`, and the name of the function that is the example."""

    source: str
    name: str
    language: str = "c"


@dataclass(frozen=True)
class Dialect:
    """What clang has to be told: flags, declarations before all functions, text around each."""

    flags: tuple[str, ...]
    prelude: str
    before: str = ""
    after: str = ""


C = Dialect(("-x", "c", "-std=gnu11"), PRELUDE)


@cache
def find_clang() -> str:
    """Path of the zig binary. Raises `ToolchainMissing`."""
    try:
        import ziglang
    except ImportError:
        raise ToolchainMissing("the C compiler from PyPI is not installed",
                               "Run `pip install 'ziglang>=0.17.1,<0.18'`.") from None
    path = Path(str(ziglang.__file__)).with_name("zig")
    if not path.exists():
        raise ToolchainMissing(f"{path}: not found", "Run `pip install --force-reinstall ziglang`.")
    return str(path)


_STORAGE = re.compile(r"^(?:(?:static|inline|extern|__inline)[ \t]+)+", re.M)


def strip_comments(source: str) -> str:
    """`source` without comments and `#include <...>` lines; strings stay."""
    text = _TOKENS.sub(lambda m: " " if m[0].startswith("/") else m[0], source)
    return _INCLUDE.sub("", text).strip()


def screen(function: CFunction) -> str | None:
    """Why this source must not reach the compiler, or None."""
    text = strip_comments(function.source)
    bare = _TOKENS.sub("0", text)
    if "#" in bare or "??" in bare or "%:" in bare or "\\\n" in text:
        return "directive"
    if _BAD.search(bare) or "\x00" in text:
        return "forbidden construct"
    depth = 0
    for mark in re.findall(r"[{}]", bare):
        depth += 1 if mark == "{" else -1
        if depth < 0:
            return "syntax"
    if depth or '"' in bare or "'" in bare or "/*" in bare or "*/" in bare:
        return "syntax"
    if bare.count("(") != bare.count(")") or not bare.endswith(("}", ";")):
        return "syntax"
    return None if function.name in top_level_names(text) else "no such function"


def top_level_names(source: str) -> list[str]:
    """Names that the text defines or declares at file scope, in order."""
    bare = _TOKENS.sub("0", source)
    flat, depth = [], 0
    for piece in re.findall(r"[{}]|[^{}]+", bare):
        if piece == "{":
            flat.append("{" if depth == 0 else "")
            depth += 1
        elif piece == "}":
            depth -= 1
            flat.append("};" if depth == 0 else "")
        elif depth == 0:
            flat.append(piece)
    names: list[str] = []
    for declaration in "".join(flat).split(";"):
        if re.match(r"\s*(typedef|struct\s+\w+\s*\{|union\s+\w+\s*\{|enum\b|using\b|template\b)",
                    declaration):
            continue
        found = re.search(r"(\w+)\s*(?:\(|\[|=|\{|$)", declaration.strip())
        if found and found[1] not in names and not found[1].isdigit():
            names.append(found[1])
    return names


def render(functions: Sequence[tuple[int, CFunction]], dialect: Dialect = C) -> str:
    """One translation unit; `functions` are (slot, function)."""
    parts = [dialect.prelude]
    for slot, function in functions:
        # Internal and inline functions that nobody calls would not be emitted.
        text = _STORAGE.sub("", strip_comments(function.source))
        names = top_level_names(text)
        parts += [f"#define {name} oorl{slot}_{name}\n" for name in names]
        parts.append(f'{dialect.before}\n# 1 "F{slot}"\n{text}\n{dialect.after}\n')
        parts += [f"#undef {name}\n" for name in names]
    return "".join(parts)


def compile_batch(functions: Sequence[tuple[int, CFunction]], sanitize: bool = False,
                  dialect: Dialect = C) -> tuple[str, list[int]]:
    """IR of one module that holds every slot that compiles, and the slots that do not."""
    live = list(functions)
    refused: list[int] = []
    command = [find_clang(), "clang", *dialect.flags, *FLAGS, *(SANITIZE if sanitize else []),
               "-", "-o", "-"]
    while live:
        done = subprocess.run(command, input=render(live, dialect).encode("utf-8", "replace"),
                              capture_output=True, timeout=300, check=False)
        if done.returncode == 0:
            return _shape(done.stdout.decode("utf-8", "replace")), sorted(refused)
        bad = {int(k) for k in re.findall(rb"^F(\d+):\d+:\d+: (?:fatal )?error", done.stderr, re.M)}
        if not bad:
            bad = _blame(live, command, done.stderr, dialect)
        refused += [slot for slot, _ in live if slot in bad]
        live = [item for item in live if item[0] not in bad]
    return "", sorted(refused)


def _blame(live: Sequence[tuple[int, CFunction]], command: list[str], errors: bytes,
           dialect: Dialect) -> set[int]:
    """The compiler failed without naming a slot: try each alone."""
    if len(live) == 1:
        return {live[0][0]}
    bad = {item[0] for item in live
           if subprocess.run(command, input=render([item], dialect).encode("utf-8", "replace"),
                             capture_output=True, timeout=300, check=False).returncode}
    if not bad:
        raise InfraError("clang refuses a batch of functions that compile one by one: "
                         + errors.decode("utf-8", "replace")[:300], "Report this as a bug.")
    return bad


def _shape(ir: str) -> str:
    """Let passes inline, and keep helpers' names (internal names would be stripped)."""
    return ir.replace("noinline ", "").replace("define internal ", "define ") \
        .replace("define linkonce_odr ", "define ")


def native_compiler() -> list[str]:
    """The command of a C compiler that makes shared objects for this machine."""
    for name in ("cc", "gcc", "clang"):
        found = shutil.which(name)
        if found:
            return [found]
    return [find_clang(), "cc"]
