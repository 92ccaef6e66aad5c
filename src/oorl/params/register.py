"""Settings of the register stage: the promotion gate."""

from __future__ import annotations

from pydantic import Field

from oorl.params.base import Section


class RegisterParams(Section):
    """A model is promoted only if it beats the incumbent by this gate.

    Figures are shares of problems solved (pass@1 between 0 and 1), paired over problems.
    """

    model_name: str = Field("oorl-translator", min_length=1, description="name in the registry")
    candidate: str = Field("gepo", pattern="^(base|rl|gepo|control)$")
    incumbent: str = Field(
        "champion", pattern="^(champion|base)$",
        description="champion: the registry's, or the base while there is none; base: always")
    min_margin: float = Field(0.0, ge=0, le=1, description="least gain in mean pass@1")
    require_interval_above: float = Field(
        0.0, ge=-1, le=1, description="the gain's interval must lie above this")
    max_language_drop: float = Field(
        0.1, ge=0, le=1, description="no target may lose more than this")
    upload: bool = Field(
        True, description="copy the weights to the artifact store, so that MLflow can load and "
        "serve the version; false: it only says where DVC has them")
    provenance: str = Field(
        "recorded", pattern="^(recorded|committed|off)$",
        description="recorded: commit, patch of what differs from it, hashes of the data must be "
        "known; committed: and nothing may differ from the commit; off: not asked")
