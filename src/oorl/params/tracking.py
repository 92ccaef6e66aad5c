"""Settings of experiment tracking."""

from __future__ import annotations

from pydantic import Field

from oorl.params.base import Section


class TrackingParams(Section):
    """MLflow; SQLite in `.oorl/` unless a server's URI is given here or in MLFLOW_TRACKING_URI."""

    enabled: bool = True
    uri: str = Field("", description="empty: SQLite embedded default")
    experiment: str = "oorl"
