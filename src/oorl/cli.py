"""`oorl`: a small dispatcher. Each command is a function that takes the parsed arguments.

    oorl doctor            what this machine can judge, and what is missing
    oorl judge FILE.jsonl  verdicts for programs, one JSON object a line on stdout
    oorl serve             judge programs for other machines, over HTTP
    oorl ir verify FILE    prove the labels of IR groups again
    oorl ir show ID FILE   one IR group for people; --html PAGE for a page
    oorl profile [NAME]    the profiles; with a name: write one to params.yaml
    oorl memory [NAME]     what a profile's training needs, before a machine is rented
    oorl evaluate          score a model on a benchmark, without the pipeline
    oorl compare A B       the difference of two such runs

In a project's folder:

    oorl status            what runs, what ran last, the champion and its scores
    oorl promote [VERSION] let a registered version pass the gate, or refuse it
    oorl rollback          make the champion before champion again
    oorl history           versions, decisions, changes of champion
    oorl deliver           bring MLflow what it missed while it did not answer
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from oorl.errors import DataError, OORLError
from oorl.evaluation.cli import add_commands as add_evaluation
from oorl.ir.cli import add_commands
from oorl.params.sandbox import SandboxParams

PROJECT_COMMANDS = {
    "status": (["flows.status"], "what runs, what ran last, the champion and its scores"),
    "promote": (["tasks.versions", "promote"], "let a registered version pass the gate"),
    "rollback": (["tasks.versions", "rollback"], "make the champion before champion again"),
    "deliver": (["tasks._delivery"], "bring MLflow what it missed while it did not answer"),
    "history": (["tasks.versions", "history"], "versions, decisions, changes of champion"),
}
"""Modules of the project's folder, which the library does not import."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; expected faults are printed without a traceback."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if arguments and arguments[0] in PROJECT_COMMANDS:
            return run_in_project(arguments[0], arguments[1:])
        options = parser().parse_args(arguments)
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
        description="Each line of FILE is an object with language, code and one of: signature "
        "({name, parameters: [[name, type], ...], returns}) with cases ([[args, expected], ...]); "
        "cases of a whole program ([{stdin, stdout}, ...]); tests (assertions in the same "
        "language). Verdicts come in the order of the lines, each with its line number. Lines that "
        "cannot be read are reported and counted, and make the exit code 1.")
    judge.add_argument("file", type=Path, help="submissions, JSON lines; - reads stdin")
    judge.add_argument("--workers", type=int, default=2, help="programs at a time (default 2)")
    judge.add_argument("--cpu-time-s", type=float, default=2.0, help="CPU limit of a program")
    judge.add_argument("--quarantine", type=Path, metavar="OUT",
                       help="write the lines that cannot be read here, with the reason")
    judge.add_argument("--quiet", action="store_true", help="no progress bar")
    judge.set_defaults(command=run_judge)
    serve = commands.add_parser(
        "serve", help="judge programs for other machines, over HTTP",
        description="The token that callers must send is read from the variable OORL_TOKEN; "
        "without one only this machine is served.")
    serve.add_argument("--host", default="127.0.0.1", help="address (default loopback)")
    serve.add_argument("--port", type=int, default=8450)
    serve.add_argument("--workers", type=int, default=2, help="programs at a time (default 2)")
    serve.add_argument("--cpu-time-s", type=float, default=2.0, help="CPU limit of a program")
    serve.add_argument("--max-queued", type=int, default=4096,
                       help="programs waiting, over which callers get 429 (default 4096)")
    serve.add_argument("--cache-size", type=int, default=100_000,
                       help="verdicts kept (default 100000, 0 for none)")
    serve.set_defaults(command=run_serve)
    add_commands(commands)
    add_evaluation(commands)
    profile = commands.add_parser(
        "profile", help="list the profiles, or change params.yaml to one",
        description="Replaces all of params.yaml by profiles/NAME.yaml over the defaults.")
    profile.add_argument("name", nargs="?", default="", help="without it: the list")
    profile.set_defaults(command=run_profile)
    memory = commands.add_parser(
        "memory", help="estimate the memory that a profile's training needs",
        description="For the rl and gepo stages: an upper estimate, from the model's shape and "
        "the settings alone; nothing is loaded.")
    memory.add_argument("name", nargs="?", default="", help="without it: params.yaml as it is")
    memory.add_argument("--gpus", type=int, default=1,
                        help="on each of several, under ZeRO-2 with the optimiser in main memory")
    memory.set_defaults(command=run_memory)
    for name, (_, words) in PROJECT_COMMANDS.items():
        commands.add_parser(name, help=f"{words} (in a project's folder)")
    return top


def run_in_project(command: str, arguments: Sequence[str]) -> int:
    """Run a command that belongs to the project around the library, as a process of its own."""
    if not (Path("params.yaml").is_file() and Path("tasks").is_dir()):
        raise DataError(f"oorl {command}: {Path.cwd()} is no project folder",
                        "Run it where params.yaml, tasks/ and flows/ are.")
    module = [sys.executable, "-m", *PROJECT_COMMANDS[command][0]]
    return subprocess.run([*module, *arguments], check=False).returncode


def run_doctor(options: argparse.Namespace) -> int:
    """Print what works; exit code 1 if something is missing."""
    from oorl.sandbox import diagnose

    diagnosis = diagnose()
    print(diagnosis.text())
    return 0 if diagnosis.healthy else 1


def run_judge(options: argparse.Namespace) -> int:
    """Judge every line of a file; verdicts in the order of the lines, as soon as that allows."""
    from oorl.sandbox.lines import judge_lines, read_lines

    params = SandboxParams.model_validate(
        {"workers": options.workers, "cpu_time_s": options.cpu_time_s})
    lines = read_lines(options.file)
    return judge_lines(lines, str(options.file), params, progress=not options.quiet,
                       quarantine=options.quarantine)


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


def run_serve(options: argparse.Namespace) -> int:
    """Serve verdicts until interrupted."""
    from oorl.sandbox.service import serve

    params = SandboxParams.model_validate(
        {"workers": options.workers, "cpu_time_s": options.cpu_time_s})
    serve(params, options.host, options.port, max_queued=options.max_queued,
          cache_size=options.cache_size)
    return 0


def run_memory(options: argparse.Namespace) -> int:
    """Print the estimate for params.yaml, or for a profile."""
    import yaml

    from oorl.params import parse_params
    from oorl.params.overrides import overridden
    from oorl.trainers.memory import estimate

    text = overridden(Path.cwd() / "params.yaml", {}, options.name)
    print(estimate(parse_params(yaml.safe_load(text)), max(1, options.gpus)).text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
