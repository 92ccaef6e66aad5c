#!/usr/bin/env bash
# A tracking server and registry for a team: runs and users in a database, artifacts through the
# server, and nothing without signing in. Used by the image; by hand, too, where `.[server]` is
# installed. Arguments are passed on: mlflow/server.sh --port 5001
#
#     MLFLOW_DATABASE       postgresql://user:password@host/mlflow
#     MLFLOW_ADMIN_PASSWORD of the user `admin`, made at the first start (12 characters at least)
#     MLFLOW_FLASK_SERVER_SECRET_KEY   any long random text, the same at every start
#     MLFLOW_ARTIFACTS      a folder or s3://...; default /artifacts
#     MLFLOW_ALLOWED_HOSTS  names and ports under which it is reached, with commas
set -euo pipefail
: "${MLFLOW_DATABASE:?set it: postgresql://user:password@host/mlflow}"
: "${MLFLOW_ADMIN_PASSWORD:?set it to 12 characters or more}"
: "${MLFLOW_FLASK_SERVER_SECRET_KEY:?set it to a long random text}"
umask 077
settings=$(mktemp)
cat >"$settings" <<END
[mlflow]
default_permission = READ
database_uri = $MLFLOW_DATABASE
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
END
export MLFLOW_AUTH_CONFIG_PATH=$settings
export MLFLOW_AUTH_ADMIN_USERNAME=admin MLFLOW_AUTH_ADMIN_PASSWORD=$MLFLOW_ADMIN_PASSWORD
export MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=1 MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
# In the environment, not among the arguments, which every user of the machine can read.
export MLFLOW_BACKEND_STORE_URI=$MLFLOW_DATABASE
unset MLFLOW_ADMIN_PASSWORD
exec mlflow server --app-name basic-auth --artifacts-destination "${MLFLOW_ARTIFACTS:-/artifacts}" \
    --workers "${MLFLOW_WORKERS:-2}" --host "${MLFLOW_HOST:-0.0.0.0}" --port 5000 \
    --allowed-hosts "${MLFLOW_ALLOWED_HOSTS:-localhost:*,127.0.0.1:*,mlflow:*}" "$@"
