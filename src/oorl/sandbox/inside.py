"""What a container can judge: `python3 -m oorl.sandbox.inside LANGUAGE...` prints it as JSON.

Run in the sandbox's image, which has no packages: only the standard library is imported.
"""

from __future__ import annotations

import json
import sys

from oorl.errors import OORLError
from oorl.sandbox.elsewhere import check, fault
from oorl.sandbox.isolation import require_bubblewrap


def main() -> None:
    """Print {"bwrap": path} or {"fault": [kind, problem, remedy]}."""
    found: dict[str, object]
    try:
        found = {"bwrap": require_bubblewrap()}
        check(sys.argv[1:])
    except OORLError as error:
        found = {"fault": fault(error)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
