"""When a language cannot be judged at all: stop and say so, rather than mask without end.

A verdict `infra_error` is no verdict on the program, so it is masked from rewards and scores. That
is right for an accident. Where a whole language never gets another verdict (its toolchain is
broken, say) the stage would only lose it in silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from oorl.errors import InfraError
from oorl.languages import get_language
from oorl.records import Status, Verdict

ENOUGH = 8
"""Different programs of one language in a row; each has been tried twice (see `Judge`). One program
that breaks its worker, however often it is asked about, is the program's doing."""


class FaultWatch:
    """Counts, by language, the different programs since the last one that got a verdict."""

    def __init__(self, enough: int = ENOUGH) -> None:
        self.enough = enough
        self._failing: dict[str, set[str]] = {}

    def see(self, judged: Iterable[tuple[str, str, Verdict]]) -> None:
        """Take note of (language, program, verdict), a batch or one. The order within a batch says
        nothing: one verdict in it, and its language works. Raises `InfraError` with the language,
        the reason and the way out."""
        failing: dict[str, dict[str, Verdict]] = {}
        working: set[str] = set()
        for language, program, verdict in judged:
            if verdict.status is Status.INFRA_ERROR:
                failing.setdefault(language, {})[program] = verdict
            else:
                working.add(language)
        for language in working:
            self._failing.pop(language, None)
        for language, programs in failing.items():
            if language not in working:
                known = self._failing.setdefault(language, set())
                known.update(programs)
                if len(known) >= self.enough:
                    _stop(language, len(known), next(reversed(programs.values())))


def _stop(name: str, count: int, verdict: Verdict) -> NoReturn:
    language = get_language(name)
    raise InfraError(
        f"{language.title} programs cannot be judged here: the last {count} different ones all "
        f"ended with a fault of the sandbox, not of the program. The last: {verdict.detail[:300]}",
        f"Run `oorl doctor`, and reinstall what {language.title} needs "
        f"({' '.join(language.packages)}) or take {name} out of params.yaml; then run the same "
        "command again: it goes on from where it was.")
