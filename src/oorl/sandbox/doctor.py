"""What this machine can judge, and what it lacks."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field

from oorl.errors import IsolationUnavailable, ToolchainMissing
from oorl.languages import PROBE_CASES, PROBE_SIGNATURE, all_languages, get_language
from oorl.languages.base import Language, Tool, find_tool
from oorl.params.sandbox import SandboxParams
from oorl.records import Submission
from oorl.sandbox import cgroups
from oorl.sandbox.isolation import bubblewrap_version, require_bubblewrap
from oorl.sandbox.judge import Judge


@dataclass
class Diagnosis:
    """The findings of `diagnose`, ready to print with `text`."""

    isolation: str
    limits: str
    languages: dict[str, str | ToolchainMissing]
    missing_packages: list[str] = field(default_factory=list)
    faster_with: list[str] = field(default_factory=list)
    problem: IsolationUnavailable | None = None
    cold: dict[str, str] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Isolation works and every language has its tools."""
        return self.problem is None and not self.missing_packages

    def text(self) -> str:
        """A table for people."""
        lines = [f"isolation   {self.isolation}", f"limits      {self.limits}"]
        for name, found in self.languages.items():
            lines.append(f"{name:<11} " + (f"MISSING: {found.problem}"
                                          if isinstance(found, ToolchainMissing) else found))
        if self.missing_packages:
            lines += ["", f"sudo apt-get install -y {' '.join(self.missing_packages)}"]
        if self.faster_with:
            lines += ["", "faster with: sudo apt-get install -y " + " ".join(self.faster_with)]
        for name, reason in self.cold.items():
            lines += ["", f"{name} programs start slower than they could: {reason}"]
        if self.problem is not None:
            lines += ["", str(self.problem)]
        return "\n".join(lines)


def available_languages() -> dict[str, str | ToolchainMissing]:
    """Each language with its tool's version, or the error that names its packages."""
    found: dict[str, str | ToolchainMissing] = {}
    for name, language in all_languages().items():
        try:
            language.check()
            found[name] = versions(language)
        except ToolchainMissing as error:
            found[name] = error
    return found


def versions(language: Language) -> str:
    """The first line that each installed tool of a language says about itself."""
    found = (tool_version(tool) for tool in language.tools)
    return "; ".join(dict.fromkeys(filter(None, found)))


def tool_version(tool: Tool) -> str:
    """"name version line", or "" if the tool is not installed."""
    path = find_tool(tool.names)
    if path is None:
        return ""
    done = subprocess.run([path, *tool.version], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=30)
    lines = [line.strip() for line in (done.stdout + "\n" + done.stderr).splitlines()]
    return f"{os.path.basename(path)}: {next(filter(None, lines), 'unknown version')}"


def diagnose() -> Diagnosis:
    """Look at everything the sandbox needs; never raises for something missing."""
    problem = None
    try:
        path = require_bubblewrap()
        isolation = f"bubblewrap {'.'.join(map(str, bubblewrap_version(path)))} ({path})"
    except IsolationUnavailable as error:
        problem, isolation = error, "NONE: programs cannot be judged"
    languages = available_languages()
    missing: list[str] = []
    faster: list[str] = []
    if problem and "not installed" in problem.problem:
        missing.append("bubblewrap")
    for language in all_languages().values():
        for tool in language.tools:
            if find_tool(tool.names) is None:
                (missing if tool.required else faster).append(tool.package)
    return Diagnosis(isolation, _limits(), languages, list(dict.fromkeys(missing)),
                     list(dict.fromkeys(faster)), problem, {} if problem else cold_languages())


def cold_languages() -> dict[str, str]:
    """Languages whose programs could be run by forks of a warm interpreter, or compiled by those of
    a warm compiler, but are not, and why.

    Tried with each one's probe program, as judging does it.
    """
    parents: dict[str, str] = {}
    found: dict[str, str] = {}
    for name, language in all_languages().items():
        if missing_tools(language):
            continue
        program = language.program(language.probes["ok"].code, PROBE_SIGNATURE, ())
        compiler = program.compile.warm if program.compile else None
        if type(language).warm is not Language.warm and program.warm is None:
            found[name] = "no C compiler"
        elif warm := program.warm or compiler:
            parents[name] = warm.name
    with Judge(SandboxParams.model_validate({"workers": 1})) as judge:
        judge.judge([Submission(name, get_language(name).probes["ok"].code, PROBE_SIGNATURE,
                                PROBE_CASES) for name in parents])
        because = judge.cold_parents()
    return found | {name: because[warm] for name, warm in parents.items() if warm in because}


def missing_tools(language: Language) -> list[Tool]:
    """The tools it cannot do without that are not installed."""
    return [tool for tool in language.tools if tool.required and find_tool(tool.names) is None]


def _limits() -> str:
    group = cgroups.create("doctor")
    if group is None:
        return ("no control groups for this user: memory and processes are limited by watching "
                "the process tree")
    group.remove()
    return f"control groups, version {group.version}"
