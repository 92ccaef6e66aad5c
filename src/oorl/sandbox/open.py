"""The judge that the settings ask for."""

from __future__ import annotations

from oorl.params.sandbox import SandboxParams
from oorl.sandbox.judge import Judge
from oorl.sandbox.remote import RemoteJudge


def open_judge(params: SandboxParams) -> Judge | RemoteJudge:
    """A judge of this machine, or the client of another; both are context managers."""
    return RemoteJudge(params.url) if params.backend == "remote" else Judge(params)
