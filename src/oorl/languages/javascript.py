"""JavaScript on Node.js: the candidate runs as a script in the driver's context.

Numbers: int is an integral Number (or a BigInt); -0 counts as 0. A map result may be a Map or a
plain object.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace

from oorl.languages.base import (
    COMPILERS,
    Language,
    Probe,
    Program,
    Tool,
    Warm,
    pack_job,
    runtime_file,
    source_bytes,
    warm_part,
    words,
)
from oorl.languages.values import braced_hex, escaped, nested
from oorl.records import Json, Signature, Type

DRIVER = r'''"use strict";
const fs = require("fs"), vm = require("vm");
const { writeSync } = fs;
const exit = process.reallyExit.bind(process);
const quote = JSON.stringify, isArray = Array.isArray, isInteger = Number.isInteger;
const mapForEach = Function.prototype.call.bind(Map.prototype.forEach);
const keys = Object.keys, Big = BigInt, Text = String;
function write(...fields) {
  const data = Buffer.from(fields.join("\t") + "\n");
  for (let at = 0; at < data.length;) at += writeSync(3, data, at);
}
function oneLine(error) {
  try {
    return Text(error).replace(/\s+/g, " ").slice(0, 500);
  } catch { return "an unprintable error"; }
}
function encodeMap(kind, value) {
  const pairs = [];
  if (value instanceof Map) {
    mapForEach(value, (v, k) => pairs.push(
      "[" + encode(kind[1], k) + "," + encode(kind[2], v) + "]"));
  } else if (typeof value === "object" && value !== null && !isArray(value)) {
    for (const k of keys(value)) {
      const key = kind[1][0] === "str" ? k : JSON.parse(k);
      pairs.push("[" + encode(kind[1], key) + "," + encode(kind[2], value[k]) + "]");
    }
  } else throw new TypeError("map expected, got " + typeof value);
  return "[" + pairs.join(",") + "]";
}
function encode(kind, value) {
  const type = typeof value;
  switch (kind[0]) {
    case "optional": return value == null ? "null" : encode(kind[1], value);
    case "int":
      if (type === "bigint" || isInteger(value)) return Big(value).toString();
      break;
    case "float":
      if (type === "number") return Object.is(value, -0) ? "-0.0" : Text(value);
      break;
    case "bool": if (type === "boolean") return value ? "true" : "false"; break;
    case "str": if (type === "string") return quote(value); break;
    case "list":
      if (isArray(value)) {
        const items = [];
        for (let i = 0; i < value.length; i++) items.push(encode(kind[1], value[i]));
        return "[" + items.join(",") + "]";
      }
      break;
    case "map": return encodeMap(kind, value);
  }
  throw new TypeError(kind[0] + " expected, got " + (value === null ? "null" : type));
}
function load(source, name) {
  let script;
  try {
    script = new vm.Script(source + "\n;" + name + ";", { filename: "candidate.js" });
  } catch (error) { write("C", oneLine(error)); exit(0); }
  globalThis.require = require; globalThis.module = { exports: {} };
  globalThis.exports = globalThis.module.exports;
  try { return script.runInThisContext(); } catch (error) { write("L", oneLine(error)); exit(0); }
}
function run(source, name, returns, cases) {
  const candidate = load(source, name);
  cases.forEach((args, index) => {
    let result;
    try { result = candidate(...args()); } catch (error) {
      write("!", index, oneLine(error)); return;
    }
    try { write("=", index, encode(returns, result)); } catch (error) {
      write("?", index, oneLine(error));
    }
  });
}
function main(...job) { run(...job); exit(0); }
module.exports = { run, main };
'''


NEED_THREADS = ("worker_threads", "WebAssembly", "inspector")
"""A program that hides the word and uses the thing harms itself only: it may time out."""


class JavaScript(Language):
    """JavaScript on Node.js, CommonJS `require` available."""

    name = "javascript"
    title = "JavaScript"
    aliases = ("js", "node")
    suffix = ".js"
    fence = "javascript"
    reserved = words(
        "arguments await break case catch class const continue debugger default delete do else "
        "enum eval export extends false finally for function if implements import in instanceof "
        "interface let new null package private protected public return static super switch "
        "this throw true try typeof var void while with yield require module exports")
    tools = (Tool(("node",), "nodejs"), Tool(COMPILERS, "gcc", required=False))
    syntax_errors = r"^SyntaxError:"
    completion = 'process.stdout.write("\\n@SECRET@\\n");'  # behind what is still being written

    def declaration(self, signature: Signature) -> str:
        return f"function {signature.name}({', '.join(p.name for p in signature.parameters)})"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return "null" if value is None else self.literal(type_.args[0], value)
        if type_.kind == "list":
            return "[" + ", ".join(self.literal(type_.args[0], v) for v in value) + "]"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"[{self.literal(key, k)}, {self.literal(item, v)}]" for k, v in value)
            return "new Map([" + ", ".join(pairs) + "])"
        if type_.kind == "float" and isinstance(value, str):
            return value
        return escaped(value, braced_hex) if type_.kind == "str" else json.dumps(value)

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        cases = "".join(
            "  () => [" + ", ".join(
                self.literal(p.type, v)
                for p, v in zip(signature.parameters, arguments, strict=True)) + "],\n"
            for arguments in inputs)
        call = f"[{json.dumps(signature.name)}, {nested(signature.returns)}, [\n{cases}]]".encode()
        end = b'main(fs.readFileSync("/job/candidate.js", "utf8"), ...' + call + b");\n"
        files = {"candidate.js": source_bytes(code), "driver.js": DRIVER.encode() + end}
        return Program(files, (*self.interpreter(), "/job/driver.js"), warm=self.warm_for(code),
                       job=b"f" + struct.pack(">I", len(call)) + call, job_end="candidate.js")

    def whole(self, code: str) -> Program:
        program = super().whole(code)
        return replace(program, warm=self.warm_for(code), job=pack_job((), program.files))

    def warm_for(self, code: str) -> Warm | None:
        """Threads and their like need a node of their own: see `runtime/warm_node.c`."""
        return None if any(word in code for word in NEED_THREADS) else self.warm()

    def warm(self) -> Warm | None:
        addon = warm_part("node-warm", "warm_node.c", "warm.node")
        if addon is None:
            return None
        return Warm("node", {"driver.js": DRIVER.encode(), "warm.js": runtime_file("warm.js")},
                    (*self.interpreter(), "/job/warm.js"), (addon,))

    def interpreter(self) -> tuple[str, ...]:
        # Threads of V8's own cost more than they bring in programs this short.
        return (self.find(), "--single-threaded", "--v8-pool-size=0", "--no-warnings")

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"function count_even(nums) {{\n  {text}\n}}\n"
        return {
            "ok": Probe(body("return nums.filter(n => n % 2 === 0).length;"), "passed"),
            "wrong": Probe(body("return nums.length;"), "wrong_answer"),
            "compile_error": Probe("function count_even(nums) { return (; }\n", "compile_error"),
            "crash": Probe(body("return nums[99].length;"), "runtime_error"),
            "hang": Probe(body("while (true) {}"), "timeout"),
        }


LANGUAGE = JavaScript()
