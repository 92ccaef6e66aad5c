"""What the report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from oorl.records import IRGroup, Problem

TITLES = {
    "base": "Base",
    "rl": "RL (REINFORCE++)",
    "gepo": "OORL (RL + GEPO)",
    "control": "Supervised control",
}
SHORT = {"base": "Base", "rl": "RL", "gepo": "OORL", "control": "Control"}


@dataclass(frozen=True)
class ReportInputs:
    """Everything that the page shows; what is missing is left out of the page.

    Attributes:
        metrics: what `compute_metrics` returned.
        results: the table of all translations (`translation.COLUMNS`).
        problems: the evaluated problems by id, for the samples' sources.
        stages: each stage's metrics.json by stage name ("dataset", "base", "rl", ...).
        curves: each training stage's curve.csv by stage name; column "step" is the x axis.
        group: an IR group to show.
        validation: validation.json of the validate stage.
        provenance: short facts to print, in order: {"seed": "20250512", ...}.
        language_titles: how to write a language's name ("php" -> "PHP").
        samples: how many translations to show.
    """

    metrics: Mapping[str, Any]
    results: pd.DataFrame
    problems: Mapping[str, Problem] = field(default_factory=dict)
    stages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    curves: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    group: IRGroup | None = None
    validation: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    language_titles: Mapping[str, str] = field(default_factory=dict)
    samples: int = 24

    @property
    def models(self) -> list[str]:
        """The evaluated models, in the order of evaluation."""
        return list(self.metrics["models"])

    @property
    def best(self) -> str:
        """The model the pipeline aims at: OORL, or else the last one that is not the control."""
        trained = [name for name in self.models if name != "control"]
        return "gepo" if "gepo" in self.models else (trained or self.models)[-1]

    def language(self, name: str) -> str:
        return self.language_titles.get(name, name)
