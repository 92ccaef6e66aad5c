"""C functions for the IR tests."""

from __future__ import annotations

from collections.abc import Sequence

from oorl.ir.compile import CFunction
from oorl.ir.work import Source

GOOD = {
    "sum_upto": "long long sum_upto(long long n) {\n    long long total = 0;\n"
                "    for (long long i = 1; i <= n; i++) total += i * 3;\n    return total;\n}",
    "count_even": "long long count_even(const long long *xs, int xs_len) {\n    long long c = 0;\n"
                  "    for (int i = 0; i < xs_len; i++) {\n        if (xs[i] % 2 == 0) c++;\n"
                  "    }\n"
                  "    return c;\n}",
    "mean_of": "double mean_of(double a, double b) {\n    double m = (a + b) / 2.0;\n"
               "    return m > 10.0 ? m - 1.0 : m + b;\n}",
    "vowels": "long long vowels(const char *s) {\n    long long n = 0;\n"
              "    while (*s) { if (*s == 'a' || *s == 'e' || *s == 'o') n += 2; s++; }\n"
              "    return n;\n}",
    "reverse": "void reverse(int *xs, int xs_len) {\n    int i = 0, j = xs_len - 1;\n"
               "    while (i < j) { int t = xs[i]; xs[i++] = xs[j]; xs[j--] = t; }\n}",
    "greet": "int greet(int n) {\n    for (int i = 0; i < n; i++) printf(\"%d,\", i * i);\n"
             "    return n + 1;\n}",
    "is_big": "static int twice(int x) { return 2 * x + 1; }\n"
              "bool is_big(int a, int b) { return twice(a) > b + 4; }",
    "table": "static const int steps[5] = {3, 1, 4, 1, 5};\n"
             "int table(int n) { int s = 0; for (int i = 0; i < n; i++) s += steps[i % 5];"
             " return s * 2; }",
}

REFUSED = {
    "external symbol or global state": (
        "calls", "int calls(int x) { static int seen; seen += x; return seen; }"),
    "does not compile": ("typo", "int typo(int x) { return y + x; }"),
    "source: directive": ("reads", '#include "/etc/passwd"\nint reads(int x) { return x; }'),
    "source: forbidden construct": (
        "raw", 'int raw(int x) { __asm__("syscall"); return x; }'),
    "source: syntax": ("open", "int open(int x) { return x; "),
    "source: no such function": ("absent", "int present(int x) { return x; }"),
    "unsupported signature": ("pp", "int pp(int **x) { return **x; }"),
    "too few vetted inputs": ("overflow", "int overflow(int x) { return x + 2147483647 + x; }"),
}


def source(name: str, code: str, split: str = "sft") -> Source:
    return Source(f"p-{name}", split, CFunction(code, name))


def good_sources() -> list[Source]:
    return [source(name, code) for name, code in GOOD.items()]


def many(count: int) -> Sequence[Source]:
    """`count` functions that differ in their constants."""
    return [source(f"f{k}", f"int f{k}(int a, int b) {{ int s = {k}; for (int i = 0; i < a; i++) "
                            f"if (i % {k % 7 + 2} != 0) s += b * {k % 5 + 1}; return s - a; }}")
            for k in range(count)]
