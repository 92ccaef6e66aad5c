"""Settings: params.yaml read into frozen pydantic models, one section per stage.

Importing this package needs no torch, no trl, no orchestrator. All problems of a file are
reported together, each with its key path, value, rule and remedy.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from oorl.errors import ParamsError
from oorl.params.base import Section
from oorl.params.base_model import BaseParams
from oorl.params.control import ControlParams
from oorl.params.dataset import DatasetParams
from oorl.params.evaluate import EvaluateParams
from oorl.params.gepo import GEPOParams
from oorl.params.ir_groups import IRGroupsParams
from oorl.params.register import RegisterParams
from oorl.params.rl import RLParams
from oorl.params.sandbox import SandboxParams
from oorl.params.tracking import TrackingParams
from oorl.params.validate import ValidateParams

__all__ = ["Params", "Section", "load_params"]


class Params(Section):
    """The whole of params.yaml. Stage sections come first, in pipeline order."""

    seed: int = 20250512
    dataset: DatasetParams
    ir_groups: IRGroupsParams
    validate_: ValidateParams
    base: BaseParams
    rl: RLParams
    gepo: GEPOParams
    control: ControlParams
    evaluate: EvaluateParams
    register_: RegisterParams
    sandbox: SandboxParams
    tracking: TrackingParams


# pydantic's own `validate` and BaseModel's `register` (from ABCMeta) would be shadowed.
_RENAMED = {"validate": "validate_", "register": "register_"}


def parse_params(raw: Any, origin: str = "params") -> Params:
    """Check a plain mapping and freeze it. Raises `ParamsError` naming every bad key at once."""
    if not isinstance(raw, dict):
        raise ParamsError(f"{origin}: expected a mapping of stage names, got {type(raw).__name__}",
                          "Restore it with `git checkout params.yaml`.")
    try:
        return Params.model_validate({_RENAMED.get(k, k): v for k, v in raw.items()})
    except ValidationError as error:
        back = {v: k for k, v in _RENAMED.items()}
        lines = []
        for item in error.errors():
            path = ".".join(str(back.get(str(p), p)) for p in item["loc"])
            if item["type"] == "extra_forbidden":
                near = difflib.get_close_matches(str(item["loc"][-1]), _siblings(item["loc"]), 1)
                hint = f"; did you mean {back.get(near[0], near[0])!r}?" if near else ""
                lines.append(f"{path}: unknown key{hint}")
            elif item["type"] == "missing":
                lines.append(f"{path}: missing")
            else:
                lines.append(f"{path} = {item['input']!r}: {item['msg']}")
        raise ParamsError(f"{origin}: {len(lines)} problem(s)\n  " + "\n  ".join(lines),
                          "Correct the key(s) above; docs/params.md lists every key and its rule."
                          ) from None


def _siblings(location: tuple[int | str, ...]) -> list[str]:
    """The legal keys beside a refused one."""
    model: Any = Params
    for part in location[:-1]:
        field = model.model_fields.get(part) if hasattr(model, "model_fields") else None
        model = field.annotation if field else None
    return list(model.model_fields) if hasattr(model, "model_fields") else []


def load_params(path: str | Path = "params.yaml") -> Params:
    """Read and check a params file. Raises `ParamsError` with every finding at once."""
    path = Path(path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{path}: not found", "Run from the project's root.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path}: not valid YAML: {error}", "Correct the line named.") from None
    return parse_params(raw, str(path))
