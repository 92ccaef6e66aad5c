"""Where a pipeline run is in MLflow: `python -m tasks._link PIPELINE`.

A process of its own, for importing MLflow takes seconds; prints nothing if the store has no such
run or does not answer.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from oorl.params import Params, load_params
from tasks._process import quiet
from tasks._tracking import QUIET_SERVER, tracking_uri


def link(params: Params, root: Path, pipeline: str) -> str:
    """The run's page on the tracking server; for SQLite on the one of `make up` and `make ui`.

    "" if there is no such run. Raises whatever MLflow raises while the store does not answer.
    """
    uri = tracking_uri(params.tracking, root)
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).exists():
        return ""
    from mlflow import MlflowClient

    client = MlflowClient(uri, uri)
    experiment = client.get_experiment_by_name(params.tracking.experiment)
    if experiment is None:
        return ""
    runs = client.search_runs([experiment.experiment_id], f"tags.`oorl.pipeline` = '{pipeline}'",
                              max_results=1)
    if not runs:
        return ""
    server = uri.rstrip("/") if uri.startswith("http") else (
        f"http://127.0.0.1:{os.environ.get('MLFLOW_PORT', '5000')}")
    return f"{server}/#/experiments/{experiment.experiment_id}/runs/{runs[0].info.run_id}"


if __name__ == "__main__":
    quiet(os.environ, offline=False)
    os.environ.update({**QUIET_SERVER, **os.environ})
    print(link(load_params("params.yaml"), Path.cwd(), sys.argv[1]))
