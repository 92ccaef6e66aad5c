"""Bash: arguments are words, what the function prints is its result.

In: int as digits, bool as `true` or `false`, str as is, lists as one word with single blanks
between the items. Out, decoded outside by type: int is digits; bool is `true`, `false`, `1` or
`0`; a list is what is left between blanks; str is the text without its trailing newlines. Each
call runs in a subshell; its exit status has no meaning unless a signal killed it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from oorl.languages.base import Language, Probe, Program, Tool, source_bytes, words
from oorl.records import Json, Signature, Type

DRIVER = r'''
oorl_write() { builtin local IFS=$'\t'; builtin printf '%s\n' "$*" >&3; }
oorl_clean() { builtin printf '%s' "${1//[$'\n\t']/ }"; }
oorl_error=$("$BASH" -n /job/candidate.sh 2>&1) || {
  oorl_write C "$(oorl_clean "${oorl_error:0:500}")"; exit 0; }
builtin source /job/candidate.sh 3>&- </dev/null
if ! builtin declare -F "$oorl_name" >/dev/null; then
  oorl_write L "function $oorl_name is not defined"; exit 0
fi
oorl_case() {
  builtin local oorl_index=$1 oorl_out oorl_status; builtin shift
  oorl_out=$("$oorl_name" "$@" 3>&- </dev/null); oorl_status=$?
  if ((oorl_status > 128)); then
    oorl_write '!' "$oorl_index" "killed by signal $((oorl_status - 128))"; builtin return
  fi
  oorl_out=${oorl_out//\\/\\\\}; oorl_out=${oorl_out//$'\n'/\\n}; oorl_out=${oorl_out//$'\t'/\\t}
  oorl_write = "$oorl_index" "$oorl_out"
}
'''


class Bash(Language):
    """GNU Bash with the usual tools of /usr/bin."""

    name = "bash"
    title = "Bash"
    aliases = ("sh", "shell")
    suffix = ".sh"
    fence = "bash"
    reserved = words(
        "if then elif else fi for while until do done case esac in select function time coproc "
        "alias bg bind break builtin caller cd command compgen complete compopt continue "
        "declare dirs disown echo enable eval exec exit export false fc fg getopts hash help "
        "history jobs kill let local logout mapfile popd printf pushd pwd read readarray "
        "readonly return set shift shopt source suspend test times trap true type typeset "
        "ulimit umask unalias unset wait IFS PATH HOME RANDOM SECONDS REPLY LINENO")
    tools = (Tool(("bash",), "bash"),)
    completion = "builtin printf '\\n%s\\n' @SECRET@"
    syntax_errors = r"syntax error|unexpected EOF"

    def supports(self, type_: Type) -> bool:
        """int, bool, str, list[int] and list[bool]; nothing else has a natural form."""
        if type_.kind == "list":
            return type_.args[0].kind in ("int", "bool")
        return type_.kind in ("int", "bool", "str")

    def declaration(self, signature: Signature) -> str:
        numbered = ", ".join(f"${i} = {p.name}" for i, p in enumerate(signature.parameters, 1))
        return f"{signature.name}()" + (f"  # {numbered}" if numbered else "")

    def literal(self, type_: Type, value: Json) -> str:
        return shlex.quote(word(type_, value))

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        calls = "".join(
            " ".join(["oorl_case", str(index), *(
                self.literal(p.type, v)
                for p, v in zip(signature.parameters, arguments, strict=True))]) + "\n"
            for index, arguments in enumerate(inputs))
        driver = f"oorl_name={signature.name}{DRIVER}{calls}exit 0\n"
        files = {"candidate.sh": source_bytes(code),
                 "driver.sh": driver.encode("utf-8", "surrogatepass")}
        return Program(files, (*self.interpreter(), "/job/driver.sh"))

    def interpreter(self) -> tuple[str, ...]:
        return (self.find(), "--norc", "--noprofile")

    def decode(self, type_: Type, payload: str) -> Json:
        text = re.sub(r"\\([\\nt])", lambda m: {"\\": "\\", "n": "\n", "t": "\t"}[m[1]], payload)
        if type_.kind == "list":
            return [scalar(type_.args[0], item) for item in text.split()]
        return scalar(type_, text if type_.kind == "str" else text.strip())

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"count_even() {{\n  {text}\n}}\n"
        return {
            "ok": Probe(body("local c=0 n; for n in $1; do ((n % 2 == 0)) && ((c++)); done; "
                             "echo $c"), "passed"),
            "wrong": Probe(body("echo $1 | wc -w"), "wrong_answer"),
            "compile_error": Probe("count_even() { if true; }\n", "compile_error"),
            "crash": Probe(body("kill -SEGV $BASHPID"), "runtime_error"),
            "hang": Probe(body("while :; do :; done"), "timeout"),
        }


def word(type_: Type, value: Json) -> str:
    """A value as the word a Bash function gets."""
    if type_.kind == "list":
        return " ".join(word(type_.args[0], item) for item in value)
    if type_.kind == "bool":
        return "true" if value else "false"
    return str(value)


def scalar(type_: Type, text: str) -> Json:
    """Printed text as a value. Raises `ValueError` if it does not read as the type."""
    if type_.kind == "str":
        return text
    if type_.kind == "int" and re.fullmatch(r"[+-]?[0-9]+", text):
        return int(text)
    if type_.kind == "bool" and text in ("true", "false", "1", "0"):
        return text in ("true", "1")
    raise ValueError(f"expected {type_}, got {text[:80]!r}")


LANGUAGE = Bash()
