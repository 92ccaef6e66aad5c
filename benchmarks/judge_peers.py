"""CPU seconds per verdict beside the public runners', in one run, by language.

    python -m benchmarks.judge_peers --sandbox-fusion CHECKOUT --python ITS_PYTHON [--lite] \\
        [--multipl-e CHECKOUT] [--bare] [-n 20] [language ...]

Both are optional and neither is fetched or built here. CHECKOUT is a copy of the repository;
ITS_PYTHON an interpreter with its requirements. `--lite` measures SandboxFusion's isolated mode
too, which needs root, sudo, cgroup-tools, iptables and control groups of version 1.

The function is that of the languages' probe programs, a line or two, with its four cases; each
program has a comment of its own, so that nothing is judged twice. The peers get function and
assertions as one program, the only thing they take. We get the function and typed cases, in
isolated cells, compared outside. CPU counts everything: runner, compilers, programs; the start of
the runners and a first program of each language are left out for all of them. All find their tools
in /usr first, where ours are. "-" stands where a peer does not pass every program, its tool being
absent for example. SandboxFusion's Go module file (`runtime/go/go.mod`) needs Go 1.22; for an older
one reduce it to "module SeedSandbox" and "go 1.19". Results of one machine are in judge_peers.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.judge import worker_cpu_s
from benchmarks.multipl_e_parity import EVALUATORS, suffix
from oorl.languages import PROBE_CASES, PROBE_SIGNATURE, all_languages, get_language
from oorl.languages.base import SEARCH_PATH
from oorl.params.sandbox import SandboxParams
from oorl.records import Submission
from oorl.sandbox import Judge, available_languages

# As in MultiPL-E's HumanEval, programs begin with the headers and imports that its prompts have.
# language: (before the function, before the tests, one test, at the end)
PROGRAMS = {
    "python": ("from typing import List\n", "", "assert {call} == {want}\n", ""),
    "javascript": ("", "", "if ({call} !== {want}) throw new Error('no');\n", ""),
    "typescript": ("", "", "if ({call} !== {want}) throw new Error('no');\n", ""),
    "java": ("import java.util.*;\nimport java.math.*;\nimport java.io.*;\n"
             "import java.util.stream.*;\nclass @CLASS@ {\n",
             "public static void main(String[] a) {\n",
             "if ({call} != {want}) throw new RuntimeException();\n", "} }\n"),
    "cpp": ("#include <assert.h>\n#include <bits/stdc++.h>\nusing namespace std;\n",
            "int main() {\n", "assert({call} == {want});\n", "}\n"),
    "go": ('package count_even_test\nimport (\n    "testing"\n    "fmt"\n)\n',
           "func TestCountEven(t *testing.T) {\n",
           'if fmt.Sprintf("%v", {call}) != "{want}" {{ t.Errorf("no") }}\n', "}\n"),
    "rust": ("", "fn main() {\n", "assert_eq!({call}, {want});\n", "}\n"),
    "php": ("<?php\n", "", "if ({call} !== {want}) throw new Exception('no');\n", ""),
    "ruby": ("", "", "raise 'no' if {call} != {want}\n", ""),
    "perl": ("", "", "die if {call} != {want};\n", ""),
    "r": ("", "", "if ({call} != {want}) quit(status = 1)\n", ""),
    "lua": ("", "", "assert({call} == {want})\n", ""),
    "bash": ("", "", "[ $({call}) = {want} ] || exit 1\n", ""),
}
# With --bare: what the function itself needs and no more.
BARE = {
    "python": ("", *PROGRAMS["python"][1:]),
    "cpp": ("#include <cassert>\n#include <vector>\nusing namespace std;\n", *PROGRAMS["cpp"][1:]),
    "go": ("package main\n", "func main() {\n", 'if {call} != {want} {{ panic("no") }}\n', "}\n"),
}
FUSION_NAMES = {"javascript": "nodejs", "r": "R", "go": "go_test"}
BARE_NAMES = {**FUSION_NAMES, "go": "go"}

# Runs in the peer's interpreter; the first program is not counted. Answers on descriptor 3.
MEASURE = """
import asyncio, json, os, resource, sys, tempfile, types
from pathlib import Path
def used():
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (
        resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
job = json.load(sys.stdin)
sys.path.insert(0, job["path"])
async def measure(one):
    await one(job["programs"][0])
    before, passed = used(), 0
    for program in job["programs"][1:]:
        passed += await one(program)
    count = len(job["programs"]) - 1
    os.write(3, json.dumps([1000 * (used() - before) / count, passed / count]).encode())
"""
FUSION = MEASURE + """
os.chdir(job["path"])
from sandbox.configs.run_config import RunConfig
RunConfig.get_instance_sync().sandbox.isolation = job["mode"]
from sandbox.runners import CODE_RUNNERS, CodeRunArgs
from sandbox.runners import major
major.get_python_rt_env = lambda name: {}  # no conda: `python` of PATH
async def one(program):
    result = (await CODE_RUNNERS[job["name"]](CodeRunArgs(code=program, run_timeout=30))).run_result
    return result is not None and result.return_code == 0
asyncio.run(measure(one))
"""
MULTIPL_E = MEASURE + """
stub = types.ModuleType("generic_eval")
stub.main = stub.gmain = None  # their command line, not needed
sys.modules.setdefault("generic_eval", stub)
evaluate = __import__(job["name"]).eval_script
async def one(program):
    with tempfile.NamedTemporaryFile(suffix=job["suffix"]) as file:
        file.write(program.encode())
        file.flush()
        return evaluate(Path(file.name))["status"] == "OK"
asyncio.run(measure(one))
"""


def comment(language: str, number: int) -> str:
    """A line that makes a program its own."""
    mark = {"lua": "--"}.get(language, "//" if language in (
        "javascript", "typescript", "java", "cpp", "go", "rust", "php") else "#")
    return f"{mark} {number}\n"


def assertion_program(language: str, number: int, main_class: str, bare: bool) -> str:
    """The function and its tests as one program, without anything of ours in it."""
    head, before, line, end = BARE.get(language, PROGRAMS[language]) if bare else PROGRAMS[language]
    lang = get_language(language)
    (parameter,) = PROBE_SIGNATURE.parameters
    tests = ""
    for case in PROBE_CASES:
        value = lang.literal(parameter.type, case.args[0])
        call = f"count_even {value}" if language == "bash" else f"count_even({value})"
        tests += line.format(call=call, want=case.expected)
    return (head.replace("@CLASS@", main_class) + comment(language, number)
            + lang.probes["ok"].code + before + tests + end)


def ours(language: str, count: int) -> tuple[float, float]:
    """(CPU ms per verdict, share passed), isolated."""
    code = get_language(language).probes["ok"].code
    batch = [Submission(language, comment(language, n) + code, PROBE_SIGNATURE, PROBE_CASES)
             for n in range(count + 5)]
    with Judge(SandboxParams.model_validate({"workers": 1})) as judge:
        judge.judge(batch[:5])
        before = worker_cpu_s(judge)
        verdicts = judge.judge(batch[5:])
        cpu_s = worker_cpu_s(judge) - before + sum(v.cpu_s for v in verdicts)
    return 1000 * cpu_s / count, sum(v.passed for v in verdicts) / count


def peer(python: str, source: str, job: dict[str, object]) -> tuple[float, float]:
    """(CPU ms per verdict, share passed) of one peer; (0, 0) if it cannot run the language."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as answer:
        os.symlink("/usr/bin/python3", Path(folder) / "python")
        start = f"import os; os.dup2({answer.fileno()}, 3)\n{source}"
        subprocess.run([python, "-c", start], input=json.dumps(job).encode(), check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       pass_fds=[answer.fileno()],
                       env={**os.environ, "PATH": f"{folder}:{SEARCH_PATH}:{os.environ['PATH']}"})
        answer.seek(0)
        text = answer.read()
    return tuple(json.loads(text)) if text else (0.0, 0.0)


def columns(arguments: argparse.Namespace) -> dict[str, tuple[str, str, dict[str, object]]]:
    """What is measured beside ours: name, (interpreter, source, job)."""
    found: dict[str, tuple[str, str, dict[str, object]]] = {}
    if arguments.sandbox_fusion:
        path = str(arguments.sandbox_fusion.resolve())
        found["SandboxFusion"] = (arguments.python, FUSION, {"path": path, "mode": "none"})
        if arguments.lite:
            found["SandboxFusion, lite"] = (arguments.python, FUSION,
                                            {"path": path, "mode": "lite"})
    if arguments.multipl_e:
        path = str((arguments.multipl_e / "evaluation" / "src").resolve())
        found["MultiPL-E"] = (sys.executable, MULTIPL_E, {"path": path})
    return found


def row(language: str, count: int, peers: dict[str, tuple[str, str, dict[str, object]]],
        bare: bool) -> str:
    """One line of the table."""
    own, passed = ours(language, count)
    cells = [language, f"{own:.1f}" + ("" if passed == 1 else f" ({passed:.0%} passed)")]
    for python, source, job in peers.values():
        fusion = "mode" in job
        name = ((BARE_NAMES if bare else FUSION_NAMES).get(language, language) if fusion
                else EVALUATORS.get(language, ""))
        programs = [assertion_program(language, n, "Main" if fusion else "Problem", bare)
                    for n in range(count + 1)]
        cpu_ms, share = peer(python, source, {
            **job, "name": name, "programs": programs,
            "suffix": suffix(language)})
        cells += [f"{cpu_ms:.1f}", f"{cpu_ms / own:.1f}x"] if share == 1 else ["-", "-"]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sandbox-fusion", type=Path, metavar="CHECKOUT")
    options.add_argument("--python", default=sys.executable, help="with SandboxFusion's needs")
    options.add_argument("--lite", action="store_true", help="its isolated mode too")
    options.add_argument("--multipl-e", type=Path, metavar="CHECKOUT")
    options.add_argument("--bare", action="store_true",
                         help="Python without an import, C++ with two headers only, "
                              "Go by `go build`")
    options.add_argument("-n", type=int, default=20, help="programs per language (20)")
    options.add_argument("languages", nargs="*")
    arguments = options.parse_intermixed_args()
    available, peers = available_languages(), columns(arguments)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, "
          f"load {os.getloadavg()[0]:.1f}; CPU ms per verdict\n")
    print("| language | ours, isolated | " + " | ".join(f"{name} | ratio" for name in peers) + " |")
    print("|---" * (2 + 2 * len(peers)) + "|")
    for language in arguments.languages or [n for n in all_languages() if n in PROGRAMS]:
        if isinstance(available[language], str):
            print(row(language, arguments.n, peers, arguments.bare), flush=True)


if __name__ == "__main__":
    main()
