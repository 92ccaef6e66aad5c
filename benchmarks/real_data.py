"""Are right programs judged right? `python benchmarks/real_data.py FOLDER [-n N] [language ...]`

FOLDER holds files of published benchmarks: `mbxp/mbxp-<language>.jsonl.gz` (canonical solutions
with assertion tests) and `transcoder_gfg/gfg.jsonl.gz` (functions compared with themselves under
another name, whole programs). Prints, per set and language, the share that passes and the classes
of what does not; `--failures OUT` writes each failure with its detail, to be looked into. Some
reference programs are wrong, so the share is not one: real_data.md says what remains and why.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oorl.evaluation.benchmarks.mbxp import program
from oorl.languages import all_languages
from oorl.params.sandbox import SandboxParams
from oorl.records import AnySubmission, StdioCase, StdioSubmission, Verdict
from oorl.sandbox import Judge, available_languages

RESULTS = {"python": "#Results: 10, 10", "cpp": "#Results: 10, 10", "go": "#Results: 10, 10",
           "java": "#Results:10, 10"}
"""What TransCoder's programs print; C's forgets the numbers and Rust's needs an old nightly."""

PRINTS = r"\bprint\b|\bcout\b|\bprintf\b|System\.out|fmt\.Print"


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def mbxp(folder: Path, language: str) -> Iterator[tuple[str, AnySubmission]]:
    """Canonical solutions."""
    path = folder / "mbxp" / f"mbxp-{language}.jsonl.gz"
    for row in rows(path) if path.exists() else ():
        if row.get("canonical_solution"):
            code = row["prompt"] + row["canonical_solution"]
            yield row["task_id"], program(row, language, code)


def transcoder(folder: Path, language: str) -> Iterator[tuple[str, AnySubmission]]:
    """Each `f_gold` once more as `f_filled`."""
    path = folder / "transcoder_gfg" / "gfg.jsonl.gz"
    for row in rows(path) if path.exists() and language in RESULTS else ():
        text = row["programs"].get(language)
        mark = "#TOFILL" if language == "python" else "//TOFILL"
        if text is None or mark not in text:
            continue
        before, _, after = text.partition(mark)
        gold = before[function_start(before, language):]
        code = before + gold.replace("f_gold", "f_filled") + after
        code = code.replace("import javafx.util.Pair;\n", "")
        if not re.search(PRINTS, gold):  # what a function prints itself is nowhere recorded
            yield row["name"], StdioSubmission(language, code, (StdioCase("", RESULTS[language]),))


def function_start(text: str, language: str) -> int:
    """Where the definition of `f_gold` begins."""
    start = r"^def f_gold" if language == "python" else r"^\s*\S[^\n;{}]*\bf_gold\s*\("
    found = re.search(start, text, re.M)
    return found.start() if found else len(text)


def failure_class(verdict: Verdict) -> str:
    """The status, and what its detail says with names and numbers taken out."""
    line = next((part for part in reversed(verdict.detail.splitlines()) if part.strip()), "")
    if "error:" in verdict.detail:
        line = verdict.detail[verdict.detail.index("error:"):].splitlines()[0]
    return f"{verdict.status}: " + re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "..", line)[:70]


def report(title: str, language: str, named: list[tuple[str, AnySubmission]], judge: Judge
           ) -> list[dict[str, str]]:
    """One line of the table, and the failures."""
    started = time.monotonic()
    verdicts = judge.judge([submission for _, submission in named], progress=True)
    passed = sum(v.passed for v in verdicts)
    failures = [{"set": title, "language": language, "id": name, "status": v.status,
                 "detail": v.detail, "code": s.code}
                for (name, s), v in zip(named, verdicts, strict=True) if not v.passed]
    classes = Counter(failure_class(v) for v in verdicts if not v.passed)
    print(f"| {title} | {language} | {passed} of {len(named)} | {passed / len(named):.1%} "
          f"| {time.monotonic() - started:.0f} |")
    for name, count in classes.most_common(12):
        print(f"    {count:4} {name}")
    return failures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("-n", type=int, help="only the first N of each set")
    options.add_argument("--failures", type=Path, help="write failures here, JSON lines")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("languages", nargs="*")
    arguments = options.parse_intermixed_args()
    available, failures = available_languages(), []
    print("| set | language | passed | share | seconds |\n|---|---|---|---|---|")
    params = SandboxParams.model_validate({"workers": arguments.workers, "cpu_time_s": 5})
    with Judge(params) as judge:
        for language in arguments.languages or all_languages():
            if not isinstance(available[language], str):
                continue
            for title, read in (("mbxp", mbxp), ("transcoder", transcoder)):
                named = list(read(arguments.folder, language))[:arguments.n]
                if named:
                    failures += report(title, language, named, judge)
    if arguments.failures:
        arguments.failures.write_text("".join(json.dumps(f) + "\n" for f in failures))


if __name__ == "__main__":
    main()
