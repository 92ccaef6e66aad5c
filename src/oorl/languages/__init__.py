"""The languages: one file each. The folder is the registry.

Every module here with an attribute `LANGUAGE` is a language; to add one, add a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from oorl.errors import UnknownName
from oorl.languages.base import Language, Probe, Program, Tool
from oorl.languages.probe import PROBE_CASES, PROBE_SIGNATURE

__all__ = ["PROBE_CASES", "PROBE_SIGNATURE", "Language", "Probe", "Program", "Tool",
           "all_languages", "get_language"]


@cache
def all_languages() -> dict[str, Language]:
    """Every language by name, sorted."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        language = getattr(importlib.import_module(f"{__name__}.{module.name}"), "LANGUAGE", None)
        if language is not None:
            found[language.name] = language
    return dict(sorted(found.items()))


def get_language(name: str) -> Language:
    """A language by name or alias. Raises `UnknownName` with the list and the nearest match."""
    languages = all_languages()
    if name in languages:
        return languages[name]
    for language in languages.values():
        if name in language.aliases:
            return language
    raise UnknownName("language", name, list(languages))
