"""OCaml: the native compiler, mold where installed.

The candidate is a file of its own, so that nothing it defines is in the driver's way. A map is an
association list, of which the first pair of a key counts. `Str` and `Unix` are linked.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from oorl.languages.base import (
    Compile,
    Language,
    Prepared,
    Probe,
    Program,
    Tool,
    find_tool,
    runtime_file,
    source_bytes,
    words,
)
from oorl.languages.values import as_float, combined, escaped, tokens
from oorl.records import Json, Signature, Type

LIBRARIES = ("unix.cmxa", "str.cmxa")
READERS = {"int": "Oorl.int", "float": "Oorl.float", "bool": "Oorl.bool", "str": "Oorl.str",
           "list": "Oorl.list", "map": "Oorl.map", "optional": "Oorl.opt"}
WRITERS = {kind: name.replace(".", ".put_") for kind, name in READERS.items()}


class OCaml(Language):
    """OCaml 4. int has 63 bits, what is beyond wraps; lists, association lists, options."""

    name = "ocaml"
    title = "OCaml"
    aliases = ("ml",)
    suffix = ".ml"
    fence = "ocaml"
    reserved = words(
        "and as asr assert begin class constraint do done downto else end exception external false "
        "for fun function functor if in include inherit initializer land lazy let lor lsl lsr lxor "
        "match method mod module mutable new nonrec object of open or private rec sig struct then "
        "to true try type val virtual when while with _")
    tools = (Tool(("ocamlopt",), "ocaml-nox", ("-version",)), Tool(("cc", "gcc"), "gcc"),
             Tool(("ld.mold", "mold"), "mold", required=False))
    memory_errors = ("Out_of_memory", "out of memory")
    completion = ';; let () = print_string "\\n@SECRET@\\n"; flush stdout'

    def supports_signature(self, signature: Signature) -> bool:
        """Names of values begin with a small letter or an underscore."""
        names = (signature.name, *(p.name for p in signature.parameters))
        return super().supports_signature(signature) and not any(n[0].isupper() for n in names)

    def declaration(self, signature: Signature) -> str:
        parameters = " ".join(f"({p.name} : {ml_type(p.type)})" for p in signature.parameters)
        return f"let rec {signature.name} {parameters or '()'} : {ml_type(signature.returns)} ="

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return "None" if value is None else f"(Some {self.literal(type_.args[0], value)})"
        if type_.kind == "list":
            return "[" + "; ".join(self.literal(type_.args[0], v) for v in value) + "]"
        if type_.kind == "map":
            key, item = type_.args
            return "[" + "; ".join(
                f"({self.literal(key, k)}, {self.literal(item, v)})" for k, v in value) + "]"
        if type_.kind == "str":
            return escaped(value, decimal_utf8)
        if type_.kind == "float":
            return {"NaN": "nan", "Infinity": "infinity", "-Infinity": "neg_infinity"}.get(
                str(value), f"({as_float(value)!r})")
        return f"({value})" if type_.kind == "int" else str(value).lower()

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        return Program({"input": tokens(signature, inputs)}, ("/job/program",), self._compile(
            {"candidate.ml": source_bytes(code), "main.ml": driver(signature).encode()}))

    def whole(self, code: str) -> Program:
        return Program({}, ("/job/program",), self._compile({"main.ml": source_bytes(code)}))

    def _compile(self, files: Mapping[str, bytes]) -> Compile:
        ocamlopt = self.find()
        prepared = Prepared("ocaml", {"oorl.ml": runtime_file("oorl.ml")}, (
            "/bin/sh", "-c", "mkdir /tmp/out && cd /tmp/out && cp /prepared/ocaml/oorl.ml . && "
            '"$@" -c oorl.ml >&2 && rm oorl.ml && tar -cf /tmp/artifact .', "sh", ocamlopt,
            "-w", "-a", "-I", "+unix"), unpack=True)
        mold = ("-ccopt", "-fuse-ld=mold") if find_tool(self.tools[2].names) else ()
        # The compiler writes beside its sources; /job is read-only.
        command = (ocamlopt, "-w", "-a", "-color", "never", *mold, "-I", "+unix", "-I", "+str",
                   "-I", "/prepared/ocaml", *LIBRARIES, "/prepared/ocaml/oorl.cmx", *files,
                   "-o", "artifact")
        return Compile(files, ("/bin/sh", "-c", f"cp /job/*.ml /tmp && cd /tmp && "
                                                f"{shlex.join(command)}"), (prepared,))

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"let count_even (nums : int list) : int = {text}\n"
        return {
            "ok": Probe(body("List.length (List.filter (fun n -> n mod 2 = 0) nums)"), "passed"),
            "wrong": Probe(body("List.length nums"), "wrong_answer"),
            "compile_error": Probe(body("nums.length"), "compile_error"),
            "crash": Probe(body("List.nth nums 99"), "runtime_error"),
            "hang": Probe(body("while true do () done; 0"), "timeout"),
        }


def decimal_utf8(point: int) -> str:
    """A code point as decimal escapes of its UTF-8 bytes."""
    return "".join(f"\\{byte:03d}" for byte in chr(point).encode("utf-8", "surrogatepass"))


def ml_type(type_: Type) -> str:
    """A type as OCaml writes it."""
    if type_.kind == "list":
        return f"{ml_type(type_.args[0])} list"
    if type_.kind == "optional":
        return f"{ml_type(type_.args[0])} option"
    if type_.kind == "map":
        key, item = map(ml_type, type_.args)
        return f"({key} * {item}) list"
    return {"int": "int", "float": "float", "bool": "bool", "str": "string"}[type_.kind]


def driver(signature: Signature) -> str:
    """Read each case's arguments, call, send the record."""
    def part(type_: Type, names: Mapping[str, str]) -> str:
        return combined(type_, names, "({} {})", " ")

    reads = "".join(f"    let a{i} = {part(p.type, READERS)} () in\n"
                    for i, p in enumerate(signature.parameters))
    arguments = " ".join(f"a{i}" for i in range(len(signature.parameters)))
    return (f"let () =\n  for i = 0 to Oorl.cases () - 1 do\n{reads}"
            f"    Oorl.answer i {part(signature.returns, WRITERS)} (fun () -> "
            f"(Candidate.{signature.name} {arguments or '()'} : {ml_type(signature.returns)}))\n"
            "  done;\n  Oorl.finish ()\n")


LANGUAGE = OCaml()
