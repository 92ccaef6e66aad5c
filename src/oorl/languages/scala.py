"""Scala: definitions, compiled in memory by a warm scalac, run in a fresh JVM.

The candidate is the definition or definitions alone, put into `object Solution`; a candidate that
declares that object itself is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from oorl.languages.base import (
    Compile,
    Language,
    Prepared,
    Probe,
    Program,
    Server,
    Tool,
    runtime_file,
    source_bytes,
    words,
)
from oorl.languages.java import utf16_escape
from oorl.languages.values import as_float, combined, escaped, tokens
from oorl.records import Json, Signature, Type

JARS = "/usr/share/java"
LIBRARY = f"{JARS}/scala-library.jar"
COMPILER = f"{JARS}/scala-compiler.jar:{JARS}/scala-reflect.jar:{LIBRARY}"
KINDS = {"int": "OorlRuntime.Int", "float": "OorlRuntime.Float", "bool": "OorlRuntime.Bool",
         "str": "OorlRuntime.Str", "list": "new OorlRuntime.List", "map": "new OorlRuntime.Map",
         "optional": "new OorlRuntime.Opt"}


class Scala(Language):
    """Scala 2. int is Long, float Double; immutable List and Map, Option."""

    name = "scala"
    title = "Scala"
    suffix = ".scala"
    fence = "scala"
    reserved = words(
        "abstract case catch class def do else extends false final finally for forSome if implicit "
        "import lazy macro match new null object override package private protected return sealed "
        "super this throw trait try true type val var while with yield _ Solution clone equals "
        "finalize getClass hashCode notify notifyAll toString wait main")
    tools = (Tool(("scalac",), "scala", ("-version",)), Tool(("java",), "openjdk-17-jdk-headless"),
             Tool(("javac",), "openjdk-17-jdk-headless"))
    memory_errors = ("java.lang.OutOfMemoryError",)
    completion = '; scala.Predef.println("\\n@SECRET@"); scala.Console.flush()'

    def declaration(self, signature: Signature) -> str:
        parameters = ", ".join(f"{p.name}: {scala_type(p.type)}" for p in signature.parameters)
        return f"def {signature.name}({parameters}): {scala_type(signature.returns)}"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return "None" if value is None else f"Some({self.literal(type_.args[0], value)})"
        if type_.kind == "list":
            items = ", ".join(self.literal(type_.args[0], v) for v in value)
            return f"{scala_type(type_)}({items})"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"{self.literal(key, k)} -> {self.literal(item, v)}" for k, v in value)
            return f"{scala_type(type_)}({', '.join(pairs)})"
        if type_.kind == "str":
            return escaped(value, utf16_escape)
        if type_.kind == "float":
            return {"NaN": "Double.NaN", "Infinity": "Double.PositiveInfinity",
                    "-Infinity": "Double.NegativeInfinity"}.get(str(value), repr(as_float(value)))
        return f"{value}L" if type_.kind == "int" else str(value).lower()

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        return self._run(wrap(code, signature), "OorlMain",
                         {"input": tokens(signature, inputs)})

    def whole(self, code: str) -> Program:
        """The object with the last `main`, or the last one that extends App."""
        return self._run(code, main_object(code), {})

    def complete(self, text: str, secret: str) -> str:
        """At the end of `main`, or of the object that extends App."""
        braces = [m.start() for m in re.finditer(r"\}", text)]
        inside = 2 if re.search(r"\bdef\s+main\b", text) else 1
        at = braces[-inside] if len(braces) >= inside else len(text)
        return f"{text[:at]}\n{self.completion.replace('@SECRET@', secret)}\n{text[at:]}"

    def _run(self, text: str, main: str, files: Mapping[str, bytes]) -> Program:
        self.find(0)
        java, javac = self.find(1), self.find(2)
        # The archive of the compiler's loaded classes halves the time that a server takes to start.
        prepared = Prepared("scala", {n: runtime_file(n) for n in (
            "OorlScala.java", "OorlRuntime.scala")}, (
            "/bin/sh", "-c", f"mkdir -p /tmp/made/runtime && cd /tmp/made && {javac} "
            f"-proc:none -nowarn -cp {COMPILER} -d . /prepared/scala/OorlScala.java && {java} "
            f"-XX:-UsePerfData -XX:ArchiveClassesAtExit=scala.jsa -XX:+UseSerialGC -Xss8m "
            f"-cp {COMPILER} scala.tools.nsc.Main -nowarn -classpath {LIBRARY} -d runtime "
            "/prepared/scala/OorlRuntime.scala && tar -cf /tmp/artifact .", java, javac),
            unpack=True)
        server = Server("scalac", {}, (
            java, "-XX:-UsePerfData", "-XX:SharedArchiveFile=/prepared/scala/scala.jsa",
            "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx{heap_mib}m", "-Xss8m", "-cp",
            f"{COMPILER}:/prepared/scala", "OorlScala", LIBRARY))
        argv = (java, "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
                "-XX:+UseSerialGC", "-XX:-StackTraceInThrowable", "-Xmx{heap_mib}m", "-Xss8m",
                "-cp", f"/job:{LIBRARY}", main)
        source = {"Main.scala": source_bytes(text)}
        return Program(files, argv, Compile(source, prepared=(prepared,), server=server))

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"def count_even(nums: List[Long]): Long = {{\n  {text}\n}}\n"
        return {
            "ok": Probe(body("nums.count(_ % 2 == 0)"), "passed"),
            "wrong": Probe(body("nums.size"), "wrong_answer"),
            "compile_error": Probe(body("nums.filter(_ % 2 == 0)"), "compile_error"),
            "crash": Probe(body("nums(99)"), "runtime_error"),
            "hang": Probe(body("while (nums != null) {}; 0"), "timeout"),
        }


def scala_type(type_: Type) -> str:
    """A type as Scala writes it."""
    if type_.args:
        name = {"list": "List", "map": "Map", "optional": "Option"}[type_.kind]
        return f"{name}[{', '.join(map(scala_type, type_.args))}]"
    return {"int": "Long", "float": "Double", "bool": "Boolean", "str": "String"}[type_.kind]


def wrap(code: str, signature: Signature) -> str:
    """The compilation unit: the candidate in its object, the driver's `main`."""
    own = re.search(r"^\s*object\s+Solution\b", code, re.M)
    body = code if own else f"object Solution {{\n{code}\n}}"
    kinds = "".join(f"    val k{i} = {combined(p.type, KINDS)}\n"
                    for i, p in enumerate(signature.parameters))
    reads = "".join(f"      val a{i} = k{i}.get()\n" for i in range(len(signature.parameters)))
    arguments = ", ".join(f"a{i}" for i in range(len(signature.parameters)))
    returns = scala_type(signature.returns)
    return (f"{body}\nobject OorlMain {{\n  def main(arguments: Array[String]): Unit = {{\n{kinds}"
            f"    val kind = {combined(signature.returns, KINDS)}\n"
            f"    while (OorlRuntime.next()) {{\n{reads}"
            f"      OorlRuntime.answer[{returns}](kind, () => Solution.{signature.name}"
            f"({arguments}))\n    }}\n    OorlRuntime.finish()\n  }}\n}}\n")


def main_object(code: str) -> str:
    """The name of the object around the last `main`, or of the last App; else "Main"."""
    mains = list(re.finditer(r"\bdef\s+main\s*\(", code))
    if mains:
        before = code[:mains[-1].start()]
        names = (re.findall(r"^object\s+(\w+)", before, re.M)
                 or re.findall(r"^\s*object\s+(\w+)", before, re.M))
    else:
        names = re.findall(r"^\s*object\s+(\w+)\s+extends\s+[^{\n]*\bApp\b", code, re.M)
    package = re.search(r"^\s*package\s+([\w.]+)\s*$", code, re.M)
    name = names[-1] if names else "Main"
    return f"{package[1]}.{name}" if package else name


LANGUAGE = Scala()
