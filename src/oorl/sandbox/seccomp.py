"""The system call filter: a deny list compiled to classic BPF, for x86-64 and AArch64.

Namespaces, an unprivileged uid and empty capability sets are the wall; the filter takes away
the parts of the kernel that no judged program needs and that have opened such walls before.
Refused calls fail with EPERM; `clone3`, whose flags a filter cannot see, with ENOSYS, upon which
C libraries fall back to `clone`. Sockets exist for UNIX, IPv4, IPv6 and netlink only: some
others (VSOCK) are not confined by a network namespace.
"""

from __future__ import annotations

import errno
import platform
import struct

# name: (x86-64, AArch64); -1 where the architecture has no such call.
DENIED = {
    "acct": (163, 89), "add_key": (248, 217), "bpf": (321, 280), "chroot": (161, 51),
    "clock_settime": (227, 112), "delete_module": (176, 106), "fanotify_init": (300, 262),
    "finit_module": (313, 273), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fsopen": (430, 430), "fspick": (433, 433), "init_module": (175, 105),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_uring_setup": (425, 425),
    "ioperm": (173, -1), "iopl": (172, -1), "kcmp": (312, 272), "kexec_file_load": (320, 294),
    "kexec_load": (246, 104), "keyctl": (250, 219), "mount": (165, 40),
    "mount_setattr": (442, 442), "move_mount": (429, 429), "move_pages": (279, 239),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "open_tree": (428, 428),
    "perf_event_open": (298, 241), "pidfd_getfd": (438, 438), "pivot_root": (155, 41),
    "process_madvise": (440, 440), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "ptrace": (101, 117), "quotactl": (179, 60),
    "reboot": (169, 142), "request_key": (249, 218), "setdomainname": (171, 162),
    "sethostname": (170, 161), "setns": (308, 268), "settimeofday": (164, 170),
    "swapoff": (168, 225), "swapon": (167, 224), "syslog": (103, 116), "umount2": (166, 39),
    "unshare": (272, 97), "userfaultfd": (323, 282), "vhangup": (153, 58),
}
CLONE = (56, 220)
CLONE3 = (435, 435)
SOCKET = (41, 198)
NAMESPACE_FLAGS = 0x7E020080
"""CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET,TIME}; NEWTIME shares its bit with the exit signal's
mask and cannot be given to clone."""
FAMILIES = (1, 2, 10, 16)

_LOAD, _JUMP_EQ, _JUMP_GE, _JUMP_GT, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x25, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NR, _ARCH, _ARG0 = 0, 4, 16
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


Rule = tuple[int, int, bytes]
"""From one number to another (both included), what is done there."""


def _op(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


ALLOW = _op(_RETURN, _ALLOW)
REFUSE = _op(_RETURN, _ERRNO | errno.EPERM)


def program(machine: str = "") -> bytes | None:
    """The filter for this machine's architecture, or None where it is not known.

    A search tree over the call's number: a kernel that takes a filter tries it on each number
    there is, which for a chain of comparisons costs more than all the rest of a warm start.
    """
    known = _ARCHITECTURES.get(machine or platform.machine())
    if known is None:
        return None
    column, audit = known
    start = (_op(_LOAD, _ARCH) + _op(_JUMP_EQ, audit, 1, 0) + _op(_RETURN, _KILL)
             + _op(_LOAD, _NR))
    return start + _tree(_rules(column))


def _rules(column: int) -> list[Rule]:
    """What is not simply allowed, in order."""
    clone = _op(_LOAD, _ARG0) + _op(_JUMP_SET, NAMESPACE_FLAGS & ~0x80, 0, 1) + REFUSE + ALLOW
    socket = _op(_LOAD, _ARG0) + b"".join(
        _op(_JUMP_EQ, family, len(FAMILIES) - index, 0) for index, family in enumerate(FAMILIES))
    socket += _op(_RETURN, _ERRNO | errno.EAFNOSUPPORT) + ALLOW
    at = {numbers[column]: REFUSE for numbers in DENIED.values() if numbers[column] >= 0}
    at |= {CLONE3[column]: _op(_RETURN, _ERRNO | errno.ENOSYS), CLONE[column]: clone,
           SOCKET[column]: socket}
    rules: list[Rule] = []
    for number in sorted(at):
        if rules and rules[-1][1:] == (number - 1, at[number]):
            rules[-1] = (rules[-1][0], number, at[number])
        else:
            rules.append((number, number, at[number]))
    if column == 0:  # the x32 ABI reuses x86-64's architecture with bit 30 set
        rules.append((0x40000000, 0xFFFFFFFF, REFUSE))
    return rules


def _tree(rules: list[Rule]) -> bytes:
    """The number is in the accumulator: find its rule by halves."""
    if len(rules) > 1:
        left, right = _tree(rules[:len(rules) // 2]), _tree(rules[len(rules) // 2:])
        return _op(_JUMP_GE, rules[len(rules) // 2][0], len(left) // 8, 0) + left + right
    first, last, action = rules[0]
    if first == last:
        return _op(_JUMP_EQ, first, 0, len(action) // 8) + action + ALLOW
    return (_op(_JUMP_GE, first, 0, len(action) // 8 + 1)
            + _op(_JUMP_GT, last, len(action) // 8, 0) + action + ALLOW)
