"""C++17: clang with a precompiled header and mold where installed, else g++.

The prelude (the whole standard library, `using namespace std`, the driver's reader and writer)
is compiled once per machine. A candidate's own `main` is renamed, not refused. A result may
convert to the signature's type, except a floating one to an integral type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oorl.languages.base import (
    Compile,
    Language,
    Prepared,
    Probe,
    Program,
    Tool,
    find_tool,
    source_bytes,
    words,
)
from oorl.languages.values import as_float, escaped, octal_utf8, tokens
from oorl.records import Json, Signature, Type

PRELUDE = r'''
#include <bits/stdc++.h>
#include <unistd.h>
namespace oorl {
using std::string; using std::vector; using std::map; using std::optional;
struct Reader {
  const char* at;
  long long integer() { char* end; long long v = strtoll(at, &end, 10); at = end; return v; }
  void get(long long& v) { v = integer(); }
  void get(double& v) { char* end; v = strtod(at, &end); at = end; }
  void get(bool& v) { v = integer() != 0; }
  void get(string& v) { size_t n = integer(); v.assign(at + 1, n); at += n + 1; }
  template <class T> void get(vector<T>& v) {
    size_t n = integer(); v.clear(); v.reserve(n);
    for (size_t i = 0; i < n; i++) { T item; get(item); v.push_back(std::move(item)); }
  }
  template <class K, class V> void get(map<K, V>& v) {
    size_t n = integer();
    for (size_t i = 0; i < n; i++) { K key; get(key); get(v[key]); }
  }
  template <class T> void get(optional<T>& v) {
    if (integer()) { T item; get(item); v = std::move(item); } else v.reset();
  }
};
struct Writer {
  string out;
  void put(long long v) { char b[32]; out.append(b, snprintf(b, 32, "%lld", v)); }
  void put(bool v) { out += v ? "true" : "false"; }
  void put(double v) {
    char b[40];
    if (std::isnan(v)) out += "NaN";
    else if (std::isinf(v)) out += v > 0 ? "Infinity" : "-Infinity";
    else out.append(b, snprintf(b, 40, "%.17g", v));
  }
  void put(const string& v) {
    char b[8]; out += '"';
    for (unsigned char c : v)
      if (c == '"' || c == '\\') { out += '\\'; out += c; }
      else if (c < 32) out.append(b, snprintf(b, 8, "\\u%04x", c));
      else out += c;
    out += '"';
  }
  template <class T> void put(const vector<T>& v) {
    out += '['; bool first = true;
    for (const T& item : v) { if (!first) out += ','; first = false; put(item); }
    out += ']';
  }
  template <class K, class V> void put(const map<K, V>& v) {
    out += '['; bool first = true;
    for (auto& [k, item] : v) {
      if (!first) out += ',';
      first = false; out += '['; put(k); out += ','; put(item); out += ']';
    }
    out += ']';
  }
  template <class T> void put(const optional<T>& v) { if (v) put(*v); else out += "null"; }
  void flush() {
    for (size_t at = 0; at < out.size();) {
      ssize_t n = ::write(3, out.data() + at, out.size() - at);
      if (n <= 0) _exit(97);
      at += n;
    }
    out.clear();
  }
  void record(char tag, int index, const char* text) {
    out.clear(); out += tag; out += '\t'; put((long long)index); out += '\t';
    for (const char* c = text; *c; c++) out += (unsigned char)*c < 32 ? ' ' : *c;
    out += '\n'; flush();
  }
};
template <class R, class A> R expect(A&& value) {
  using B = std::decay_t<A>;
  static_assert(!(std::is_floating_point_v<B> && std::is_integral_v<R>),
                "the function returns a floating type where an integral one is expected");
  return R(std::forward<A>(value));
}
template <class F> void answer(int index, F&& call) {
  static Writer w;
  try {
    auto value = call();
    w.out.clear(); w.out += "=\t"; w.put((long long)index); w.out += '\t';
    w.put(value); w.out += '\n'; w.flush();
  } catch (const std::exception& e) { w.record('!', index, e.what()); }
  catch (...) { w.record('!', index, "an exception of unknown type"); }
}
inline Reader input() {
  static string text;
  FILE* f = fopen("/job/input", "rb");
  char buffer[65536]; size_t n;
  while (f && (n = fread(buffer, 1, sizeof buffer, f)) > 0) text.append(buffer, n);
  if (f) fclose(f);
  return Reader{text.c_str()};
}
}
using namespace std;
'''

CLANG_FLAGS = ("-std=c++17", "-O0", "-w", "-fno-color-diagnostics", "-fbracket-depth=1024")
GXX_FLAGS = ("-std=c++17", "-O0", "-w", "-fno-diagnostics-color")


class Cpp(Language):
    """C++17. int is long long, float is double, lists are vectors, maps are std::map."""

    name = "cpp"
    title = "C++"
    aliases = ("c++", "cxx")
    suffix = ".cpp"
    fence = "cpp"
    reserved = words(
        "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t "
        "char32_t class compl const constexpr const_cast continue decltype default delete do "
        "double dynamic_cast else enum explicit export extern false float for friend goto if "
        "inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq "
        "private protected public register reinterpret_cast return short signed sizeof static "
        "static_assert static_cast struct switch template this thread_local throw true try "
        "typedef typeid typename union unsigned using virtual void volatile wchar_t while xor "
        "xor_eq main errno assert NULL EOF stdin stdout stderr oorl unix linux")
    tools = (Tool(("clang++-19", "clang++-18", "clang++-17", "g++"), "g++"),
             Tool(("clang++-19", "clang++-18", "clang++-17"), "clang-19", required=False),
             Tool(("ld.mold", "mold"), "mold", required=False))
    memory_errors = ("std::bad_alloc",)

    def declaration(self, signature: Signature) -> str:
        parameters = ", ".join(
            f"{cpp_type(p.type)} {p.name}" for p in signature.parameters)
        return f"{cpp_type(signature.returns)} {signature.name}({parameters})"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            inside = "" if value is None else self.literal(type_.args[0], value)
            return f"{cpp_type(type_)}{{{inside}}}"
        if type_.kind == "list":
            items = ", ".join(self.literal(type_.args[0], v) for v in value)
            return f"{cpp_type(type_)}{{{items}}}"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"{{{self.literal(key, k)}, {self.literal(item, v)}}}" for k, v in value)
            return f"{cpp_type(type_)}{{{', '.join(pairs)}}}"
        if type_.kind == "str":
            return f"std::string({escaped(value, octal_utf8)})"
        if type_.kind == "float":
            return {"NaN": "NAN", "Infinity": "INFINITY", "-Infinity": "-INFINITY"}.get(
                str(value), repr(as_float(value)))
        if type_.kind == "bool":
            return "true" if value else "false"
        return "(-9223372036854775807LL-1)" if value == -2**63 else f"{value}LL"

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        source = (f"#define main oorl_candidate_main\n#line 1 \"candidate.cpp\"\n{code}\n"
                  f"#undef main\n#line 1 \"driver.cpp\"\n{driver(signature)}")
        files = {"main.cpp": source_bytes(source)}
        return Program({"input": tokens(signature, inputs)}, ("/job/program",),
                       self._compile(files))

    def _compile(self, files: Mapping[str, bytes]) -> Compile:
        mold = find_tool(self.tools[2].names)
        linker = ("-fuse-ld=mold",) if mold else ()
        clang = find_tool(self.tools[1].names)
        header = {"prelude.h": PRELUDE.encode()}
        if clang is None:
            compiler = self.find()
            where = "/prepared/cpp-gcc/"
            prepared = Prepared("cpp-gcc", header, (
                compiler, *GXX_FLAGS, "-x", "c++-header", where + "prelude.h",
                "-o", "/tmp/artifact"))
            argv = (compiler, *GXX_FLAGS, *linker, "-include", where + "prelude.h",
                    "/job/main.cpp", "-o", "/tmp/artifact")
            return Compile(files, argv, prepared)
        where = "/prepared/cpp-clang/"
        prepared = Prepared("cpp-clang", header, (
            clang, *CLANG_FLAGS, "-x", "c++-header", where + "prelude.h", "-o", "/tmp/artifact",
            "-fpch-instantiate-templates", "-Xclang", "-fno-pch-timestamp"))
        argv = (clang, *CLANG_FLAGS, *linker, "-include-pch", where + "artifact",
                "/job/main.cpp", "-o", "/tmp/artifact")
        return Compile(files, argv, prepared)

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"long long count_even(vector<long long> nums) {{\n  {text}\n}}\n"
        return {
            "ok": Probe(body("long long c = 0; for (auto n : nums) c += n % 2 == 0; return c;"),
                        "passed"),
            "wrong": Probe(body("return nums.size();"), "wrong_answer"),
            "compile_error": Probe(body("return nums.length;"), "compile_error"),
            "crash": Probe(body("int* p = nullptr; return *p;"), "runtime_error"),
            "hang": Probe(body("volatile int x = 1; while (x) {}  return 0;"), "timeout"),
        }


def cpp_type(type_: Type) -> str:
    """A type as C++ writes it in the prelude's `using namespace std`."""
    if type_.args:
        name = {"list": "vector", "map": "map", "optional": "optional"}[type_.kind]
        return f"{name}<{', '.join(map(cpp_type, type_.args))}>"
    return {"int": "long long", "float": "double", "bool": "bool", "str": "string"}[type_.kind]


def driver(signature: Signature) -> str:
    """`main`: read each case's arguments, call, write the record; leave by `_exit` at the end,
    so that destructors and atexit handlers have no say."""
    reads = "".join(f"    {cpp_type(p.type)} a{i}; in.get(a{i});\n"
                    for i, p in enumerate(signature.parameters))
    arguments = ", ".join(f"a{i}" for i in range(len(signature.parameters)))
    returns = cpp_type(signature.returns)
    return (
        "int main() {\n  oorl::Reader in = oorl::input();\n  long long n = in.integer();\n"
        f"  for (int i = 0; i < n; i++) {{\n{reads}"
        f"    oorl::answer(i, [&] {{ return oorl::expect<{returns}>"
        f"(::{signature.name}({arguments})); }});\n  }}\n  _exit(0);\n}}\n")


LANGUAGE = Cpp()
