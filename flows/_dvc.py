"""DVC that ends with its caller: `python -m flows._dvc repro ...`.

A plain `dvc` would go on training after its Prefect worker was killed.
"""

from __future__ import annotations

import sys

from tasks._process import die_with_parent

if __name__ == "__main__":
    die_with_parent()
    from dvc.cli import main

    sys.exit(main(sys.argv[1:]))
