"""OORLTrainer and GEPOTrainer report to MLflow by transformers' callback, as TRL's trainers do."""

import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = {
    "oorl": "from tests.unit.trainers.test_oorl_trainer import make\n"
            "make('out', report_to=['mlflow'], w_gepo=0.01, max_steps=3).train()\n",
    "gepo": "from tests.unit.trainers.test_gepo_trainer import make\n"
            "make('out', report_to=['mlflow'], max_steps=3).train()\n",
}
WANTED = {"oorl": ("reward", "gepo/rewards/margins", "time/judge_s", "entropy"),
          "gepo": ("loss", "rewards/margins", "rewards/accuracies")}


@pytest.mark.parametrize("name", SCRIPTS)
def test_metrics_with_their_steps_and_settings_arrive(tmp_path, name):
    store = f"sqlite:///{tmp_path}/mlflow.db"
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPTS[name]], cwd=tmp_path, capture_output=True, text=True,
        env={**kept, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "MLFLOW_TRACKING_URI": store,
             "MLFLOW_EXPERIMENT_NAME": name, "OMP_NUM_THREADS": "1"}, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    client = mlflow.MlflowClient(store)
    experiment = client.get_experiment_by_name(name)
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    for metric in WANTED[name]:
        history = client.get_metric_history(run.info.run_id, metric)
        assert [point.step for point in history] == [1, 2, 3], metric
    assert run.data.params["max_steps"] == "3"
    assert run.data.params["lambda_" if name == "gepo" else "gepo_lambda"] == "1.0"
