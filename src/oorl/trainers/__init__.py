"""Trainers: thin subclasses of transformers' and TRL's, and the losses' way into them.

    from oorl.trainers import GEPOConfig, GEPOTrainer, OORLConfig, OORLTrainer
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oorl.trainers.gepo import GEPOConfig, GEPOTrainer
    from oorl.trainers.oorl import OORLConfig, OORLTrainer

__all__ = ["GEPOConfig", "GEPOTrainer", "OORLConfig", "OORLTrainer"]

_HOMES = {"GEPOConfig": "gepo", "GEPOTrainer": "gepo", "OORLConfig": "oorl", "OORLTrainer": "oorl"}


def __getattr__(name: str) -> Any:
    """Import on first use: the estimate of memory needs this package, but no torch or TRL."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
