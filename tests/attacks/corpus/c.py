"""The attack corpus in C."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import BAD_COMPILE, DISK, LEFT

HEADERS = "".join(f"#include <{name}.h>\n" for name in (
    "unistd", "fcntl", "signal", "sched", "sys/mount", "sys/ptrace", "sys/socket", "arpa/inet"))


def c(body: str, before: str = "") -> str:
    return f"{HEADERS}{before}\nlong long f(long long x) {{\n{body}\nreturn x + 1;\n}}\n"


ATTACKS = [
    ({1}, c("for (int i = 0; i < 400; i++) { int p = fork(); if (p < 0) abort(); if (!p) { sleep(60); _exit(0); } }"), {S.PROCESS_LIMIT}),
    ({2}, c("for (int i = 0; i < 1500; i++) { char *p = malloc(1 << 20); if (!p) abort(); memset(p, 1, 1 << 20); }"), {S.MEMORY_LIMIT}),
    ({3}, c("while (1) puts(\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\");"), {S.OUTPUT_LIMIT}),
    ({4, 13, 15, 18}, c("for (int i = 0; i < 300000; i++) putchar(i % 2 ? 'x' : 255); fflush(stdout); if (!fork()) { setsid(); sleep(60); _exit(0); }"), {S.PASSED}),
    ({5}, c("FILE *o = fopen(\"/tmp/big\", \"wb\"); char *b = calloc(1, 1 << 20); for (int i = 0; i < 300; i++) if (fwrite(b, 1, 1 << 20, o) != 1 << 20) return x + 1;\nreturn -1;"), DISK),
    ({6, 7, 17}, c("if (fopen(\"@SECRET@\", \"r\") || fopen(\"/etc/shadow\", \"r\") || getenv(\"OORL_SECRET\")) return -1; getchar();"), {S.PASSED}),
    ({8}, c("struct sockaddr_in a = {AF_INET, htons(@PORT@)}; a.sin_addr.s_addr = inet_addr(\"127.0.0.1\"); if (!connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof a)) return -1; a.sin_port = htons(53); a.sin_addr.s_addr = inet_addr(\"8.8.8.8\"); if (!connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof a)) return -1;"), {S.PASSED}),
    ({9, 10}, c("if (ptrace(PTRACE_ATTACH, 1, 0, 0) == 0 || getppid() && ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0) return -1; kill(1, 9); kill(getppid() ? getppid() : 1, 9); kill(-1, 9);"), {S.PASSED}),
    ({11, 23}, c("const char *p[] = {\"@HOST@/plant\", \"/etc/plant\", \"/root/plant\", \"/usr/plant\", \"/job/plant\", \"/var/plant\"}; for (int i = 0; i < 6; i++) if (open(p[i], O_CREAT | O_WRONLY, 0644) >= 0) return -1; symlink(\"@SECRET@\", \"/tmp/link\"); if (open(\"/tmp/link\", O_RDONLY) >= 0) return -1;"), {S.PASSED}),
    ({12, 31, 32}, (c('system("@PLANT@");'), c('if (system("@LOOK@") == 0) return -1;')), {S.PASSED}),
    ({14}, c("if (!unshare(0x10000000) || !mount(\"none\", \"/tmp\", \"tmpfs\", 0, 0) || !chroot(\"/tmp\")) return -1; if (system(\"@ESCAPE@\") == 0) return -1;"), {S.PASSED}),
    ({19}, "// \ud800\n" + c(""), {S.PASSED, S.COMPILE_ERROR}),
    ({20}, '#include "/dev/zero"\n', BAD_COMPILE),
    ({21}, c("return big[x];", "char big[600 << 20] = {1};"), {*BAD_COMPILE, S.MEMORY_LIMIT}),
    ({22}, '#include "@SECRET@"\n', {S.COMPILE_ERROR}),
    ({22}, c("", 'asm(".incbin \\"@SECRET@\\"");'), {S.COMPILE_ERROR}),
    ({24}, c("exit(0);"), LEFT),
    ({24}, c("atexit(leave); exit(1);", "static void leave(void) { _exit(0); }"), LEFT),
    ({25}, "#define oorl_put_int(x) oorl_put_int(2)\n#define oorl_write(a, b) 0\nlong long f(long long x) { return 0; }\n", {S.WRONG_ANSWER, S.COMPILE_ERROR, *LEFT}),
    ({25}, c("if (x > 900000000 && system(b(x)) == 0) return -1;", "static char t[200]; static char *b(long long x) { sprintf(t, \"grep -qs %lld /job/input /proc/self/environ\", x + 1); return t; }"), {S.PASSED}),
    ({26}, c("", "__attribute__((constructor)) static void leave(void) { _exit(0); }"), {*LEFT, S.PASSED}),  # tcc runs no constructors
    ({24, 26}, c("if (x > 1) { sleep(2); sleep(2); }  else { signal(SIGALRM, leave); ualarm(50000, 0); }", "static void leave(int n) { _exit(0); }"), LEFT),
    ({28}, c('write(3, "=\\t0\\t2\\n", 6);'), LEFT),
    ({29}, c("if (x == 5) _exit(0);"), LEFT),
]
SLOW = [
    ({16}, c("for (int s = 1; s < 65; s++) signal(s, SIG_IGN); while (1) raise(SIGSTOP);"), {S.TIMEOUT}),
    ({30}, "#define A(x) x x x x x x x x x x\n#define B(x) A(A(A(A(A(x)))))\nint a[] = { B(B(1,)) };", {*BAD_COMPILE, S.RUNTIME_ERROR}),
    ({20}, '#include __FILE__\n#include "/job/main.c"\n' + c(""), BAD_COMPILE),
]
ABSENT = {
    27: "a crash has no handler but signals, which row 16 ignores",
}
