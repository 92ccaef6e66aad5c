"""`oorl judge FILE.jsonl`: lines in, verdicts out, bad lines quarantined and counted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from oorl.errors import DataError
from oorl.params.sandbox import SandboxParams
from oorl.records import AnySubmission, Verdict, canonical
from oorl.sandbox.judge import Judge
from oorl.sandbox.wire import submission_from_row, verdict_to_row


def read_lines(path: Path) -> list[str]:
    """The lines of a file, or of stdin for "-". Raises `DataError`."""
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", "Give an existing file.") from None
    return data.decode("utf-8", "replace").split("\n")


def parse_lines(lines: Iterable[str]) -> tuple[dict[int, AnySubmission], dict[int, DataError]]:
    """(submissions, errors), both by line number from 1. Empty lines are neither."""
    good: dict[int, AnySubmission] = {}
    bad: dict[int, DataError] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            good[number] = submission_from_row(json.loads(line))
        except (json.JSONDecodeError, RecursionError) as error:
            bad[number] = DataError(f"not JSON: {error}", "Write one JSON object a line.")
        except DataError as error:
            bad[number] = error
    return good, bad


def judge_lines(lines: list[str], name: str, params: SandboxParams, *, progress: bool,
                quarantine: Path | None) -> int:
    """Print the verdict of each line in order; 1 if lines were refused, else 0.

    Raises `IsolationUnavailable` and `ToolchainMissing`.
    """
    good, bad = parse_lines(lines)
    for number, error in bad.items():
        print(f"{name}:{number}: {error}", file=sys.stderr)
    if quarantine is not None:
        quarantine.write_text("".join(
            canonical({"line": number, "problem": error.problem, "text": lines[number - 1]}) + "\n"
            for number, error in bad.items()), encoding="utf-8")
    if good:
        _judge(good, params, progress)
    if bad or progress:
        print(f"{name}: {len(good) + len(bad)} submissions, {len(good)} judged, {len(bad)} refused",
              file=sys.stderr)
    return 1 if bad else 0


def _judge(good: dict[int, AnySubmission], params: SandboxParams, progress: bool) -> None:
    numbers = list(good)
    waiting: dict[int, Verdict] = {}
    printed = 0
    with Judge(params) as judge, tqdm(total=len(good), desc="judge", unit="program",
                                      disable=not progress, file=sys.stderr) as bar:
        for index, verdict in judge.judge_iter(list(good.values())):
            waiting[index] = verdict
            bar.update()
            while printed in waiting:
                row = {"line": numbers[printed], **verdict_to_row(waiting.pop(printed))}
                print(canonical(row), flush=True)
                printed += 1
