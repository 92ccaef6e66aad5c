"""The process that runs cells, one task at a time: `main` of this module.

A lean process of its own: forking it is cheap whatever the trainer has loaded. Tasks come as
length-prefixed pickles on stdin, observations leave on a copy of stdout. A task holds inputs,
never expected results. When stdin closes (the parent is gone) everything here is killed.
"""

from __future__ import annotations

import fcntl
import gc
import os
import pickle
import signal
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import IO, Any

from oorl.errors import InfraError, OORLError
from oorl.languages import get_language
from oorl.languages.base import Compile, Prepared, Program, Warm
from oorl.records import Json, Signature, Status, stable_id
from oorl.sandbox import cgroups
from oorl.sandbox.cell import Cell, Command, adopt_orphans, memory_file, tool_binds
from oorl.sandbox.cores import CORES
from oorl.sandbox.prepared import ensure, publish
from oorl.sandbox.servers import CompileServer, ServerDied, ServerTimeout
from oorl.sandbox.verdicts import Observation, clean, observe, observe_run
from oorl.sandbox.warm import WarmFailed, WarmParent, exec_job, launchers
from oorl.sandbox.watch import Limits, Outcome

COMPILE_MEMORY = 2**30
SERVER_LIFETIME = 2000
"""Sources after which a compile server is replaced: it must not grow for ever."""


WARM_FAULTS = 5
"""Faults after which a worker no longer uses a kind of parent: this machine cannot have it."""


SECOND_FAILED = 120
"""A warm compiler's exit code when the command after it failed: see `runtime/warm_start.c`."""


COLD = "cold"
"""Instead of a task: which warm parents failed so far, and why."""


@dataclass(frozen=True)
class Task:
    """A submission without its expected results."""

    language: str
    code: str
    signature: Signature
    inputs: tuple[tuple[Json, ...], ...]

    def program(self) -> Program:
        """What is to run."""
        return get_language(self.language).program(self.code, self.signature, self.inputs)


@dataclass(frozen=True)
class WholeTask:
    """A whole program and what it reads, run by run. With `tests` and a `secret` it is an
    assertion program."""

    language: str
    code: str
    stdins: tuple[str, ...] = ("",)
    tests: str | None = None
    secret: str = ""

    def program(self) -> Program:
        """What is to run."""
        language = get_language(self.language)
        if self.tests is None:
            return language.whole(self.code)
        return language.asserting(self.code, self.tests, self.secret)


@dataclass(frozen=True)
class Settings:
    """What a worker is told at its start."""

    bwrap: str
    limits: Limits
    compile_timeout_s: float
    use_cgroups: bool = True
    use_warm: bool = True
    seat: int = 0
    seats: int = 1


@dataclass
class Built:
    """The files of a compiled program, or why there are none."""

    files: dict[str, bytes]
    failure: Status | None = None
    detail: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0


class Worker:
    """Judges tasks in cells."""

    def __init__(self, settings: Settings, hangup: int = -1) -> None:
        self.settings = settings
        CORES.seat(settings.seat, settings.seats)
        group = cgroups.create("run") if settings.use_cgroups else None
        self.cell = Cell(settings.bwrap, group, settings.limits, hangup)
        self.servers: dict[str, CompileServer] = {}
        self.parents: dict[str, WarmParent] = {}
        self.warm_faults: Counter[str] = Counter()
        self.cold_because: dict[str, str] = {}
        self.launchers = launchers() if settings.use_warm else []

    def judge(self, task: Task | WholeTask) -> Observation:
        """Compile and run. A fault of our own is tried twice, then reported as such."""
        for attempt in (1, 2):
            try:
                seen = self._judge(task)
            except (OSError, ServerDied, OORLError) as error:
                seen = Observation([], Status.INFRA_ERROR, detail=clean(str(error)))
            if seen.failure is not Status.INFRA_ERROR or attempt == 2:
                break
        return seen

    def _judge(self, task: Task | WholeTask) -> Observation:
        program = task.program()
        files = dict(program.files)
        cpu_s = wall_s = 0.0
        if program.compile is not None:
            built = self._compile(program.compile)
            if built.failure is not None:
                return Observation([], built.failure, detail=built.detail, cpu_s=built.cpu_s,
                                   wall_s=built.wall_s)
            files |= built.files
            cpu_s, wall_s = built.cpu_s, built.wall_s
        command = self._command(program, files)
        if isinstance(task, Task):
            seen = observe(self._run(command, self.settings.limits, program.warm),
                           len(task.inputs))
        else:
            seen = self._runs(task, program, command)
        seen.cpu_s += cpu_s
        seen.wall_s += wall_s
        return seen

    def _runs(self, task: WholeTask, program: Program, command: Command) -> Observation:
        """Run on every stdin until one run fails by itself: what follows cannot change that."""
        language = get_language(task.language)
        total = Observation([])
        for stdin in task.stdins:
            data = stdin.encode("utf-8", "surrogatepass")
            outcome = self._run(replace(command, stdin=data), self.settings.limits, program.warm)
            seen = observe_run(outcome, language)
            total = replace(seen, records=total.records + seen.records,
                            limit=total.limit or seen.limit, cpu_s=total.cpu_s + seen.cpu_s,
                            wall_s=total.wall_s + seen.wall_s)
            if seen.failure is not None:
                break
        return total

    def _run(self, command: Command, limits: Limits, own: Warm | None = None) -> Outcome:
        """One launch: by a fork of a warm parent where there is one, else in a new cell. Both are
        isolated alike, so a parent that fails costs time only. `own` runs the command's job
        itself."""
        for warm in [own] if own else self.launchers:
            if not self.settings.use_warm or self.warm_faults[warm.name] >= WARM_FAULTS:
                continue
            job = command.job if own else exec_job(command)
            try:
                return self._parent(warm, command).run(replace(command, job=job), limits)
            except WarmFailed as error:
                self.warm_faults[warm.name] += 1
                self.cold_because[warm.name] = str(error)
            except InfraError as error:  # a part of it cannot be built here
                self.warm_faults[warm.name] = WARM_FAULTS
                self.cold_because[warm.name] = error.problem
        return self.cell.run(command, limits)

    def _parent(self, warm: Warm, command: Command) -> WarmParent:
        """The parent that has what the command needs mounted."""
        binds = (*command.binds, *tool_binds(command.argv[0]))
        name = stable_id(warm.name, repr(binds)) if binds else warm.name
        if name not in self.parents:
            self.parents[name] = WarmParent(self._new_cell(name), warm,
                                            (*binds, *self._prepare(warm.prepared)))
        return self.parents[name]

    def _prepare(self, prepared: tuple[Prepared, ...]) -> tuple[tuple[str, str], ...]:
        """Files built once per machine, as binds of a cell."""
        binds = []
        for each in prepared:
            try:
                binds.append((str(ensure(self.cell, each)), f"/prepared/{each.name}"))
            except InfraError:
                if not each.optional:
                    raise
        return tuple(binds)

    def _new_cell(self, name: str) -> Cell:
        group = cgroups.create(name) if self.settings.use_cgroups else None
        return Cell(self.settings.bwrap, group, self.settings.limits, self.cell.hangup)

    def _command(self, program: Program, files: dict[str, bytes]) -> Command:
        heap = str(self.settings.limits.memory_bytes * 2 // 3 // 2**20)
        argv = tuple(part.replace("{heap_mib}", heap) for part in program.argv)
        return Command(argv, files, job=program.job + files.get(program.job_end, b""))

    def _compile(self, compile_: Compile) -> Built:
        return self._compile_warm(compile_) if compile_.server else self._compile_cold(compile_)

    def _compile_cold(self, compile_: Compile) -> Built:
        binds = self._prepare(compile_.prepared)
        limits = replace(self.settings.limits, wall_s=self.settings.compile_timeout_s,
                         cpu_s=self.settings.compile_timeout_s,
                         memory_bytes=max(COMPILE_MEMORY, self.settings.limits.memory_bytes))
        artifact = memory_file("artifact", b"")
        try:
            command = Command(publish(compile_.argv), compile_.files, binds, artifact,
                              job=compile_.job)
            outcome = self._run(command, limits, compile_.warm)
            if compile_.warm and undecided(outcome, compile_.doubt):
                os.ftruncate(artifact, 0)
                again = self._run(command, limits)
                again.cpu_s += outcome.cpu_s
                again.wall_s += outcome.wall_s
                outcome = again
            program = os.pread(artifact, limits.disk_bytes, 0)
        finally:
            os.close(artifact)
        built = Built({"program": program}, cpu_s=outcome.cpu_s, wall_s=outcome.wall_s)
        if outcome.stopped in ("wall", "cpu"):
            built.failure, built.detail = Status.COMPILE_TIMEOUT, f"{outcome.stopped} limit"
        elif outcome.exit_code is None and not (outcome.stopped or outcome.oom):
            built.failure, built.detail = Status.INFRA_ERROR, clean(outcome.stderr)
        elif outcome.stopped or outcome.oom or outcome.exit_code or not program:
            built.failure = Status.COMPILE_ERROR
            built.detail = clean(outcome.stderr) or "the compiler ran out of memory"
        return built

    def _compile_warm(self, compile_: Compile) -> Built:
        assert compile_.server is not None
        server = self._server(compile_)
        (source,) = compile_.files.values()
        before = server.cell.group.cpu_s() if server.cell.group else 0.0
        try:
            reply = server.compile(source, self.settings.compile_timeout_s)
        except ServerTimeout:
            return Built({}, Status.COMPILE_TIMEOUT, "wall limit")
        after = server.cell.group.cpu_s() if server.cell.group else 0.0
        if isinstance(reply, str):
            return Built({}, Status.COMPILE_ERROR, clean(reply), after - before)
        return Built(reply, cpu_s=after - before)

    def _server(self, compile_: Compile) -> CompileServer:
        assert compile_.server is not None
        name = compile_.server.name
        if name not in self.servers:
            self.servers[name] = CompileServer(self._new_cell(name), compile_.server,
                                               self._prepare(compile_.prepared))
        server = self.servers[name]
        if server.compiled >= SERVER_LIFETIME:
            server.close()
            server.compiled = 0
        return server

    def close(self) -> None:
        """Stop the servers and remove the control groups."""
        kept: list[CompileServer | WarmParent] = [*self.servers.values(), *self.parents.values()]
        for process in kept:
            process.close()
            if process.cell.group:
                process.cell.group.remove()
        if self.cell.group:
            self.cell.group.remove()


def undecided(outcome: Outcome, doubt: str) -> bool:
    """Must a compilation by a warm compiler be done again, by the whole command?"""
    return not (outcome.stopped or outcome.oom) and (
        outcome.exit_code == SECOND_FAILED
        or bool(doubt and outcome.exit_code and doubt.encode() in outcome.stderr))


def read_frame(stream: IO[bytes]) -> Any:
    """The next object, or None at the end of the stream."""
    header = stream.read(4)
    if len(header) < 4:
        return None
    (length,) = struct.unpack(">I", header)
    data = stream.read(length)
    return pickle.loads(data) if len(data) == length else None


def write_frame(stream: IO[bytes], value: Any) -> None:
    """Write one object."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(struct.pack(">I", len(data)) + data)
    stream.flush()


def serve(reading: IO[bytes], writing: IO[bytes], make: Callable[[Settings], Worker]) -> None:
    """Answer tasks until the parent closes its end."""
    settings = read_frame(reading)
    if settings is None:
        return
    worker = make(settings)
    try:
        write_frame(writing, worker.cell.group is not None)
        while (task := read_frame(reading)) is not None:
            write_frame(writing, worker.cold_because if task == COLD else worker.judge(task))
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    finally:
        worker.close()


def main() -> None:
    """Occupy descriptors 0 to 3, which cells use for their own, then serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes us
    reading = os.fdopen(fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 10), "rb")
    writing = os.fdopen(fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 10), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 3):
        if fd != null:
            os.dup2(null, fd, inheritable=False)
    adopt_orphans()
    gc.freeze()
    serve(reading, writing, lambda settings: Worker(settings, reading.fileno()))
