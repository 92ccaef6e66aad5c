"""Data sets of the hub, streamed, and only where the environment allows the download."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from oorl.errors import DataError


def stream(name: str, config: str, revision: str, remedy: str, split: str = ""
           ) -> Iterator[tuple[str, dict[str, Any]]]:
    """Split and row, one after another; all splits unless one is named.

    Raises:
        DataError: HF_HUB_OFFLINE is not 0, so nothing was asked for; or the hub's client failed.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").lower() not in ("0", "false", "no", "off"):
        raise DataError(f"{name}: not a local path, and downloads are off", remedy)
    import datasets

    try:
        made: Any = datasets.load_dataset(name, config or None, split=split or None,
                                          revision=revision or None, streaming=True)
        for part, rows in ({split: made} if split else made).items():
            for row in rows:
                yield part, row
    except Exception as error:  # the hub's client raises many kinds
        raise DataError(f"{name}: neither a local path nor readable from the hub "
                        f"({type(error).__name__}: {str(error)[:200]})", remedy) from None
