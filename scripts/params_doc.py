"""Print docs/params.md: every key of params.yaml with its default and rule.

    python scripts/params_doc.py > docs/params.md
"""

from __future__ import annotations

import typing
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from oorl.params import Params, Section

HEADER = """\
# params.yaml

Every number that a run depends on. A missing key has the default given here; an unknown key or a
value against its rule is refused, all findings at once. `dvc exp run -S rl.max_steps=10` and
`python -m flows.pipeline --set rl.max_steps=10` change a value for a run.

Written by `make docs` from `src/oorl/params/`.
"""
_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def rule(field: FieldInfo) -> str:
    """The constraints of a field in signs: `≥ 1, ≤ 200`; alternatives for a pattern of names."""
    parts = []
    for limit in field.metadata:
        parts += [f"{sign} {getattr(limit, name)}" for name, sign in _SIGNS.items()
                  if getattr(limit, name, None) is not None]
        if pattern := getattr(limit, "pattern", None):
            parts.append(str(pattern).strip("^$()").replace("|", ", "))
        if getattr(limit, "min_length", None) is not None:
            parts.append(f"at least {limit.min_length} characters or entries")
    return "; ".join(parts)


def kind(annotation: Any) -> str:
    """A type as people write it: `int`, `tuple[str, ...]`."""
    if typing.get_origin(annotation) is None and isinstance(annotation, type):
        return annotation.__name__
    return str(annotation).replace("typing.", "").replace("|", "or")


def default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, tuple):
        return "`[" + ", ".join(map(str, value)) + "]`"
    return f"`{value!r}`" if value != "" else "empty"


def table(section: type[Section]) -> list[str]:
    lines = ["| key | type | default | rule | meaning |", "|---|---|---|---|---|"]
    for name, field in section.model_fields.items():
        lines.append(f"| `{field.alias or name}` | {kind(field.annotation)} | {default(field)} | "
                     f"{rule(field)} | {(field.description or '').replace('|', '/')} |")
    return lines


def page() -> str:
    """The whole document."""
    lines = [HEADER]
    for name, field in Params.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            title = name.rstrip("_")
            words = " ".join((field.annotation.__doc__ or "").split())
            lines += [f"## {title}", "", words, "", *table(field.annotation), ""]
        else:
            lines += [f"## {name}", "", f"{kind(field.annotation)}, default {default(field)}; "
                      f"{field.description or 'the seed of everything random'}", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")
