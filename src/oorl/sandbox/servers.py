"""Warm compile servers: one process in its own cell that compiles one source after another.

The frames are described in `oorl.languages.base.Server`. A reply that begins with byte 0 goes
on with files: 4-byte path length, path, 4-byte length, bytes. The server sees source texts only,
never runs them, and is thrown away after any fault or time-out.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import time
from collections.abc import Sequence
from dataclasses import replace

from oorl.languages.base import Server
from oorl.sandbox.cell import Cell, Command, wait_for
from oorl.sandbox.tree import descendants

MAX_REPLY = 64 * 2**20
MIN_MEMORY = 2**30
"""A server needs more than a program; its heap limit is two thirds of this."""


class ServerTimeout(Exception):
    """No answer in time; the server has been stopped."""


class ServerDied(Exception):
    """The server ended or broke its protocol; it has been stopped."""


class CompileServer:
    """A running server. Start it lazily; `close` kills its whole cell."""

    def __init__(self, cell: Cell, server: Server, binds: Sequence[tuple[str, str]] = ()) -> None:
        self.cell, self.server, self.binds = cell, server, binds
        self.pid = 0
        self.compiled = 0

    def compile(self, source: bytes, timeout_s: float) -> dict[str, bytes] | str:
        """The compiled files, or the compiler's message. Raises `ServerTimeout`, `ServerDied`."""
        if not self.pid:
            self._start()
            timeout_s += 30  # the machine may be busy while the server warms up
        deadline = time.monotonic() + timeout_s
        try:
            self._send(struct.pack(">I", len(source)) + source, deadline)
            length = struct.unpack(">I", self._receive(4, deadline))[0]
            if not 0 < length <= MAX_REPLY:
                raise ServerDied(f"a reply of {length} bytes")
            reply = self._receive(length, deadline)
            self.compiled += 1
            return parse_reply(reply)
        except (ServerTimeout, ServerDied, OSError, struct.error) as error:
            self.close()
            if isinstance(error, ServerTimeout):
                raise
            raise ServerDied(str(error)) from None

    def close(self) -> None:
        """Kill the server and everything in its cell."""
        if not self.pid:
            return
        inside = descendants(self.pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.pid = 0
        for fd in self._fds:
            os.close(fd)
        if self.cell.group:
            self.cell.group.kill()
        wait_for(inside)

    def _start(self) -> None:
        limits = replace(self.cell.limits, cpu_s=10**7, max_processes=128,
                         memory_bytes=max(MIN_MEMORY, self.cell.limits.memory_bytes))
        if self.cell.group:
            self.cell.group.limit(limits.memory_bytes, limits.max_processes)
        heap = str(limits.memory_bytes * 2 // 3 // 2**20)
        argv = tuple(part.replace("{heap_mib}", heap) for part in self.server.argv)
        stdin_read, stdin = os.pipe2(os.O_CLOEXEC)
        channel, channel_write = os.pipe2(os.O_CLOEXEC)
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        if os.geteuid() == 0:
            os.fchown(stdin_read, 65534, 65534)
        self.pid = self.cell.spawn(Command(argv, self.server.files, tuple(self.binds)), limits,
                                   null, null, null, channel_write, stdin_read)
        for fd in (stdin_read, channel_write, null):
            os.close(fd)
        os.set_blocking(stdin, False)
        os.set_blocking(channel, False)
        self._fds = (stdin, channel)

    def _send(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            _wait(self._fds[0], select.POLLOUT, deadline)
            view = view[os.write(self._fds[0], view):]

    def _receive(self, size: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            _wait(self._fds[1], select.POLLIN, deadline)
            chunk = os.read(self._fds[1], size - len(data))
            if not chunk:
                raise ServerDied("it ended")
            data += chunk
        return bytes(data)


def _wait(fd: int, events: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(fd, events)
    if not poll.poll(max(0, (deadline - time.monotonic()) * 1000)):
        raise ServerTimeout


def parse_reply(reply: bytes) -> dict[str, bytes] | str:
    """A reply's files or message. Paths that leave their folder are refused (`ServerDied`)."""
    if reply[0] != 0:
        return reply[1:].decode("utf-8", "replace")
    files: dict[str, bytes] = {}
    at = 1
    while at < len(reply):
        parts = []
        for _ in range(2):
            (length,) = struct.unpack_from(">I", reply, at)
            parts.append(reply[at + 4:at + 4 + length])
            at += 4 + length
        path = parts[0].decode("utf-8", "replace")
        if path.startswith("/") or ".." in path.split("/") or at > len(reply):
            raise ServerDied(f"bad path {path[:80]!r}")
        files[path] = parts[1]
    return files
