"""What keeps a judge from judging, said where it is and raised where the caller is.

Containers and machines of a cluster tell it as texts. Only the standard library is imported: the
sandbox's image has no packages.
"""

from __future__ import annotations

from collections.abc import Sequence

from oorl.errors import InfraError, IsolationUnavailable, OORLError, ToolchainMissing
from oorl.languages import get_language

Fault = tuple[str, str, str]
"""Kind, problem and remedy of an error."""
_KINDS: dict[str, type[OORLError]] = {
    kind.__name__: kind for kind in (IsolationUnavailable, ToolchainMissing)}

NO_RESULTS = ("the tests of these data are made by running solutions, and only verdicts come back "
              "from another machine",
              "Make the data with sandbox.backend: local (or docker) and sandbox.executor: local.")
"""Problem and remedy where a judge cannot tell what a program gave."""


def check(languages: Sequence[str]) -> None:
    """Raises `ToolchainMissing` for the first language that is not installed here."""
    for name in languages:
        get_language(name).check()


def fault(error: OORLError) -> Fault:
    """An error as texts."""
    return type(error).__name__, error.problem, error.remedy


def error_of(fault: Fault) -> OORLError:
    """The error again; an `InfraError` if it is none of those that a judge raises."""
    kind, problem, remedy = fault
    return _KINDS.get(kind, InfraError)(problem, remedy)
