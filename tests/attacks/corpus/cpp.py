"""The attack corpus in C++."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import BAD_COMPILE, DISK, LEFT


def cpp(body: str, before: str = "") -> str:
    return (f"#include <sys/mount.h>\n#include <sys/ptrace.h>\n#include <sys/socket.h>\n"
            f"#include <arpa/inet.h>\n#include <signal.h>\n#include <sched.h>\n#include <fcntl.h>\n"
            f"{before}\nlong long f(long long x) {{\n{body}\nreturn x + 1;\n}}\n")


ATTACKS = [
    ({1}, cpp("for (int i = 0; i < 400; i++) { int p = fork(); if (p < 0) throw 1; "
         "if (!p) { sleep(60); _exit(0); } }"), {S.PROCESS_LIMIT}),
    ({2}, cpp("volatile char* p = (char*)malloc(1500u << 20); "
         "for (size_t i = 0; i < (1500u << 20); i += 4096) p[i] = 1;"), {S.MEMORY_LIMIT}),
    ({3}, cpp("while (true) puts(\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\");"), {S.OUTPUT_LIMIT}),
    ({4}, cpp("cout << string(300000, 'x') << endl;"), {S.PASSED}),
    ({6}, cpp('if (fopen("@SECRET@", "r")) return -1;'), {S.PASSED}),
    ({7}, cpp('if (getenv("OORL_SECRET")) return -1;'), {S.PASSED}),
    ({9, 10}, cpp("kill(-1, 9); kill(1, 9); if (ptrace(PTRACE_ATTACH, 1, 0, 0) == 0) return -1;"), {S.PASSED}),
    ({13, 15}, cpp("if (!fork()) { setsid(); sleep(60); _exit(0); }"), {S.PASSED}),
    ({14}, cpp("if (!unshare(CLONE_NEWUSER) || !mount(\"none\", \"/tmp\", \"tmpfs\", 0, 0) || "
         "!chroot(\"/tmp\")) return -1;"), {S.PASSED}),
    ({17}, cpp("string s; getline(cin, s);"), {S.PASSED}),
    ({19}, cpp("// \udfff"), {S.PASSED, S.COMPILE_ERROR}),
    ({20}, '#include "/dev/zero"\n', {S.COMPILE_ERROR, S.COMPILE_TIMEOUT}),
    ({21}, cpp("return big[x];", "char big[600 << 20] = {1};"), {S.COMPILE_ERROR}),
    ({22}, '#include "@SECRET@"\n', {S.COMPILE_ERROR}),
    ({22}, '#include "/etc/shadow"\n', {S.COMPILE_ERROR}),
    ({24, 26}, cpp("", "struct Z { Z() { _Exit(0); } } z;"), LEFT),
    ({24}, cpp("exit(0);"), LEFT),
    ({28}, cpp('write(3, "=\\t0\\t2\\n", 6);'), LEFT),
    ({29}, cpp("if (x == 5) _exit(0);"), LEFT),
    ({5}, cpp("ofstream o(\"/tmp/big\"); string b(1 << 20, 'x'); for (int i = 0; i < 300; i++) if (!(o << b)) return x + 1;\nreturn -1;"), DISK),
    ({8, 18}, cpp("cout << \"\\xff\\xfe\\x80\" << endl; sockaddr_in a = {AF_INET, htons(@PORT@)}; a.sin_addr.s_addr = inet_addr(\"127.0.0.1\"); if (!connect(socket(AF_INET, SOCK_STREAM, 0), (sockaddr*)&a, sizeof a)) return -1; a.sin_port = htons(53); a.sin_addr.s_addr = inet_addr(\"8.8.8.8\"); if (!connect(socket(AF_INET, SOCK_STREAM, 0), (sockaddr*)&a, sizeof a)) return -1;"), {S.PASSED}),
    ({11, 14, 23}, cpp("for (auto p : {\"@HOST@/plant\", \"/etc/plant\", \"/root/plant\", \"/usr/plant\", \"/job/plant\", \"/prepared/plant\", \"/var/plant\"}) if (open(p, O_CREAT | O_WRONLY, 0644) >= 0) return -1; symlink(\"@SECRET@\", \"/tmp/link\"); if (open(\"/tmp/link\", O_RDONLY) >= 0 || system(\"@ESCAPE@\") == 0) return -1;"), {S.PASSED}),
    ({12, 31, 32}, (cpp('system("@PLANT@");'), cpp('if (system("@LOOK@") == 0) return -1;')), {S.PASSED}),
    ({22}, cpp("", 'asm(".incbin \\"@SECRET@\\"");'), {S.COMPILE_ERROR}),
    ({25}, cpp("return 0;", "template <class T, class U> bool operator==(const vector<T>&, const vector<U>&) { return true; }\nextern \"C\" long write(int, const void*, size_t n) { return n; }"), {S.WRONG_ANSWER, S.COMPILE_ERROR, *LEFT}),
    ({25}, cpp("if (x > 900000000 && system((\"grep -qrs \" + to_string(x + 1) + \" /job /proc/self/environ\").c_str()) == 0) return -1;"), {S.PASSED}),
    # leaves a moment later, when the first answer is out
    ({26}, cpp("if (x > 1) { sleep(2); sleep(2); }", "struct Z { Z() { signal(SIGALRM, [](int) { _Exit(0); }); ualarm(50000, 0); } } z;"), LEFT),
    ({26}, cpp("", "__attribute__((constructor)) static void leave() { _exit(0); }"), LEFT),
    ({26}, cpp("", "#undef assert\n#define assert(x) ((void)0)\nstruct Z { ~Z() { _Exit(0); } } z;"), {S.PASSED}),
    ({27}, cpp("throw 1;", "struct Z { Z() { set_terminate([] { _Exit(0); }); } } z;"), {S.RUNTIME_ERROR, *LEFT}),
]
SLOW = [
    ({30}, cpp("return T<40>::v;", "template <int N, int M = 0> struct T { static const int v = "
         "T<N - 1, 2 * M>::v + T<N - 1, 2 * M + 1>::v; };"
         "template <int M> struct T<0, M> { static const int v = 1; };"), {S.COMPILE_ERROR, S.COMPILE_TIMEOUT}),
    ({30}, "#define A(x) x x x x x x x x x x\n#define B(x) A(A(A(A(A(x)))))\n"
         "int a[] = { B(B(1,)) };", {S.COMPILE_ERROR, S.COMPILE_TIMEOUT}),
    ({16}, cpp("for (int s = 1; s < 65; s++) signal(s, SIG_IGN); while (true) raise(SIGSTOP);"), {S.TIMEOUT}),
    ({30}, cpp("return spin(1);", "constexpr long long spin(long long n) { while (n) n = n % 7 + 1; return n; }\nconstexpr long long all = spin(1);"), BAD_COMPILE),
]
ABSENT = {
}
