#!/usr/bin/env bash
# Print the path of a Python >= 3.11 that can make virtual environments; 3.11 first, because the
# constraints were made with it. Exit status 1 if there is none.
for name in python3.11 python3 python3.12 python3.13; do
    path=$(command -v "$name") || continue
    if "$path" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
    then
        echo "$path"
        exit 0
    fi
done
exit 1
