"""What the machine does while a stage runs: processors, memory, disk, network, and GPUs if there
are any and `nvidia-ml-py` is installed. By MLflow's own monitors, under the names that its page
"System metrics" shows.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

INTERVAL_S = 10.0
"""MLflow's own; MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL names another."""


def interval_s() -> float:
    """Seconds between two samples."""
    try:
        return max(0.1, float(os.environ["MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL"]))
    except (KeyError, ValueError):
        return INTERVAL_S


class Usage:
    """Samples of the whole machine, as in MLflow's own runs."""

    def __init__(self) -> None:
        from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
        from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
        from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor
        from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor

        self._monitors: list[Any] = [CPUMonitor(), DiskMonitor(), NetworkMonitor()]
        with suppress(ImportError, RuntimeError):  # no library, no GPU
            self._monitors.append(GPUMonitor())
        self.sample()  # the processors' share is since the sample before

    def sample(self) -> dict[str, float]:
        """The figures by name, `system/cpu_utilization_percentage` and so on."""
        found: dict[str, float] = {}
        for monitor in self._monitors:
            monitor.collect_metrics()
            found |= {f"system/{name}": float(value)
                      for name, value in monitor.aggregate_metrics().items()}
            monitor.clear_metrics()
        return found
