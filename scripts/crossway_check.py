"""Check the problems of Crossway by running them: solutions must pass, mutants must fail.

    python scripts/crossway_check.py                      # all, goes on where it was interrupted
    python scripts/crossway_check.py seats-left toll-road # these only, anew
    python scripts/crossway_check.py --report benchmarks/crossway.md

Every file is read by the benchmark's own loader (schema, names, number of cases). Its Python,
C++, Java and Go solutions run against its cases, and so do seeded samples of mutants of them; a
mutant that passes them all survives: it is equivalent, or a case is missing. Results are kept in
reports/crossway/check.json by the digest of the file. The exit code is 1 if a solution fails or
fewer than 95 % of all mutants are caught.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from oorl.errors import OORLError
from oorl.evaluation.benchmarks.crossway import ROOT, SOURCES, read_problem, read_problems
from oorl.params.sandbox import SandboxParams
from oorl.records import Problem, Status
from oorl.sandbox import Judge
from scripts import crossway_mutants
from scripts.crossway_mutants import mutants

LEAST = 0.95
PATIENT = {"compile_timeout_s": 120, "run_timeout_s": 60}
"""Limits of everything else: a busy or just started machine fails no solution."""

SHORT = {"cpu_time_s": 0.5, "run_timeout_s": 20}
"""Limits of mutants in Python: many hang. The solutions take a tenth of it."""


def main() -> int:
    options = _options()
    try:
        problems = _chosen(options.ids)
    except OORLError as error:
        print(error, file=sys.stderr)
        return 1
    store = Path("reports/crossway/check.json")
    known = json.loads(store.read_text()) if store.exists() else {}
    rows: dict[str, dict[str, Any]] = {}
    with (Judge(SandboxParams.model_validate(PATIENT)) as judge,
          Judge(SandboxParams.model_validate(SHORT)) as short):
        for number, problem in enumerate(problems, 1):
            key = _key(problem, options)
            if options.ids or known.get(key, {"failures": 1})["failures"]:
                known[key] = check(problem, judge, short, options.mutants, options.seed)
                _write(store, json.dumps(known, indent=1, sort_keys=True))
            rows[problem.id] = known[key]
            print(f"{number}/{len(problems)} {_line(problem, known[key])}", flush=True)
    return _conclude(problems, rows, options)


def check(problem: Problem, judge: Judge, short: Judge, limits: Sequence[int], seed: int
          ) -> dict[str, Any]:
    """What the solutions' verdicts are, and which mutants survive: at most `limits[0]` of the
    Python solution, judged by `short`, and `limits[1]` of each other one (0: all)."""
    changed = [(s, m) for s in SOURCES
               for m in mutants(problem.solutions[s], limits[s != "python"], seed, s)]
    quick = sum(s == "python" for s, _ in changed)  # they come first
    programs = [problem.submission(s, m.code) for s, m in changed]
    verdicts = judge.judge([problem.submission(s, problem.solutions[s]) for s in SOURCES])
    verdicts += short.judge(programs[:quick]) + judge.judge(programs[quick:])
    failures = {s: f"{v.status}: {v.detail[:600]}" for s, v in zip(SOURCES, verdicts, strict=False)
                if not v.passed}
    alive, total = [], Counter[str]()
    for (language, m), verdict in zip(changed, verdicts[len(SOURCES):], strict=True):
        total[language] += verdict.status is not Status.COMPILE_ERROR  # that is no mutant
        if verdict.passed:
            alive.append(f"{language}, {m.operator}, line {m.line}: `{m.was}` -> `{m.became}`")
    unknown = sum(v.status is Status.INFRA_ERROR for v in verdicts)
    return {"failures": failures, "mutants": dict(total), "unknown": unknown, "survivors": alive}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("ids", nargs="*", help="problems; all without any")
    parser.add_argument("--mutants", type=int, nargs=2, default=[60, 4],
                        help="at most so many of each Python solution, and of each other (0: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", type=Path, help="write what came of it here, as Markdown")
    return parser.parse_args()


def _chosen(ids: list[str]) -> list[Problem]:
    if not ids:
        return sorted(read_problems(), key=lambda p: (p.family, p.id))
    paths = {path.stem: path for path in ROOT.glob("*/*.toml")}
    if unknown := [i for i in ids if i not in paths]:
        raise OORLError(f"no problem {', '.join(unknown)}", f"They are in {ROOT}.")
    return [read_problem(paths[i]) for i in ids]


def _key(problem: Problem, options: argparse.Namespace) -> str:
    how = Path(crossway_mutants.__file__).read_text()
    text = json.dumps([problem.to_row(), how, options.mutants, options.seed])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _line(problem: Problem, row: dict[str, Any]) -> str:
    total = sum(row["mutants"].values())
    texts = [f"{problem.family}/{problem.id}: {total - len(row['survivors'])}/{total} mutants "
             "caught"]
    texts += [f"  {language} {text}" for language, text in row["failures"].items()]
    return "\n".join(texts + [f"  survives: {s}" for s in row["survivors"]])


def _share(rows: Iterable[dict[str, Any]], language: str = "") -> tuple[int, int, float]:
    """Mutants, those caught and their share, of one language or of all."""
    total = alive = 0
    for row in rows:
        total += sum(n for s, n in row["mutants"].items() if s.startswith(language))
        alive += sum(s.startswith(language) for s in row["survivors"])
    return total, total - alive, 1 - alive / max(total, 1)


def _conclude(problems: list[Problem], rows: dict[str, dict[str, Any]],
              options: argparse.Namespace) -> int:
    total, caught, share = _share(rows.values())
    failing = [i for i, r in rows.items() if r["failures"] or r["unknown"]]
    print(f"{len(rows)} problems, {len(failing)} with a failing solution; {caught} of {total} "
          f"mutants caught ({share:.1%})")
    if options.report:
        _write(options.report, report(problems, rows, options))
    return 1 if failing or share < LEAST else 0


def report(problems: list[Problem], rows: dict[str, dict[str, Any]],
           options: argparse.Namespace) -> str:
    """The page: composition, what was caught, every survivor."""
    total, caught, share = _share(rows.values())
    passed = sum(not r["failures"] for r in rows.values())
    python, other = options.mutants
    lines = [
        "# Crossway: what its check found", "",
        f"Written by `python scripts/crossway_check.py --mutants {python} {other} --seed "
        f"{options.seed} --report {options.report}`.", "",
        f"{len(problems)} problems, {sum(len(p.cases) for p in problems)} cases. All four "
        f"solutions pass in {passed}. {caught} of {total} mutants are caught ({share:.1%}): at "
        f"most {python} of each Python solution, {other} of each other one that compile.", "",
        "| area | problems | difficulty 1 / 2 / 3 / 4 | cases | mutants | caught |",
        "|---|---|---|---|---|---|"]
    for area in [*sorted({p.family for p in problems}), ""]:
        some = [p for p in problems if p.family.startswith(area)]
        levels = Counter(p.tags[0][-1] for p in some)
        total, _, share = _share(rows[p.id] for p in some)
        lines.append(f"| {area or 'all'} | {len(some)} | "
                     f"{' / '.join(str(levels[d]) for d in '1234')} | "
                     f"{sum(len(p.cases) for p in some)} | {total} | {share:.1%} |")
    lines += ["", "| mutants of | all | caught |", "|---|---|---|"]
    for language in SOURCES:
        total, caught, share = _share(rows.values(), language)
        lines.append(f"| {language} | {total} | {caught} ({share:.1%}) |")
    lines += ["", "## Survivors", "",
              "Mutants that pass all cases: equivalent to the original on all inputs that the "
              "description allows, or a sign of a missing case.", ""]
    lines += [f"- {p.family}/{p.id}: {text}" for p in problems for text in rows[p.id]["survivors"]]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text)
    part.replace(path)


if __name__ == "__main__":
    raise SystemExit(main())
