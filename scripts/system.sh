#!/usr/bin/env bash
# Install the system packages that are missing: Python's venv, the sandbox, compilers and
# interpreters. Installs with apt as root or where sudo asks no password; elsewhere it prints the
# command to type and stops. Does nothing in a fraction of a second when nothing is missing.
#
#     scripts/system.sh        for the languages that params.yaml names
#     scripts/system.sh all    for every language
#     scripts/system.sh tests  Chromium, in which the tests open the pages, where apt has one
set -euo pipefail
cd "$(dirname "$0")/.."

as_root=()
if [ "$(id -u)" != 0 ]; then as_root=(sudo -n); fi
can_install() {
    command -v apt-get >/dev/null &&
        { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}
known() { apt-cache show "$1" >/dev/null 2>&1; }
updated=
install() {
    if [ -z "$updated" ]; then "${as_root[@]}" apt-get update -q || true; updated=1; fi
    echo "Installing: $*"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@"
}
stop() {
    echo "These system packages are missing: $*" >&2
    echo "  -> Type: sudo apt-get update && sudo apt-get install -y --no-install-recommends $*" >&2
    echo "     and run the same command again. Elsewhere than on Debian or Ubuntu, install what" >&2
    echo "     corresponds to them." >&2
    exit 1
}

if [ "${1:-}" = tests ]; then  # without a browser its tests are skipped
    if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then exit 0; fi
    if can_install && { known chromium || "${as_root[@]}" apt-get update -q; } && known chromium
    then install chromium || echo "Goes on without Chromium"; fi
    exit 0
fi

if ! python=$(scripts/find_python.sh); then
    can_install || stop python3 python3-venv
    install python3 python3-venv
    if ! python=$(scripts/find_python.sh); then install python3.11 python3.11-venv; fi
    python=$(scripts/find_python.sh) || stop python3.11 python3.11-venv
fi

list=$(PYTHONPATH=src PYTHONDONTWRITEBYTECODE=1 "$python" scripts/toolchains.py "$@")
read -ra required <<<"$(sed -n 's/^required *//p' <<<"$list")"
read -ra optional <<<"$(sed -n 's/^optional *//p' <<<"$list")"
if [[ " ${required[*]} " == *" node-typescript "* ]] && scripts/typescript.sh; then
    for index in "${!required[@]}"; do
        if [ "${required[index]}" = node-typescript ]; then unset "required[index]"; fi
    done
fi
if [ ${#required[@]} = 0 ] && [ ${#optional[@]} = 0 ]; then exit 0; fi
if ! can_install; then
    if [ ${#required[@]} != 0 ]; then stop "${required[@]}"; fi
    echo "Would make judging faster: sudo apt-get install ${optional[*]}"
    exit 0
fi
if [ ${#required[@]} != 0 ]; then
    "${as_root[@]}" apt-get update -q || true
    updated=1
    for index in "${!required[@]}"; do  # a release has the Java of its time
        case ${required[index]} in
            openjdk-*) known "${required[index]}" || required[index]=default-jdk-headless ;;
        esac
    done
    install "${required[@]}"
fi
# One at a time and only if this release has it: an old Ubuntu may lack the newest clang.
for package in "${optional[@]}"; do
    if known "$package"; then install "$package" || echo "Goes on without $package"; fi
done
