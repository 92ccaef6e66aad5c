"""A worker process: `python -m oorl.ir.worker` builds chunks for `groups.build_groups`.

Frames on standard input and output are a length and a pickle. An LLVM assertion may abort the
process: the parent sees the closed pipe and tries the chunk in halves.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import resource
import signal
import struct
import sys
import traceback
from typing import Any, BinaryIO

from oorl.errors import OORLError


def write_frame(stream: BinaryIO, value: Any) -> None:
    data = pickle.dumps(value)
    stream.write(struct.pack("<q", len(data)) + data)
    stream.flush()


def read_frame(stream: BinaryIO) -> Any:
    """The next value. Raises EOFError where the other side is gone."""
    head = stream.read(8)
    size = struct.unpack("<q", head)[0] if len(head) == 8 else -1
    data = stream.read(size) if size >= 0 else b""
    if size < 0 or len(data) < size:
        raise EOFError
    return pickle.loads(data)


def main() -> None:
    """Serve until the parent closes our standard input or ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    from oorl.ir.chunk import build_chunk

    gc.freeze()  # what is imported stays, and need not be copied after each fork
    gc.set_threshold(200_000, 50, 50)
    while True:
        try:
            arguments = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer: tuple[str, Any] = ("done", build_chunk(*arguments))
        except OORLError as error:
            answer = ("error", (type(error), error.problem, error.remedy))
        except Exception:
            answer = ("bug", traceback.format_exc())
        write_frame(answers, answer)


if __name__ == "__main__":
    main()
