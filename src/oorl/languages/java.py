"""Java: static methods, compiled in memory by a warm javac, run in a fresh JVM.

The candidate is the method or methods alone; `import` lines are moved out and the rest is put
into `class Solution`. A candidate that declares `class Solution` itself is taken as it is.
java.util, java.util.function, java.util.stream and java.math are imported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from oorl.languages.base import (
    Compile,
    Language,
    Probe,
    Program,
    Server,
    Tool,
    runtime_file,
    source_bytes,
    words,
)
from oorl.languages.values import as_float, escaped, tokens
from oorl.records import Json, Signature, Type

IMPORTS = ("import java.util.*; import java.util.function.*; import java.util.stream.*; "
           "import java.math.*;")

JAVAC_PARTS = tuple(f"--add-exports=jdk.compiler/com.sun.tools.javac.{part}=ALL-UNNAMED"
                    for part in ("api", "code", "util"))
"""What the compile server takes from javac beyond its public interface."""


class Java(Language):
    """Java. int is long, float is double, lists and maps are `List` and `Map` of boxed types."""

    name = "java"
    title = "Java"
    suffix = ".java"
    fence = "java"
    reserved = words(
        "abstract assert boolean break byte case catch char class const continue default do "
        "double else enum extends final finally float for goto if implements import instanceof "
        "int interface long native new package private protected public return short static "
        "strictfp super switch synchronized this throw throws transient try void volatile while "
        "true false null _ clone equals finalize getClass hashCode notify notifyAll toString "
        "wait")
    tools = (Tool(("java",), "openjdk-17-jdk-headless"),
             Tool(("javac",), "openjdk-17-jdk-headless"))
    memory_errors = ("java.lang.OutOfMemoryError",)
    completion = 'System.out.println("\\n@SECRET@"); System.out.flush();'
    completion_at = r"\}\s*\}\s*\Z"

    def declaration(self, signature: Signature) -> str:
        parameters = ", ".join(f"{java_type(p.type)} {p.name}" for p in signature.parameters)
        return f"static {java_type(signature.returns)} {signature.name}({parameters})"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return "null" if value is None else self.literal(type_.args[0], value)
        if type_.kind == "list":
            items = ", ".join(self.literal(type_.args[0], v) for v in value)
            return f"new ArrayList<>(Arrays.<{boxed(type_.args[0])}>asList({items}))"
        if type_.kind == "map":
            key, item = type_.args
            puts = "".join(f"put({self.literal(key, k)}, {self.literal(item, v)}); "
                           for k, v in value)
            return f"new LinkedHashMap<{boxed(key)}, {boxed(item)}>() {{{{ {puts}}}}}"
        if type_.kind == "str":
            return escaped(value, utf16_escape)
        if type_.kind == "float":
            return {"NaN": "Double.NaN", "Infinity": "Double.POSITIVE_INFINITY",
                    "-Infinity": "Double.NEGATIVE_INFINITY"}.get(str(value), repr(as_float(value)))
        return f"{value}L" if type_.kind == "int" else str(value).lower()

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        return self._run(wrap(code, signature), "Main", {"input": tokens(signature, inputs)})

    def whole(self, code: str) -> Program:
        """The class with `main`, whatever its name; assertions are on."""
        source = re.sub(r"^(\s*)public\s+((?:(?:final|abstract)\s+)*(?:class|interface|enum|record)"
                        r"\b)", r"\1\2", code, flags=re.M)
        return self._run(source, main_class(code), {}, "-ea")

    def _run(self, text: str, main: str, files: Mapping[str, bytes], *flags: str) -> Program:
        sources = ("OorlCompiler.java", "OorlRuntime.java")
        server = Server(
            "javac", {name: runtime_file(name) for name in sources},
            (self.find(0), "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
             "-Xmx{heap_mib}m", "-Xss4m", *JAVAC_PARTS, "/job/OorlCompiler.java",
             "/job/OorlRuntime.java"))
        self.find(1)
        source = {"Main.java": source_bytes(text)}
        # Tests are short. The client compiler alone starts fastest; G1 is the one collector that
        # maps the archived heap of class data sharing: a quarter less than with Serial.
        argv = (self.find(0), "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
                "-XX:+UseG1GC", "-XX:ParallelGCThreads=1", "-XX:ConcGCThreads=1",
                "-Xmx{heap_mib}m", "-Xss8m", *flags, "-cp", "/job", main)
        return Program(files, argv, Compile(source, server=server))

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"static long count_even(List<Long> nums) {{\n  {text}\n}}\n"
        return {
            "ok": Probe(body("return nums.stream().filter(n -> n % 2 == 0).count();"), "passed"),
            "wrong": Probe(body("return nums.size();"), "wrong_answer"),
            "compile_error": Probe(body("return nums.length;"), "compile_error"),
            "crash": Probe(body("return nums.get(99);"), "runtime_error"),
            "hang": Probe(body("while (nums != null) {} return 0;"), "timeout"),
        }


def utf16_escape(point: int) -> str:
    """A code point as one or two unicode escapes; line ends need their own forms in Java."""
    simple = {10: "\\n", 13: "\\r", 9: "\\t"}
    if point in simple:
        return simple[point]
    data = chr(point).encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[i]:02x}{data[i + 1]:02x}" for i in range(0, len(data), 2))


def boxed(type_: Type) -> str:
    """A type as a type argument."""
    if type_.kind in ("list", "map"):
        name = {"list": "List", "map": "Map"}[type_.kind]
        return f"{name}<{', '.join(map(boxed, type_.args))}>"
    if type_.kind == "optional":
        return boxed(type_.args[0])
    return {"int": "Long", "float": "Double", "bool": "Boolean", "str": "String"}[type_.kind]


def java_type(type_: Type) -> str:
    """A type as a parameter or result."""
    primitive = {"int": "long", "float": "double", "bool": "boolean"}
    return primitive.get(type_.kind, boxed(type_))


def wrap(code: str, signature: Signature) -> str:
    """The compilation unit: imports, the candidate in its class, the driver's `main`."""
    imports = re.findall(r"^[ \t]*import\s[^;\n]*;", code, re.M)
    body = re.sub(r"^[ \t]*import\s[^;\n]*;", "", code, flags=re.M)
    if re.search(r"^\s*(public\s+|final\s+)*class\s+Solution\b", body, re.M):
        body = re.sub(r"^(\s*)public\s+((?:final\s+)?class\s+Solution\b)", r"\1\2", body,
                      count=1, flags=re.M)
    else:
        body = f"class Solution {{\n{body}\n}}"
    reads = "".join(f"      {java_type(p.type)} a{i} = ({boxed(p.type)}) r.read(\"{p.type}\");\n"
                    for i, p in enumerate(signature.parameters))
    arguments = ", ".join(f"a{i}" for i in range(len(signature.parameters)))
    return (
        f"{IMPORTS} {' '.join(imports)}\n{body}\n"
        "final class Main {\n  @SuppressWarnings(\"unchecked\")\n"
        "  public static void main(String[] args) throws Throwable {\n"
        "    OorlRuntime r = new OorlRuntime();\n    int n = r.count();\n"
        f"    for (int i = 0; i < n; i++) {{\n{reads}"
        # A class, not a lambda: starting the lambda machinery costs more than the program.
        f"      r.answer(i, \"{signature.returns}\", new OorlRuntime.Call() {{ "
        f"public Object run() throws Throwable {{ {java_type(signature.returns)} v = "
        f"Solution.{signature.name}({arguments}); return v; }} }});\n"
        "    }\n    OorlRuntime.halt(0);\n  }\n}\n")


def main_class(code: str) -> str:
    """The name of the class around the last `main`, "Main" if there is none."""
    mains = list(re.finditer(r"\bvoid\s+main\s*\(", code))
    before = code[:mains[-1].start()] if mains else ""
    package = re.search(r"^\s*package\s+([\w.]+)\s*;", code, re.M)
    names = re.findall(r"^\s*(?:(?:public|final|abstract|static)\s+)*class\s+(\w+)", before, re.M)
    name = names[-1] if names else "Main"
    return f"{package[1]}.{name}" if package else name


LANGUAGE = Java()
