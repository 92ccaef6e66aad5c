"""The normal form of a program: its tree with every name replaced by its order of birth.

Two programs that differ only in names have one normal form, so duplicates can be dropped and
a split can never hold a function whose twin is in another.
"""

from __future__ import annotations

from typing import Any

from oorl.data.synthetic import nodes as n
from oorl.records import Parameter, Type


def normal_form(program: n.Program) -> str:
    """A text equal for two programs exactly if they are equal up to names."""
    out: list[str] = []
    functions: dict[str, str] = {}
    for index, function in enumerate(program.functions):
        functions[function.name] = f"f{index}"
    for function in program.functions:
        _write(function, {}, functions, out)
    return " ".join(out)


def _write(value: Any, names: dict[str, str], functions: dict[str, str], out: list[str]) -> None:
    match value:
        case Type():
            out.append(str(value))
        case Parameter(name=name, type=kind):
            out.append(f"{names.setdefault(name, f'v{len(names)}')}:{kind}")
        case tuple():
            out.append("[")
            for item in value:
                _write(item, names, functions, out)
            out.append("]")
        case n.Node():
            out.append(f"({type(value).__name__}")
            for field in value.__dataclass_fields__:
                item = getattr(value, field)
                if isinstance(value, n.Function | n.Invoke) and field == "name":
                    out.append(functions[item])
                elif isinstance(item, str) and field in _NAMES.get(type(value), ()):
                    out.append(names.setdefault(item, f"v{len(names)}"))
                else:
                    _write(item, names, functions, out)
            out.append(")")
        case _:
            out.append(repr(value))


_NAMES: dict[type, tuple[str, ...]] = {
    n.Var: ("name",), n.Declare: ("name",), n.Assign: ("name",), n.ForRange: ("name",),
    n.ForEach: ("name",), n.ForItems: ("key", "value"),
}
