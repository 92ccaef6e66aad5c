"""Run rules as Great Expectations suites and turn its results into findings."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.validation.rules import Rule


@dataclass(frozen=True)
class Finding:
    """One rule's outcome: how many rows broke it, and those rows' ids with the values."""

    rule: Rule
    failed: int
    rows: tuple[tuple[str, str], ...] = ()
    observed: str = ""

    @property
    def passed(self) -> bool:
        return self.failed == 0


def run_suites(tables: Mapping[str, tuple[pd.DataFrame, Sequence[Rule]]],
               docs: Path) -> dict[str, list[Finding]]:
    """Check each table by its rules and write Data Docs to the folder `docs`, replacing it."""
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    shutil.rmtree(docs, ignore_errors=True)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    context.add_data_docs_site("local", {
        "class_name": "SiteBuilder",
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {"class_name": "TupleFilesystemStoreBackend",
                          "base_directory": str(docs.resolve())}})
    source = context.data_sources.add_pandas("oorl")
    return {name: _run_suite(gx, context, source, name, frame, rules)
            for name, (frame, rules) in tables.items()}


def _run_suite(gx: Any, context: Any, source: Any, name: str, frame: pd.DataFrame,
               rules: Sequence[Rule]) -> list[Finding]:
    import great_expectations.expectations as gxe

    from tasks.validation import expectations as own

    if frame.empty:  # columns come with rows; the rule on the number of rows will speak
        columns = [rule.arguments.get("column", "id") for rule in rules]
        frame = pd.DataFrame(columns=list(dict.fromkeys(["id", *columns])))
    suite = context.suites.add(gx.ExpectationSuite(name))
    for rule in rules:
        make = getattr(own, rule.expectation, None) or getattr(gxe, rule.expectation)
        suite.add_expectation(make(
            **rule.arguments, description=rule.words, meta={"rule": rule.name}))
    batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all")
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=name, data=batch, suite=suite))
    checkpoint = context.checkpoints.add(gx.Checkpoint(
        name=name, validation_definitions=[definition],
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]},
        actions=[gx.checkpoint.UpdateDataDocsAction(name="docs")]))
    (result,) = checkpoint.run(batch_parameters={"dataframe": frame}).run_results.values()
    by_name = {one.expectation_config.meta["rule"]: one for one in result.results}
    return [_finding(rule, by_name[rule.name]) for rule in rules]


def _finding(rule: Rule, outcome: Any) -> Finding:
    if outcome.success:
        return Finding(rule, 0)
    if outcome.exception_info.get("raised_exception"):
        raise RuntimeError(f"rule {rule.name}: {outcome.exception_info}")
    column = rule.arguments.get("column", "")
    rows = tuple((str(row["id"]), str(row.get(column, "")))
                 for row in outcome.result.get("unexpected_index_list") or ())
    observed = outcome.result.get("partial_missing_list") or outcome.result.get("observed_value")
    return Finding(rule, len(rows) or 1, rows, "" if rows else str(observed))
