"""Running untrusted programs: isolation, limits, warm compilers, verdicts.

`Judge` is the way in. What it protects: the host, its files, network and processes from the
program; one program from another; and the reward from the program: only inputs enter the
sandbox, typed results leave on a private descriptor and are compared outside. What it does not
promise: protection from kernel bugs.
"""

from __future__ import annotations

from oorl.sandbox.doctor import available_languages, diagnose
from oorl.sandbox.judge import Judge

__all__ = ["Judge", "available_languages", "diagnose"]
