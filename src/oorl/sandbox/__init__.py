"""Running untrusted programs: isolation, limits, warm compilers, verdicts.

`Judge` is the way in. What it protects: the host, its files, network and processes from the
program; one program from another; and the reward from the program: only inputs enter the
sandbox, typed results leave on a private descriptor and are compared outside. What it does not
promise: protection from kernel bugs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oorl.sandbox.doctor import available_languages, diagnose
    from oorl.sandbox.judge import Judge
    from oorl.sandbox.open import open_judge
    from oorl.sandbox.remote import RemoteJudge

__all__ = ["Judge", "RemoteJudge", "available_languages", "diagnose", "open_judge"]

_HOMES = {"Judge": "judge", "RemoteJudge": "remote", "open_judge": "open",
          "available_languages": "doctor", "diagnose": "doctor"}


def __getattr__(name: str) -> Any:
    """Import on first use: workers import this package too, and each program is a fork of one,
    so what a worker does not need (pydantic, tqdm) must not be loaded into it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
