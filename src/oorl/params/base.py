"""The base of all settings: frozen, unknown keys refused."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One top-level key of params.yaml; immutable once read."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
