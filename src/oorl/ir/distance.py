"""How far two IR texts are apart: edit distance in tokens, bounded."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TOKEN = re.compile(r"[%@]?[\w.]+|\S")


def is_close(a: str, b: str, limit: int) -> bool:
    """Whether at most `limit` tokens have to be put in, left out or replaced; 0 is no limit."""
    return limit == 0 or token_distance(a, b, limit) <= limit


def token_distance(a: str, b: str, limit: int) -> int:
    """Levenshtein's distance of the token sequences, or `limit` + 1 for more than `limit`.

    Ukkonen's band: time is proportional to the length times `limit`.
    """
    x, y = _middle(_TOKEN.findall(a), _TOKEN.findall(b))
    far = limit + 1
    if abs(len(x) - len(y)) > limit:
        return far
    row = [j if j <= limit else far for j in range(len(y) + 1)]
    for i, token in enumerate(x, 1):
        low, high = max(1, i - limit), min(len(y), i + limit)
        fresh = [far] * (len(y) + 1)
        fresh[0] = min(i, far)
        for j in range(low, high + 1):
            fresh[j] = min(row[j - 1] + (token != y[j - 1]), row[j] + 1, fresh[j - 1] + 1, far)
        row = fresh
    return row[-1]


def _middle(x: Sequence[str], y: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Both without what they begin and end with alike."""
    start = 0
    while start < min(len(x), len(y)) and x[start] == y[start]:
        start += 1
    end = 0
    while end < min(len(x), len(y)) - start and x[-1 - end] == y[-1 - end]:
        end += 1
    return x[start:len(x) - end], y[start:len(y) - end]
