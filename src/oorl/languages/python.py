"""Python: the candidate is executed in a module of its own, called by a driver in another."""

from __future__ import annotations

import keyword
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace

from oorl.languages.base import (
    Language,
    Probe,
    Program,
    Tool,
    Warm,
    runtime_file,
    source_bytes,
    warm_part,
)
from oorl.languages.values import as_float, nested
from oorl.records import Json, Signature, Type

DRIVER = '''\
import os, sys
from _json import encode_basestring_ascii as quote
os_write, os_exit = os.write, os._exit

def write(*fields):
    data = "\\t".join(fields).encode("ascii", "replace") + b"\\n"
    while data:
        data = data[os_write(3, data):]

def one_line(error):
    try:
        text = f"{type(error).__name__}: {error}"
    except BaseException:
        text = type(error).__name__
    return " ".join(text.split())[:500]

class WrongType(Exception):
    pass

def encode(kind, value):
    # Subclasses are read through the base type, so that overridden methods have no say.
    name = kind[0]
    if name == "optional":
        return "null" if value is None else encode(kind[1], value)
    if name == "int" and isinstance(value, int) and not isinstance(value, bool):
        return int.__repr__(value)
    if name == "bool" and isinstance(value, bool):
        return "true" if value else "false"
    if name == "str" and isinstance(value, str):
        return quote(str.__str__(value) if type(value) is str else "".join(str.__iter__(value)))
    if name == "float" and isinstance(value, (float, int)) and not isinstance(value, bool):
        text = float.__repr__(float(value))
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text, text)
    if name == "list" and isinstance(value, list):
        return "[" + ",".join([encode(kind[1], x) for x in list.__iter__(value)]) + "]"
    if name == "map" and isinstance(value, dict):
        return "[" + ",".join(
            ["[" + encode(kind[1], k) + "," + encode(kind[2], v) + "]"
             for k, v in dict.items(value)]) + "]"
    raise WrongType(f"{name} expected, got {type(value).__name__}")

def load(source):
    try:
        code = compile(source, "candidate.py", "exec", dont_inherit=True)
    except BaseException as error:
        write("C", one_line(error))
        os_exit(0)
    module = type(sys)("candidate")
    sys.modules["candidate"] = module
    try:
        exec(code, module.__dict__)
        return getattr(module, NAME)
    except BaseException as error:
        write("L", one_line(error))
        os_exit(0)

def main(source):
    function = load(source)
    for index, arguments in enumerate(CASES):
        try:
            result = function(*arguments())
        except BaseException as error:
            write("!", str(index), one_line(error))
            continue
        try:
            write("=", str(index), encode(RETURNS, result))
        except BaseException as error:
            write("?", str(index), one_line(error))
    os_exit(0)
'''


class Python(Language):
    """Python 3 of the machine, in isolated mode."""

    name = "python"
    title = "Python"
    aliases = ("py", "python3")
    suffix = ".py"
    fence = "python"
    reserved = frozenset(keyword.kwlist)
    tools = (Tool(("python3",), "python3"),)
    memory_errors = ("MemoryError",)
    syntax_errors = r"^(Syntax|Indentation|Tab)Error:|source code (string )?cannot contain null"
    completion = 'print("\\n@SECRET@", flush=True)'

    def declaration(self, signature: Signature) -> str:
        parameters = ", ".join(f"{p.name}: {annotation(p.type)}" for p in signature.parameters)
        return f"def {signature.name}({parameters}) -> {annotation(signature.returns)}:"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return "None" if value is None else self.literal(type_.args[0], value)
        if type_.kind == "list":
            return "[" + ", ".join(self.literal(type_.args[0], v) for v in value) + "]"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"{self.literal(key, k)}: {self.literal(item, v)}" for k, v in value)
            return "{" + ", ".join(pairs) + "}"
        if type_.kind == "float":
            number = as_float(value)
            return f'float("{number}")' if isinstance(value, str) else repr(number)
        return ascii(value)

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        cases = "".join(
            "    lambda: (" + "".join(
                self.literal(p.type, v) + ", "
                for p, v in zip(signature.parameters, arguments, strict=True)) + "),\n"
            for arguments in inputs)
        names = (f"NAME = {signature.name!r}\nRETURNS = {nested(signature.returns)}\n"
                 f"CASES = [\n{cases}]\n").encode()
        source = source_bytes(code)
        end = b"main(open('/job/candidate.py', 'rb').read())\n"
        files = {"candidate.py": source, "driver.py": DRIVER.encode() + names + end}
        return Program(files, (*self.interpreter(), "/job/driver.py"), warm=self.warm(),
                       job=b"f" + struct.pack(">I", len(names)) + names + source)

    def whole(self, code: str) -> Program:
        return replace(super().whole(code), warm=self.warm(), job=b"w" + source_bytes(code))

    def interpreter(self) -> tuple[str, ...]:
        return (self.find(), "-IB", "-X", "utf8", "-X", "int_max_str_digits=0")

    def warm(self) -> Warm:
        part = warm_part("python-warm", "warm.c", "warm.so", optional=True)
        return Warm("python", {"driver.py": DRIVER.encode(), "warm.py": runtime_file("warm.py")},
                    (*self.interpreter(), "/job/warm.py"), (part,) if part else ())

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"def count_even(nums):\n    {text}\n"
        return {
            "ok": Probe(body("return sum(1 for n in nums if n % 2 == 0)"), "passed"),
            "wrong": Probe(body("return len(nums)"), "wrong_answer"),
            "compile_error": Probe("def count_even(nums)\n    return 0\n", "compile_error"),
            "crash": Probe(body("return nums[99]"), "runtime_error"),
            "hang": Probe(body("while True: pass"), "timeout"),
        }


def annotation(type_: Type) -> str:
    """A type as a Python annotation: builtin generics, `T | None`."""
    if type_.kind == "optional":
        return f"{annotation(type_.args[0])} | None"
    if type_.kind in ("list", "map"):
        name = {"list": "list", "map": "dict"}[type_.kind]
        return f"{name}[{', '.join(map(annotation, type_.args))}]"
    return type_.kind


LANGUAGE = Python()
