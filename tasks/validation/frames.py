"""The tables as the rules see them: one row a problem or group, columns of counts and faults."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd

from oorl.data.normal import normal_text
from oorl.errors import DataError, UnknownName
from oorl.ir.identity import fingerprint
from oorl.ir.sources import source_names
from oorl.languages import all_languages
from oorl.records import IRGroup, Json, Signature, Type, canonical

_SPECIAL = ("NaN", "Infinity", "-Infinity")


def fits(kind: Type, value: Json) -> bool:
    """Whether a JSON value is of a type, in the encoding of `oorl.records`."""
    match kind.kind:
        case "int":
            return type(value) is int
        case "float":
            return type(value) in (int, float) or value in _SPECIAL
        case "bool" | "str":
            return type(value) is {"bool": bool, "str": str}[kind.kind]
        case "list":
            return isinstance(value, list) and all(fits(kind.args[0], item) for item in value)
        case "map":
            return isinstance(value, list) and all(
                isinstance(pair, list) and len(pair) == 2 and fits(kind.args[0], pair[0])
                and fits(kind.args[1], pair[1]) for pair in value)
        case "optional":
            return value is None or fits(kind.args[0], value)
    return False


def problem_frame(rows: Sequence[Mapping[str, str]],
                  gold: Mapping[int, str] | None = None) -> pd.DataFrame:
    """From the rows of problems.parquet; rows that are no problems get faults, not exceptions.

    `gold` has the faults of the solutions that were run, by the rows' places; of the others nothing
    is known, and the column has nothing.
    """
    ran = gold or {}
    leaks = _leaks((row["id"], row["split"], normal_text(_solutions(row))) for row in rows)
    known = frozenset(all_languages())
    return pd.DataFrame([{
        "id": row["id"], "split": row["split"],
        "signature_fault": _fault(_check_signature, row),
        "cases": _count(row["cases"]),
        "cases_fault": _fault(_check_cases, row),
        "solutions_fault": _solutions_fault(_solutions(row), known),
        "longest_code": max(map(len, _solutions(row).values()), default=0),
        "leak_fault": leaks[row["id"]],
        "gold_fault": ran.get(place),
    } for place, row in enumerate(rows)])


def group_frame(groups: Sequence[IRGroup], problems: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    """From the groups and the rows of the problems that they come from."""
    splits = {row["id"]: row["split"] for row in problems}
    held_out = ((f"problem {row['id']}", row["split"], _mark(code, language)) for row in problems
                if row["split"] == "test" for language, code in _solutions(row).items()
                if language in ("c", "cpp"))
    leaks = _leaks([*((g.id, g.split, _mark(g.source_code, g.language)) for g in groups),
                    *held_out])
    return pd.DataFrame([{
        "id": group.id, "split": group.split,
        "problem_fault": _problem_fault(group, splits),
        "leak_fault": leaks[group.id],
        "winners": len(group.winners),
        "losers": len(group.losers),
        "winners_fault": _texts_fault([winner.ir for winner in group.winners], frozenset()),
        "losers_fault": _texts_fault([loser.ir for loser in group.losers],
                                     frozenset(winner.ir for winner in group.winners)),
        "witness_fault": _witness_fault(group),
        "hardest_hardness": min((loser.hardness for loser in group.losers), default=0.0),
        "easiest_hardness": max((loser.hardness for loser in group.losers), default=0.0),
        "inputs": len(group.inputs),
        "function": f"{group.language}: {_mark(group.source_code, group.language)}",
        "record_fault": _record_fault(group),
        "language": group.language,
        "longest_ir": max((len(ir) for ir in _texts(group)), default=0),
        "longest_tokens": max(_tokens(group), default=0),
    } for group in groups])


def _mark(code: str, language: str) -> str:
    """What names, comments and space do not change."""
    try:
        return fingerprint(code, language)
    except UnknownName:
        return " ".join(code.split())


def _texts(group: IRGroup) -> list[str]:
    return [w.ir for w in group.winners] + [loser.ir for loser in group.losers]


def _tokens(group: IRGroup) -> list[int]:
    return [w.tokens for w in group.winners] + [loser.tokens for loser in group.losers]


def _leaks(items: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """From (id, split, text): for each id, which row of another split has its text."""
    first: dict[str, dict[str, str]] = defaultdict(dict)
    rows = list(items)
    for identity, split, text in rows:
        first[text].setdefault(split, identity)
    return {identity: next((f"the same as {other} of split {where}"
                            for where, other in first[text].items() if where != split), "")
            for identity, split, text in rows}


def _fault(check: Callable[[Mapping[str, str]], str], row: Mapping[str, str]) -> str:
    try:
        return check(row)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"not readable: {type(error).__name__}: {error}"
    except DataError as error:
        return error.problem


def _check_signature(row: Mapping[str, str]) -> str:
    Signature.from_json(json.loads(row["signature"]))
    return ""


def _check_cases(row: Mapping[str, str]) -> str:
    signature = Signature.from_json(json.loads(row["signature"]))
    seen: dict[str, int] = {}
    for number, (arguments, expected) in enumerate(json.loads(row["cases"])):
        if len(arguments) != len(signature.parameters):
            return f"case {number}: {len(arguments)} arguments"
        for parameter, value in zip(signature.parameters, arguments, strict=True):
            if not fits(parameter.type, value):
                return f"case {number}: {parameter.name} is not a {parameter.type}"
        if not fits(signature.returns, expected):
            return f"case {number}: the expected result is not a {signature.returns}"
        twin = seen.setdefault(canonical(arguments), number)
        if twin != number:
            return f"case {number}: the arguments of case {twin}"
    return ""


def _solutions(row: Mapping[str, str]) -> dict[str, str]:
    try:
        found = json.loads(row["solutions"])
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _solutions_fault(solutions: Mapping[str, str], known: frozenset[str]) -> str:
    if empty := [name for name, code in solutions.items() if not code.strip()]:
        return f"an empty program: {', '.join(empty)}"
    if not {"python", "cpp"} & solutions.keys():
        return "neither python nor cpp"
    # C is there as a source of IR, not as a judged language
    if len(known & solutions.keys()) < 2:
        return f"nothing to translate into: only {', '.join(solutions)}"
    return ""


def _count(text: str) -> int:
    try:
        return len(json.loads(text))
    except (ValueError, TypeError):
        return 0


def _problem_fault(group: IRGroup, splits: Mapping[str, str]) -> str:
    if group.problem_id.partition(":")[0] in source_names()[1:]:
        return ""  # a function of other files; its split is by its own text
    if group.problem_id not in splits:
        return f"no problem {group.problem_id!r}"
    if splits[group.problem_id] != group.split:
        return f"problem {group.problem_id} is in split {splits[group.problem_id]}"
    return ""


def _record_fault(group: IRGroup) -> str:
    """What a reader of the record could not do without."""
    for name in ("toolchain", "signature", "source_code"):
        if not getattr(group, name).strip():
            return f"no {name}"
    if not all(winner.recipe for winner in group.winners):
        return "a winner without its recipe"
    if not all(loser.operator for loser in group.losers):
        return "a loser without its operator"
    if min(_tokens(group), default=1) < 1:
        return "a text without its length in tokens"
    return ""


def _texts_fault(texts: Sequence[str], taken: frozenset[str]) -> str:
    for place, text in enumerate(texts):
        if "define " not in text:
            return f"number {place} defines no function"
        if text in taken:
            return f"number {place} is also a winner"
        if text in texts[:place]:
            return f"number {place} is the same text as number {texts.index(text)}"
    return ""


def _witness_fault(group: IRGroup) -> str:
    for place, loser in enumerate(group.losers):
        if not 0 <= loser.winner < len(group.winners):
            return f"loser {place}: no winner {loser.winner}"
        witness = loser.witness
        if "expected" not in witness or "got" not in witness:
            return f"loser {place}: the witness lacks `expected` or `got`"
        if witness.get("input") not in group.inputs:
            return f"loser {place}: its witness is not an input of the group"
        if canonical(witness["expected"]) == canonical(witness["got"]):
            return f"loser {place}: its witness gives the expected result"
    return ""
