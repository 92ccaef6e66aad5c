"""The model registry: versions that point at models by digest, a challenger and a champion.

A version is metadata (no copy of the weights): the digest of the model's folder, where DVC has
it, the commit, and the results it was judged by, kept as an artifact so that a later candidate
can be compared with it problem by problem.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from oorl.errors import ArtifactError

CHAMPION, CHALLENGER = "champion", "challenger"
_RESULTS = "results.parquet"


@dataclass(frozen=True)
class Version:
    """A registered model; `digest` is that of its folder."""

    number: str
    digest: str
    results_run: str


@contextmanager
def _reachable(uri: str) -> Iterator[None]:
    """Turn the registry's failures into an error with a remedy."""
    import requests
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, requests.RequestException, OSError) as error:
        raise ArtifactError(
            f"the model registry at {uri} does not answer: {str(error).splitlines()[0][:300]}",
            "Start the server or correct MLFLOW_TRACKING_URI / tracking.uri, then run "
            "`dvc repro register`.") from None


class Registry:
    """One registered model's versions, by MLflow's client."""

    def __init__(self, uri: str, name: str, experiment: str, artifacts: Path) -> None:
        import mlflow

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        self._uri, self._name = uri, name
        with _reachable(uri):
            mlflow.set_tracking_uri(uri)  # external models have no other way
            mlflow.set_registry_uri(uri)
            self._client = mlflow.MlflowClient(uri, uri)
            found = self._client.get_experiment_by_name(experiment)
            local = artifacts.resolve().as_uri() if uri.startswith("sqlite:") else None
            self._experiment = found.experiment_id if found else self._client.create_experiment(
                experiment, artifact_location=local)
            if not self._client.search_registered_models(f"name='{name}'"):
                self._client.create_registered_model(name)

    def champion(self) -> Version | None:
        """The version with the alias, or None."""
        with _reachable(self._uri):
            aliases = self._client.get_registered_model(self._name).aliases
            if CHAMPION not in aliases:
                return None
            found = self._client.get_model_version_by_alias(self._name, CHAMPION)
        return _version(found)

    def results(self, version: Version) -> pd.DataFrame:
        """The rows that a version was judged by. Raises `ArtifactError` if they are gone."""
        with _reachable(self._uri), tempfile.TemporaryDirectory() as folder:
            path = self._client.download_artifacts(version.results_run, _RESULTS, folder)
            return pd.read_parquet(path)

    def register(self, digest: str, results: pd.DataFrame, tags: Mapping[str, str]) -> Version:
        """The version of a model, made if its digest is new, as the challenger.

        The results of a version that is registered again replace its earlier ones.
        """
        import mlflow

        with _reachable(self._uri), tempfile.TemporaryDirectory() as folder:
            run = self._client.create_run(self._experiment, run_name=f"model {self._name}")
            path = Path(folder) / _RESULTS
            results.to_parquet(path, index=False)
            self._client.log_artifact(run.info.run_id, str(path))
            self._client.set_terminated(run.info.run_id)
            known = [v for v in self._client.search_model_versions(f"name='{self._name}'")
                     if v.tags.get("digest") == digest]
            labels = {**tags, "digest": digest, "results_run": run.info.run_id}
            if known:
                found = max(known, key=lambda v: int(v.version))
            else:
                model = mlflow.create_external_model(
                    name=self._name, source_run_id=run.info.run_id, tags=dict(labels),
                    experiment_id=self._experiment)
                found = self._client.create_model_version(
                    self._name, f"models:/{model.model_id}", run.info.run_id,
                    model_id=model.model_id)
            for key, value in labels.items():
                self._client.set_model_version_tag(self._name, str(found.version), key, value)
            self._client.set_registered_model_alias(self._name, CHALLENGER, str(found.version))
        return Version(str(found.version), digest, run.info.run_id)

    def conclude(self, version: Version, promoted: bool, reasons: str) -> None:
        """Write the decision on the version; if it is promoted, it becomes the champion."""
        number = version.number
        with _reachable(self._uri):
            self._client.set_model_version_tag(
                self._name, number, "decision", "promoted" if promoted else "refused")
            self._client.update_model_version(self._name, number, description=reasons)
            if promoted:  # the alias last: whoever sees it sees the reasons too
                self._client.delete_registered_model_alias(self._name, CHALLENGER)
                self._client.set_registered_model_alias(self._name, CHAMPION, number)


def _version(found: Any) -> Version:
    return Version(str(found.version), found.tags["digest"], found.tags["results_run"])
