"""The attack corpus in Go."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import BAD_COMPILE, DISK, LEFT


def go(body: str, before: str = "") -> str:
    return f"{before}\nfunc f(x int) int {{\n{body}\nreturn x + 1\n}}\n"


SH = 'import "os/exec"\nfunc sh(c string) bool { return exec.Command("sh", "-c", c).Run() == nil }\n'


ATTACKS = [
    ({1}, go('for i := 0; i < 200; i++ { if exec.Command("sleep", "60").Start() != nil { panic("no") } }',
         'import "os/exec"'), {S.PROCESS_LIMIT}),
    ({2}, go("b := make([]byte, 1500 << 20); for i := range b { b[i] = 1 }; _ = b"), {S.MEMORY_LIMIT}),
    ({3}, go('for { fmt.Println("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") }',
         'import "fmt"').replace("return x + 1", ""), {S.OUTPUT_LIMIT}),
    ({6}, go('if _, e := os.ReadFile("@SECRET@"); e == nil { return -1 }'), {S.PASSED}),
    ({7}, go('if os.Getenv("OORL_SECRET") != "" { return -1 }'), {S.PASSED}),
    ({8}, go('if _, e := net.DialTimeout("tcp", "8.8.8.8:53", 1000000000); e == nil { return -1 }',
         'import "net"'), {S.PASSED}),
    ({21}, go("if big[x] == 7 { return 0 }", "var big = [600 << 20]byte{1}"), {*BAD_COMPILE, S.MEMORY_LIMIT}),
    ({22}, go("", 'import _ "embed"\n//go:embed @SECRET@\nvar s string'), BAD_COMPILE),
    ({24, 26}, go("", "import \"os\"\nfunc init() { os.Exit(0) }"), LEFT),
    ({24}, go("os.Exit(0)"), LEFT),
    ({24, 26}, go("", "import \"os\"\nvar y = func() int { os.Exit(0); return 1 }()"), LEFT),
    ({28}, go('syscall.Write(3, []byte("=\\t0\\t2\\n"))', 'import "syscall"'), LEFT),
    ({29}, go("if x == 5 { os.Exit(0) }"), LEFT),
    ({4, 18}, go('os.Stdout.Write(append(make([]byte, 300000), 255, 254, 128))', 'import "os"'), {S.PASSED}),
    ({5}, go('o, _ := os.Create("/tmp/big"); b := make([]byte, 1 << 20); for i := 0; i < 300; i++ { if _, e := o.Write(b); e != nil { return x + 1 } }; if x > 0 { return -1 }', 'import "os"'), DISK),
    ({8}, go('if _, e := net.DialTimeout("tcp", "127.0.0.1:@PORT@", 1000000000); e == nil { return -1 }', 'import "net"'), {S.PASSED}),
    ({9, 10, 14}, go('if syscall.PtraceAttach(1) == nil || syscall.Unshare(syscall.CLONE_NEWUSER) == nil || syscall.Chroot("/tmp") == nil || syscall.Mount("none", "/tmp", "tmpfs", 0, "") == nil { return -1 }; syscall.Kill(1, 9); syscall.Kill(-1, 9)', 'import "syscall"'), {S.PASSED}),
    ({11, 17, 23}, go('os.Stdin.Read(make([]byte, 9)); for _, p := range []string{"@HOST@", "/etc", "/root", "/usr", "/job", "/prepared", "/var"} { if os.WriteFile(p + "/plant", []byte("x"), 0644) == nil { return -1 } }; os.Symlink("@SECRET@", "/tmp/link"); if _, e := os.ReadFile("/tmp/link"); e == nil { return -1 }', 'import "os"'), {S.PASSED}),
    ({12, 31, 32}, (go('sh("@PLANT@")', SH), go('if sh("@LOOK@") { return -1 }', SH)), {S.PASSED}),
    ({13, 15}, go('c := exec.Command("setsid", "sleep", "60"); c.Stdout = os.Stdout; if c.Start() != nil { return -1 }', 'import "os"\nimport "os/exec"'), {S.PASSED}),
    ({19}, "// \ud800\n" + go(""), {S.PASSED, S.COMPILE_ERROR}),
    ({22}, go("", '//line @SECRET@:1\nvar s string = 1'), BAD_COMPILE),
    ({22}, go("", 'import "@SECRET@"'), BAD_COMPILE),
    ({22}, go("", '// #include "@SECRET@"\nimport "C"'), BAD_COMPILE),
    ({25}, go("return 0", "type int string\ntype bool = string"), {S.WRONG_ANSWER, S.COMPILE_ERROR}),
    ({25}, go('if x > 900000000 && sh("grep -qrs " + strconv.Itoa(x + 1) + " /job /proc/self/environ") { return -1 }', 'import "strconv"\n' + SH), {S.PASSED}),
    # leaves a moment later, when the first answer is out
    ({26}, go("if x > 1 { time.Sleep(3 * time.Second) }", 'import "os"\nimport "time"\nfunc init() { go func() { time.Sleep(time.Second / 10); os.Exit(0) }() }'), LEFT),
    ({27}, go('defer os.Exit(0); panic("no")', 'import "os"'), LEFT),
    ({27}, go('go panic("no"); time.Sleep(time.Second)', 'import "time"'), {S.RUNTIME_ERROR}),
    ({30}, go("return int(y % 7)", "const a = 1 << 500\nconst b = " + "*".join("a" for _ in range(40)) + "\nconst y = b * b % 11"), {*BAD_COMPILE, S.WRONG_ANSWER}),
]
SLOW = [
    ({16}, go("signal.Ignore(); syscall.Kill(syscall.Getpid(), syscall.SIGSTOP); for {}", 'import "os/signal"\nimport "syscall"').replace("return x + 1", ""), {S.TIMEOUT}),
    ({26}, go("", "func init() { for {} }"), {S.TIMEOUT}),
]
ABSENT = {
    20: "the language includes no files: row 22 has what its directives can name",
}
