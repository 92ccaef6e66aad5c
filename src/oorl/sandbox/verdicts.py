"""From what a cell did to a verdict: reading records, then comparing outside.

Fault order: a limit of ours that was hit, then a broken protocol, then the first case that
does not agree. Only a run that answers every case in order, with values of the right type, and
then ends with exit code 0 can pass.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace

from oorl.languages.base import Language
from oorl.records import Case, Json, Signature, Status, StdioCase, Verdict
from oorl.sandbox.compare import agree, texts_agree
from oorl.sandbox.watch import Outcome

DETAIL_CHARS = 600
STOPPED = {"wall": Status.TIMEOUT, "cpu": Status.TIMEOUT, "output": Status.OUTPUT_LIMIT,
           "memory": Status.MEMORY_LIMIT, "processes": Status.PROCESS_LIMIT,
           "hangup": Status.INFRA_ERROR}


@dataclass(frozen=True)
class Record:
    """One line of the private channel that belongs to a case."""

    tag: str
    payload: str


@dataclass
class Observation:
    """What was seen of a program, before anybody knows what was expected.

    `failure` is set when it cannot pass; `limit` when a resource ran out on the way, which
    explains a later disagreement.
    """

    records: list[Record]
    failure: Status | None = None
    limit: Status | None = None
    detail: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0


def clean(text: bytes | str) -> str:
    """Text safe to print, capped."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    text = "".join(c if c.isprintable() or c == "\n" else "�" for c in text[:4 * DETAIL_CHARS])
    return text.strip()[:DETAIL_CHARS]


def observe(outcome: Outcome, cases: int) -> Observation:
    """Judge everything that needs no expected values."""
    records, failure, detail = parse_records(outcome.records, cases)
    seen = Observation(records, cpu_s=outcome.cpu_s, wall_s=outcome.wall_s)
    if outcome.oom:
        seen.limit = Status.MEMORY_LIMIT
    elif outcome.refused_forks:
        seen.limit = Status.PROCESS_LIMIT
    if outcome.stopped:
        seen.failure, seen.detail = STOPPED[outcome.stopped], f"{outcome.stopped} limit"
    elif outcome.exit_code is None:
        seen.failure = seen.limit or Status.INFRA_ERROR
        seen.detail = clean(outcome.stderr)
    elif failure is not None:
        seen.failure, seen.detail = failure, detail
    elif len(records) < cases or outcome.exit_code != 0:
        seen.failure, seen.detail = _ended(outcome, seen.limit, len(records), cases)
    return seen


def _ended(outcome: Outcome, limit: Status | None, answered: int, cases: int
           ) -> tuple[Status, str]:
    """The program ended by itself too early, or with a bad exit code."""
    code = outcome.exit_code or 0
    where = f"after {answered} of {cases} cases"
    if limit:
        return limit, f"ended {where}"
    if code == 0:
        return Status.PROTOCOL_VIOLATION, f"exit code 0 {where}"
    number = code - 128
    if number == signal.SIGXCPU:
        return Status.TIMEOUT, "cpu limit"
    if number == signal.SIGXFSZ:
        return Status.OUTPUT_LIMIT, "a file grew over its limit"
    name = f"exit code {code}"
    if number in set(signal.Signals):
        name = signal.Signals(number).name
    return Status.RUNTIME_ERROR, clean(f"{name} {where}\n" + outcome.stderr.decode(
        "utf-8", "replace"))


def parse_records(data: bytes, cases: int) -> tuple[list[Record], Status | None, str]:
    """The records of the first cases, and a failure if the channel says or shows one."""
    records: list[Record] = []
    lines = data.split(b"\n")
    for line in lines[:-1]:
        fields = line.decode("utf-8", "replace").split("\t", 2)
        if fields[0] == "C" and len(fields) == 2 and not records:
            return [], Status.COMPILE_ERROR, clean(fields[1])
        if fields[0] == "L" and len(fields) == 2 and not records:
            return [], Status.RUNTIME_ERROR, clean(f"while loading: {fields[1]}")
        if len(fields) != 3 or fields[0] not in ("=", "?", "!") or fields[1] != str(len(records)):
            return records, Status.PROTOCOL_VIOLATION, clean(b"unexpected record: " + line)
        records.append(Record(fields[0], fields[2]))
    if len(records) > cases:
        return records, Status.PROTOCOL_VIOLATION, "more records than cases"
    if lines[-1] and len(records) == cases:
        return records, Status.PROTOCOL_VIOLATION, "bytes after the last record"
    return records, None, ""


def observe_run(outcome: Outcome, language: Language) -> Observation:
    """Judge one run of a whole program; its output is the one record, if it ended well."""
    seen = observe(replace(outcome, records=b""), 0)
    if seen.failure is None:
        seen.records = [Record("o", outcome.records.decode("utf-8", "replace"))]
    elif seen.failure is Status.RUNTIME_ERROR:
        text = outcome.stderr.decode("utf-8", "replace")
        if language.syntax_errors and re.search(language.syntax_errors, text, re.M):
            seen.failure = Status.COMPILE_ERROR
        elif any(re.search(rf"^(\S+ )*{re.escape(e)}", text, re.M)
                 for e in language.memory_errors):
            seen.failure = Status.MEMORY_LIMIT
        seen.detail = clean(seen.detail.replace(" after 0 of 0 cases", ""))
    return seen


def conclude_stdio(seen: Observation, cases: Sequence[StdioCase], tolerance: float) -> Verdict:
    """Compare whole outputs with what was expected. Called outside the sandbox."""
    right = [texts_agree(case.stdout, record.payload, tolerance)
             for case, record in zip(cases, seen.records, strict=False)]
    status, detail = Status.PASSED, ""
    if seen.failure is not None:
        status, detail = seen.failure, clean(f"case {len(seen.records)}: {seen.detail}")
    elif not all(right) or len(right) < len(cases):
        at = (*right, False).index(False)
        status = seen.limit or Status.WRONG_ANSWER
        detail = clean(f"case {at}: expected {cases[at].stdout[:150]!r}, "
                       f"got {seen.records[at].payload[:150]!r}")
    return Verdict(status, sum(right), len(cases), detail, seen.cpu_s, seen.wall_s)


def conclude_assertions(seen: Observation, secret: str) -> Verdict:
    """Passed only if the program printed its run's secret as a line, and ended with code 0."""
    status, detail = Status.PASSED, ""
    if seen.failure is not None:
        status, detail = seen.failure, seen.detail
    elif secret not in seen.records[0].payload.split("\n"):
        status, detail = Status.PROTOCOL_VIOLATION, "exit code 0 before the last test"
    return Verdict(status, int(status is Status.PASSED), 1, detail.replace(secret, "..."),
                   seen.cpu_s, seen.wall_s)


def conclude(seen: Observation, language: Language, signature: Signature, cases: Sequence[Case],
             tolerance: float) -> Verdict:
    """Compare with what was expected. Called outside the sandbox."""
    passed = 0
    first: tuple[Status, str] | None = None
    for index, (record, case) in enumerate(zip(seen.records, cases, strict=False)):
        fault = _case_fault(record, case, language, signature, tolerance)
        if fault is None:
            passed += 1
        elif first is None:
            first = fault[0], clean(f"case {index}: {fault[1]}")
    status, detail = Status.PASSED, ""
    if seen.failure is not None:
        status, detail = seen.failure, seen.detail
    elif first is not None:
        status, detail = seen.limit or first[0], first[1]
    return Verdict(status, passed, len(cases), detail, seen.cpu_s, seen.wall_s)


def answers(seen: Observation, language: Language, signature: Signature) -> list[Json] | str:
    """The values of all cases, or what is wrong with the first that has none."""
    if seen.failure is not None:
        return clean(f"{seen.failure}: {seen.detail}")
    values: list[Json] = []
    for record in seen.records:
        try:
            values.append(_value(record, language, signature))
        except _NoValue as fault:
            return clean(f"case {len(values)}: {fault.detail}")
    return values


class _NoValue(Exception):
    """A case was not answered by a value of the type."""

    def __init__(self, status: Status, detail: str) -> None:
        self.status, self.detail = status, detail


def _value(record: Record, language: Language, signature: Signature) -> Json:
    """What one record says the function returned. Raises `_NoValue`."""
    if record.tag == "!":
        memory = record.payload.startswith(language.memory_errors or ("\0",))
        raise _NoValue(Status.MEMORY_LIMIT if memory else Status.RUNTIME_ERROR, record.payload)
    if record.tag == "?":
        raise _NoValue(Status.WRONG_ANSWER, record.payload)
    try:
        return language.decode(signature.returns, record.payload)
    except ValueError as error:
        raise _NoValue(Status.WRONG_ANSWER, str(error)) from None


def _case_fault(record: Record, case: Case, language: Language, signature: Signature,
                tolerance: float) -> tuple[Status, str] | None:
    """What is wrong with one record, or None."""
    try:
        actual = _value(record, language, signature)
    except _NoValue as fault:
        return fault.status, fault.detail
    if agree(signature.returns, case.expected, actual, tolerance):
        return None
    return Status.WRONG_ANSWER, f"expected {str(case.expected)[:150]}, got {str(actual)[:150]}"
