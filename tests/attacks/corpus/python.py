"""The attack corpus in Python."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import DISK, LEFT, NOT_COMPILED


def py(body: str, before: str = "") -> str:
    lines = "\n".join("    " + line for line in body.splitlines())
    return f"{before}\ndef f(x):\n{lines}\n    return x + 1\n"


ATTACKS = [
    ({1}, py("import os, time\nfor _ in range(400):\n    if os.fork() == 0:\n"
         "        time.sleep(60); os._exit(0)"), {S.PROCESS_LIMIT}),
    ({2}, py("y = bytearray(1500 << 20)"), {S.MEMORY_LIMIT}),
    ({3}, py("while True: print('x' * 10000)"), {S.OUTPUT_LIMIT}),
    ({4}, py("print('x' * 300_000)"), {S.PASSED}),
    ({5}, py("try:\n    with open('/tmp/big', 'wb') as f:\n        for _ in range(300):\n"
         "            f.write(b'x' * (1 << 20))\n    return -1\nexcept OSError: pass"), DISK),
    ({5}, py("import os\nfor place in ('/', '/dev', '/dev/shm', '/job', '/usr', '/proc'):\n"
         "    try:\n        open(place + '/big', 'wb').write(b'x')\n        return -1\n"
         "    except OSError: pass"), DISK),
    ({6}, py("import os\nfor p in ('@SECRET@', '/etc/shadow', '/etc/passwd', '/root', "
         "'/home', '/var/log', '/var/lib/dpkg', '/proc/1/root/etc/shadow'):\n"
         "    try:\n"
         "        os.listdir(p) if os.path.isdir(p) else open(p).read()\n"
         "        return -1\n"
         "    except OSError: pass\n"
         "# of /var, GHC's settings at most\n"
         "for p, known in (('/var', {'lib'}), ('/var/lib', {'ghc'})):\n"
         "    if os.path.isdir(p) and set(os.listdir(p)) - known: return -1"), {S.PASSED}),
    ({7}, py("import os, glob\nif 'OORL_SECRET' in os.environ: return -1\n"
         "for p in glob.glob('/proc/*/environ'):\n    try:\n"
         "        if b'oorl-host-secret' in open(p, 'rb').read(): return -1\n"
         "    except OSError: pass"), {S.PASSED}),
    ({8}, py("import socket\nfor to in (('127.0.0.1', 22), ('8.8.8.8', 53)):\n    try:\n"
         "        socket.create_connection(to, 1)\n        return -1\n"
         "    except OSError: pass\n"
         "try:\n    socket.socket(40, socket.SOCK_STREAM)\n    return -1\n"
         "except OSError: pass"), {S.PASSED}),
    ({9}, py("import os, signal\nfor pid in (1, os.getppid(), -1):\n    try: "
         "os.kill(pid, signal.SIGKILL)\n    except OSError: pass"), {S.PASSED}),
    ({13, 15}, py("import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
         "        time.sleep(60)\n    os._exit(0)"), {S.PASSED}),
    ({14}, py("import ctypes\nc = ctypes.CDLL(None, use_errno=True)\n"
         "if c.unshare(0x10000000) == 0 or c.syscall(321, 0, 0, 0) >= 0: return -1"), {S.PASSED}),
    ({17}, py("input()"), {S.RUNTIME_ERROR}),
    ({18}, py("import os\nos.write(1, b'\\xff\\xfe\\x80'); os.write(2, b'\\xff')"), {S.PASSED}),
    ({18}, py("import os\nos.write(3, b'=\\t0\\t\\xff\\n')"), LEFT),
    ({19}, py("y = '\ud800'"), {S.COMPILE_ERROR}),
    ({19}, "\0def f(x): return x", {S.COMPILE_ERROR}),
    ({24}, py("import os\nos._exit(0)"), LEFT),
    ({24}, py("import sys\nsys.exit(0)"), {S.RUNTIME_ERROR}),
    ({24, 26}, "import os\nos._exit(0)", LEFT),
    ({25}, "class E(int):\n    __eq__ = lambda *a: True\n    __repr__ = lambda s: '2'\n"
         "    __hash__ = int.__hash__\ndef f(x):\n    return E(0)\n", {S.WRONG_ANSWER}),
    ({25}, "import builtins\nbuiltins.isinstance = lambda *a: True\n"
         "def f(x):\n    return 'x'\n", {S.WRONG_ANSWER}),
    ({28}, py("import os\nos.write(3, b'=\\t0\\t2\\n')"), LEFT),
    ({28}, "import os\nos.write(3, b'=\\t0\\t7\\n=\\t1\\t7\\n')\nos._exit(0)\n", {S.WRONG_ANSWER, *LEFT}),
    ({28}, py("import os\nfor d in range(4, 64):\n    try:\n        os.write(d, b'x')\n"
         "        return -1\n    except OSError: pass"), {S.PASSED}),
    ({28}, py("import os\nwhile True: os.write(3, b'x' * 65536)"), {S.OUTPUT_LIMIT}),
    ({29}, py("import os\nif x == 5: os._exit(0)"), LEFT),
    ({11, 23}, py('''import os
for place in ("@HOST@", "/etc", "/root", "/home", "/var", "/usr/local", "/opt"):
    try:
        open(place + "/plant", "w").write("x")
        return -1
    except OSError: pass
for link in ("/tmp/link", "/tmp/program", "/tmp/artifact"):
    os.path.lexists(link) or os.symlink("@SECRET@", link)
    try:
        open(link).read()
        return -1
    except OSError: pass'''), {S.PASSED}),
    ({8, 14}, py('''import os, socket
if os.system("@REACH@") == 0 or os.system("@ESCAPE@") == 0: return -1
for name in ("\\0oorl-attack-@PORT@", "/run/docker.sock", "/var/run/dbus/system_bus_socket"):
    try:
        socket.socket(socket.AF_UNIX).connect(name)
        return -1
    except OSError: pass'''), {S.PASSED}),
    ({10}, py('''import ctypes, os
trace = ctypes.CDLL(None).ptrace
for pid in (1, os.getppid()):
    if pid and trace(16, pid, 0, 0) == 0: return -1'''), {S.PASSED}),
    ({18}, py("import os\nos.write(1, b'\\xff\\xfe\\x80')"), {S.PASSED}),
    ({22}, py("import runpy, importlib.util\ntry: runpy.run_path('@SECRET@')\n"
              "except OSError: pass\nelse: return -1"), {S.PASSED}),
    ({22}, "from importlib.machinery import SourceFileLoader\n"
           "f = SourceFileLoader('m', '@SECRET@').load_module().f\n", {S.RUNTIME_ERROR, S.COMPILE_ERROR}),
    # leaves a moment later, when the first answer is out
    ({26}, "import os, threading, time\nthreading.Timer(0.05, os._exit, [0]).start()\n"
           "def f(x):\n    if x > 1: time.sleep(2)\n    return x + 1\n", LEFT),
    ({26}, "import atexit, os, sys\natexit.register(os._exit, 0)\nsys.exit(0)\n"
           "def f(x): return x + 1\n", {S.PROTOCOL_VIOLATION, S.RUNTIME_ERROR}),
    ({27}, py("import os, sys\nsys.excepthook = lambda *a: os._exit(0)\nraise ValueError(1)"),
     {S.RUNTIME_ERROR}),
]
SLOW = [
    ({16}, py("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"), {S.TIMEOUT}),
    ({16}, py("import signal\nfor s in range(1, 65):\n"
         "    try: signal.signal(s, signal.SIG_IGN)\n"
         "    except (OSError, ValueError): pass\nwhile True: pass"), {S.TIMEOUT}),
    ({16}, py('''import os, signal
for s in range(1, 65):
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: os.kill(os.getpid(), signal.SIGSTOP)'''), {S.TIMEOUT}),
]
ABSENT = {
    20: NOT_COMPILED, 21: NOT_COMPILED, 30: NOT_COMPILED,
}
