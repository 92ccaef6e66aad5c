"""The attack corpus in D; rows are those of the corpus, see `test_attacks.py` for the rest. D's
own: module constructors, and a compiler that runs functions and imports files as strings."""

import pytest

from oorl.records import Status

S = Status
BAD_COMPILE = {S.COMPILE_ERROR, S.COMPILE_TIMEOUT}


def d(body: str, before: str = "") -> str:
    return f"{before}\nlong f(long x) {{\n{body}\nreturn x + 1;\n}}\n"


ATTACKS = [
    # 1 processes, 2 memory, 4 a lot of output from a correct program
    d('foreach (i; 0 .. 200) spawnProcess(["sleep", "60"]);', "import std.process;"),
    d("auto b = new ubyte[1500 << 20]; b[] = 1; if (b[x] == 2) return 0;"),
    d("foreach (i; 0 .. 300_000) printf(\"x\");", "import core.stdc.stdio;"),
    # 6, 7, 8 files of the host, environment, network
    d('if (fopen("@SECRET@", "r")) return -1;', "import core.stdc.stdio;"),
    d('if (getenv("OORL_SECRET")) return -1;', "import core.stdc.stdlib;"),
    # 19 surrogates in the source
    "// \ud800\n" + d(""),
    # 20, 22 files of the host by way of the compiler
    d("", 'enum secret = import("@SECRET@");'),
    d("", 'mixin(import("../../../../../../@SECRET@"));'),
    # 21, 30 compiles that never end or fill the machine
    d("return B;", "long spin() { long i; while (i != -1) i = (i + 1) % 7; return i; }\n"
      "enum B = spin();"),
    d("return B.length;", "int[] fill() { int[] a; while (true) a ~= a ~ [1]; return a; }\n"
      "enum B = fill();"),
    d("return T!0.v;", "template T(long n) { enum v = T!(n + 1).v; }"),
    # 24, 26 leaving before the tests end
    d("exit(0);", "import core.stdc.stdlib;"),
    d("", "import core.stdc.stdlib;\nstatic this() { exit(0); }"),
    d("", "import core.stdc.stdlib;\nshared static this() { exit(0); }"),
    d("", "import core.stdc.stdlib;\npragma(crt_constructor) extern (C) void leave() { exit(0); }"),
    # 25 what the driver uses, redefined
    d("return 0;", 'extern (C) long write(int, const void*, size_t n) { return n; }'),
    d("return 0;", "struct oorl { static bool next() { return false; } static void finish() {} }"),
    # 28 forged records, 29 a correct prefix
    d('write(3, "=\\t0\\t2\\n".ptr, 6);', "import core.sys.posix.unistd;"),
    d("if (x == 5) exit(0);", "import core.stdc.stdlib;"),
]
ALLOWED = [
    {S.PROCESS_LIMIT}, {S.MEMORY_LIMIT}, {S.PASSED},
    {S.PASSED}, {S.PASSED},
    {S.PASSED, S.COMPILE_ERROR},
    BAD_COMPILE, BAD_COMPILE,
    BAD_COMPILE, {*BAD_COMPILE, S.MEMORY_LIMIT}, BAD_COMPILE,
    *[{S.PROTOCOL_VIOLATION}] * 3,
    {S.RUNTIME_ERROR, S.PROTOCOL_VIOLATION},  # the runtime aborts: left before it had started
    {S.PROTOCOL_VIOLATION, S.WRONG_ANSWER, S.COMPILE_ERROR}, BAD_COMPILE,
    {S.PROTOCOL_VIOLATION}, {S.PROTOCOL_VIOLATION},
]


@pytest.mark.parametrize(("code", "allowed"), zip(ATTACKS, ALLOWED, strict=True),
                         ids=range(len(ATTACKS)))
def test_attack(attack, code, allowed):
    verdict = attack("d", code)
    assert verdict.status in allowed, verdict
