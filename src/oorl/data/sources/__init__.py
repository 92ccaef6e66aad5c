"""Data sources: one file each, with a `load(params, seed)`; the folder is the registry."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol, cast

from oorl.errors import UnknownName
from oorl.params.dataset import DatasetParams
from oorl.records import Problem

__all__ = ["Source", "get_source", "source_names"]


class Source(Protocol):
    """What a source module provides."""

    def load(self, params: DatasetParams, seed: int) -> list[Problem]:
        """All problems, with splits, sorted by id; equal arguments give equal problems."""
        ...


def source_names() -> list[str]:
    """The names of all sources, in alphabetical order."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def get_source(name: str) -> Source:
    """A source by name. Raises `UnknownName` with the list and the nearest match."""
    if name not in source_names():
        raise UnknownName("data source", name, source_names())
    return cast(Source, importlib.import_module(f"{__name__}.{name}"))
