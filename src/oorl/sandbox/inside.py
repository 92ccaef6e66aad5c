"""What a container can judge: `python3 -m oorl.sandbox.inside LANGUAGE...` prints it as JSON.

Run in the sandbox's image, which has no packages: only the standard library is imported.
"""

from __future__ import annotations

import json
import sys

from oorl.errors import OORLError
from oorl.languages import get_language
from oorl.sandbox.isolation import require_bubblewrap


def main() -> None:
    """Print {"bwrap": path} or {"kind", "problem", "remedy"}."""
    try:
        found = {"bwrap": require_bubblewrap()}
        for name in sys.argv[1:]:
            get_language(name).check()
    except OORLError as error:
        found = {"kind": type(error).__name__, "problem": error.problem, "remedy": error.remedy}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
