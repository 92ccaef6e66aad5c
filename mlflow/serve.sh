#!/usr/bin/env bash
# A tracking server and registry over the files that runs without a server write, so that the
# same runs are seen either way. Arguments are passed on: mlflow/serve.sh --port 5001
#
# Binds to this machine only. MLflow has no users or passwords by default: to reach it from others,
# put it behind something that has, and add --host 0.0.0.0 --allowed-hosts <its name>.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .oorl
export PATH="$PWD/.venv/bin:$PATH"
export MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=1
# The job workers of the evaluation features, unused here, cost more than a GB of memory.
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
exec mlflow server --backend-store-uri "sqlite:///$PWD/.oorl/mlflow.db" \
    --no-serve-artifacts --default-artifact-root "file://$PWD/.oorl/artifacts" \
    --workers 1 --host 127.0.0.1 --port 5000 "$@"
