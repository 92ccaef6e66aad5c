#!/usr/bin/env bash
# Make .venv with exact versions, the CPU build of torch first. Run it through `make setup`.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$(scripts/find_python.sh) || { echo "No Python >= 3.11: run scripts/system.sh" >&2; exit 1; }
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then "$python" -m venv --clear .venv; fi
pip=(.venv/bin/python -m pip --disable-pip-version-check)
install=("${pip[@]}" install -q --no-compile)  # what is imported is compiled then, most is never
torch=$(grep '^torch==' constraints.txt)

# PyPI's torch for Linux is the CUDA build of several GB. PyTorch's own index has the CPU build;
# where it cannot be reached, whatever the configured index offers has to do.
if ! "${pip[@]}" show -q torch 2>/dev/null; then
    echo "Installing $torch"
    "${install[@]}" --no-deps --retries 0 --timeout 10 \
        --index-url https://download.pytorch.org/whl/cpu "$torch" 2>/dev/null ||
        { echo "PyTorch's index cannot be reached; trying the default one"
          "${install[@]}" -c constraints.txt "$torch"; }
fi
echo "Installing the packages of constraints.txt"
"${install[@]}" -c constraints.txt -e '.[dev]'
# Unpacked from an archive rather than cloned: DVC has to be told that there is no Git here.
if [ ! -e .git ]; then .venv/bin/dvc config --local core.no_scm true; fi
touch .venv/.ready
