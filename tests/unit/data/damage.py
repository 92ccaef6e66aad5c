"""Rows as files have them after an accident: cut, with a changed byte, with a gap, with a stray."""

import random
from collections.abc import Iterable


def damaged(texts: Iterable[str], seed: int, ways: int = 5) -> list[bytes]:
    """The rows, each harmed in one of three ways or not at all; with 5 `ways`, a stray is one."""
    random_ = random.Random(seed)
    lines = []
    for line in texts:
        text = line.encode()
        at = random_.randrange(len(text))
        match random_.randrange(ways):
            case 0:
                text = text[:at]
            case 1:
                text = text[:at] + bytes([random_.randrange(11, 256)]) + text[at + 1:]
            case 2:
                text = text[:at] + text[at + random_.randrange(1, 30):]
            case 3 if ways == 5:
                text = text[:at] + random_.choice([b"null", b"[]", b"-1e999", b"{}"]) + text[at:]
        lines.append(text)
    return lines
