"""Print the Debian packages of the tools that are missing here: `required ...`, `optional ...`.

    PYTHONPATH=src python3 scripts/toolchains.py        # for the languages that params.yaml names
    PYTHONPATH=src python3 scripts/toolchains.py all    # for every language

The list comes from the language files. Needs Python 3.11 and nothing else, because it runs before
anything is installed.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from oorl.languages import Tool, all_languages
from oorl.languages.base import SEARCH_PATH, Language

SANDBOX = Tool(("bwrap",), "bubblewrap")
LOCAL = ".venv/bin"
PARAMS = Path(__file__).parent.parent / "params.yaml"


def named(text: str) -> list[Language]:
    """The languages that a params.yaml trains on, translates or evaluates."""
    lists = re.findall(r"^ +(?:sources|targets|language_shares): *[\[{](.*?)[\]}]", text,
                       re.M | re.S)
    found = set(re.findall(r"[a-z]\w*", " ".join(lists)))
    return [language for name, language in all_languages().items() if name in found]


def missing(tools: list[Tool]) -> tuple[list[str], list[str]]:
    """Packages of the tools of which no name is found: required ones, optional ones."""
    absent = [tool for tool in tools
              if not any(shutil.which(name, path=f"{SEARCH_PATH}:{LOCAL}") for name in tool.names)]
    required = sorted({tool.package for tool in absent if tool.required})
    return required, sorted({tool.package for tool in absent} - set(required))


if __name__ == "__main__":
    languages = (list(all_languages().values()) if "all" in sys.argv[1:]
                 else named(PARAMS.read_text()))
    required, optional = missing([SANDBOX, *(t for language in languages for t in language.tools)])
    print("required", *required)
    print("optional", *optional)
