"""A model card for a registered version: what it is, what it scored, where it comes from.

Pure: Markdown from figures that other files hold, the same for the same figures. It promises
nothing that was not measured; what was not is listed under limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

PAPER = "[arXiv 2505.12723](https://arxiv.org/abs/2505.12723)"
_STAGES = {
    "base": "The model that training started from.",
    "rl": "Trained by on-policy RL with unit tests as reward.",
    "gepo": "Trained by OORL: on-policy RL with unit tests as reward, and GEPO on groups of "
            "equivalent and inequivalent LLVM IRs.",
    "control": "The supervised control: the base trained on with the compute of RL and GEPO."}


@dataclass(frozen=True)
class CardFacts:
    """What a card is made of.

    `metrics` is reports/evaluation/metrics.json; `settings` the stage's sections of params.yaml;
    `provenance` facts by name, `gaps` what of the origin is not known.
    """

    name: str
    candidate: str
    incumbent: str
    base_model: str
    decision: str
    reasons: Sequence[str]
    metrics: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    gaps: Sequence[str] = ()
    sources: Mapping[str, int] = field(default_factory=dict)


def model_card(facts: CardFacts) -> str:
    """The card as Markdown with the hub's YAML header."""
    header: dict[str, Any] = {"library_name": "transformers", "pipeline_tag": "text-generation",
                              "tags": ["oorl", "code-translation"]}
    if facts.base_model != "embedded":
        header["base_model"] = facts.base_model
    parts = [
        f"---\n{yaml.safe_dump(header, sort_keys=True)}---",
        f"# {facts.name}: {facts.candidate}",
        f"{_STAGES[facts.candidate]} It translates single functions between programming "
        f"languages. Method: Wu et al. 2025 ({PAPER}).",
        "## Decision",
        f"**{facts.decision}**, compared with {facts.incumbent}.\n\n{_list(facts.reasons)}",
        "## Scores", _scores(facts),
        "## Training", _table(("setting", "value"), facts.settings.items()),
        "## Data", _data(facts),
        "## Origin", _table(("what", "value"), [(k, v) for k, v in facts.provenance.items() if v]),
        "Everything above is known." if not facts.gaps else
        f"Not known:\n\n{_list(facts.gaps)}",
        "## Use", _USE.replace("NAME", facts.name),
        "## Limits", _LIMITS]
    return "\n\n".join(parts) + "\n"


def _scores(facts: CardFacts) -> str:
    """pass@1 by target beside the base's; only targets that were judged."""
    models = facts.metrics.get("models", {})
    own, base = models.get(facts.candidate), models.get("base")
    if not own:
        return "Not evaluated."
    rows = [(target, _interval(figures),
             _interval((base or {}).get("targets", {}).get(target)))
            for target, figures in own.get("targets", {}).items()]
    rows.append(("**mean**", f"**{_interval(own)}**", _interval(base)))
    return (f"Greedy pass@1 in percent with {facts.metrics['confidence']:.0%} intervals, on "
            f"{facts.metrics.get('problems', 'the')} held-out problems, every program compiled "
            "and run.\n\n" + _table(("target", "this model", "base"), rows))


def _interval(figures: Mapping[str, Any] | None) -> str:
    value = (figures or {}).get("pass_at_1")
    if figures is None or value is None:
        return "-"
    low, high = figures.get("low"), figures.get("high")
    around = "" if low is None or high is None else f" ({100 * low:.1f} to {100 * high:.1f})"
    return f"{100 * value:.1f}{around}"


def _data(facts: CardFacts) -> str:
    if not facts.sources:
        return "Not recorded."
    return _table(("split", "problems"), facts.sources.items())


def _table(head: Sequence[str], rows: Any) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row)
              + " |" for row in rows]
    return "\n".join(lines)


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


_USE = """\
```python
import mlflow

model = mlflow.pyfunc.load_model("models:/NAME@champion")
model.predict([{"code": "def twice(x: int) -> int:\\n    return 2 * x", "source": "python",
                "target": "php"}])
```

`mlflow models serve -m models:/NAME@champion --env-manager local` answers the same over HTTP."""

_LIMITS = """\
- The intervals know the spread over problems, not over training seeds.
- Scores are for problems like those it was evaluated on: single typed functions with unit tests.
- A translation that passes tests can still be wrong: run its programs in a sandbox, and test them.
- Languages that are not in the table were not evaluated."""
