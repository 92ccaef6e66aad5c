"""Languages that groups are made from: one file each; the folder is the registry.

A front end turns many functions into one LLVM module in which the function of slot k is called
`oorlk_<name>`, once as it is and once so that what the language does not define is a trap.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from oorl.errors import UnknownName
from oorl.ir.compile import CFunction
from oorl.ir.signature import CSignature

__all__ = ["LLVM", "Frontend", "frontend_names", "get_frontend"]

LLVM = 22
"""The major version that llvmlite reads; a front end of another version is refused."""

Slots = Sequence[tuple[int, CFunction]]
"""Functions with their places in a batch."""


class Frontend(Protocol):
    """What a language's module provides."""

    def version(self) -> str:
        """The compiler for the record. Raises `ToolchainMissing` if absent or of another LLVM."""
        ...

    def screen(self, function: CFunction) -> str | None:
        """Why this source must not reach the compiler, or None."""
        ...

    def normal(self, source: str) -> str:
        """The source without comments and what the front end drops."""
        ...

    def compile_batch(self, functions: Slots, sanitize: bool = False) -> tuple[str, list[int]]:
        """IR of one module that holds every slot that compiles, and the slots that do not."""
        ...

    def signatures(self, functions: Slots) -> dict[int, CSignature]:
        """Signatures by slot, as C would call the functions; others are not supported."""
        ...

    def native(self, source: str, name: str, folder: Path) -> list[str] | None:
        """For `verify`: link arguments of the unoptimised source; None if it does not compile."""
        ...


def frontend_names() -> list[str]:
    """All languages, in alphabetical order."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def get_frontend(language: str) -> Frontend:
    """A front end by name. Raises `UnknownName` with the list and the nearest match."""
    if language not in frontend_names():
        raise UnknownName("source language of IR groups", language, frontend_names())
    return cast(Frontend, importlib.import_module(f"{__name__}.{language}"))
