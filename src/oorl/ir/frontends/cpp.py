"""C++ without its library, by clang: functions on scalars and arrays of scalars.

Every function is compiled inside `extern "C"`, so templates and overloads of the source's own are
refused as not compiling. `std` holds what such functions use: min, max, swap, abs and <cmath>.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from oorl.ir import compile as clang
from oorl.ir import signature
from oorl.ir.compile import CFunction, find_clang, screen
from oorl.ir.compile import strip_comments as normal
from oorl.ir.frontends.c import version
from oorl.ir.signature import CSignature

__all__ = ["compile_batch", "native", "normal", "screen", "signatures", "version"]

_STD = """sqrt pow fabs floor ceil round trunc fmod log log2 log10 exp exp2 sin cos tan asin acos
atan atan2 sinh cosh tanh cbrt hypot fmin fmax ldexp abs labs llabs strlen strcmp strncmp strcpy
strcat strchr memcpy memmove memset memcmp isalpha isdigit isalnum isspace isupper islower ispunct
toupper tolower atoi malloc calloc realloc free"""
_DROPPED = re.compile(r"typedef _Bool bool; |^#define (?:true|false|isnan|isinf)\b.*\n", re.M)
_C = _DROPPED.sub("", clang.PRELUDE).replace("((void *)0)", "__null")
PRELUDE = (f'extern "C" {{\n{_C}' + """}
namespace std {
using ::size_t;
""" + "".join(f"using ::{name};\n" for name in _STD.split()) + """
template <class T> constexpr T min(T a, T b) { return b < a ? b : a; }
template <class T> constexpr T max(T a, T b) { return a < b ? b : a; }
template <class T> void swap(T &a, T &b) { T t = a; a = b; b = t; }
inline long abs(long x) { return ::labs(x); }
inline long long abs(long long x) { return ::llabs(x); }
inline double abs(double x) { return ::fabs(x); }
inline float abs(float x) { return ::fabsf(x); }
inline bool isnan(double x) { return __builtin_isnan(x); }
inline bool isinf(double x) { return __builtin_isinf(x); }
}
""")
CPP = clang.Dialect(("-x", "c++", "-std=gnu++17", "-fno-exceptions", "-fno-rtti"), PRELUDE,
                    'extern "C" {', "}")
_NATIVE = "".join(f"#include <{name}>\n" for name in (
    "algorithm", "cassert", "cctype", "cfloat", "climits", "cmath", "cstdint", "cstdio", "cstdlib",
    "cstring", "utility"))


def compile_batch(functions: Sequence[tuple[int, CFunction]], sanitize: bool = False,
                  ) -> tuple[str, list[int]]:
    """See `oorl.ir.compile.compile_batch`."""
    return clang.compile_batch(functions, sanitize, CPP)


def signatures(functions: Sequence[tuple[int, CFunction]]) -> dict[int, CSignature]:
    """See `oorl.ir.signature.signatures`."""
    return signature.signatures(functions, CPP)


def native(source: str, name: str, folder: Path) -> list[str] | None:
    """An object by the system's C++ compiler, with the real headers."""
    compiler = next(([found] for c in ("c++", "g++", "clang++") if (found := shutil.which(c))),
                    [find_clang(), "c++"])
    text, built = folder / "source.cpp", folder / "source.o"
    bare = normal(source)
    text.write_text(f'{_NATIVE}extern "C" {{\n{bare}\n}}\n', encoding="utf-8")
    done = subprocess.run([*compiler, "-O0", "-w", "-std=gnu++17", "-ffp-contract=off", "-c",
                           str(text), "-o", str(built)], capture_output=True, timeout=60,
                          check=False)
    return [str(built), "-lstdc++"] if done.returncode == 0 else None
