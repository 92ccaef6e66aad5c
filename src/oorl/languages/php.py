"""PHP: the candidate is included by the driver; an opening tag is added where it lacks one.

A list is an array whose keys are 0..n-1 in order; a map is any array, its keys read as the
signature's key type (PHP turns "7" into 7). An integral float within 2^53 is accepted as int.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from oorl.languages.base import (
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

DRIVER = r'''<?php
namespace oorl_driver;
function write(...$fields) {
    static $out = null;
    $out ??= \fopen('php://fd/3', 'w');
    \fwrite($out, \implode("\t", $fields) . "\n");
}
function one_line($error) {
    $text = \get_class($error) . ': ' . $error->getMessage();
    return \substr(\preg_replace('/\s+/', ' ', $text), 0, 500);
}
function encode_key($kind, $key) {
    switch ($kind[0]) {
        case 'str': return \json_encode((string) $key, JSON_INVALID_UTF8_SUBSTITUTE);
        case 'bool': if ($key === 0 || $key === 1) return $key ? 'true' : 'false'; break;
        case 'int': if (\is_int($key)) return (string) $key;
    }
    throw new \TypeError("{$kind[0]} key expected");
}
function encode($kind, $value) {
    switch ($kind[0]) {
        case 'optional': return $value === null ? 'null' : encode($kind[1], $value);
        case 'int':
            if (\is_int($value)) return (string) $value;
            if (\is_float($value) && \floor($value) == $value && \abs($value) <= 9007199254740992)
                return \sprintf('%d', $value);
            break;
        case 'float':
            if (\is_int($value)) return (string) $value;
            if (\is_float($value)) {
                if (\is_nan($value)) return 'NaN';
                if (\is_infinite($value)) return $value > 0 ? 'Infinity' : '-Infinity';
                return \json_encode($value);
            }
            break;
        case 'bool': if (\is_bool($value)) return $value ? 'true' : 'false'; break;
        case 'str':
            if (\is_string($value)) return \json_encode($value, JSON_INVALID_UTF8_SUBSTITUTE);
            break;
        case 'list':
            if (\is_array($value) && \array_is_list($value)) {
                $items = [];
                foreach ($value as $item) $items[] = encode($kind[1], $item);
                return '[' . \implode(',', $items) . ']';
            }
            break;
        case 'map':
            if (\is_array($value)) {
                $pairs = [];
                foreach ($value as $k => $v)
                    $pairs[] = '[' . encode_key($kind[1], $k) . ',' . encode($kind[2], $v) . ']';
                return '[' . \implode(',', $pairs) . ']';
            }
    }
    throw new \TypeError("{$kind[0]} expected, got " . \get_debug_type($value));
}
function load() {
    try {
        require '/job/candidate.php';
    } catch (\ParseError $error) {
        write('C', one_line($error)); exit(0);
    } catch (\Throwable $error) {
        write('L', one_line($error)); exit(0);
    }
}
function main($name, $returns, $cases) {
    load();
    if (!\function_exists($name)) { write('L', "function $name is not defined"); exit(0); }
    foreach ($cases as $index => $arguments) {
        try {
            $result = $name(...$arguments());
        } catch (\Throwable $error) {
            write('!', $index, one_line($error)); continue;
        }
        try {
            write('=', $index, encode($returns, $result));
        } catch (\Throwable $error) {
            write('?', $index, one_line($error));
        }
    }
    finish();
}
'''

NEED_OWN_PHP = r"\A#!|\b(FFI|debug_(print_)?backtrace|get_(included|required)_files)\b"
"""What a fork does not run: it has the class by which its parent calls warm.c, and a caller."""


class PHP(Language):
    """PHP 8 without php.ini; `ctype` and `mbstring` are loaded if installed."""

    name = "php"
    title = "PHP"
    suffix = ".php"
    fence = "php"
    reserved = words(
        "abstract and array as break callable case catch class clone const continue declare "
        "default die do echo else elseif empty enddeclare endfor endforeach endif endswitch "
        "endwhile eval exit extends final finally fn for foreach function global goto if "
        "implements include include_once instanceof insteadof interface isset list match "
        "namespace new or print private protected public readonly require require_once return "
        "static switch throw trait try unset use var while xor yield self parent true false "
        "null this")
    reserved_functions = words(
        "abs max min floor ceil count range compact extract reset end next current key sort "
        "usort shuffle strlen strrev trim implode explode join chr ord intdiv pow sqrt log exp "
        "pi round date time mail copy rename link dir file stat array_sum is_numeric str_repeat")
    tools = (Tool(("php",), "php-cli"),)
    completion = 'fwrite(STDOUT, "\\n@SECRET@\\n");'
    syntax_errors = r"^(PHP )?Parse error:"

    def declaration(self, signature: Signature) -> str:
        return f"function {signature.name}({', '.join('$' + p.name for p in signature.parameters)})"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return "null" if value is None else self.literal(type_.args[0], value)
        if type_.kind == "list":
            return "[" + ", ".join(self.literal(type_.args[0], v) for v in value) + "]"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"{self.literal(key, k)} => {self.literal(item, v)}" for k, v in value)
            return "[" + ", ".join(pairs) + "]"
        if type_.kind == "str":
            return escaped(value, braced_hex).replace("$", "\\$")
        if type_.kind == "float":
            return {"NaN": "NAN", "Infinity": "INF", "-Infinity": "-INF"}.get(
                str(value), repr(float(value)))
        if type_.kind == "bool":
            return "true" if value else "false"
        # -2^63 cannot be written as a negated literal: 2^63 would become a float.
        return "PHP_INT_MIN" if value == -2**63 else str(value)

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        cases = "".join(
            "  fn() => [" + ", ".join(
                self.literal(p.type, v)
                for p, v in zip(signature.parameters, arguments, strict=True)) + "],\n"
            for arguments in inputs)
        call = (f"main('{signature.name}', {nested(signature.returns)}, "
                f"[\n{cases}]);\n").encode()
        candidate = {"candidate.php": source_bytes(opened(code))}
        end = b"function finish() { exit(0); }\n"
        files = candidate | {"driver.php": DRIVER.encode() + end + call}
        job = pack_job((), candidate | {"main.php": b"<?php\nnamespace oorl_driver;\n" + call})
        return Program(files, (*self.interpreter(), "/job/driver.php"),
                       warm=self.warm_for(code), job=job)

    def warm_for(self, code: str) -> Warm | None:
        """The warm parent, unless the program could tell that it is included by another file."""
        return None if re.search(NEED_OWN_PHP, code) else self.warm()

    def warm(self) -> Warm | None:
        part = warm_part("php-warm", "warm.c", "warm.so")
        if part is None or not glob.glob("/usr/lib/php/*/ffi.so"):
            return None
        *argv, end = self.interpreter()
        driver = DRIVER.encode() + runtime_file("warm.php")
        # PHP asks only once what kind of file its standard input is.
        shell = ("/bin/sh", "-c", 'exec "$@" 9<&0 </job/warm.php', "sh")
        return Warm("php", {"warm.php": driver},
                    (*shell, *argv, "-d", "extension=ffi", end, "/job/warm.php"), (part,))

    def interpreter(self) -> tuple[str, ...]:
        extensions = [flag for name in extensions_found() for flag in ("-d", f"extension={name}")]
        return (self.find(), "-n", "-d", "memory_limit=-1", "-d", "display_errors=stderr",
                *extensions, "-f")

    def whole(self, code: str) -> Program:
        program = super().whole(opened(code))
        return replace(program, warm=self.warm_for(code), job=pack_job((), program.files))

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"function count_even($nums) {{\n  {text}\n}}\n"
        return {
            "ok": Probe(body("return count(array_filter($nums, fn($n) => $n % 2 === 0));"),
                        "passed"),
            "wrong": Probe(body("return count($nums);"), "wrong_answer"),
            "compile_error": Probe("function count_even($nums) { return ; ; ) }\n",
                                   "compile_error"),
            "crash": Probe(body("return intdiv(count($nums), 0);"), "runtime_error"),
            "hang": Probe(body("while (true) {}"), "timeout"),
        }


@cache
def extensions_found() -> tuple[str, ...]:
    """Shared extensions that functions commonly need; some builds have them built in."""
    return tuple(name for name in ("ctype", "mbstring")
                 if glob.glob(f"/usr/lib/php/*/{name}.so"))


def opened(code: str) -> str:
    """Source text that starts in PHP, not in the page around it."""
    return code if "<?php" in code else "<?php\n" + code


LANGUAGE = PHP()
