"""The warm parent: each program is a fork of it in namespaces of its own.

Python programs are run by the fork itself; any other command replaces it by exec, which saves what
starting bubblewrap costs.

It runs in a cell (uid nobody, /usr read-only, no network), with the capabilities that its children
need to make their namespaces and give up before any candidate's code is read. This process
itself reads no program: a request is five descriptors and three numbers. What a child changes is
its own copy of memory; its mounts, processes and network end with its namespaces, which the
kernel has emptied when `waitpid` returns here.

    request (datagram on descriptor 0)   CPU seconds, bytes of /tmp, the core to run on (or a
                                         number that none has); stdin, stdout, stderr, channel,
                                         job
    answers                              "p" and the child's pidfd; "x", set up?, exit code
    job                                  "f" or "w" and a Python program, see below; or "x" and
                                         a command with its files in /job: the number of its
                                         arguments, they, the number of files, each a name and its
                                         bytes; texts and bytes have their length before them and
                                         a zero after, all numbers are 4 bytes

The child of the clone is init of its namespace and cannot be reached by the program, which is
its child: it is not dumpable, and pid 1 gets no signal it has no handler for.
"""

import atexit
import contextlib
import ctypes
import fcntl
import gc
import os
import resource
import signal
import socket
import struct
import sys
import threading
import types
from typing import Any

# What programs import most; loaded, and so shared, before any of them.
PRELOAD = ("abc", "bisect", "collections", "copy", "dataclasses", "datetime", "decimal", "enum",
           "fractions", "functools", "heapq", "itertools", "json", "math", "operator", "random",
           "re", "statistics", "string", "time", "traceback", "typing")
libc = ctypes.PyDLL(None, use_errno=True)  # PyDLL: the child of a clone must hold the lock
libc.syscall.restype = ctypes.c_long
CLONE = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
CAPSET = {"x86_64": 126, "aarch64": 91}[os.uname().machine]
# NEWNS, NEWUTS, NEWIPC, NEWPID, NEWNET; PIDFD
FLAGS = 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000 | 0x1000 | signal.SIGCHLD
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = (
    4, 22, 24, 38, 47)
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, REC, PRIVATE = 1, 2, 4, 8, 32, 0x4000, 1 << 18
LIBRARY = "/prepared/python-warm/warm.so"
DRIVER: dict[str, Any] = {"__name__": "driver"}
EXIT = os._exit  # as it is before any program could change it


class Rules(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


RULES = Rules(0, None)


def check(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def isolate(disk_bytes: int, job: int) -> list[str]:
    """In the new namespaces: mounts, loopback; then no way back. Returns the command, if the job
    is one."""
    check(libc.mount(b"none", b"/", None, ctypes.c_ulong(REC | PRIVATE), None))
    check(libc.mount(b"proc", b"/proc", b"proc", ctypes.c_ulong(NOSUID | NODEV | NOEXEC), None))
    check(libc.mount(b"tmpfs", b"/tmp", b"tmpfs", ctypes.c_ulong(NOSUID | NODEV),
                     b"mode=0755,size=%d" % disk_bytes))
    command = unpack(job) if os.pread(job, 1, 0) == b"x" else []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        fcntl.ioctl(plain, 0x8914, struct.pack("16sh22x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
    check(libc.prctl(PR_CAP_AMBIENT, 4, 0, 0, 0))  # CLEAR_ALL
    check(libc.syscall(CAPSET, struct.pack("=Ii", 0x20080522, 0), bytes(24)))
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    check(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
    if RULES.length:
        check(libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(RULES), 0, 0))
    return command


def unpack(job: int) -> list[str]:
    """A job's files, as bytes nobody looks into, in a read-only /job. Returns its command."""
    check(libc.mount(b"tmpfs", b"/job", b"tmpfs", ctypes.c_ulong(NOSUID | NODEV), b"mode=0755"))
    at = 1

    def take(size: int) -> bytes:
        nonlocal at
        at += size
        return os.pread(job, size, at - size)

    def number() -> int:
        return struct.unpack("=I", take(4))[0]

    def text() -> str:
        return os.fsdecode(take(number() + 1)[:-1])

    argv = [text() for _ in range(number())]
    for _ in range(number()):
        path = "/job/" + text()
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o555)
        end = number() + at
        while at < end:
            os.write(file, take(min(1 << 20, end - at)))
        take(1)
        os.close(file)
    check(libc.mount(b"none", b"/job", None, ctypes.c_ulong(NOSUID | NODEV | RDONLY | REMOUNT),
                     None))
    return argv


def init(fds: list[int], cpu_s: int, disk_bytes: int, ready: int) -> bytes:
    """Process 1 of the namespaces: set them up, start the program, wait for it. Returns only in
    the program's process, with the job."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    command = isolate(disk_bytes, fds[4])
    os.write(ready, b"1")
    program = os.fork()
    if program == 0:
        return enter(fds, cpu_s, disk_bytes, command)
    while True:
        pid, status = os.wait()
        if pid == program:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def enter(fds: list[int], cpu_s: int, disk_bytes: int, command: list[str]) -> bytes:
    """In the program's process: descriptors 0 to 3, limits; then the command, or the job read."""
    check(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # the program and what it starts die before its parents do
    os.setsid()
    for number, fd in enumerate(fds[:4]):
        os.dup2(fd, number)
    text = b""
    if not command:
        os.lseek(fds[4], 0, os.SEEK_SET)
        with os.fdopen(os.dup(fds[4]), "rb") as job:
            text = job.read()
    os.closerange(4, 512)
    for kind, value in ((resource.RLIMIT_CPU, cpu_s + 2), (resource.RLIMIT_FSIZE, disk_bytes)):
        resource.setrlimit(kind, (value, value))
    os.chdir("/tmp")
    if command:
        execute(command)
    return text


def execute(command: list[str]) -> None:
    """Become the command, with the signals as a shell would hand them on."""
    for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execv(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(127)


def serve(control: socket.socket) -> bytes:
    """Answer requests; in a program's process, return its job."""
    pidfd = ctypes.c_int(-1)
    while True:
        message, fds, _, _ = socket.recv_fds(control, 64, 5)
        if not message:
            os._exit(0)
        cpu_s, disk_bytes, core = struct.unpack("=QQQ", message)
        with contextlib.suppress(OSError, ValueError, OverflowError):  # then any will do
            os.sched_setaffinity(0, {core})
        waiting, ready = os.pipe()
        pid = libc.syscall(CLONE, FLAGS, None, ctypes.byref(pidfd), None, None)
        if pid == 0:
            try:
                control.close()
                # Above those that the program will have.
                fds = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in fds]
                return init(fds, cpu_s, disk_bytes, ready)
            except BaseException as error:
                os.write(2, repr(error).encode())
                os._exit(1)
        for fd in (*fds, ready):
            os.close(fd)
        if pid < 0:
            control.send(struct.pack("=cBi", b"x", 0, ctypes.get_errno()))
        else:
            socket.send_fds(control, [b"p"], [pidfd.value])
            os.close(pidfd.value)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            set_up = os.read(waiting, 1) == b"1"
            control.send(struct.pack("=cBi", b"x", set_up, code if code >= 0 else 128 - code))
        os.close(waiting)


def run_function(job: bytes) -> None:
    """Call the candidate's function on every case, by the driver."""
    (length,) = struct.unpack_from(">I", job)
    exec(compile(job[4:4 + length], "cases.py", "exec"), DRIVER)
    DRIVER["main"](job[4 + length:])


def run_whole(source: bytes) -> None:
    """Run a program as `__main__`, as the interpreter would run a file."""
    main = type(sys)("__main__")
    main.__dict__.update(__file__="/job/main.py", __builtins__=sys.modules["builtins"])
    sys.modules["__main__"] = main
    sys.argv = ["/job/main.py"]
    code = 0
    try:
        exec(compile(source, "/job/main.py", "exec", dont_inherit=True), main.__dict__)
    except SystemExit as error:
        code = exit_code(error.code)
    except BaseException as error:
        trace = error.__traceback__
        sys.excepthook(type(error), error, trace.tb_next if trace else None)
        code = 1
    leave(main, code)


def exit_code(value: object) -> int:
    """What the interpreter makes of `sys.exit(value)`."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    print(value, file=sys.stderr)
    return 1


def leave(main: types.ModuleType, code: int) -> None:
    """End as the interpreter does: its threads, `atexit`, the output, what is left of the program.

    But not by the interpreter itself: it takes apart, and so copies, everything that was loaded
    before the fork, which is most of the cost of a short program.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    code = code if flush(sys.stdout) and flush(sys.stderr) else 120
    main.__dict__.clear()  # buffered files are written, `__del__` is called
    gc.collect()
    flush(sys.__stdout__)
    EXIT(code)


def flush(stream: Any) -> bool:
    """Write what is left in a stream that may be anything by now."""
    try:
        if stream is not None and not getattr(stream, "closed", False):
            stream.flush()
    except BaseException:
        return False
    return True


def load() -> None:
    """Everything that programs share: modules, the driver, the filter."""
    for name in PRELOAD:
        __import__(name)
    with open("/job/driver.py", "rb") as source:
        exec(compile(source.read(), "driver.py", "exec"), DRIVER)
    with open("/job/seccomp", "rb") as file:
        rules = file.read()
    buffer = ctypes.create_string_buffer(rules, len(rules))
    RULES.length, RULES.filter = len(rules) // 8, ctypes.addressof(buffer)
    DRIVER["RULES"] = buffer  # kept alive


def serve_in_c(library: str) -> bytes:
    """The same by warm.c, for less."""
    native = ctypes.PyDLL(library)
    native.oorl_serve.restype = ctypes.c_void_p
    size = ctypes.c_size_t()
    job = native.oorl_serve(ctypes.byref(size), None)
    ctypes.pythonapi.PyOS_AfterFork_Child()
    return ctypes.string_at(job, size.value)


def start() -> bytes:
    load()
    if os.path.exists(LIBRARY):
        gc.collect()
        gc.freeze()
        return serve_in_c(LIBRARY)
    control = socket.socket(fileno=fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 10))
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 3):
        os.dup2(null, number, inheritable=False)
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break
    gc.collect()
    gc.freeze()
    return serve(control)


if __name__ == "__main__":
    JOB = start()
    (run_function if JOB[:1] == b"f" else run_whole)(JOB[1:])
