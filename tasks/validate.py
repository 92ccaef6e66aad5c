"""Stage validate: schemas, ranges, no leakage, honest IR groups; or the pipeline stops here.

Reads data/problems/problems.parquet and data/ir_groups/groups.parquet; the solutions of a sample of
problems are run again in the sandbox. Writes
reports/validation/{validation.json,index.html}, which the training stages depend on, and Great
Expectations' Data Docs in reports/data_docs/. If a rule is broken it writes
reports/validation/failed.{json,html} instead and raises `ValidationFailed`.
"""

from __future__ import annotations

from oorl.data.tables import SCHEMA, read_table
from oorl.errors import ValidationFailed
from oorl.params import Params
from tasks._files import digest, write_json, write_text
from tasks._stage import StageContext, stage_main


def run(params: Params, ctx: StageContext) -> None:
    """Check both tables. Raises `ValidationFailed` naming rows and rules."""
    from oorl.ir.tables import read_groups
    from tasks.validation.frames import group_frame, problem_frame
    from tasks.validation.gold import run_gold
    from tasks.validation.report import as_html, as_json, complaint
    from tasks.validation.rules import group_rules, problem_rules
    from tasks.validation.suites import run_suites

    files = {"problems": ctx.root / "data" / "problems" / "problems.parquet",
             "ir_groups": ctx.root / "data" / "ir_groups" / "groups.parquet"}
    problems = read_table(files["problems"], SCHEMA, "dataset").to_pylist()
    groups = read_groups(files["ir_groups"])
    for name, path in files.items():
        ctx.log_dataset(path, name)
    gold = run_gold(problems, params)
    ctx.log_metrics({"gold.problems": len(gold.faults), "gold.programs": gold.programs,
                     "gold.unverified": gold.unverified})
    findings = run_suites(
        {"problems": (problem_frame(problems, gold.faults), problem_rules(params)),
         "ir_groups": (group_frame(groups, problems), group_rules(params))},
        ctx.root / "reports" / "data_docs")
    outcome = as_json(findings, {"problems": len(problems), "ir_groups": len(groups)},
                      {name: digest(path) for name, path in files.items()})
    ctx.log_metrics({f"{name}.{what}": value for name, found in findings.items()
                     for what, value in (("rules", len(found)),
                                         ("rules_broken", sum(not one.passed for one in found)))})
    folder = ctx.root / "reports" / "validation"
    name = "index" if outcome["passed"] else "failed"
    for old in ("validation.json", "index.html", "failed.json", "failed.html"):
        (folder / old).unlink(missing_ok=True)
    write_json(folder / ("validation.json" if outcome["passed"] else "failed.json"), outcome)
    write_text(folder / f"{name}.html", as_html(outcome))
    ctx.log_artifact(folder / f"{name}.html")
    if not outcome["passed"]:
        raise ValidationFailed(
            f"the data breaks rules; nothing was trained on it\n  {complaint(findings)}",
            f"See {folder / 'failed.html'}; correct the data's source and run `dvc repro` again.")


if __name__ == "__main__":
    stage_main("validate", run)
