"""What a program finds around itself, on warm and on cold paths, and what the next one finds.

What the programs look at are the kernel's own answers.
"""

import os

import pytest

from oorl.records import (
    Case,
    Parameter,
    Signature,
    Status,
    StdioCase,
    StdioSubmission,
    Submission,
    Type,
)

REPORT = Signature("f", (Parameter("x", Type("int")),), Type.parse("map[str,str]"))
SURROUNDINGS = '''
import os, glob, socket
def f(x):
    found = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines()
                 if ":\\t" in line)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.create_connection(server.getsockname(), 1):
            loopback = "up"
    return {
        "capabilities": " ".join(found[k] for k in (
            "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")),
        "no_new_privs": found["NoNewPrivs"], "seccomp": found["Seccomp"],
        "uid": found["Uid"].replace("\\t", " "), "environment": " ".join(sorted(os.environ)),
        "processes": str(len(glob.glob("/proc/[0-9]*"))), "pid": str(os.getpid()),
        "descriptors": " ".join(sorted(os.listdir("/proc/self/fd"))[:4]),
        "more": str(sum(os.path.exists(f"/proc/self/fd/{n}") for n in range(5, 512))),
        "tmp": " ".join(os.listdir("/tmp")), "cwd": os.getcwd(),
        "interfaces": " ".join(n for _, n in socket.if_nameindex()), "loopback": loopback,
        "host": socket.gethostname()}
'''
EXPECTED = {
    "capabilities": " ".join(["0" * 16] * 5), "no_new_privs": "1", "seccomp": "2",
    "uid": "65534 65534 65534 65534", "environment": "HOME LANG PATH PWD TMPDIR",
    "processes": "2", "pid": "2", "descriptors": "0 1 2 3", "more": "0", "tmp": "", "cwd": "/tmp",
    "interfaces": "lo", "loopback": "up", "host": "sandbox"}


def test_surroundings(attacked):
    case = Case((1,), [[k, v] for k, v in EXPECTED.items()])
    (verdict,) = attacked.judge([Submission("python", SURROUNDINGS, REPORT, (case,))])
    assert verdict.passed, verdict.detail


def test_every_run_has_namespaces_of_its_own(attacked):
    """Each program guesses wrong, and the message says what was right."""
    kinds = ("pid", "mnt", "net", "ipc", "uts")
    code = ("import os\nprint(*(os.readlink('/proc/self/ns/' + kind) for kind in "
            f"{kinds}))\n")
    seen = []
    for n in range(3):
        batch = [StdioSubmission("python", f"{code}# {n}", (StdioCase("", "?"),))]
        detail = attacked.judge(batch)[0].detail
        seen.append(detail.partition("got '")[2].split())
    host = [os.readlink(f"/proc/self/ns/{kind}") for kind in kinds]
    for own in seen:
        assert len(own) == len(kinds)
        assert not set(own) & set(host)


CHANGE_EVERYTHING = '''
import builtins, collections, gc, math, os, random, re, signal, sys, threading, time
def f(x):
    random.seed(1)
    builtins.len = lambda _: 7
    math.pi = 3
    re.compile = None
    sys.modules["json"] = None
    sys.setrecursionlimit(50)
    sys.stdout.write("left behind")
    signal.signal(signal.SIGALRM, lambda *a: os._exit(9))
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
    os.environ["PLANT"] = "1"
    os.umask(0o777)
    os.chdir("/proc")
    signal.setitimer(signal.ITIMER_REAL, 20)
    return x + 1
'''
SEE_NOTHING = '''
import collections, json, math, os, random, re, signal, sys, threading
def f(x):
    assert len([1, 2]) == 2 and int("3") == 3 and math.pi > 3.1 and re.compile("a").match("a")
    assert sys.getrecursionlimit() == 1000 and json.loads("[1]") == [1]
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    assert threading.active_count() == 1 and "PLANT" not in os.environ
    assert os.getcwd() == "/tmp"
    open("/tmp/x", "w").close()
    assert os.stat("/tmp/x").st_mode & 0o777 == 0o644
    return x + 1
'''
REACH_THE_PARENT = '''
import glob, os, signal
def f(x):
    for path in glob.glob("/proc/[0-9]*/mem"):
        if path != f"/proc/{os.getpid()}/mem":
            try:
                open(path, "r+b")
                return -1
            except OSError: pass
    for path in glob.glob("/proc/1/fd/*") + ["/proc/1/environ", "/proc/1/maps"]:
        try:
            open(path, "rb").read(1)
            return -1
        except OSError: pass
    for number in range(1, 65):
        for pid in (1, os.getppid()):
            try: os.kill(pid, number)
            except OSError: pass
    return x + 1
'''
INIT_HOLDS_NOTHING = '''
import os
def f(x):
    links = [os.readlink("/proc/1/fd/" + n) for n in os.listdir("/proc/1/fd") if int(n) > 2]
    return x + 1 if set(links) <= {"anon_inode:[eventfd]"} else -1
'''
LEAVE_TRACES = {
    "a connection closed at the server's end, whose port rests": '''
import socket
def f(x):
    server = socket.create_server(("127.0.0.1", 4000))
    client = socket.create_connection(("127.0.0.1", 4000))
    other = server.accept()[0]
    other.close()
    client.close()
    return x + 1
''',
    "packets, which counters remember": '''
import socket
def f(x):
    for family, to in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as plain:
            for _ in range(5):
                plain.sendto(b"41", (to, 4001))
    return x + 1
''',
    "a listening socket that only a message to itself holds": '''
import array, socket
ports = iter(range(4000, 5000))
def f(x):
    server = socket.create_server(("127.0.0.1", next(ports)))
    one, other = socket.socketpair()
    fds = array.array("i", [server.fileno(), one.fileno(), other.fileno()])
    one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
    return x + 1
'''}
SEE_NO_TRACES = '''
import socket
def f(x):
    names = None
    for line in open("/proc/net/snmp").read().splitlines():
        kind, *values = line.split()
        if names:
            counts = dict(zip(names, map(int, values)))
            for key in ("InReceives", "OutRequests", "ActiveOpens", "InDatagrams", "NoPorts"):
                assert not counts.get(key), (kind, key)
        names = None if names else values
    for line in open("/proc/net/snmp6"):
        assert not line.startswith(("Ip6InReceives", "Udp6")) or line.split()[1] == "0", line
    assert " tw 0 " in open("/proc/net/sockstat").read()
    socket.create_server(("127.0.0.1", 4000), reuse_port=False).close()
    with socket.socket() as plain:  # without SO_REUSEADDR
        plain.bind(("127.0.0.1", 4000))
    return x + 1
'''


@pytest.mark.parametrize("name", LEAVE_TRACES)
def test_the_network_is_as_new(attack, name):
    assert attack("python", LEAVE_TRACES[name]).status is Status.PASSED
    for _ in range(2):
        verdict = attack("python", SEE_NO_TRACES)
        assert verdict.status is Status.PASSED, verdict


def test_state_does_not_outlive_a_program(attack):
    """Rows 12, 31 and 32 of the corpus: memory, timers, threads, signals, environment."""
    for _ in range(2):
        assert attack("python", CHANGE_EVERYTHING).status is Status.PASSED
        verdict = attack("python", SEE_NOTHING)
        assert verdict.status is Status.PASSED, verdict


def test_the_parent_is_out_of_reach(attack, attacked):
    """Row 31: memory, descriptors and signals of the init above the program. A cold program's is
    bubblewrap's, which has no more rights than the program and no descriptor that leads out."""
    verdict = attack("python", REACH_THE_PARENT if attacked.use_warm else INIT_HOLDS_NOTHING)
    assert verdict.status is Status.PASSED, verdict


def test_random_numbers_differ_between_forks(attacked):
    """A fork inherits the state of its parent's generator; it must not be the next one's too."""
    code = "import random\nprint(random.random())\n"
    details = {attacked.judge([StdioSubmission(
        "python", f"{code}# {n}", (StdioCase("", "?"),))])[0].detail for n in range(3)}
    assert len(details) == 3


WHOLE = [
    ("while True: pass", Status.TIMEOUT),
    ("import os, signal\nfor _ in range(99):\n    if not os.fork(): signal.pause()",
     Status.PROCESS_LIMIT),
    ("while True: print('x' * 9999)", Status.OUTPUT_LIMIT),
    ("x = bytearray(900 << 20)", Status.MEMORY_LIMIT),
    ("x = [0]\nwhile True: x = x + x", Status.MEMORY_LIMIT),
    ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", Status.TIMEOUT),
    ("import os\nos.kill(os.getpid(), 9)", Status.RUNTIME_ERROR),
    ("import os\nos.abort()", Status.RUNTIME_ERROR), ("raise KeyError(1)", Status.RUNTIME_ERROR),
    ("import sys\nsys.exit(3)", Status.RUNTIME_ERROR), ("(", Status.COMPILE_ERROR),
    ("import os, time\nprint('ok', flush=True)\nif os.fork() == 0: time.sleep(60)", Status.PASSED),
    ("import atexit\natexit.register(print, 'ok')", Status.PASSED),
    ("open('/dev/stdout', 'w').write('ok')", Status.PASSED),
    ("print('ok')\nexit()", Status.PASSED), ("print('ok')\nquit(0)", Status.PASSED),
    ("if __name__ == '__main__': print('ok')", Status.PASSED),
    ("import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return n and 1 + f(n - 1)\n"
     "print('ok' if f(20000) == 20000 else 'no')", Status.PASSED),
    ("import sys\ndef f(): return g\ng = 'ok'\nprint(sys.modules['__main__'].f())", Status.PASSED),
    ("import threading\nthreading.Timer(0.05, print, ['ok']).start()", Status.PASSED),
    ("import pickle\nclass A: pass\nprint('ok' if pickle.loads(pickle.dumps(A())) else '')",
     Status.PASSED),
]


@pytest.mark.parametrize(("code", "status"), WHOLE)
def test_whole_programs_end_alike_on_both_paths(attacked, code, status):
    (verdict,) = attacked.judge([StdioSubmission("python", code, (StdioCase("", "ok"),))])
    assert verdict.status is status, verdict


AROUND_A_COMMAND = r"""
grep -E '^(Cap...|NoNewPrivs|Seccomp|Uid):' /proc/self/status | tr -s '\t' ' '
echo $$ $(pwd) $(hostname) $(ls -A /tmp | wc -l) $(ls /sys/class/net 2>/dev/null)
for fd in /proc/$$/fd/*; do echo -n "${fd##*/} "; done; echo
for place in / /job /usr /dev /proc /etc; do (echo x >$place/plant) 2>/dev/null && echo $place; done
stat -c '%a %U' /job/* | sort -u
(chmod 777 /job/main.sh || mount -o remount,rw /job || unshare -U true) 2>/dev/null && echo reached
set -o pipefail; yes | head -1; echo $?
(ulimit -c; ulimit -n; ulimit -f)
ls -d /proc/[0-9]* | wc -l
"""


def test_commands_find_the_same_on_both_paths(attacked):
    """Commands run by the warm parent have no more than those that bubblewrap starts."""
    none = "".join(f"Cap{name}: {'0' * 16}\n" for name in ("Inh", "Prm", "Eff", "Bnd", "Amb"))
    expected = (f"Uid: 65534 65534 65534 65534\n{none}NoNewPrivs: 1\nSeccomp: 2\n"
                "2 /tmp sandbox 0\n0 1 2 255 3 4\n555 UNKNOWN\ny\n141\n0\n512\n65536\n4\n")
    (verdict,) = attacked.judge([StdioSubmission("bash", AROUND_A_COMMAND,
                                                 (StdioCase("", expected),))])
    assert verdict.passed, verdict.detail
