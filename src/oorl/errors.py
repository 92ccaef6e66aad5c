"""The error vocabulary: whose fault it is, and the way out.

Every error that a user can meet derives from `OORLError` and carries three things: what
was wrong, where (file, row or key) and the remedy. Commands print `str(error)` without a
traceback. A model's bad program is never an error: it is a `Verdict` (see `records`).
"""

from __future__ import annotations


class OORLError(Exception):
    """Base of all errors meant for users.

    Args:
        problem: what was wrong, naming the file, row or key.
        remedy: what to do about it; one sentence, imperative.
    """

    exit_code = 1
    """Of commands and stages: 75 (EX_TEMPFAIL) where trying again later can help, else 1."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}\n  -> {self.remedy}" if self.remedy else self.problem


class ParamsError(OORLError):
    """params.yaml or an override is wrong; all findings are reported together."""


class DataError(OORLError):
    """An input file is missing, damaged, or breaks its schema."""


class ValidationFailed(DataError):
    """The validate stage found rows that break a rule."""


class ToolchainMissing(OORLError):
    """A compiler or interpreter is not installed; the remedy is the exact command."""


class IsolationUnavailable(OORLError):
    """No sandbox can be had on this machine. We refuse to run rather than run unsafely."""


class InfraError(OORLError):
    """Our own machinery failed while judging; retried, then masked, never scored 0."""

    exit_code = 75


class ArtifactError(OORLError):
    """A model or artifact is missing, incomplete or corrupted."""


class TrainingError(OORLError):
    """Training went wrong: a loss or gradient that is not a number, a run that cannot resume."""


class ResourceError(OORLError):
    """The machine lacks something: disk space, memory, a GPU."""


class UnknownName(OORLError):
    """A name was not found in a registry; the message lists the known ones.

    Args:
        kind: what is looked up ("language", "source", "benchmark").
        name: the name that was asked for.
        known: the names that exist.
    """

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        import difflib

        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        super().__init__(
            f"unknown {kind} {name!r}.{hint}", f"Use one of: {', '.join(sorted(known))}."
        )
