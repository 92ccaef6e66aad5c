"""Submissions and verdicts as JSON objects: lines of `oorl judge`, messages of `oorl serve`.

=========  ======================================================================================
kind       keys besides `language` and `code`
=========  ======================================================================================
functions  `signature` ({name, parameters: [[name, type], ...], returns}) and
           `cases` ([[args, expected], ...])
stdio      `cases` ([{stdin, stdout}, ...])
assertion  `tests` (source text in the same language, put behind the code)
=========  ======================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oorl.errors import DataError, OORLError
from oorl.languages import get_language
from oorl.languages.base import SPECIAL_FLOATS
from oorl.languages.values import conform
from oorl.records import (
    AnySubmission,
    AssertionSubmission,
    Case,
    Json,
    Signature,
    Status,
    StdioCase,
    StdioSubmission,
    Submission,
    Type,
    Verdict,
)

REMEDY = ("Give language, code and: signature and cases, or cases of {stdin, stdout}, or tests "
          "(`oorl judge --help`).")


def submission_to_row(submission: AnySubmission) -> dict[str, Json]:
    """The JSON object of a submission."""
    row: dict[str, Json] = {"language": submission.language, "code": submission.code}
    if isinstance(submission, AssertionSubmission):
        row["tests"] = submission.tests
    elif isinstance(submission, StdioSubmission):
        row["cases"] = [{"stdin": c.stdin, "stdout": c.stdout} for c in submission.cases]
    else:
        row["signature"] = submission.signature.to_json()
        row["cases"] = [[list(c.args), c.expected] for c in submission.cases]
    return row


def submission_from_row(row: Any) -> AnySubmission:
    """The submission of a JSON object. Raises `DataError` saying what is wrong with it."""
    try:
        return _parse(row)
    except OORLError as error:
        raise DataError(error.problem, error.remedy or REMEDY) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise DataError(f"not a submission: {what}", REMEDY) from None


def _parse(row: Mapping[str, Any]) -> AnySubmission:
    if not isinstance(row, Mapping):
        raise ValueError("not an object")
    language, code = get_language(_text(row, "language")).name, _text(row, "code")
    if "tests" in row:
        return AssertionSubmission(language, code, _text(row, "tests"))
    cases = row["cases"]
    if not isinstance(cases, list) or not cases:
        raise ValueError("cases is not a list of at least one")
    if "signature" not in row:
        return StdioSubmission(language, code, tuple(
            StdioCase(_text(case, "stdin"), _text(case, "stdout")) for case in cases))
    signature = Signature.from_json(row["signature"])
    if not get_language(language).supports_signature(signature):
        raise ValueError(f"{language} cannot have this signature")
    return Submission(language, code, signature, tuple(case_from_row(signature, c) for c in cases))


def case_from_row(signature: Signature, case: Any) -> Case:
    """A case of a typed function from `[args, expected]`. Raises `ValueError` or `TypeError`."""
    arguments, expected = case
    typed = [_value(p.type, a) for p, a in zip(signature.parameters, arguments, strict=True)]
    return Case(tuple(typed), _value(signature.returns, expected))


def _value(type_: Type, value: Json) -> Json:
    """A value in the encoding of `oorl.records`, checked."""
    return conform(type_, _with_floats(type_, value))


def _with_floats(type_: Type, value: Json) -> Json:
    """"NaN" and the infinities, where a float is expected, as floats."""
    if type_.kind == "float" and isinstance(value, str):
        return SPECIAL_FLOATS.get(value, value)
    if type_.kind == "optional":
        return value if value is None else _with_floats(type_.args[0], value)
    if type_.kind == "list" and isinstance(value, list):
        return [_with_floats(type_.args[0], item) for item in value]
    if type_.kind == "map" and isinstance(value, list):
        return [[_with_floats(t, v) for t, v in zip(type_.args, pair, strict=True)]
                for pair in value]
    return value


def _text(row: Any, key: str) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise ValueError(f"{key} is not a string")
    return value


def verdict_to_row(verdict: Verdict) -> dict[str, Json]:
    """The JSON object of a verdict."""
    return {"status": str(verdict.status), "passed_cases": verdict.passed_cases,
            "total_cases": verdict.total_cases, "detail": verdict.detail,
            "cpu_s": round(verdict.cpu_s, 4), "wall_s": round(verdict.wall_s, 4)}


def verdict_from_row(row: Mapping[str, Any]) -> Verdict:
    """The verdict of a JSON object. Raises `ValueError` or `KeyError` if it is none."""
    return Verdict(Status(row["status"]), int(row["passed_cases"]), int(row["total_cases"]),
                   str(row["detail"]), float(row["cpu_s"]), float(row["wall_s"]))
