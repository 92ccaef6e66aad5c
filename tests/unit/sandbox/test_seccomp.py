"""The filter, run by a small BPF interpreter of our own."""

import errno
import struct

import pytest

from oorl.sandbox import seccomp

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL = 0x7FFF0000, 0x80000000


def run(machine: str, number: int, argument: int = 0, audit: int | None = None) -> int:
    """The filter's answer to one call."""
    return path(machine, number, argument, audit)[-1]


def path(machine: str, number: int, argument: int = 0, audit: int | None = None) -> list[int]:
    """The places of the instructions a call meets; then the answer."""
    passed: list[int] = []
    data = struct.pack("<IIQQ", number, AUDIT[machine] if audit is None else audit, 0, argument)
    ops = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    accumulator = at = 0
    while True:
        code, yes, no, value = ops[at]
        passed.append(at)
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x06:
            return [*passed, value]
        else:
            test = {0x15: accumulator == value, 0x35: accumulator >= value,
                    0x25: accumulator > value, 0x45: bool(accumulator & value)}[code]
            at += yes if test else no


def refused(error: int) -> int:
    return 0x00050000 | error


@pytest.mark.parametrize("machine", sorted(AUDIT))
def test_every_denied_call_is_refused_and_nothing_else(machine):
    column = sorted(AUDIT, reverse=True).index(machine)
    denied = {numbers[column] for numbers in seccomp.DENIED.values()}
    special = {seccomp.CLONE3[column], seccomp.SOCKET[column]}
    for number in range(500):
        answer = run(machine, number, argument=0)
        if number in denied:
            assert answer == refused(errno.EPERM)
        elif number not in special:
            assert answer == ALLOW


@pytest.mark.parametrize("machine", sorted(AUDIT))
def test_clone_flags_and_socket_families(machine):
    column = sorted(AUDIT, reverse=True).index(machine)
    clone, clone3, socket = (
        seccomp.CLONE[column], seccomp.CLONE3[column], seccomp.SOCKET[column])
    assert run(machine, clone, 0x11) == ALLOW  # SIGCHLD: an ordinary fork
    for flag in (0x10000000, 0x20000000, 0x00020000, 0x40000000):  # user, pid, mount, net
        assert run(machine, clone, flag | 0x11) == refused(errno.EPERM)
    assert run(machine, clone3) == refused(errno.ENOSYS)
    assert run(machine, socket, 2) == ALLOW
    assert run(machine, socket, 40) == refused(errno.EAFNOSUPPORT)  # VSOCK


def test_foreign_abis():
    assert run("x86_64", 0, audit=0x40000003) == KILL  # i386
    assert run("x86_64", 0x3FFFFFFF) == ALLOW
    for number in (0x40000000, 0x40000000 + 101, 0xFFFFFFFF):  # x32
        assert run("x86_64", number) == refused(errno.EPERM)


def test_a_call_is_found_by_halves():
    for machine in AUDIT:
        assert max(len(path(machine, number)) for number in range(500)) <= 16


@pytest.mark.parametrize("machine", sorted(AUDIT))
def test_a_jump_lands_inside_the_filter(machine):
    ops = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    for at, (code, yes, no, _) in enumerate(ops):
        assert code == 0x06 or at + 1 + max(yes, no) < len(ops)


def test_unknown_machine_has_no_filter():
    assert seccomp.program("vax") is None
