"""From a registered version to a decision: the gate, and who is champion afterwards.

Shared by the stage `register`, by `oorl promote` and `oorl rollback`, and by the promotion flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oorl.errors import ArtifactError
from tasks._registry import BASE_RESULTS, Registry, Superseded, Version

if TYPE_CHECKING:
    from oorl.evaluation.gate import Decision
    from oorl.params.register import RegisterParams

ATTEMPTS = 20
"""Each one lost to another promotion that won."""


@dataclass(frozen=True)
class Outcome:
    """What became of a version. `decision`: promoted, refused, override, is champion, rollback."""

    decision: str
    version: str
    incumbent: str
    reasons: tuple[str, ...]
    figures: Decision | None = None


def promote(registry: Registry, version: Version, gate: RegisterParams,
            override: str = "") -> Outcome:
    """Let a version try to become champion.

    The gate compares with the champion as it is now. If another one is appointed meanwhile the
    decision is worth nothing and the comparison is made again, so that of two promotions at once
    the second has to beat the first. `override` is a person's reason to do without the gate's
    consent; what the gate says is kept beside it.
    """
    for _ in range(ATTEMPTS):
        champion = registry.champion()
        if champion and champion.number == version.number:
            return Outcome("is champion", version.number, name_of(champion),
                           (f"this very model is the champion, version {champion.number}",))
        decision = _compare(registry, version, champion, gate)
        reasons = (*([f"by hand: {override}"] if override else []), *decision.reasons)
        promoted = bool(override) or decision.promote
        word = ("override" if override else "promoted") if promoted else "refused"
        incumbent = name_of(champion) if gate.incumbent == "champion" else "base"
        _write(registry, version, word, incumbent, reasons, decision)
        if promoted:
            try:  # the alias last: whoever sees it sees the reasons too
                registry.appoint(version.number, champion.number if champion else "", word,
                                 "; ".join(reasons))
            except Superseded:
                continue
        return Outcome(word, version.number, incumbent, reasons, decision)
    raise ArtifactError(f"{registry.name}: the champion changed {ATTEMPTS} times during promotion",
                        "Find out what promotes so often, then run the same command again.")


def rollback(registry: Registry, to: str = "", why: str = "") -> Outcome:
    """Give the alias back to the champion before, or to version `to`.

    Raises `ArtifactError` if there is no champion, or none before it.
    """
    for _ in range(ATTEMPTS):
        champion = registry.champion()
        if champion is None:
            raise ArtifactError(f"{registry.name} has no champion", "Promote a version first.")
        target = registry.version(to or _before(registry, champion.number))
        if target.number == champion.number:
            raise ArtifactError(f"version {target.number} is the champion already",
                                "`oorl history` lists the ones before.")
        reason = why or f"rolled back from version {champion.number}"
        try:
            registry.appoint(target.number, champion.number, "rollback", reason)
        except Superseded:
            continue
        registry.label(champion.number, {"rolled_back": reason})
        return Outcome("rollback", target.number, name_of(champion), (reason,))
    raise ArtifactError(f"{registry.name}: the champion changed {ATTEMPTS} times during rollback",
                        "Find out what promotes so often, then run the same command again.")


def name_of(champion: Version | None) -> str:
    """The incumbent, in words."""
    return f"champion, version {champion.number}" if champion else "base"


def _before(registry: Registry, number: str) -> str:
    """The champion that `number` took the place of when it was last promoted."""
    for event in reversed(registry.history()):
        if event.version == number and event.action != "rollback" and event.previous:
            return event.previous
    raise ArtifactError(f"no champion is known before version {number}",
                        "Name a version: `oorl rollback --to N`; `oorl history` lists changes.")


def _compare(registry: Registry, version: Version, champion: Version | None,
             gate: RegisterParams) -> Decision:
    from oorl.evaluation.gate import decide

    rows = registry.results(version)
    if champion and gate.incumbent == "champion":
        incumbent = registry.results(champion)
    else:
        incumbent = registry.results(version, BASE_RESULTS)
    return decide(rows, incumbent, gate, confidence=float(version.tags["confidence"]),
                  samples=int(version.tags["bootstrap_samples"]), seed=int(version.tags["seed"]),
                  gaps=_gaps(version.tags, gate.provenance))


def _gaps(tags: Mapping[str, str], wanted: str) -> tuple[str, ...] | None:
    """What of a version's origin is not known by the rule `wanted`; None: nobody asks."""
    if wanted == "off":
        return None
    gaps = [line for line in tags.get("provenance.missing", "not recorded").splitlines() if line]
    if wanted == "committed" and tags.get("git.uncommitted"):
        gaps.append(f"not committed: {tags['git.uncommitted']}")
    return tuple(gaps)


def _write(registry: Registry, version: Version, word: str, incumbent: str,
           reasons: tuple[str, ...], decision: Decision) -> None:
    """The decision where people look for it: tags to search by, a description to read."""
    tags: dict[str, Any] = {"decision": word, "compared_with": incumbent,
                            **{f"reason.{i}": text for i, text in enumerate(reasons, 1)}}
    if decision.gain is not None:
        tags |= {"gain": f"{decision.gain.value:.6f}", "gain.low": f"{decision.gain.low:.6f}",
                 "gain.high": f"{decision.gain.high:.6f}"}
    lines = "\n".join(f"- {reason}" for reason in reasons)
    registry.label(version.number, tags, f"**{word}**, compared with {incumbent}\n\n{lines}\n",
                   instead_of="reason.")
