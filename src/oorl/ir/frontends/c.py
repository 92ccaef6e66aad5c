"""C by clang; see `oorl.ir.compile`."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from oorl.errors import ToolchainMissing
from oorl.ir.compile import compile_batch, find_clang, screen
from oorl.ir.compile import strip_comments as normal
from oorl.ir.signature import signatures

__all__ = ["compile_batch", "native", "normal", "screen", "signatures", "version"]


@cache
def version() -> str:
    """Nothing to add to what every group records; raises `ToolchainMissing`."""
    from oorl.ir.frontends import LLVM

    done = subprocess.run([find_clang(), "clang", "--version"], capture_output=True, text=True,
                          check=False, timeout=60)
    first = done.stdout.split("\n", 1)[0]
    if f"clang version {LLVM}." not in first:
        raise ToolchainMissing(f"ziglang's compiler says {first!r}; LLVM {LLVM} is needed, the "
                               "version that llvmlite reads",
                               "Run `pip install 'ziglang>=0.17.1,<0.18'`.")
    return ""


def native(source: str, name: str, folder: Path) -> list[str] | None:
    """C is compiled with the checking program itself; see `verify`."""
    return None
