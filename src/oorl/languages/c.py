"""C11: scalars out, scalars and arrays in; tcc where installed, else gcc.

int is long long, float is double, str is const char *, a list of scalars is two parameters, a
pointer and `int <name>_len`. Results are scalars. bool, <stdbool.h>, <string.h>, <math.h> and the
other common headers are included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oorl.languages.base import Compile, Language, Probe, Program, Tool, source_bytes, words
from oorl.languages.values import as_float, escaped, octal_utf8
from oorl.records import Json, Signature, Type

HEADERS = ("stdbool", "stddef", "stdint", "stdio", "stdlib", "string", "math", "limits", "ctype",
           "float")

DRIVER = r'''
#include <unistd.h>
static void oorl_write(const char *data, size_t size) {
  while (size) {
    long n = write(3, data, size);
    if (n <= 0) _exit(97);
    data += n; size -= n;
  }
}
static void oorl_begin(int index) {
  char b[32];
  oorl_write(b, snprintf(b, 32, "=\t%d\t", index));
}
static void oorl_put_int(long long v) { char b[40]; oorl_write(b, snprintf(b, 40, "%lld\n", v)); }
static void oorl_put_bool(int v) { if (v) oorl_write("true\n", 5); else oorl_write("false\n", 6); }
static void oorl_put_float(double v) {
  char b[48];
  if (v != v) oorl_write("NaN\n", 4);
  else if (v - v != 0) oorl_write(v > 0 ? "Infinity\n" : "-Infinity\n", v > 0 ? 9 : 10);
  else oorl_write(b, snprintf(b, 48, "%.17g\n", v));
}
static void oorl_put_str(const char *v) {
  char b[8];
  oorl_write("\"", 1);
  for (; *v; v++)
    if (*v == '"' || *v == '\\') { b[0] = '\\'; b[1] = *v; oorl_write(b, 2); }
    else if ((unsigned char)*v < 32) oorl_write(b, snprintf(b, 8, "\\u%04x", (unsigned char)*v));
    else oorl_write(v, 1);
  oorl_write("\"\n", 2);
}
'''


class C(Language):
    """C11; without maps, optionals, nested lists or results that need memory."""

    name = "c"
    title = "C"
    suffix = ".c"
    fence = "c"
    reserved = words(
        "auto break case char const continue default do double else enum extern float for goto "
        "if inline int long register restrict return short signed sizeof static struct switch "
        "typedef union unsigned void volatile while bool true false main asm errno EOF NULL "
        "stdin stdout stderr unix linux")
    reserved_functions = words(
        "abs labs llabs div exit abort atoi atof atol malloc calloc realloc free rand srand "
        "qsort bsearch system getenv printf puts gets fopen remove rename read write open close "
        "memcpy memset memmove memcmp strlen strcpy strcat strcmp strchr strstr strtok isalpha "
        "isdigit isalnum isupper islower isspace ispunct toupper tolower sin cos tan exp log "
        "log2 log10 pow sqrt cbrt ceil floor round trunc fabs fmin fmax fmod hypot index rindex "
        "y0 y1 yn j0 j1 jn")
    tools = (Tool(("tcc", "gcc"), "tcc", ("-v",)),)
    completion = 'fputs("\\n@SECRET@\\n", stdout); fflush(stdout);'
    completion_at = r"(return\s+0\s*;\s*)?\}\s*\Z"

    def supports(self, type_: Type) -> bool:
        """Scalars and lists of int, float or bool."""
        if type_.kind == "list":
            return type_.args[0].kind in ("int", "float", "bool")
        return type_.kind in ("int", "float", "bool", "str")

    def supports_signature(self, signature: Signature) -> bool:
        return super().supports_signature(signature) and signature.returns.kind != "list"

    def declaration(self, signature: Signature) -> str:
        parameters = []
        for p in signature.parameters:
            if p.type.kind == "list":
                parameters.append(f"const {c_type(p.type.args[0])} *{p.name}, int {p.name}_len")
            else:
                parameters.append(f"{c_type(p.type)}{p.name}" if p.type.kind == "str"
                                  else f"{c_type(p.type)} {p.name}")
        gap = "" if signature.returns.kind == "str" else " "
        inside = ", ".join(parameters) or "void"
        return f"{c_type(signature.returns)}{gap}{signature.name}({inside})"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "list":
            # One element at least: an empty initialiser is not C11.
            items = ", ".join(self.literal(type_.args[0], v) for v in value) or "0"
            return f"({c_type(type_.args[0])}[]){{{items}}}"
        if type_.kind == "str":
            return escaped(value, octal_utf8)
        if type_.kind == "bool":
            return "1" if value else "0"
        if type_.kind == "float":
            return {"NaN": "(0.0/0.0)", "Infinity": "(1.0/0.0)", "-Infinity": "(-1.0/0.0)"}.get(
                str(value), repr(as_float(value)))
        return "(-9223372036854775807LL-1)" if value == -2**63 else f"{value}LL"

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        calls = "".join(
            f"  oorl_begin({index}); oorl_put_{signature.returns.kind}("
            f"{signature.name}({self._arguments(signature, arguments)}));\n"
            for index, arguments in enumerate(inputs))
        headers = "".join(f"#include <{name}.h>\n" for name in HEADERS)
        source = (f"{headers}#define main oorl_candidate_main\n#line 1 \"candidate.c\"\n{code}\n"
                  f"#undef main\n#line 1 \"driver.c\"\n{DRIVER}"
                  f"int main(void) {{\n{calls}  _exit(0);\n}}\n")
        return self._compiled(source)

    def whole(self, code: str) -> Program:
        return self._compiled(code)

    def asserting(self, code: str, tests: str, secret: str) -> Program:
        return super().asserting(f"#include <stdio.h>\n#line 1\n{code}", tests, secret)

    def _compiled(self, source: str) -> Program:
        return Program({}, ("/job/program",), Compile({"main.c": source_bytes(source)}, (
            self.find(), "-w", "-std=gnu11", "/job/main.c", "-o", "/tmp/artifact", "-lm")))

    def _arguments(self, signature: Signature, arguments: Sequence[Json]) -> str:
        words_ = []
        for parameter, value in zip(signature.parameters, arguments, strict=True):
            words_.append(self.literal(parameter.type, value))
            if parameter.type.kind == "list":
                words_.append(str(len(value)))
        return ", ".join(words_)

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"long long count_even(const long long *nums, int nums_len) {{\n  {text}\n}}\n"
        return {
            "ok": Probe(body("long long c = 0; for (int i = 0; i < nums_len; i++) "
                             "c += nums[i] % 2 == 0; return c;"), "passed"),
            "wrong": Probe(body("return nums_len;"), "wrong_answer"),
            "compile_error": Probe(body("return nums.length;"), "compile_error"),
            "crash": Probe(body("int *p = 0; return *p;"), "runtime_error"),
            "hang": Probe(body("volatile int x = 1; while (x) {} return 0;"), "timeout"),
        }


def c_type(type_: Type) -> str:
    """A scalar type as C writes it."""
    return {"int": "long long", "float": "double", "bool": "bool", "str": "const char *"}[
        type_.kind]


LANGUAGE = C()
