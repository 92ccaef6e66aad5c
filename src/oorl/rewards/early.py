"""Judging that begins before the batch is complete, in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")

_AT_ONCE = 32  # what is asked in one go; bounds how long `stop` waits


class Early(Generic[Key, Found]):
    """Answers that a slow function gives for keys, asked for one by one as they become known.

    One thread asks for all keys that have gathered meanwhile, so the function is never called
    from two threads at a time. Safe to `start` from several threads.
    """

    def __init__(self, ask: Callable[[Sequence[Key]], Sequence[Found]]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._queue: list[Key] = []
        self._known: set[Key] = set()
        self._found: dict[Key, Found] = {}
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._busy_s = 0.0

    def start(self, key: Key) -> None:
        """Ask for `key`, once."""
        with self._lock:
            if key in self._known or self._error is not None:
                return
            self._known.add(key)
            self._queue.append(key)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="early", daemon=True)
                self._thread.start()

    def take(self) -> dict[Key, Found]:
        """Wait for everything asked; give it and forget it. Raises what the function raised."""
        self._join()
        with self._lock:
            found, error = self._found, self._error
            self._found, self._error, self._known = {}, None, set()
        if error is not None:
            raise error
        return found

    def take_busy_s(self) -> float:
        """Seconds the function has run since the last call."""
        with self._lock:
            seconds, self._busy_s = self._busy_s, 0.0
        return seconds

    def stop(self) -> None:
        """Ask for nothing more, and wait for what is being asked."""
        with self._lock:
            self._queue.clear()
        self._join()

    def _join(self) -> None:
        thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                keys, self._queue = self._queue[:_AT_ONCE], self._queue[_AT_ONCE:]
                if not keys:
                    self._thread = None
                    return
            began = time.monotonic()
            try:
                found = dict(zip(keys, self._ask(keys), strict=True))
            except BaseException as error:
                with self._lock:
                    self._error, self._queue, self._thread = error, [], None
                return
            with self._lock:
                self._busy_s += time.monotonic() - began
                self._found.update(found)
