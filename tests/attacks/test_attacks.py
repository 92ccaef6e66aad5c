"""The attack corpus, by language. The first column names the row of the corpus."""

import pytest

from oorl.records import Case, Status

S = Status


def py(body: str, before: str = "") -> str:
    lines = "\n".join("    " + line for line in body.splitlines())
    return f"{before}\ndef f(x):\n{lines}\n    return x + 1\n"


def js(body: str, before: str = "") -> str:
    return f"{before}\nfunction f(x) {{\n{body}\nreturn x + 1;\n}}\n"


def php(body: str, before: str = "") -> str:
    return f"{before}\nfunction f($x) {{\n{body}\nreturn $x + 1;\n}}\n"


def bash(body: str, before: str = "") -> str:
    return f"{before}\nf() {{\n{body}\necho $(($1 + 1))\n}}\n"


def cpp(body: str, before: str = "") -> str:
    return (f"#include <sys/mount.h>\n#include <sys/ptrace.h>\n#include <sys/socket.h>\n"
            f"#include <arpa/inet.h>\n#include <signal.h>\n#include <sched.h>\n#include <fcntl.h>\n"
            f"{before}\nlong long f(long long x) {{\n{body}\nreturn x + 1;\n}}\n")


def java(body: str, before: str = "") -> str:
    return f"{before}\nstatic long f(long x) {{\n{body}\nreturn x + 1;\n}}\n"


ATTACKS = [
    # 1 fork bomb
    ("python", py("import os, time\nfor _ in range(400):\n    if os.fork() == 0:\n"
                  "        time.sleep(60); os._exit(0)"), {S.PROCESS_LIMIT}),
    ("php", php('for ($i = 0; $i < 200; $i++) { $h[] = proc_open("sleep 60", [], $p); '
                'if (!end($h)) throw new Exception("no"); }'),
     {S.PROCESS_LIMIT}),
    ("bash", bash("for i in {1..300}; do sleep 60 & done 2>/dev/null >/dev/null"),
     {S.PROCESS_LIMIT, S.TIMEOUT}),
    ("javascript", js("const {spawnSync, spawn} = require('child_process');\n"
                      "let failed = 0; for (let i = 0; i < 100; i++) {"
                      "const c = spawn('sleep', ['60']); if (!c.pid) failed++; "
                      "c.on('error', () => {}); }"
                      "if (failed) throw new Error('no more');"), {S.PROCESS_LIMIT}),
    ("cpp", cpp("for (int i = 0; i < 400; i++) { int p = fork(); if (p < 0) throw 1; "
                "if (!p) { sleep(60); _exit(0); } }"), {S.PROCESS_LIMIT}),
    ("java", java("for (int i = 0; i < 400; i++) { Thread t = new Thread(() -> { try { "
                  "Thread.sleep(60000); } catch (InterruptedException e) {} }); t.start(); }"),
     {S.PROCESS_LIMIT, S.MEMORY_LIMIT}),
    # 2 memory
    ("python", py("y = bytearray(1500 << 20)"), {S.MEMORY_LIMIT}),
    ("php", php("$y = str_repeat('x', 1500 << 20);"), {S.MEMORY_LIMIT}),
    ("javascript", js("const a = []; "
                      "for (let i = 0; i < 24; i++) a.push(Buffer.alloc(64 << 20, 1));"),
     {S.MEMORY_LIMIT}),
    ("cpp", cpp("volatile char* p = (char*)malloc(1500u << 20); "
                "for (size_t i = 0; i < (1500u << 20); i += 4096) p[i] = 1;"), {S.MEMORY_LIMIT}),
    ("java", java("List<long[]> a = new ArrayList<>(); "
                  "for (int i = 0; i < 200; i++) a.add(new long[1 << 20]);"), {S.MEMORY_LIMIT}),
    ("bash", bash("y=x; for i in {1..31}; do y=$y$y; done"), {S.MEMORY_LIMIT, S.TIMEOUT}),
    # 3 endless output, 4 a lot of output from a correct program
    ("python", py("while True: print('x' * 10000)"), {S.OUTPUT_LIMIT}),
    ("javascript", js("while (true) require('fs').writeSync(1, 'x'.repeat(10000));"),
     {S.OUTPUT_LIMIT}),
    ("php", php("while (true) echo str_repeat('x', 10000);"), {S.OUTPUT_LIMIT}),
    ("bash", bash("yes >&2"), {S.OUTPUT_LIMIT}),
    ("cpp", cpp("while (true) puts(\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\");"),
     {S.OUTPUT_LIMIT}),
    ("python", py("print('x' * 300_000)"), {S.PASSED}),
    ("javascript", js("console.log('x'.repeat(300000));"), {S.PASSED}),
    ("php", php("echo str_repeat('x', 300000);"), {S.PASSED}),
    ("bash", bash("head -c 300000 /dev/zero >&2"), {S.PASSED}),
    ("cpp", cpp("cout << string(300000, 'x') << endl;"), {S.PASSED}),
    ("java", java('System.out.println("x".repeat(300000));'), {S.PASSED}),
    # 5 disk
    ("python", py("try:\n    with open('/tmp/big', 'wb') as f:\n        for _ in range(300):\n"
                  "            f.write(b'x' * (1 << 20))\n    return -1\nexcept OSError: pass"),
     {S.PASSED, S.MEMORY_LIMIT}),
    ("bash", bash("head -c 300M /dev/zero >/tmp/big 2>/dev/null && echo -1"),
     {S.PASSED, S.MEMORY_LIMIT}),
    ("python", py("import os\nfor place in ('/', '/dev', '/dev/shm', '/job', '/usr', '/proc'):\n"
                  "    try:\n        open(place + '/big', 'wb').write(b'x')\n        return -1\n"
                  "    except OSError: pass"), {S.PASSED}),
    # 6 host files
    ("python", py("import os\nfor p in ('@SECRET@', '/etc/shadow', '/etc/passwd', '/root', "
                  "'/home', '/var/log', '/var/lib/dpkg', '/proc/1/root/etc/shadow'):\n"
                  "    try:\n"
                  "        os.listdir(p) if os.path.isdir(p) else open(p).read()\n"
                  "        return -1\n"
                  "    except OSError: pass\n"
                  "# of /var, GHC's settings at most\n"
                  "for p, known in (('/var', {'lib'}), ('/var/lib', {'ghc'})):\n"
                  "    if os.path.isdir(p) and set(os.listdir(p)) - known: return -1"),
     {S.PASSED}),
    ("javascript", js("try { require('fs').readFileSync('@SECRET@'); return -1; } catch {}"),
     {S.PASSED}),
    ("php", php("if (@file_get_contents('@SECRET@') !== false) return -1;"), {S.PASSED}),
    ("bash", bash("[ -e @SECRET@ ] && { echo -1; return; }"), {S.PASSED}),
    ("cpp", cpp('if (fopen("@SECRET@", "r")) return -1;'), {S.PASSED}),
    ("java", java('if (new java.io.File("@SECRET@").exists()) return -1;'), {S.PASSED}),
    ("ruby", 'def f(x)\n  File.exist?("@SECRET@") ? -1 : x + 1\nend\n', {S.PASSED}),
    ("perl", "sub f { return -e '@SECRET@' ? -1 : $_[0] + 1 }", {S.PASSED}),
    # 7 environment
    ("python", py("import os, glob\nif 'OORL_SECRET' in os.environ: return -1\n"
                  "for p in glob.glob('/proc/*/environ'):\n    try:\n"
                  "        if b'oorl-host-secret' in open(p, 'rb').read(): return -1\n"
                  "    except OSError: pass"), {S.PASSED}),
    ("javascript", js("if (process.env.OORL_SECRET) return -1;"), {S.PASSED}),
    ("php", php("if (getenv('OORL_SECRET') !== false) return -1;"), {S.PASSED}),
    ("bash", bash("[ -n \"$OORL_SECRET\" ] && { echo -1; return; }"), {S.PASSED}),
    ("cpp", cpp('if (getenv("OORL_SECRET")) return -1;'), {S.PASSED}),
    # 8 network
    ("python", py("import socket\nfor to in (('127.0.0.1', 22), ('8.8.8.8', 53)):\n    try:\n"
                  "        socket.create_connection(to, 1)\n        return -1\n"
                  "    except OSError: pass\n"
                  "try:\n    socket.socket(40, socket.SOCK_STREAM)\n    return -1\n"
                  "except OSError: pass"), {S.PASSED}),
    ("php", php("if (@fsockopen('8.8.8.8', 53, $a, $b, 1)) return -1;"), {S.PASSED}),
    ("bash", bash("(exec 9<>/dev/tcp/8.8.8.8/53) 2>/dev/null && { echo -1; return; }"), {S.PASSED}),
    # 9 kill the runner, 10 trace it
    ("python", py("import os, signal\nfor pid in (1, os.getppid(), -1):\n    try: "
                  "os.kill(pid, signal.SIGKILL)\n    except OSError: pass"), {S.PASSED}),
    ("bash", bash("kill -9 -1 1 $PPID 2>/dev/null"), {S.PASSED, S.RUNTIME_ERROR}),
    ("javascript", js("for (const p of [1, process.ppid, -1]) try { process.kill(p, 9) } catch {}"),
     {S.PASSED}),
    ("cpp", cpp("kill(-1, 9); kill(1, 9); if (ptrace(PTRACE_ATTACH, 1, 0, 0) == 0) return -1;"),
     {S.PASSED}),
    # 14 mounts and namespaces
    ("cpp", cpp("if (!unshare(CLONE_NEWUSER) || !mount(\"none\", \"/tmp\", \"tmpfs\", 0, 0) || "
                "!chroot(\"/tmp\")) return -1;"), {S.PASSED}),
    ("python", py("import ctypes\nc = ctypes.CDLL(None, use_errno=True)\n"
                  "if c.unshare(0x10000000) == 0 or c.syscall(321, 0, 0, 0) >= 0: return -1"),
     {S.PASSED}),
    # 13 a daemon, 15 a child that keeps stdout open
    ("python", py("import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
                  "        time.sleep(60)\n    os._exit(0)"), {S.PASSED}),
    ("bash", bash("(setsid sleep 60 >&2 &) </dev/null"), {S.PASSED}),
    ("javascript", js("require('child_process').spawn('sleep', ['60'], "
                      "{detached: true, stdio: 'inherit'}).unref();"), {S.PASSED}),
    ("cpp", cpp("if (!fork()) { setsid(); sleep(60); _exit(0); }"), {S.PASSED}),
    # 16 stop itself, ignore signals and spin
    ("python", py("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"), {S.TIMEOUT}),
    ("python", py("import signal\nfor s in range(1, 65):\n"
                  "    try: signal.signal(s, signal.SIG_IGN)\n"
                  "    except (OSError, ValueError): pass\nwhile True: pass"), {S.TIMEOUT}),
    ("bash", bash("trap '' TERM INT HUP XCPU; while :; do :; done"), {S.TIMEOUT}),
    # 17 wait for stdin
    ("python", py("input()"), {S.RUNTIME_ERROR}),
    ("javascript", js("require('fs').readFileSync(0);"), {S.PASSED}),
    ("bash", bash("read line"), {S.PASSED}),
    ("php", php("fgets(STDIN);"), {S.PASSED, S.RUNTIME_ERROR}),
    ("cpp", cpp("string s; getline(cin, s);"), {S.PASSED}),
    # 18 invalid UTF-8
    ("python", py("import os\nos.write(1, b'\\xff\\xfe\\x80'); os.write(2, b'\\xff')"), {S.PASSED}),
    ("python", py("import os\nos.write(3, b'=\\t0\\t\\xff\\n')"), {S.PROTOCOL_VIOLATION}),
    ("bash", bash("printf '\\xff\\xfe\\n'"), {S.WRONG_ANSWER}),
    # 19 surrogates and zero bytes in the source
    ("python", py("y = '\ud800'"), {S.COMPILE_ERROR}),
    ("cpp", cpp("// \udfff"), {S.PASSED, S.COMPILE_ERROR}),
    ("java", java("// \udfff"), {S.PASSED, S.COMPILE_ERROR}),
    ("javascript", js("// \ud800"), {S.PASSED}),
    ("php", php("// \ud800"), {S.PASSED}),
    ("bash", bash("# \ud800"), {S.PASSED}),
    ("python", "\0def f(x): return x", {S.COMPILE_ERROR}),
    ("java", java("/* \0 */"), {S.PASSED, S.COMPILE_ERROR}),
    # 20, 21, 22, 30 hostile compiles
    ("cpp", '#include "/dev/zero"\n', {S.COMPILE_ERROR, S.COMPILE_TIMEOUT}),
    ("cpp", '#include "@SECRET@"\n', {S.COMPILE_ERROR}),
    ("cpp", '#include "/etc/shadow"\n', {S.COMPILE_ERROR}),
    ("cpp", cpp("return big[x];", "char big[600 << 20] = {1};"), {S.COMPILE_ERROR}),
    ("cpp", cpp("return T<40>::v;", "template <int N, int M = 0> struct T { static const int v = "
                "T<N - 1, 2 * M>::v + T<N - 1, 2 * M + 1>::v; };"
                "template <int M> struct T<0, M> { static const int v = 1; };"),
     {S.COMPILE_ERROR, S.COMPILE_TIMEOUT}),
    ("cpp", "#define A(x) x x x x x x x x x x\n#define B(x) A(A(A(A(A(x)))))\n"
            "int a[] = { B(B(1,)) };", {S.COMPILE_ERROR, S.COMPILE_TIMEOUT}),
    ("java", java("return " + "(" * 4000 + "x" + ")" * 4000 + " + 1;"),
     {S.COMPILE_ERROR, S.PASSED}),
    # 24, 26, 27 leaving before the tests end
    ("python", py("import os\nos._exit(0)"), {S.PROTOCOL_VIOLATION}),
    ("python", py("import sys\nsys.exit(0)"), {S.RUNTIME_ERROR}),
    ("python", "import os\nos._exit(0)", {S.PROTOCOL_VIOLATION}),
    ("javascript", js("process.exit(0);"), {S.PROTOCOL_VIOLATION}),
    ("javascript", js("throw 1;", "process.on('uncaughtException', () => process.exit(0));"),
     {S.RUNTIME_ERROR}),
    ("php", php("exit(0);"), {S.PROTOCOL_VIOLATION}),
    ("bash", "exit 0\n", {S.PROTOCOL_VIOLATION}),
    ("bash", bash("exit 0"), {S.WRONG_ANSWER}),
    ("cpp", cpp("", "struct Z { Z() { _Exit(0); } } z;"), {S.PROTOCOL_VIOLATION}),
    ("cpp", cpp("exit(0);"), {S.PROTOCOL_VIOLATION}),
    ("java", java("System.exit(0);"), {S.PROTOCOL_VIOLATION}),
    ("java", java("Runtime.getRuntime().halt(0);"), {S.PROTOCOL_VIOLATION}),
    ("ruby", "def f(x)\n  exit!(0)\nend\n", {S.PROTOCOL_VIOLATION}),
    ("perl", "sub f { exit(0) }", {S.PROTOCOL_VIOLATION}),
    ("lua", "function f(x) os.exit(0) end", {S.PROTOCOL_VIOLATION}),
    # 25 equality and types
    ("python", "class E(int):\n    __eq__ = lambda *a: True\n    __repr__ = lambda s: '2'\n"
               "    __hash__ = int.__hash__\ndef f(x):\n    return E(0)\n", {S.WRONG_ANSWER}),
    ("python", "import builtins\nbuiltins.isinstance = lambda *a: True\n"
               "def f(x):\n    return 'x'\n", {S.WRONG_ANSWER}),
    ("javascript", "Number.isInteger = () => true; BigInt = () => '2'; "
                   "function f(x) { return {valueOf: () => x + 1}; }", {S.WRONG_ANSWER}),
    # 28 forged records: they are answers like any other, and one too many is a violation
    ("python", py("import os\nos.write(3, b'=\\t0\\t2\\n')"), {S.PROTOCOL_VIOLATION}),
    ("python", "import os\nos.write(3, b'=\\t0\\t7\\n=\\t1\\t7\\n')\nos._exit(0)\n",
     {S.WRONG_ANSWER}),
    ("javascript", js("require('fs').writeSync(3, '=\\t0\\t2\\n');"), {S.PROTOCOL_VIOLATION}),
    ("cpp", cpp('write(3, "=\\t0\\t2\\n", 6);'), {S.PROTOCOL_VIOLATION}),
    ("php", php("fwrite(fopen('php://fd/3', 'w'), \"=\\t0\\t2\\n\");"), {S.PROTOCOL_VIOLATION}),
    ("bash", bash("echo -e '=\\t0\\t2' >/proc/$$/fd/3"), {S.PROTOCOL_VIOLATION}),
    ("python", py("import os\nfor d in range(4, 64):\n    try:\n        os.write(d, b'x')\n"
                  "        return -1\n    except OSError: pass"), {S.PASSED}),
    ("python", py("import os\nwhile True: os.write(3, b'x' * 65536)"), {S.OUTPUT_LIMIT}),
    # 29 a correct prefix
    ("python", py("import os\nif x == 5: os._exit(0)"), {S.PROTOCOL_VIOLATION}),
    ("cpp", cpp("if (x == 5) _exit(0);"), {S.PROTOCOL_VIOLATION}),
]


@pytest.mark.parametrize(("language", "code", "allowed"), ATTACKS,
                         ids=[f"{language}-{i}" for i, (language, _, _) in enumerate(ATTACKS)])
def test_attack(attack, language, code, allowed):
    verdict = attack(language, code)
    assert verdict.status in allowed, verdict


def test_expected_values_cannot_be_found_inside(attack):
    """Row 25: walk frames, objects and files for a number that only the expected value holds."""
    code = '''
import gc, glob, sys
def f(x):
    wanted = int("1546372819"[::-1])
    found = [o for o in gc.get_objects() if isinstance(o, (list, tuple, dict)) and
             str(wanted) in repr(o)[:100000]]
    frame = sys._getframe()
    while frame:
        found += [v for k, v in frame.f_locals.items() if v == wanted and k != "wanted"]
        frame = frame.f_back
    for path in glob.glob("/job/*") + ["/proc/self/environ", "/proc/self/cmdline"]:
        if str(wanted) in open(path, errors="replace").read():
            found.append(path)
    return wanted if found else 0
'''
    assert attack("python", code, (Case((1,), 9182736451),)).status is Status.WRONG_ANSWER


PLANT = py("import os\nfor p in ('/tmp/plant', '/dev/shm/plant', '/job/plant', '/usr/lib/plant',"
           " '/var/tmp/plant'):\n    try: open(p, 'w').write('x')\n    except OSError: pass\n"
           "os.environ['PLANT'] = '1'")
LOOK = py("import os, glob\nif 'PLANT' in os.environ: return -1\n"
          "for p in ('/tmp/plant', '/dev/shm/plant', '/job/plant', '/usr/lib/plant',"
          " '/var/tmp/plant'):\n    if os.path.exists(p): return -1\n"
          "if glob.glob('/tmp/*') or len(glob.glob('/proc/[0-9]*')) > 4: return -1")


def test_one_program_leaves_nothing_for_the_next(attack):
    """Rows 12, 31 and 32."""
    for _ in range(2):
        assert attack("python", PLANT).status is Status.PASSED
        assert attack("python", LOOK).status is Status.PASSED


def test_the_compile_server_survives_and_keeps_programs_apart(attack):
    """A class of one program is unknown to the next; a broken source does not stop the server."""
    helper = "static long f(long x) { return Helper.up(x); }\n"
    with_class = helper + "static class Helper { static long up(long x) { return x + 1; } }\n"
    assert attack("java", with_class).status is Status.PASSED
    assert attack("java", helper).status is Status.COMPILE_ERROR
    assert attack("java", "static long f(long x) { return \"" + "x" * 70000).status is (
        Status.COMPILE_ERROR)
    assert attack("java", with_class).status is Status.PASSED
