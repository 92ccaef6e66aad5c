"""Settings of the sandbox."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from oorl.params.base import Section


class SandboxParams(Section):
    """Limits per program; isolation itself (bubblewrap) cannot be switched off. With the remote
    backend the service's own settings hold, and these are not used."""

    backend: Literal["local", "docker", "remote"] = Field(
        "local", description="`docker`: in containers of `image`; `remote`: an `oorl serve` "
        "elsewhere, its token in OORL_TOKEN")
    image: str = Field("oorl-sandbox", min_length=1, description="of the docker backend: "
                       "deploy/Dockerfile, target sandbox")
    url: str = Field("", description="of the remote backend: http://host:8450")
    executor: Literal["local", "ray"] = Field(
        "local", description="`ray`: on all machines of a Ray cluster, `workers` programs at the "
        "same time on each (extra `ray`)")
    ray_address: str = Field("", description="of the cluster's head, host:6379; empty: "
                             "RAY_ADDRESS, a cluster of this machine, or a new one")
    workers: int = Field(2, ge=1, description="programs judged at the same time")
    compile_timeout_s: float = Field(20.0, gt=0)
    run_timeout_s: float = Field(
        10.0, gt=0, description="wall time for all cases; well above cpu_time_s, so that a busy "
        "machine does not change verdicts")
    cpu_time_s: float = Field(2.0, gt=0, description="CPU time for all cases, children included")
    memory_bytes: int = Field(512 * 2**20, ge=2**24)
    max_processes: int = Field(64, ge=16, description="processes and threads; a JVM needs ~20")
    output_bytes: int = Field(4 * 2**20, ge=1024, description="stdout, stderr and results")
    float_tolerance: float = Field(1e-6, ge=0, description="relative and absolute")

    @model_validator(mode="after")
    def _remote_has_url(self) -> SandboxParams:
        if self.backend == "remote" and not self.url.startswith(("http://", "https://")):
            raise ValueError("backend remote needs url: http://host:port of an `oorl serve`")
        if self.backend != "local" and self.executor == "ray":
            raise ValueError("executor ray goes with backend local")
        return self
