"""Settings changed for a run, e.g. {"rl.max_steps": 10}.

As with `dvc exp run --set-param` they are written to params.yaml and stay there: settings, outputs
and dvc.lock always tell the same story, and `git diff params.yaml` shows what was changed.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from oorl.errors import ParamsError
from oorl.params import parse_params
from tasks._files import write_text


def override(path: Path, changes: Mapping[str, Any]) -> None:
    """Write dotted keys into a params file; see `overridden`."""
    write_text(path, overridden(path, changes))


def overridden(path: Path, changes: Mapping[str, Any]) -> str:
    """A params file's text with dotted keys changed and its comments kept.

    Raises `ParamsError` if the result would not be legal.
    """
    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 4096
    try:
        document = editor.load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{path}: not found", "Run from the project's root.") from None
    for key, value in changes.items():
        *parents, last = key.split(".")
        place = document
        for parent in parents:
            if not isinstance(place.get(parent), dict):
                place[parent] = {}
            place = place[parent]
        place[last] = value
    text = io.StringIO()
    editor.dump(document, text)
    parse_params(YAML(typ="safe").load(text.getvalue()), "overrides")
    return text.getvalue()
