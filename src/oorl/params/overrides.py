"""Settings changed for a run, one by one ({"rl.max_steps": 10}) or by the name of a profile.

As with `dvc exp run --set-param` they are written to params.yaml and stay there: settings, outputs
and dvc.lock always tell the same story, and `git diff params.yaml` shows what was changed.

A profile is a file `profiles/<name>.yaml` with the settings in which it differs from
`profiles/embedded.yaml`, the default, which names all of them. Changing to a profile therefore
never leaves anything of the one before.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from oorl.errors import ParamsError, UnknownName
from oorl.params import parse_params
from oorl.params.files import write_text

DEFAULT = "embedded"


def override(path: Path, changes: Mapping[str, Any], profile: str = "") -> None:
    """Write a profile and then dotted keys into a params file; see `overridden`."""
    write_text(path, overridden(path, changes, profile))


def overridden(path: Path, changes: Mapping[str, Any], profile: str = "") -> str:
    """A params file's text with a profile's settings, dotted keys changed and comments kept.

    Args:
        path: params.yaml; `profiles/` lies beside it. With a profile only its place matters.

    Raises:
        ParamsError: a file cannot be read, or the result would not be legal.
        UnknownName: no such profile.
    """
    own = {} if profile in ("", DEFAULT) else profile_settings(path.parent, profile)
    start = profile_file(path.parent, DEFAULT) if profile else path
    document = _read(start)
    for key, value in {**own, **changes}.items():
        *parents, last = key.split(".")
        place = document
        for parent in parents:
            if not isinstance(place.get(parent), dict):
                place[parent] = {}
            place = place[parent]
        place[last] = value
    text = io.StringIO()
    _editor().dump(document, text)
    parse_params(YAML(typ="safe").load(text.getvalue()),
                 f"profile {profile}" if profile and not changes else "overrides")
    return text.getvalue()


def profile_names(root: Path) -> list[str]:
    """The profiles of a project folder, the default first."""
    names = sorted(path.stem for path in (root / "profiles").glob("*.yaml"))
    return sorted(names, key=lambda name: name != DEFAULT)


def profile_file(root: Path, name: str) -> Path:
    """Raises `UnknownName` with the list and the nearest match."""
    if name not in (known := profile_names(root)):
        raise UnknownName("profile", name, known)
    return root / "profiles" / f"{name}.yaml"


def profile_settings(root: Path, name: str) -> dict[str, Any]:
    """A profile's settings as dotted keys, one level deep: a mapping within a section is a value.

    Raises `UnknownName`, `ParamsError`.
    """
    found: dict[str, Any] = {}
    for section, values in _read(profile_file(root, name)).items():
        if isinstance(values, dict):
            found |= {f"{section}.{key}": value for key, value in values.items()}
        else:
            found[section] = values
    return found


def profile_title(root: Path, name: str) -> str:
    """The first line of a profile's file, without its comment sign."""
    return profile_file(root, name).read_text(encoding="utf-8").split("\n", 1)[0].lstrip("# ")


def _editor() -> YAML:
    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 4096
    return editor


def _read(path: Path) -> dict[str, Any]:
    try:
        document = _editor().load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{path}: not found", "Run from the project's root.") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path}: not valid YAML: {error}", "Correct the line named.") from None
    if not isinstance(document, dict):
        raise ParamsError(f"{path}: expected a mapping of sections",
                          f"Restore it with `git checkout {path.name}`.")
    return document
