"""Settings of the sandbox."""

from __future__ import annotations

from pydantic import Field

from oorl.params.base import Section


class SandboxParams(Section):
    """Limits per program; isolation itself cannot be switched off."""

    backend: str = Field("auto", pattern="^(auto|bubblewrap|docker)$")
    workers: int = Field(2, ge=1)
    compile_timeout_s: float = Field(20.0, gt=0)
    run_timeout_s: float = Field(5.0, gt=0, description="wall time for all cases of a program")
    cpu_time_s: float = Field(4.0, gt=0)
    memory_bytes: int = Field(512 * 2**20, ge=2**24)
    max_processes: int = Field(64, ge=1)
    output_bytes: int = Field(4 * 2**20, ge=1024)
    float_tolerance: float = Field(1e-6, ge=0, description="relative and absolute")
