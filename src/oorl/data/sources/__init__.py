"""Data sources: one file each, with a `load(params, seed, root)`; the folder is the registry."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

from oorl.errors import UnknownName
from oorl.params.dataset import DatasetParams
from oorl.records import Problem

__all__ = ["Loaded", "Source", "get_source", "source_names"]


@dataclass
class Loaded:
    """What a source gives. `refused` has an entry for each row that is no problem: `row` (where
    it stands), `id` if it has one, and `reason`. `trusted`: the tests come from running the
    reference, so that a share of the gold programs is proof enough. `independent`: solutions in
    different languages have different authors, so one that fails says nothing of the others.
    `unanswered`: the rows of problems whose cases have arguments only; what they expect is what the
    Python solution gives (`oorl.data.answers`).
    `statements`: what the task says in words, by problem, where the data have it. `seen` is what
    sources note to take nothing twice."""

    problems: list[Problem]
    refused: list[dict[str, str]] = field(default_factory=list)
    trusted: bool = False
    independent: bool = False
    unanswered: dict[str, str] = field(default_factory=dict)
    statements: dict[str, str] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict, repr=False)


class Source(Protocol):
    """What a source module provides."""

    def load(self, params: DatasetParams, seed: int, root: Path) -> Loaded:
        """All problems, with splits; equal arguments and files give equal problems.

        Paths in `params` are relative to `root`. Raises `DataError`.
        """
        ...


def source_names() -> list[str]:
    """The names of all sources, in alphabetical order."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def get_source(name: str) -> Source:
    """A source by name. Raises `UnknownName` with the list and the nearest match."""
    if name not in source_names():
        raise UnknownName("data source", name, source_names())
    return cast(Source, importlib.import_module(f"{__name__}.{name}"))
