"""What a stage's process sets for itself before the heavy libraries are imported."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import MutableMapping

# Several of these tools phone home by default; MLflow also chats on our standard output.
QUIET = {
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "DVC_NO_ANALYTICS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "TOKENIZERS_PARALLELISM": "false",  # else a warning at every fork
}

_PR_SET_PDEATHSIG = 1
# mallopt's parameter numbers (malloc.h) with the values set: freed tensors stay with the process
# instead of going back to the kernel and being faulted in again at the next step.
_MALLOC = {-1: 1 << 30, -2: 64 << 20, -3: 1 << 30}  # trim threshold, top pad, mmap threshold


def quiet(environment: MutableMapping[str, str], offline: bool) -> None:
    """Turn telemetry off, and the model hub too when `offline`. Settings already made win."""
    for key, value in QUIET.items():
        environment.setdefault(key, value)
    if offline:
        environment.setdefault("HF_HUB_OFFLINE", "1")


def tune_malloc() -> None:
    """Keep freed memory in the process. Does nothing where the C library is not glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in _MALLOC.items():
        mallopt(parameter, value)


def die_with_parent() -> None:
    """Ask the kernel to send SIGTERM here when the parent dies (Linux), so no stage is orphaned."""
    parent = os.getppid()
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent != os.getppid():  # it died before we asked
        os.kill(os.getpid(), signal.SIGTERM)
