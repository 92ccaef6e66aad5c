"""`oorl`: a small dispatcher. Each command is a function that takes the parsed arguments.

    oorl doctor            what this machine can judge, and what is missing
    oorl judge FILE.jsonl  verdicts for programs, one JSON object a line on stdout
    oorl ir verify FILE    prove the labels of IR groups again
    oorl ir show ID FILE   one IR group for people
    oorl profile [NAME]    the profiles; with a name: write one to params.yaml
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from oorl.errors import DataError, OORLError
from oorl.ir.cli import add_commands
from oorl.languages import get_language
from oorl.params.sandbox import SandboxParams
from oorl.records import Case, Signature, Submission, canonical


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; expected faults are printed without a traceback."""
    options = parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except OORLError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="oorl", description="OORL's tools for one machine.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    doctor = commands.add_parser("doctor", help="what this machine can judge")
    doctor.set_defaults(command=run_doctor)
    judge = commands.add_parser(
        "judge", help="judge programs in the sandbox",
        description="Each line of FILE is an object with language, code, signature ({name, "
        "parameters: [[name, type], ...], returns}) and cases ([[args, expected], ...]).")
    judge.add_argument("file", type=Path, help="submissions, JSON lines; - reads stdin")
    judge.add_argument("--workers", type=int, default=2, help="programs at a time (default 2)")
    judge.add_argument("--cpu-time-s", type=float, default=2.0, help="CPU limit of a program")
    judge.add_argument("--quiet", action="store_true", help="no progress bar")
    judge.set_defaults(command=run_judge)
    add_commands(commands)
    profile = commands.add_parser(
        "profile", help="list the profiles, or change params.yaml to one",
        description="Replaces all of params.yaml by profiles/NAME.yaml over the defaults.")
    profile.add_argument("name", nargs="?", default="", help="without it: the list")
    profile.set_defaults(command=run_profile)
    return top


def run_doctor(options: argparse.Namespace) -> int:
    """Print what works; exit code 1 if something is missing."""
    from oorl.sandbox import diagnose

    diagnosis = diagnose()
    print(diagnosis.text())
    return 0 if diagnosis.healthy else 1


def run_judge(options: argparse.Namespace) -> int:
    """Judge every line of a file; verdicts in the order of the lines."""
    from oorl.sandbox import Judge

    submissions = list(read_submissions(options.file))
    params = SandboxParams.model_validate(
        {"workers": options.workers, "cpu_time_s": options.cpu_time_s})
    with Judge(params) as judge:
        for verdict in judge.judge(submissions, progress=not options.quiet):
            print(canonical({"status": verdict.status, "passed_cases": verdict.passed_cases,
                             "total_cases": verdict.total_cases, "detail": verdict.detail,
                             "cpu_s": round(verdict.cpu_s, 4),
                             "wall_s": round(verdict.wall_s, 4)}))
    return 0


def run_profile(options: argparse.Namespace) -> int:
    """List the profiles, or write one to params.yaml."""
    from oorl.params.overrides import override, profile_names, profile_title

    root = Path.cwd()
    if options.name:
        override(root / "params.yaml", {}, options.name)
        print(f"params.yaml now holds profile {options.name}; `git diff params.yaml` shows it")
        return 0
    for name in profile_names(root):
        print(f"{name:16}{profile_title(root, name)}")
    return 0


def read_submissions(path: Path) -> Iterator[Submission]:
    """Submissions of a JSON lines file. Raises `DataError` naming the line."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", "Give an existing file.") from None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            yield Submission(
                get_language(row["language"]).name, row["code"],
                Signature.from_json(row["signature"]),
                tuple(Case(tuple(args), expected) for args, expected in row["cases"]))
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}:{number}: not a submission ({type(error).__name__}: {error})",
                            "`oorl judge --help` says what a line holds.") from None


if __name__ == "__main__":
    sys.exit(main())
