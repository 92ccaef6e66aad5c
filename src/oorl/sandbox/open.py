"""The judge that the settings ask for."""

from __future__ import annotations

from oorl.params.sandbox import SandboxParams
from oorl.sandbox.judge import Judge
from oorl.sandbox.remote import RemoteJudge


def open_judge(params: SandboxParams) -> Judge | RemoteJudge:
    """A judge of this machine, in containers or on a Ray cluster, or the client of a service; all
    are context managers."""
    if params.backend == "remote":
        return RemoteJudge(params.url)
    if params.backend == "docker":
        from oorl.sandbox.container import DockerJudge
        return DockerJudge(params)
    if params.executor == "ray":
        from oorl.sandbox.fanout import RayJudge
        return RayJudge(params)
    return Judge(params)
