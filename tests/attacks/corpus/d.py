"""The attack corpus in D. Its own: module constructors, and a compiler that runs functions and
imports files as strings."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import BAD_COMPILE, DISK, LEFT


def d(body: str, before: str = "") -> str:
    return f"{before}\nlong f(long x) {{\n{body}\nreturn x + 1;\n}}\n"


NATIVE = ('import core.stdc.stdlib;\nimport core.sys.posix.signal;\nimport core.sys.posix.unistd;\nimport core.stdc.stdio;\n'
          'extern (C) { long ptrace(int what, int pid, long a, long b); int unshare(int flags); int chroot(const char* p); uint ualarm(uint a, uint b); }\n')


ATTACKS = [
    ({1}, d('foreach (i; 0 .. 200) spawnProcess(["sleep", "60"]);', "import std.process;"), {S.PROCESS_LIMIT}),
    ({2}, d("auto b = new ubyte[1500 << 20]; b[] = 1; if (b[x] == 2) return 0;"), {S.MEMORY_LIMIT}),
    ({4}, d("foreach (i; 0 .. 300_000) printf(\"x\");", "import core.stdc.stdio;"), {S.PASSED}),
    ({6}, d('if (fopen("@SECRET@", "r")) return -1;', "import core.stdc.stdio;"), {S.PASSED}),
    ({7}, d('if (getenv("OORL_SECRET")) return -1;', "import core.stdc.stdlib;"), {S.PASSED}),
    ({19}, "// \ud800\n" + d(""), {S.PASSED, S.COMPILE_ERROR}),
    ({22}, d("", 'enum secret = import("@SECRET@");'), BAD_COMPILE),
    ({22}, d("", 'mixin(import("../../../../../../@SECRET@"));'), BAD_COMPILE),
    ({24}, d("exit(0);", "import core.stdc.stdlib;"), LEFT),
    ({24, 26}, d("", "import core.stdc.stdlib;\nstatic this() { exit(0); }"), LEFT),
    ({24, 26}, d("", "import core.stdc.stdlib;\nshared static this() { exit(0); }"), LEFT),
    ({24, 26}, d("", "import core.stdc.stdlib;\npragma(crt_constructor) extern (C) void leave() { exit(0); }"), {S.RUNTIME_ERROR, *LEFT}),
    ({25}, d("return 0;", 'extern (C) long write(int, const void*, size_t n) { return n; }'), {*LEFT, S.WRONG_ANSWER, S.COMPILE_ERROR}),
    ({25}, d("return 0;", "struct oorl { static bool next() { return false; } static void finish() {} }"), BAD_COMPILE),
    ({28}, d('write(3, "=\\t0\\t2\\n".ptr, 6);', "import core.sys.posix.unistd;"), LEFT),
    ({29}, d("if (x == 5) exit(0);", "import core.stdc.stdlib;"), LEFT),
    ({30}, d("return B.length;", "int[] fill() { int[] a; while (true) a ~= a ~ [1]; return a; }\n"
         "enum B = fill();"), {*BAD_COMPILE, S.MEMORY_LIMIT}),
    ({30}, d("return T!0.v;", "template T(long n) { enum v = T!(n + 1).v; }"), BAD_COMPILE),
    ({3}, d('while (true) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");', NATIVE), {S.OUTPUT_LIMIT}),
    ({5, 17}, d('getchar(); auto o = fopen("/tmp/big", "wb"); auto b = new ubyte[1 << 20]; foreach (i; 0 .. 300) if (fwrite(b.ptr, 1, 1 << 20, o) != 1 << 20) return x + 1; if (x) return -1;', NATIVE), DISK),
    ({8, 14}, d('if (system("@REACH@") == 0 || system("@ESCAPE@") == 0 || unshare(0x10000000) == 0 || chroot("/tmp") == 0) return -1;', NATIVE), {S.PASSED}),
    ({9, 10}, d("if (ptrace(16, 1, 0, 0) == 0) return -1; kill(1, 9); kill(-1, 9);", NATIVE), {S.PASSED}),
    ({11, 23}, d('foreach (p; ["@HOST@/plant", "/etc/plant", "/root/plant", "/usr/plant", "/job/plant", "/prepared/plant", "/var/plant"]) if (fopen((p ~ "\\0").ptr, "w")) return -1; symlink("@SECRET@", "/tmp/link"); if (fopen("/tmp/link", "r")) return -1;', NATIVE), {S.PASSED}),
    ({12, 31, 32}, (d('system("@PLANT@");', NATIVE), d('if (system("@LOOK@") == 0) return -1;', NATIVE)), {S.PASSED}),
    ({13, 15, 18}, d('printf("\\xff\\xfe\\x80"); fflush(stdout); if (!fork()) { setsid(); sleep(60); _exit(0); }', NATIVE), {S.PASSED}),
    ({20}, d("", 'enum zero = import("/dev/zero");'), BAD_COMPILE),
    ({21}, d("return big[x];", "__gshared ubyte[600 << 20] big = 1;"), {*BAD_COMPILE, S.MEMORY_LIMIT}),
    ({25}, d('if (x > 900_000_000) { char[99] t = 0; snprintf(t.ptr, 99, "grep -qrs %lld /job /proc/self/environ", x + 1); if (system(t.ptr) == 0) return -1; }', NATIVE).replace("/job /", "/job/main.d /"), {S.PASSED}),
    # leaves a moment later, when the first answer is out
    ({26}, d("if (x > 1) { sleep(2); sleep(2); }", NATIVE + "extern (C) void leave(int n) nothrow @nogc { _exit(0); }\nstatic this() { signal(SIGALRM, &leave); ualarm(50_000, 0); }"), LEFT),
    ({27}, d('scope (exit) _exit(0); throw new Exception("no");', NATIVE), LEFT),
]
SLOW = [
    ({30}, d("return B;", "long spin() { long i; while (i != -1) i = (i + 1) % 7; return i; }\n"
         "enum B = spin();"), BAD_COMPILE),
    ({16}, d("foreach (s; 1 .. 65) signal(s, SIG_IGN); while (true) raise(SIGSTOP);", NATIVE), {S.TIMEOUT}),
    ({26}, d("", "shared int y;\nstatic this() { while (y == 0) {} }"), {S.TIMEOUT}),
]
ABSENT = {
}
