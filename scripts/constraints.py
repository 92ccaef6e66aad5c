"""Print constraints.txt: the exact versions, installed here, of all that oorl needs with its
extras dev, kubernetes and ray.

    python scripts/constraints.py > constraints.txt

Local versions (torch's `+cpu`) are dropped so that any index can serve them, and so are CUDA's
libraries, which a CPU machine must not download. Written with Python 3.11.2 (Debian 12), since some
packages are needed only before 3.11.3; their lines do nothing on later ones.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CUDA = re.compile(r"nvidia-|cuda-|triton$|pytorch-triton")
HEADER = """\
# Exact versions this project was tested with (Python 3.11, no GPU).
# Written by `make constraints`; used by `make setup`.
"""


def closure(root: str, extras: frozenset[str]) -> dict[str, str]:
    """Versions of all distributions that `root` needs on this interpreter, by canonical name."""
    found: dict[str, str] = {}
    waiting = [(root, extras)]
    seen = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            sys.exit(f"{name} is needed but not installed; run `make setup` first")
        for text in requires(name) or []:
            need = Requirement(text)
            if need.marker is None or any(
                    need.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                child = canonicalize_name(need.name)
                if not CUDA.match(child):
                    waiting.append((child, frozenset(need.extras)))
    del found[root]
    return found


if __name__ == "__main__":
    packages = closure("oorl", frozenset({"dev", "kubernetes", "ray"}))
    print(HEADER + "\n".join(f"{name}=={packages[name]}" for name in sorted(packages)))
