#!/usr/bin/env bash
# Install a pinned TypeScript compiler into .venv, where `oorl` looks too. Exit status 1 if npm or
# its registry is not there; `scripts/system.sh` then takes Debian's older package.
set -euo pipefail
cd "$(dirname "$0")/.."
version=5.9.3
[ -d .venv/bin ] && command -v npm >/dev/null || exit 1
echo "Installing TypeScript $version"
npm install --global --prefix .venv --ignore-scripts --no-audit --no-fund --no-update-notifier \
    --loglevel=error "typescript@$version"
