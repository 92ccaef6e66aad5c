"""Where functions for IR groups come from, besides the problems of the dataset stage.

One file a source, each with a `load(params, root)`; the folder is the registry. A source cuts
files into single functions with what they need; compiling, vetting and proving is the same for
all of them, and what does not make a group is refused with a reason.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from pathlib import Path
from typing import Protocol, cast

from oorl.errors import UnknownName
from oorl.ir.work import Source
from oorl.params.ir_groups import IRGroupsParams

__all__ = ["PROBLEMS", "FunctionSource", "get_source", "source_names"]

PROBLEMS = "problems"
"""The name that stands for the C solutions of data/problems/problems.parquet."""


class FunctionSource(Protocol):
    """What a source module provides."""

    def load(self, params: IRGroupsParams, root: Path) -> tuple[list[Source], Counter[str]]:
        """Functions in a fixed order, without splits, and what was left out, by reason.

        `params.path` is relative to `root`. Raises `DataError` naming file, row or key.
        """
        ...


def source_names() -> list[str]:
    """The names of all sources, `problems` first."""
    return [PROBLEMS, *sorted(m.name for m in pkgutil.iter_modules(__path__)
                              if not m.name.startswith("_"))]


def get_source(name: str) -> FunctionSource:
    """A source by name. Raises `UnknownName` with the list and the nearest match."""
    if name not in source_names()[1:]:
        raise UnknownName("source of IR groups", name, source_names())
    return cast(FunctionSource, importlib.import_module(f"{__name__}.{name}"))
