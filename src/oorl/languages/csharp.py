"""C#: static methods, compiled by a warm mcs, run by Mono.

The candidate is the method or methods alone; `using` lines are moved out and the rest is put into
`class Solution`. A candidate that declares `class Solution` itself is taken as it is, and its
method must then be visible. System, collections, LINQ and text are used.
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
from oorl.languages.values import as_float, escaped, float_bits, tokens
from oorl.records import Json, Signature, Type

USINGS = ("using System; using System.Collections.Generic; using System.Linq; using System.Text; "
          "using System.Numerics; using System.Text.RegularExpressions;")
MCS = "/usr/lib/mono/4.5/mcs.exe"
_USING = r"^[ \t]*using\s+(?:static\s+)?[\w.]+(?:\s*=\s*[\w.<>, ]+)?\s*;"


class CSharp(Language):
    """C# 7. int is long, float double; `List`, `Dictionary`, optionals `T?` or a null reference."""

    name = "csharp"
    title = "C#"
    aliases = ("cs", "c#")
    suffix = ".cs"
    fence = "csharp"
    reserved = words(
        "abstract as base bool break byte case catch char checked class const continue decimal "
        "default delegate do double else enum event explicit extern false finally fixed float for "
        "foreach goto if implicit in int interface internal is lock long namespace new null object "
        "operator out override params private protected public readonly ref return sbyte sealed "
        "short sizeof stackalloc static string struct switch this throw true try typeof uint ulong "
        "unchecked unsafe ushort using virtual void volatile while await async Main Solution "
        "Equals GetHashCode GetType ToString MemberwiseClone ReferenceEquals Finalize")
    tools = (Tool(("mono",), "mono-runtime"), Tool(("mcs",), "mono-mcs"))
    memory_errors = ("OutOfMemoryException",)
    completion = ('global::System.Console.WriteLine("\\n@SECRET@"); '
                  "global::System.Console.Out.Flush();")

    def declaration(self, signature: Signature) -> str:
        parameters = ", ".join(f"{cs_type(p.type)} {p.name}" for p in signature.parameters)
        return f"public static {cs_type(signature.returns)} {signature.name}({parameters})"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return (f"({cs_type(type_)}) null" if value is None
                    else self.literal(type_.args[0], value))
        if type_.kind == "list":
            items = ", ".join(self.literal(type_.args[0], v) for v in value)
            return f"new {cs_type(type_)} {{{items}}}"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"{{{self.literal(key, k)}, {self.literal(item, v)}}}" for k, v in value)
            return f"new {cs_type(type_)} {{{', '.join(pairs)}}}"
        if type_.kind == "str":
            return escaped(value, lambda point: f"\\U{point:08x}")
        if type_.kind == "float":
            return {"NaN": "double.NaN", "Infinity": "double.PositiveInfinity",
                    "-Infinity": "double.NegativeInfinity"}.get(str(value),
                                                                f"{as_float(value)!r}d")
        return f"{value}L" if type_.kind == "int" else str(value).lower()

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        return self._run(wrap(code, signature),
                         {"input": tokens(signature, inputs, float_bits)})

    def whole(self, code: str) -> Program:
        return self._run(code, {})

    def complete(self, text: str, secret: str) -> str:
        """At the end of the last class's last method, inside a namespace or not."""
        inside = 3 if re.search(r"^\s*namespace\b[^;{]*\{", text, re.M) else 2
        braces = [m.start() for m in re.finditer(r"\}", text)]
        at = braces[-inside] if len(braces) >= inside else len(text)
        return f"{text[:at]}\n{self.completion.replace('@SECRET@', secret)}\n{text[at:]}"

    def _run(self, text: str, files: Mapping[str, bytes]) -> Program:
        mono, _ = self.find(0), self.find(1)
        server = Server("mcs", {name: runtime_file(name) for name in (
            "OorlCompiler.cs", "OorlRuntime.cs")}, (
            "/bin/sh", "-c", 'mono "$1" -nologo -warn:0 -out:/tmp/server.exe /job/OorlCompiler.cs '
            '>&2 && exec mono /tmp/server.exe "$1"', "sh", MCS))
        return Program(files, (mono, "/job/Main.exe"),
                       Compile({"Main.cs": source_bytes(text)}, server=server))

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"static long count_even(List<long> nums) {{\n  {text}\n}}\n"
        return {
            "ok": Probe(body("return nums.Count(n => n % 2 == 0);"), "passed"),
            "wrong": Probe(body("return nums.Count;"), "wrong_answer"),
            "compile_error": Probe(body("return nums.length;"), "compile_error"),
            "crash": Probe(body("return nums[99];"), "runtime_error"),
            "hang": Probe(body("while (nums != null) {} return 0;"), "timeout"),
        }


def cs_type(type_: Type) -> str:
    """A type as C# writes it."""
    if type_.kind in ("list", "map"):
        name = {"list": "List", "map": "Dictionary"}[type_.kind]
        return f"{name}<{', '.join(map(cs_type, type_.args))}>"
    if type_.kind == "optional":
        return cs_type(type_.args[0]) + ("?" if is_value(type_.args[0]) else "")
    return {"int": "long", "float": "double", "bool": "bool", "str": "string"}[type_.kind]


def is_value(type_: Type) -> bool:
    """Is it a value type, whose optional is `T?`?"""
    return type_.kind in ("int", "float", "bool")


def combinator(type_: Type, prefix: str) -> str:
    """The reader or writer of a type, its type arguments written out."""
    if type_.kind == "optional":
        inner = type_.args[0]
        name = "OptValue" if is_value(inner) else "Opt"
        return f"OorlRuntime.{prefix}{name}<{cs_type(inner)}>({combinator(inner, prefix)})"
    name = {"int": "Int", "float": "Float", "bool": "Bool", "str": "Str", "list": "List",
            "map": "Map"}[type_.kind]
    if not type_.args:
        return f"OorlRuntime.{prefix}{name}"
    generic = ", ".join(map(cs_type, type_.args))
    inside = ", ".join(combinator(a, prefix) for a in type_.args)
    return f"OorlRuntime.{prefix}{name}<{generic}>({inside})"


def wrap(code: str, signature: Signature) -> str:
    """The compilation unit: usings, the candidate in its class, the driver's `Main`."""
    usings = re.findall(_USING, code, re.M)
    body = re.sub(_USING, "", code, flags=re.M)
    count = len(signature.parameters)
    reads = "".join(f"Func<{cs_type(p.type)}> r{i} = {combinator(p.type, '')}; "
                    for i, p in enumerate(signature.parameters))
    values = "".join(f"var a{i} = r{i}(); " for i in range(count))
    returns = cs_type(signature.returns)
    arguments = ", ".join(f"a{i}" for i in range(count))
    run = (f"internal static void OorlRun() {{ {reads}"
           f"Action<{returns}> put = {combinator(signature.returns, 'Put')};\n"
           f"while (OorlRuntime.Next()) {{ {values}OorlRuntime.Answer<{returns}>(put, "
           f"() => Solution.{signature.name}({arguments})); }}\nOorlRuntime.Finish(); }}\n")
    own = re.search(r"^\s*(?:\w+\s+)*class\s+Solution\b", body, re.M)
    unit = (f"{body}\nstatic class OorlDriver {{ {run} }}\n" if own
            else f"partial class Solution {{\n#line 1\n{body}\n#line hidden\n{run} }}\n")
    holder = "OorlDriver" if own else "Solution"
    return (f"{USINGS} {' '.join(usings)}\n{unit}"
            f"static class OorlMain {{ static void Main() {{ {holder}.OorlRun(); }} }}\n")


LANGUAGE = CSharp()
