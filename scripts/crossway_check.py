"""Check the problems of Crossway by running them: solutions must pass, mutants must fail.

    python scripts/crossway_check.py                      # all, goes on where it was interrupted
    python scripts/crossway_check.py seats-left toll-road # these only, anew
    python scripts/crossway_check.py --report benchmarks/crossway.md

Every file is read by the benchmark's own loader (schema, names, number of cases). Its Python,
C++, Java and Go solutions run against its cases, and so does a seeded sample of mutants of the
Python one; a mutant that passes them all survives: it is equivalent, or a case is missing. Results
are kept in reports/crossway/check.json by the digest of the file. The exit code is 1 if a solution
fails or fewer than 95 % of all mutants are caught.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from oorl.errors import OORLError
from oorl.evaluation.benchmarks.crossway import ROOT, SOURCES, read_problem, read_problems
from oorl.params.sandbox import SandboxParams
from oorl.records import Problem, Status, Submission
from oorl.sandbox import Judge
from scripts import crossway_mutants
from scripts.crossway_mutants import mutants

LEAST = 0.95
SHORT = {"cpu_time_s": 2, "run_timeout_s": 20}
"""Limits: mutants that hang are many."""


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
    with Judge(SandboxParams.model_validate(SHORT)) as judge:
        for number, problem in enumerate(problems, 1):
            key = _key(problem, options)
            if options.ids or key not in known:
                known[key] = check(problem, judge, options.mutants, options.seed)
                _write(store, json.dumps(known, indent=1, sort_keys=True))
            rows[problem.id] = known[key]
            print(f"{number}/{len(problems)} {_line(problem, known[key])}", flush=True)
    return _conclude(problems, rows, options)


def check(problem: Problem, judge: Judge, limit: int, seed: int) -> dict[str, Any]:
    """What the solutions' verdicts are, and which mutants survive."""
    changed = mutants(problem.solutions["python"], limit, seed)
    programs = [problem.submission(s, problem.solutions[s]) for s in SOURCES]
    programs += [Submission("python", m.code, problem.signature, problem.cases) for m in changed]
    verdicts = judge.judge(programs)
    failures = {s: f"{v.status}: {v.detail[:600]}" for s, v in zip(SOURCES, verdicts, strict=False)
                if not v.passed}
    unknown = sum(v.status is Status.INFRA_ERROR for v in verdicts)
    survivors = [f"{m.operator}, line {m.line}: `{m.was}` -> `{m.became}`"
                 for m, v in zip(changed, verdicts[len(SOURCES):], strict=True) if v.passed]
    return {"failures": failures, "mutants": len(changed), "unknown": unknown,
            "survivors": survivors}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("ids", nargs="*", help="problems; all without any")
    parser.add_argument("--mutants", type=int, default=60, help="of each problem at most (0: all)")
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
    caught = row["mutants"] - len(row["survivors"])
    texts = [f"{problem.family}/{problem.id}: {caught}/{row['mutants']} mutants caught"]
    texts += [f"  {language} {text}" for language, text in row["failures"].items()]
    return "\n".join(texts + [f"  survives: {s}" for s in row["survivors"]])


def _conclude(problems: list[Problem], rows: dict[str, dict[str, Any]],
              options: argparse.Namespace) -> int:
    total = sum(r["mutants"] for r in rows.values())
    survived = sum(len(r["survivors"]) for r in rows.values())
    failing = [i for i, r in rows.items() if r["failures"] or r["unknown"]]
    share = 1 - survived / max(total, 1)
    print(f"{len(rows)} problems, {len(failing)} with a failing solution; {total - survived} of "
          f"{total} mutants caught ({share:.1%})")
    if options.report:
        _write(options.report, report(problems, rows, options))
    return 1 if failing or share < LEAST else 0


def report(problems: list[Problem], rows: dict[str, dict[str, Any]],
           options: argparse.Namespace) -> str:
    """The page: composition, what was caught, every survivor."""
    total = sum(r["mutants"] for r in rows.values())
    survived = sum(len(r["survivors"]) for r in rows.values())
    passed = sum(not r["failures"] for r in rows.values())
    lines = [
        "# Crossway: what its check found", "",
        f"Written by `python scripts/crossway_check.py --mutants {options.mutants} --seed "
        f"{options.seed} --report {options.report}`.", "",
        f"{len(problems)} problems, {sum(len(p.cases) for p in problems)} cases. All four "
        f"solutions pass in {passed}. {total - survived} of {total} mutants of the Python "
        f"solutions are caught ({1 - survived / max(total, 1):.1%}), "
        f"at most {options.mutants} of each problem.",
        "", "| area | problems | difficulty 1 / 2 / 3 / 4 | cases | mutants | caught |",
        "|---|---|---|---|---|---|"]
    for area in sorted({p.family for p in problems}):
        some = [p for p in problems if p.family == area]
        levels = Counter(p.tags[0][-1] for p in some)
        number = sum(rows[p.id]["mutants"] for p in some)
        alive = sum(len(rows[p.id]["survivors"]) for p in some)
        lines.append(f"| {area} | {len(some)} | {' / '.join(str(levels[d]) for d in '1234')} | "
                     f"{sum(len(p.cases) for p in some)} | {number} | {1 - alive / number:.1%} |")
    lines += ["", "## Survivors", "",
              "Mutants that pass all cases. Most are equivalent to the original on all inputs "
              "that the description allows.", ""]
    lines += [f"- {p.family}/{p.id}: {text}" for p in problems for text in rows[p.id]["survivors"]]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text)
    part.replace(path)


if __name__ == "__main__":
    raise SystemExit(main())
