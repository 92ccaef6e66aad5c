"""The report's samples: translations side by side with their verdicts, and one IR group."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from oorl.data.prompts import extract_code
from oorl.evaluation.report.inputs import SHORT, ReportInputs
from oorl.evaluation.report.markup import code, details, esc, number, percent, section, table
from oorl.evaluation.report.scores import GROUPS
from oorl.records import IRGroup, canonical, stable_id

KINDS = {
    "learned": "Learned: failed by the base, solved after training",
    "lost": "Lost: solved by the base, failed after training",
    "unsolved": "Not solved by any model",
    "solved": "Solved by every model",
    "mixed": "Solved by some",
}
Rows = Mapping[tuple[str, str, str, str], Mapping[Any, Any]]
"""The results by problem, source, target and model."""

SHARES = {"learned": 6, "unsolved": 4, "lost": 3, "mixed": 1, "solved": 2}
"""In each round of the choice, how many of each kind are taken: failures teach most."""


def choose(inputs: ReportInputs) -> dict[str, list[tuple[str, str, str]]]:
    """Pick (problem, source, target) samples of every kind, from as many targets as possible.

    The order inside a kind is by a hash, so the choice is arbitrary but always the same.
    """
    passed = inputs.results.pivot_table(index=["problem_id", "source", "target"], columns="model",
                                        values="passed", aggfunc="first")
    passed = passed.dropna().astype(bool)
    queues: dict[str, list[tuple[str, str, str]]] = {kind: [] for kind in KINDS}
    ranked = sorted(passed.index, key=lambda key: stable_id(*key))
    seen: dict[tuple[str, str], int] = {}
    for key in ranked:
        queues[_kind(dict(passed.loc[key]), inputs.best)].append(key)
    for kind, queue in queues.items():
        turns = {}
        for key in queue:
            turns[key] = seen[(kind, key[2])] = seen.get((kind, key[2]), -1) + 1
        queue.sort(key=turns.__getitem__)  # each target's first, then each one's second, ...
    chosen: dict[str, list[tuple[str, str, str]]] = {kind: [] for kind in KINDS}
    left = inputs.samples
    while left > 0 and any(queues.values()):
        for kind, share in SHARES.items():
            take = queues[kind][:min(share, left)]
            chosen[kind] += take
            queues[kind] = queues[kind][len(take):]
            left -= len(take)
    return {kind: keys for kind, keys in chosen.items() if keys}


def _kind(passed: Mapping[Any, bool], best: str) -> str:
    if all(passed.values()):
        return "solved"
    if not any(passed.values()):
        return "unsolved"
    if "base" in passed and passed["base"] != passed[best]:
        return "learned" if passed[best] else "lost"
    return "mixed"


def translations(inputs: ReportInputs) -> str:
    """Samples by kind; the first of each kind is open."""
    if not inputs.samples:
        return ""
    rows = {(r["problem_id"], r["source"], r["target"], r["model"]): r
            for r in inputs.results.to_dict("records")}
    parts = []
    for kind, keys in choose(inputs).items():
        parts.append(f'<h3 class="kind">{KINDS[kind]}</h3>')
        parts += [_sample(inputs, rows, key, is_open=index == 0 and kind in ("learned", "unsolved"))
                  for index, key in enumerate(keys)]
    return section("samples", "Translations", "What the models wrote, with the judge's verdict "
                   "and the first case that failed.", *parts)


def _sample(inputs: ReportInputs, rows: Rows, key: tuple[str, str, str], is_open: bool
            ) -> str:
    problem_id, source, target = key
    problem = inputs.problems.get(problem_id)
    answers = [(name, rows[(*key, name)]) for name in inputs.models]
    badges = " ".join(f'<span class="badge {_badge(row["status"])}">{esc(SHORT.get(name, name))}'
                      f"</span>" for name, row in answers)
    original = problem.solutions.get(source, "") if problem else ""
    columns = [f"<div><h3>{esc(inputs.language(source))} <small>source</small></h3>"
               f'{code(original, "source program")}</div>']
    alike: dict[str, list[str]] = {}
    for name, row in answers:
        alike.setdefault(row["completion"], []).append(name)
    columns += [_answer(names, rows[(*key, names[0])], target) for names in alike.values()]
    name = (problem.signature.name if problem else "") or problem_id
    return (f'<details class="sample"{" open" if is_open else ""}><summary>'
            f'<strong class="route">{esc(inputs.language(source))} → '
            f'{esc(inputs.language(target))}</strong><span class="fn">{esc(name)}</span>'
            f'<span>{badges}</span></summary><div class="inside columns">{"".join(columns)}</div>'
            f"</details>")


def _answer(names: list[str], row: Mapping[Any, Any], target: str) -> str:
    """One answer, with all the models that wrote exactly this."""
    status = str(row["status"])
    text = extract_code(row["completion"], target) or row["completion"]
    cases = f' {row["passed_cases"]} of {row["total_cases"]}' if status == "wrong_answer" else ""
    why = f'<p class="why">{esc(row["detail"])}</p>' if row["detail"] and status != "passed" else ""
    title = ", ".join(SHORT.get(name, name) for name in names)
    return (f'<div><h3>{esc(title)} <span class="badge {_badge(status)}">'
            f'{esc(status.replace("_", " "))}{cases}</span></h3>'
            f"{code(text, f'answer of {title}')}{why}</div>")


def _badge(status: str) -> str:
    for key, (_, statuses) in GROUPS.items():
        if status in statuses:
            return f"b-{key} ok" if key == "passed" else f"b-{key}"
    return ""


def ir_group(inputs: ReportInputs) -> str:
    """One GEPO example: source, winners, and a loser as a difference with its witness."""
    group = inputs.group
    if group is None or not group.winners:
        return ""
    winners = table(["Winner", "Lines", "Characters"],
                    [[esc(w.recipe), number(w.ir.count("\n") + 1), number(len(w.ir))]
                     for w in group.winners], "Equivalent IRs and how they were made")
    losers = table(["Altered by", "Winner altered", "Inputs that tell it apart"],
                   [[esc(x.operator.replace("_", " ")), esc(group.winners[x.winner].recipe),
                     f"{percent(x.hardness, 0)} %"] for x in group.losers], "Inequivalent IRs")
    first = min(range(len(group.losers)), key=lambda i: len(group.losers[i].ir), default=None)
    sample = _loser(group, first) if first is not None else ""
    rest = "".join(details(f"Winner {esc(w.recipe)}", code(w.ir, f"IR made by {w.recipe}"))
                   for w in group.winners)
    return section(
        "ir-group", "What GEPO learns from",
        "One group: programs in LLVM IR that were executed on vetted inputs. All winners agree "
        "with the source on every input; every loser differs on a recorded one.",
        f'<div class="columns"><div><h3>{esc(inputs.language(group.language))} source</h3>'
        f"{code(group.source_code, 'source')}</div>{sample}</div>",
        f'<div class="figures">{winners}{losers}</div>', rest, _preference(inputs))


def _preference(inputs: ReportInputs) -> str:
    """How often the model finds the winner likelier, on held-out groups, before and after."""
    found = inputs.stages.get("gepo", {}).get("preference")
    if not found or not found["groups"]:
        return ""
    before, after = (percent(found[when]["logp_accuracy"]) for when in ("before", "after"))
    return (f'<div class="panel"><p>On {number(found["groups"])} held-out groups the model finds '
            f"the winner likelier than the loser, per token, in <strong>{before}&nbsp;%</strong> "
            f"of the pairs before OORL and in <strong>{after}&nbsp;%</strong> after it.</p></div>")


def _loser(group: IRGroup, index: int) -> str:
    loser = group.losers[index]
    lines = []
    for line in difflib.unified_diff(group.winners[loser.winner].ir.splitlines(),
                                     loser.ir.splitlines(), lineterm="", n=3):
        if line.startswith(("---", "+++")):
            continue
        kind = {"+": "add", "-": "del"}.get(line[:1], "")
        lines.append(f'<span class="{kind}">{esc(line)}</span>' if kind else esc(line))
    witness = ", ".join(f"{key} <code>{esc(canonical(loser.witness[key]))}</code>"
                        for key in ("input", "expected", "got") if key in loser.witness)
    return (f"<div><h3>A loser, by {esc(loser.operator.replace('_', ' '))} <small>− winner, "
            f'+ loser</small></h3><pre class="diff" tabindex="0" aria-label="difference">'
            f"<code>{chr(10).join(lines)}</code></pre>"
            f'<p class="why">Witness: {witness}</p></div>')
