"""Families of functions, grouped in one file per theme; the folder is the registry.

A theme module has `FAMILIES`: name -> a function that takes a `Draw` and returns a `Draft`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from oorl.data.synthetic.families._draw import Draft, Draw, Family

__all__ = ["Draft", "Draw", "Family", "all_families"]


@cache
def all_families() -> dict[str, Family]:
    """Every family by name, in alphabetical order."""
    found: dict[str, Family] = {}
    for item in pkgutil.iter_modules(__path__):
        if not item.name.startswith("_"):
            found |= importlib.import_module(f"{__name__}.{item.name}").FAMILIES
    return dict(sorted(found.items()))
