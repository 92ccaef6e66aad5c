"""Our verdicts beside those of MultiPL-E's own evaluators, on the same programs.

    python -m benchmarks.multipl_e_parity EVALUATORS --mbxp FOLDER --multipl-e FOLDER [-n 12] \\
        [language ...]

EVALUATORS is the folder of upstream's eval_<language>.py files (`evaluation/src` of a checkout of
nuprl/MultiPL-E, or the copy in bigcode-evaluation-harness); it is neither fetched nor changed here.
The two FOLDERs hold the data sets' files. A language whose evaluator, tools or tests' packages are
absent is left out: a task that nobody can pass there would agree for a wrong reason.

The programs are real code: MBXP's solutions under their prompts and before their tests, as they are
and changed in the ways of `CHANGES`, and MultiPL-E's HumanEval tasks answered by the same solutions
(to another question) and, for one task, rightly. A verdict is "passed" or "not passed"; where the
two differ, every program is named. CPU counts everything that either side starts; programs that
hang are judged but left out of the CPU seconds, since they cost what the time limit is. Results of
one machine are in multipl_e_parity.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.judge import worker_cpu_s
from oorl.evaluation.benchmarks import mbxp
from oorl.evaluation.benchmarks._files import files, read
from oorl.evaluation.benchmarks._multipl_e import EXTENSIONS, continued
from oorl.generation.backends import cut
from oorl.languages import get_language
from oorl.languages.base import SEARCH_PATH
from oorl.params.sandbox import SandboxParams
from oorl.records import AssertionSubmission, Verdict
from oorl.sandbox import Judge, available_languages
from tests.unit.evaluation.multipl_e_rows import ANSWERS

EVALUATORS = {"python": "eval_python", "javascript": "eval_javascript", "php": "eval_php",
              "ruby": "eval_ruby", "bash": "eval_sh", "r": "eval_r", "cpp": "eval_cpp",
              "rust": "eval_rust", "java": "eval_java", "typescript": "eval_ts",
              "perl": "eval_pl", "lua": "eval_lua", "racket": "eval_racket", "go": "eval_go",
              "csharp": "eval_cs", "scala": "eval_scala", "haskell": "eval_hs", "d": "eval_dlang"}
"""Upstream's file for each language. OCaml has none here: nobody can pass its HumanEval_3."""

# What stands first in the function: crash, hang, leave with exit code 0, print 300 KB, print bytes
# that are no UTF-8.
FIRST = {
    "python": ("    raise ValueError('crash')", "    while True: pass",
               "    import os; os._exit(0)", "    print('x' * 300000)",
               "    import os; os.write(1, b'\\xff\\xfe')"),
    "javascript": ("throw new Error('crash');", "while (true) {}", "process.exit(0);",
                   "console.log('x'.repeat(300000));",
                   "process.stdout.write(Buffer.from([255, 254]));"),
    "php": ("throw new Exception('crash');", "while (true) {}", "exit(0);",
            "echo str_repeat('x', 300000);", 'echo "\\xff\\xfe";'),
    "ruby": ("raise 'crash'", "loop {}", "exit(0)", "puts 'x' * 300000",
             '$stdout.write "\\xff\\xfe".b'),
    "bash": ("exit 3", "while :; do :; done", "kill -9 $$", "printf '%0300000d' 0 >&2",
             "printf '\\377' >&2"),
    "r": ("stop('crash')", "while (TRUE) {}", "quit(status = 0)",
          "cat(strrep('x', 300000), '\\n')", "writeBin(as.raw(255), stdout())"),
    "cpp": ("throw 1;", "for (volatile int q = 1; q;) q = 1;", "exit(0);",
            "puts(std::string(300000, 'x').c_str());", 'fputs("\\xff\\xfe", stdout);'),
    "rust": ('if true { panic!("crash") }', "loop { if false { break } }",
             "if true { std::process::exit(0) }", 'println!("{}", "x".repeat(300000));',
             "{ use std::io::Write; std::io::stdout().write_all(&[255]).unwrap(); }"),
    "java": ("if (true) throw new RuntimeException();", "for (int q = 1; q > 0;) q = 1;",
             "System.exit(0);", 'System.out.println("x".repeat(300000));',
             "System.out.write(255); System.out.flush();"),
    "perl": ("die 'crash';", "1 while 1;", "exit(0);", "print 'x' x 300000;", "print \"\\xff\";"),
    "lua": ("error('crash')", "while true do end", "os.exit(0)", "print(('x'):rep(300000))",
            "io.write('\\255')"),
    "racket": ("(error 'crash)", "(let loop () (loop))", "(exit 0)",
               "(display (make-string 300000 #\\x))", "(write-bytes (bytes 255 254))"),
    # without os in the prompt's imports there is no way to leave
    "go": ('panic("crash")', "for {}", "", 'for q := 0; q < 300000; q++ { fmt.Print("x") }',
           'fmt.Print("\\xff\\xfe")'),
    "csharp": ('if (true) throw new Exception("crash");', "while (true) {}",
               "Environment.Exit(0);", "Console.WriteLine(new string('x', 300000));",
               "Console.OpenStandardOutput().Write(new byte[] {255, 254}, 0, 2);"),
    "scala": ('if (true) throw new Exception("crash")', "while (true) {}", "sys.exit(0)",
              'println("x" * 300000)', "System.out.write(255); System.out.flush()"),
    "d": ('if (true) throw new Exception("crash");', "while (true) {}", "",
          "import std.stdio; foreach (q; 0 .. 300_000) write('x');", ""),
}
FIRST["typescript"] = (*FIRST["javascript"][:2], "eval('process.exit(0)');",
                       FIRST["javascript"][3], f"eval(`{FIRST['javascript'][4]}`);")
ALTERED = {"compare": (r" (<=|<|>=|>|==) ", {"<": ">=", "<=": ">", ">": "<=", ">=": "<",
                                             "==": "!="}),
           "operator": (r" ([-+*]) ", {"+": "-", "-": "+", "*": "+"})}
CHANGES = ("right", "compare", "operator", "number", "half", "empty", "other", "crash", "leave",
           "hang", "loud", "bytes")
RARE = {"hang": 1, "loud": 2, "bytes": 2}
"""Of how many tasks a language the change is tried; the others on all of them."""

# Runs in an interpreter of its own, so that CPU seconds of children are those of its programs.
THEIRS = """
import importlib, json, os, resource, sys, tempfile, types
from pathlib import Path
def used():
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (
        resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
job = json.load(sys.stdin)
folder = Path(job["folder"])
sys.path[:0] = [str(folder), str(folder.parent)]
stub = types.ModuleType("generic_eval")
stub.main = stub.gmain = None  # their command line, not needed
sys.modules["generic_eval"] = sys.modules[folder.name + ".generic_eval"] = stub
try:
    module = importlib.import_module(job["module"])
except ImportError:  # as part of a package
    module = importlib.import_module(folder.name + "." + job["module"])
found = []
with tempfile.TemporaryDirectory() as scratch:
    for number, program in enumerate(job["programs"]):
        before = used()
        file = Path(scratch) / f"p{number}{job['suffix']}"
        file.write_bytes(program.encode())
        try:
            status = module.eval_script(file)["status"]
        except Exception as error:
            status = "raises " + type(error).__name__
        found.append((status, used() - before))
os.write(3, json.dumps(found).encode())
"""


def suffix(language: str) -> str:
    """How the name of a program's file ends; `go test` runs no other."""
    return "_test.go" if language == "go" else get_language(language).suffix


@dataclass(frozen=True)
class Pair:
    """One program for both sides."""

    name: str
    change: str
    ours: AssertionSubmission
    theirs: str


def changed(language: str, change: str, answer: str, other: str) -> str | None:
    """The answer, changed; None where it has nothing that could be."""
    if change in ALTERED:
        pattern, to = ALTERED[change]
        new = re.sub(pattern, lambda m: f" {to[m[1]]} ", answer, count=1)
        return None if new == answer else new
    if change == "number":
        new = re.sub(r"(?<![\w.])\d+(?![\w.])", lambda m: str(int(m[0]) + 1), answer, count=1)
        return None if new == answer else new
    if change in ("crash", "hang", "leave", "loud", "bytes"):
        at = ("crash", "hang", "leave", "loud", "bytes").index(change)
        first = FIRST[language][at] if language in FIRST else ""
        return first + "\n" + answer.lstrip("\n") if first else None  # two can be a stop
    return {"right": answer, "half": answer[:len(answer) // 2], "empty": "", "other": other}[change]


def solved(folder: Path, language: str) -> list[dict[str, Any]]:
    """MBXP's rows that have a solution."""
    return [row for file in files(folder, f"mbxp-{language}")
            for row in read(file, mbxp.COLUMNS) if row.get("canonical_solution")]


def from_mbxp(folder: Path, language: str, count: int) -> Iterator[Pair]:
    """Solutions of `count` tasks spread over the file, each changed in every way."""
    if language not in mbxp.LANGUAGES:
        return
    rows = solved(folder, language)
    chosen = rows[::max(1, len(rows) // count)][:count]
    for number, row in enumerate(chosen):
        other = chosen[number - 1]["canonical_solution"]
        for change in CHANGES:
            answer = changed(language, change, row["canonical_solution"], other)
            if answer is None or number >= RARE.get(change, count):
                continue
            made = mbxp.program(row, language, row["prompt"] + answer)
            if language == "java":  # their evaluator starts the class Problem
                made = AssertionSubmission(language, made.code,
                                           re.sub(r"\bclass Main\b", "class Problem", made.tests))
            yield Pair(row["task_id"], change, made, f"{made.code}\n{made.tests}")


def from_multipl_e(folder: Path, mbxp_folder: Path, language: str, count: int) -> Iterator[Pair]:
    """HumanEval tasks with MBXP's answers to other questions; one task with a right one. With a
    count of 0 one program for each task."""
    rows = [row for file in files(folder, f"humaneval-{EXTENSIONS[language]}")
            for row in read(file, ("name", "prompt", "tests", "stop_tokens"))]
    bodies = [""]
    if language in mbxp.LANGUAGES:
        bodies += [row["canonical_solution"] for row in solved(mbxp_folder, language)]
    right = ANSWERS[EXTENSIONS[language]].replace("numbers", "operations").replace("limit", "0")
    for old, new in (("$0", "0"), ("$2", "0")):
        right = right.replace(old, new)
    known = [row for row in rows if row["name"] == "HumanEval_3_below_zero"]
    some = rows[::max(1, len(rows) // count)][:count] if count else rows
    of_known, of_others = (CHANGES, ("other", "crash", "leave")) if count else (
        ("right",), ("other",))
    for number, row in enumerate(known + some):
        for change in of_known if number == 0 and known else of_others:
            body = right if number == 0 and known else bodies[number % len(bodies)]
            answer = changed(language, change, body, bodies[(7 * number + 1) % len(bodies)])
            if answer is None:
                continue
            stops, prompt, tests = tuple(row["stop_tokens"]), row["prompt"], row["tests"]
            theirs = f"{prompt}{cut(answer, stops)}\n{tests}"
            if "javatuples" in prompt:  # a package of theirs, rarely used
                if re.search(r"\b(Pair|Triplet|Quartet|Unit)\b", theirs):
                    continue
                theirs = theirs.replace("import org.javatuples.*;", "")
            yield Pair(row["name"], change, continued(language, prompt, tests, stops, answer),
                       theirs)


def judge_ours(language: str, pairs: list[Pair]) -> tuple[list[Verdict], float]:
    """Verdicts, and the CPU seconds of all programs that do not hang."""
    params = SandboxParams.model_validate({"workers": 1, "run_timeout_s": 15, "cpu_time_s": 5})
    calm = [p.ours for p in pairs if p.change != "hang"]
    warm_up = AssertionSubmission(language, get_language(language).probes["ok"].code, "")
    with Judge(params) as judge:
        judge.judge([warm_up])
        before = worker_cpu_s(judge)
        verdicts = dict(zip(calm, judge.judge(calm), strict=True))
        cpu_s = worker_cpu_s(judge) - before + sum(v.cpu_s for v in verdicts.values())
        hanging = [p.ours for p in pairs if p.change == "hang"]
        verdicts |= dict(zip(hanging, judge.judge(hanging), strict=True))
    return [verdicts[p.ours] for p in pairs], cpu_s


def judge_theirs(folder: Path, language: str, pairs: list[Pair]) -> list[tuple[str, float]]:
    """Status and CPU seconds of each program; none if the evaluator cannot be loaded."""
    read_end, write_end = os.pipe()
    job = {"folder": str(folder.resolve()), "module": EVALUATORS[language],
           "suffix": suffix(language),
           "programs": [p.theirs for p in pairs]}
    with open(read_end, "rb") as answer:
        process = subprocess.Popen(
            [sys.executable, "-c", f"import os; os.dup2({write_end}, 3)\n{THEIRS}"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=[write_end],
            env={**os.environ, "PATH": f"{SEARCH_PATH}:{os.environ['PATH']}"})
        os.close(write_end)
        assert process.stdin is not None
        process.stdin.write(json.dumps(job).encode())
        process.stdin.close()
        text = answer.read()
        process.wait()
    return [(status, cpu_s) for status, cpu_s in json.loads(text)] if text else []


def compare(arguments: argparse.Namespace, language: str) -> list[str]:
    """Prints the language's line of the table; returns what differs, a line each."""
    made = [*(from_mbxp(arguments.mbxp, language, arguments.n) if arguments.n else ()),
            *from_multipl_e(arguments.multipl_e, arguments.mbxp, language, arguments.n)]
    # Hanging ones last: what upstream kills it does not wait for, so that the CPU seconds of such a
    # program appear with the next one.
    pairs = sorted({pair.ours: pair for pair in made}.values(), key=lambda p: p.change == "hang")
    theirs = judge_theirs(arguments.evaluators, language, pairs)
    if not any(status == "OK" for status, _ in theirs):
        print(f"| {language} | - | | | | | |", flush=True)
        return []
    ours, own_cpu_s = judge_ours(language, pairs)
    their_cpu_s = sum(cpu_s for p, (_, cpu_s) in zip(pairs, theirs, strict=True)
                      if p.change != "hang")
    passed = Counter((v.passed, s == "OK") for v, (s, _) in zip(ours, theirs, strict=True))
    print(f"| {language} | {len({p.name for p in pairs})} | {len(pairs)} "
          f"| {passed[True, True]} + {passed[False, False]} "
          f"| {passed[True, False]} / {passed[False, True]} "
          f"| {own_cpu_s:.1f} / {their_cpu_s:.1f} | {own_cpu_s / their_cpu_s:.2f} |", flush=True)
    differing: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for pair, verdict, (status, _) in zip(pairs, ours, theirs, strict=True):
        if verdict.passed != (status == "OK"):
            differing[pair.change, str(verdict.status), status].append(pair.name)
            if arguments.details:
                print(f"{language} {pair.name} {pair.change}: {verdict.detail[:300]!r}",
                      file=sys.stderr)
    return [f"| {language} | {change} | {mine} | {status} | {', '.join(names)} |"
            for (change, mine, status), names in sorted(differing.items())]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("evaluators", type=Path)
    options.add_argument("--mbxp", type=Path, required=True)
    options.add_argument("--multipl-e", type=Path, required=True)
    options.add_argument("-n", type=int, default=12, help="tasks per language and data set (12); "
                         "0: one program for each HumanEval task")
    options.add_argument("--details", action="store_true", help="our messages, on stderr")
    options.add_argument("languages", nargs="*")
    arguments = options.parse_intermixed_args()
    available = available_languages()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, "
          f"load {os.getloadavg()[0]:.1f}\n")
    print("| language | tasks | programs | both pass + both refuse | only we pass / only they pass "
          "| CPU s, ours / theirs | ratio |")
    print("|---" * 7 + "|")
    lines = [line for language in arguments.languages or EVALUATORS
             if isinstance(available[language], str) for line in compare(arguments, language)]
    print("\n| language | program | ours | theirs | tasks |")
    print("|---" * 5 + "|\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
