"""One file per language, each with a `PRINTER`; the folder is the registry."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from oorl.data.synthetic.nodes import Program
from oorl.data.synthetic.printers._base import Printer, Unsupported

__all__ = ["Printer", "Unsupported", "all_printers", "print_all"]


@cache
def all_printers() -> dict[str, Printer]:
    """Every printer by language name, in alphabetical order."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    return {name: importlib.import_module(f"{__name__}.{name}").PRINTER for name in names}


def print_all(program: Program) -> dict[str, str]:
    """The program in every language whose types and idioms can express it."""
    solutions = {}
    for name, printer in all_printers().items():
        try:
            solutions[name] = printer.program(program)
        except Unsupported:
            continue
    return solutions
