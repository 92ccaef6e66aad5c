"""When two problems are the same function."""

from __future__ import annotations

import ast
from collections.abc import Mapping


def normal_text(solutions: Mapping[str, str]) -> str:
    """A text that renaming does not change, so that a function is known under any names.

    Of the Python solution: its tree, every name that it binds replaced by its place in the order
    of appearance. Without one: the words of the first solution, spaces collapsed.
    """
    try:
        tree = ast.parse(solutions["python"])
    except (KeyError, SyntaxError, ValueError):
        first = min(solutions, default="")
        return f"{first}: {' '.join(solutions.get(first, '').split())}"
    nodes = list(ast.walk(tree))
    bound = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.id for node in nodes
              if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names: dict[str, str] = {}
    for node in nodes:
        for field in ("name", "arg", "id"):
            name = getattr(node, field, None)
            if isinstance(name, str) and name in bound:
                setattr(node, field, names.setdefault(name, f"v{len(names)}"))
    return ast.dump(tree)
