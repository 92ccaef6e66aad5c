"""Print the Debian packages of the tools that are missing here: `required ...`, `optional ...`.

The list comes from the language files. Needs Python 3.11 and nothing else, because it runs before
anything is installed: `PYTHONPATH=src python3 scripts/toolchains.py`.
"""

from __future__ import annotations

import shutil

from oorl.languages import Tool, all_languages
from oorl.languages.base import SEARCH_PATH

SANDBOX = Tool(("bwrap",), "bubblewrap")


def missing(tools: list[Tool]) -> tuple[list[str], list[str]]:
    """Packages of the tools of which no name is found: required ones, optional ones."""
    absent = [tool for tool in tools
              if not any(shutil.which(name, path=SEARCH_PATH) for name in tool.names)]
    required = sorted({tool.package for tool in absent if tool.required})
    return required, sorted({tool.package for tool in absent} - set(required))


if __name__ == "__main__":
    required, optional = missing(
        [SANDBOX, *(tool for language in all_languages().values() for tool in language.tools)])
    print("required", *required)
    print("optional", *optional)
