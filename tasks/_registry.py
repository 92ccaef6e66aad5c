"""The model registry: versions with their results and origin, a challenger and a champion.

A version holds the digest of the model's folder, where DVC has it, the commit, and the results it
was judged by, kept as an artifact so that a later candidate can be compared with it problem by
problem. Who is champion changes only in `appoint`, one process at a time on every store, and each
change leaves a line in the history (tags `history.0001` and on of the registered model).
"""

from __future__ import annotations

import getpass
import json
import logging
import os
import socket
import tempfile
import time
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from oorl.errors import ArtifactError

CHAMPION, CHALLENGER = "champion", "challenger"
RESULTS, BASE_RESULTS, CARD = "results.parquet", "base_results.parquet", "model_card.md"
LOCK_STALE_S = 60.0
"""A lock that one waiting process has seen unchanged for so long was left by a dead one."""

SERVING = ("torch", "transformers", "numpy", "pandas", "pydantic", "pyyaml", "tqdm")
"""What a served version needs installed beside MLflow."""

_EVENT = "history."


class Unreachable(ArtifactError):
    """The registry does not answer: trying again later can help."""

    exit_code = 75  # EX_TEMPFAIL


class Superseded(Exception):
    """The champion is no longer the one that a decision was made against."""


@dataclass(frozen=True)
class Version:
    """A registered model; `digest` is that of its folder."""

    number: str
    digest: str
    results_run: str
    tags: Mapping[str, str] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True)
class Weights:
    """What a version that can be served is made of: the model's folder, the project's, and the
    arguments of `oorl.trainers.translator.Translator`."""

    folder: Path
    root: Path
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """One change of champion. `action`: promoted, override, rollback; `previous` may be ""."""

    time: str
    action: str
    version: str
    previous: str
    by: str
    why: str


@contextmanager
def _reachable(uri: str) -> Iterator[None]:
    """Turn the registry's failures into an error with a remedy."""
    import requests
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, requests.RequestException, OSError) as error:
        if "error code 401" in str(error) or "error code 403" in str(error):
            raise Unreachable(
                f"the model registry at {uri} does not let this user in",
                "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, then run the same "
                "command again.") from None
        raise Unreachable(
            f"the model registry at {uri} does not answer: {str(error).splitlines()[0][:300]}",
            "Start the server or correct MLFLOW_TRACKING_URI / tracking.uri, then run "
            "the same command again.") from None


class Registry:
    """One registered model's versions, by MLflow's client."""

    def __init__(self, uri: str, name: str, experiment: str, artifacts: Path) -> None:
        import mlflow

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        self._uri, self.name = uri, name
        with _reachable(uri):
            mlflow.set_tracking_uri(uri)  # external models have no other way
            mlflow.set_registry_uri(uri)
            self.client = mlflow.MlflowClient(uri, uri)
            found = self.client.get_experiment_by_name(experiment)
            local = artifacts.resolve().as_uri() if uri.startswith("sqlite:") else None
            self.experiment = found.experiment_id if found else self.client.create_experiment(
                experiment, artifact_location=local)
            if not self.client.search_registered_models(f"name='{name}'"):
                self.client.create_registered_model(name)

    def aliases(self) -> dict[str, str]:
        """The version's number by alias."""
        with _reachable(self._uri):
            found = self.client.get_registered_model(self.name).aliases
        return {alias: str(number) for alias, number in found.items()}

    def champion(self) -> Version | None:
        """The version with the alias, or None."""
        number = self.aliases().get(CHAMPION)
        return self.version(number) if number else None

    def version(self, which: str) -> Version:
        """By number or alias. Raises `ArtifactError` naming what there is."""
        aliases, versions = self.aliases(), self.versions()
        for one in versions:
            if one.number == aliases.get(which, which):
                return one
        known = [*aliases, *(v.number for v in versions)]
        raise ArtifactError(f"{self.name} has no version {which!r}",
                            f"There is: {', '.join(known)}." if known else
                            "Nothing is registered yet; run `dvc repro register`.")

    def versions(self) -> list[Version]:
        """All, oldest first."""
        with _reachable(self._uri):
            found = self.client.search_model_versions(f"name='{self.name}'")
        return sorted((Version(str(v.version), v.tags.get("digest", ""),
                               v.tags.get("results_run", ""), v.tags, v.source or "")
                       for v in found),
                      key=lambda v: int(v.number))

    def results(self, version: Version, file: str = RESULTS) -> pd.DataFrame:
        """The rows that a version (or its base) was judged by.

        Raises `ArtifactError` if they are gone.
        """
        with _reachable(self._uri), tempfile.TemporaryDirectory() as folder:
            path = self.client.download_artifacts(version.results_run, file, folder)
            return pd.read_parquet(path)

    def register(self, digest: str, files: Mapping[str, bytes], tags: Mapping[str, str],
                 weights: Weights | None = None) -> Version:
        """The version of a model, made if its digest is new, as the challenger.

        With `weights` MLflow can load and serve it. What is kept of a version that is registered
        again replaces the earlier.
        """
        with _reachable(self._uri):
            run = self.client.create_run(self.experiment, run_name=f"model {self.name}")
            self.keep(run.info.run_id, files)
            self.client.set_terminated(run.info.run_id)
            known = [v for v in self.versions() if v.digest == digest]
            labels = {**tags, "digest": digest, "results_run": run.info.run_id}
            if known:
                number, source = known[-1].number, known[-1].source
            else:
                model = self._model(run.info.run_id, labels, weights)
                source = f"models:/{model}"
                number = str(self.client.create_model_version(
                    self.name, source, run.info.run_id, model_id=model).version)
            self.label(number, labels)
            if self.aliases().get(CHAMPION) != number:
                self.client.set_registered_model_alias(self.name, CHALLENGER, number)
        return Version(number, digest, run.info.run_id, labels, source)

    def _model(self, run: str, labels: Mapping[str, str], weights: Weights | None) -> str:
        """The id of a new model in the store: metadata alone, or files copied, never loaded."""
        import mlflow

        if weights is None:
            return str(mlflow.create_external_model(
                name=self.name, source_run_id=run, tags=dict(labels),
                experiment_id=self.experiment).model_id)
        from mlflow.models import ModelSignature
        from mlflow.types.schema import ColSpec, DataType, Schema

        text = DataType.string
        signature = ModelSignature(
            Schema([ColSpec(text, "code"), ColSpec(text, "source"), ColSpec(text, "target"),
                    ColSpec(text, "declaration", required=False)]),
            Schema([ColSpec(text, "code"), ColSpec(text, "error")]))
        with mlflow.start_run(run_id=run), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it misses an example of a request
            return str(mlflow.pyfunc.log_model(
                name=self.name, python_model=str(weights.root / "mlflow" / "translator.py"),
                artifacts={"model": str(weights.folder)}, signature=signature, tags=dict(labels),
                code_paths=[str(weights.root / "src" / "oorl")],
                model_config=dict(weights.settings),
                pip_requirements=[f"{name}=={version(name)}" for name in SERVING]).model_id)

    def keep(self, run: str, files: Mapping[str, bytes]) -> None:
        """Store files, by name, as artifacts of a run."""
        with _reachable(self._uri), tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            self.client.log_artifacts(run, folder)

    def label(self, number: str, tags: Mapping[str, str], description: str | None = None,
              instead_of: str = "") -> None:
        """Set tags, and the description if given, of a version; other tags whose names start with
        `instead_of` go."""
        with _reachable(self._uri):
            known = self.client.get_model_version(self.name, number).tags if instead_of else {}
            for key in known:
                if key.startswith(instead_of) and key not in tags:
                    self.client.delete_model_version_tag(self.name, number, key)
            for key, value in tags.items():
                self.client.set_model_version_tag(self.name, number, key, value[:5000])
            if description is not None:
                self.client.update_model_version(self.name, number, description=description)

    def history(self) -> list[Event]:
        """Every change of champion, oldest first."""
        with _reachable(self._uri):
            tags = self.client.get_registered_model(self.name).tags
        return [Event(**json.loads(tags[key])) for key in sorted(tags) if key.startswith(_EVENT)]

    def appoint(self, number: str, instead_of: str, action: str, why: str) -> None:
        """Make a version the champion in place of version `instead_of` ("" for none).

        Raises:
            Superseded: another process changed the champion in the meantime; nothing was done.
        """
        with _reachable(self._uri), self._lock() as still_ours:
            if self.aliases().get(CHAMPION, "") != instead_of:
                raise Superseded
            event = Event(datetime.now(UTC).isoformat(timespec="seconds"), action, number,
                          instead_of, f"{getpass.getuser()}@{socket.gethostname()}", why)
            key = f"{_EVENT}{len(self.history()) + 1:04}"
            if not still_ours():
                raise Superseded
            # The history first: a champion that nobody appointed is worse than an entry without
            # effect, which the next appointment puts right.
            self.client.set_registered_model_tag(self.name, key, json.dumps(vars(event)))
            self.client.set_registered_model_alias(self.name, CHAMPION, number)
            if self.aliases().get(CHALLENGER) == number:
                self.client.delete_registered_model_alias(self.name, CHALLENGER)

    @contextmanager
    def _lock(self) -> Iterator[Any]:
        """One holder on the whole store: the one who made a registered model of this name.

        Making one that exists fails on every store, which is the only test-and-set that MLflow's
        interface has. Yields a function that tells whether the lock is still ours.
        """
        name, token = f"{self.name}.lock", f"{socket.gethostname()} {os.getpid()} {uuid.uuid4()}"
        seen, since = "", time.monotonic()
        while not self._claim(name, token):
            holder = self._holder(name)
            if holder != seen:
                seen, since = holder, time.monotonic()
            elif holder and time.monotonic() - since > LOCK_STALE_S:
                self._release(name, holder)
            time.sleep(0.1)
        try:
            yield lambda: self._holder(name) == token
        finally:
            self._release(name, token)

    def _claim(self, name: str, token: str) -> bool:
        from mlflow.exceptions import MlflowException

        try:
            self.client.create_registered_model(
                name, {"holder": token}, "Held for the moment in which a champion is appointed")
        except MlflowException as error:
            if error.error_code == "RESOURCE_ALREADY_EXISTS":
                return False
            raise
        return True

    def _holder(self, name: str) -> str:
        from mlflow.exceptions import MlflowException

        try:
            return str(self.client.get_registered_model(name).tags.get("holder", ""))
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return ""
            raise

    def _release(self, name: str, token: str) -> None:
        from mlflow.exceptions import MlflowException

        with suppress(MlflowException):
            if self._holder(name) == token:
                self.client.delete_registered_model(name)
