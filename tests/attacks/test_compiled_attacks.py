"""The attack corpus in the compiled languages and R; rows are those of the corpus, see
`test_attacks.py` for the rest. What only these languages have: initialisers that run before the
driver, and compilers that read files or compute."""

# ruff: noqa: E501 - programs on one line
import pytest

from oorl.records import Status

S = Status
BAD_COMPILE = {S.COMPILE_ERROR, S.COMPILE_TIMEOUT}


def go(body: str, before: str = "") -> str:
    return f"{before}\nfunc f(x int) int {{\n{body}\nreturn x + 1\n}}\n"


def rust(body: str, before: str = "") -> str:
    return f"{before}\nfn f(x: i64) -> i64 {{\n{body}\nx + 1\n}}\n"


def ts(body: str, before: str = "") -> str:
    return f"{before}\nfunction f(x: number): number {{\n{body}\nreturn x + 1;\n}}\n"


def cs(body: str, before: str = "") -> str:
    return f"{before}\nstatic long f(long x) {{\n{body}\nreturn x + 1;\n}}\n"


def hs(body: str, before: str = "") -> str:
    return (f"{before}\nimport System.IO.Unsafe\nimport System.IO\nimport System.Exit\n"
            "import System.Environment\nimport System.Posix.Process\nimport Control.Exception\n"
            f"f :: Int -> Int\nf x = unsafePerformIO $ do\n  {body}\n  return (x + 1)\n"
            "{-# NOINLINE f #-}\n")


def r(body: str, before: str = "") -> str:
    return f"{before}\nf <- function(x) {{\n{body}\nx + 1\n}}\n"


ATTACKS = [
    # 1 processes, 2 memory
    ("go", go('for i := 0; i < 200; i++ { if exec.Command("sleep", "60").Start() != nil { panic("no") } }',
              'import "os/exec"'), {S.PROCESS_LIMIT}),
    ("rust", rust('for _ in 0..200 { std::process::Command::new("sleep").arg("60").spawn().unwrap(); }'),
     {S.PROCESS_LIMIT}),
    ("go", go("b := make([]byte, 1500 << 20); for i := range b { b[i] = 1 }; _ = b"),
     {S.MEMORY_LIMIT}),
    ("rust", rust("let v = vec![1u8; 1500 << 20]; println!(\"{}\", v[x as usize]);"), {S.MEMORY_LIMIT}),
    ("csharp", cs("var a = new List<long[]>(); for (int i = 0; i < 200; i++) { "
                  "var b = new long[1 << 20]; for (int j = 0; j < b.Length; j += 512) b[j] = 1; "
                  "a.Add(b); }"), {S.MEMORY_LIMIT}),
    ("r", r("y <- lapply(1:30, function(i) rep(1, 8e6))"), {S.MEMORY_LIMIT}),
    # 3 endless output, 4 a lot of output from a correct program
    ("go", go('for { fmt.Println("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") }',
              'import "fmt"').replace("return x + 1", ""), {S.OUTPUT_LIMIT}),
    ("rust", rust('print!("{}", "x".repeat(300_000));'), {S.PASSED}),
    ("csharp", cs("Console.Write(new string('x', 300000));"), {S.PASSED}),
    ("typescript", ts('console.log("x".repeat(300000));'), {S.PASSED}),
    ("haskell", hs("putStr (replicate 300000 'x')"), {S.PASSED}),
    ("r", r('cat(strrep("x", 300000))'), {S.PASSED}),
    # 6 host files
    ("go", go('if _, e := os.ReadFile("@SECRET@"); e == nil { return -1 }'), {S.PASSED}),
    ("rust", rust('if std::fs::read("@SECRET@").is_ok() { return -1; }'), {S.PASSED}),
    ("csharp", cs('if (System.IO.File.Exists("@SECRET@")) return -1;'), {S.PASSED}),
    ("typescript", ts("try { require('fs').readFileSync('@SECRET@'); return -1; } catch {}"),
     {S.PASSED}),
    ("r", r('if (file.exists("@SECRET@")) return(-1)'), {S.PASSED}),
    # 7 environment
    ("go", go('if os.Getenv("OORL_SECRET") != "" { return -1 }'), {S.PASSED}),
    ("rust", rust('if std::env::var("OORL_SECRET").is_ok() { return -1; }'), {S.PASSED}),
    ("csharp", cs('if (Environment.GetEnvironmentVariable("OORL_SECRET") != null) return -1;'),
     {S.PASSED}),
    ("typescript", ts("if (process.env.OORL_SECRET) return -1;"), {S.PASSED}),
    ("r", r('if (Sys.getenv("OORL_SECRET") != "") return(-1)'), {S.PASSED}),
    # 8 network
    ("go", go('if _, e := net.DialTimeout("tcp", "8.8.8.8:53", 1000000000); e == nil { return -1 }',
              'import "net"'), {S.PASSED}),
    ("rust", rust('if std::net::TcpStream::connect("8.8.8.8:53").is_ok() { return -1; }'),
     {S.PASSED}),
    # 19 surrogates in the source
    *((name, f"{comment} \ud800\n{code}", {S.PASSED, S.COMPILE_ERROR, S.RUNTIME_ERROR}) for
      name, comment, code in (("go", "//", go("")), ("rust", "//", rust("")),
                              ("csharp", "//", cs("")), ("typescript", "//", ts("")),
                              ("haskell", "--", hs("return ()")), ("r", "#", r("")))),
    # 20, 22 files of the host by way of the compiler
    ("rust", rust("", 'const S: &str = include_str!("@SECRET@");'), BAD_COMPILE),
    ("rust", rust("", 'const S: &[u8] = include_bytes!("/dev/zero");'), BAD_COMPILE),
    ("rust", rust("", '#[path = "@SECRET@"] mod secret;'), BAD_COMPILE),
    ("rust", rust("", 'const S: &str = env!("OORL_SECRET");'), BAD_COMPILE),
    ("go", go("", 'import _ "embed"\n//go:embed @SECRET@\nvar s string'), BAD_COMPILE),
    ("typescript", ts("", '/// <reference path="@SECRET@" />'), {S.PASSED, S.COMPILE_ERROR}),
    ("typescript", ts("return s.length;", 'import s = require("@SECRET@");'),
     {S.RUNTIME_ERROR, S.COMPILE_ERROR}),
    ("csharp", cs("", '#line 1 "@SECRET@"\nx'), BAD_COMPILE),
    ("haskell", "{-# LANGUAGE TemplateHaskell #-}\nimport Language.Haskell.TH\nf :: Int -> Int\n"
     "f x = length $(runIO (readFile \"@SECRET@\") >>= litE . stringL)\n", BAD_COMPILE),
    ("haskell", "{-# LANGUAGE CPP #-}\n#include \"@SECRET@\"\nf :: Int -> Int\nf x = x + 1\n",
     BAD_COMPILE),
    # 21, 30 compiles that never end or fill the machine
    ("rust", rust("B", "const fn spin(n: i64) -> i64 { let mut i = n; while i != -1 "
                  "{ i = (i + 1) % 7; } i }\nconst B: i64 = spin(0);"), BAD_COMPILE),
    ("rust", rust("m!(;)", "macro_rules! m { ($($t:tt)*) => { m!($($t)* $($t)* ;) } }"),
     BAD_COMPILE),
    ("go", go("if big[x] == 7 { return 0 }", "var big = [600 << 20]byte{1}"), {*BAD_COMPILE, S.MEMORY_LIMIT}),
    ("typescript", ts("", "type T<N extends any[]> = N['length'] extends 1e9 ? N : T<[...N, ...N, 1]>;\n"
                      "const y: T<[]> = 1;"), BAD_COMPILE),
    ("haskell", "{-# LANGUAGE TemplateHaskell #-}\nimport Language.Haskell.TH\nf :: Int -> Int\n"
     "f x = $(let go n = go (n + 1) :: Q Exp in go (0 :: Int))\n", BAD_COMPILE),
    # 24, 26 leaving before the tests end, in initialisers and in the function
    ("go", go("", "import \"os\"\nfunc init() { os.Exit(0) }"), {S.PROTOCOL_VIOLATION}),
    ("go", go("os.Exit(0)"), {S.PROTOCOL_VIOLATION}),
    ("go", go("", "import \"os\"\nvar y = func() int { os.Exit(0); return 1 }()"),
     {S.PROTOCOL_VIOLATION}),
    ("rust", rust("std::process::exit(0);"), {S.PROTOCOL_VIOLATION}),
    ("rust", rust("", 'extern "C" fn leave() { std::process::exit(0) }\n'
                  '#[used]\n#[link_section = ".init_array"]\nstatic A: extern "C" fn() = leave;'),
     {S.PROTOCOL_VIOLATION}),
    ("csharp", cs("Environment.Exit(0);"), {S.PROTOCOL_VIOLATION}),
    ("csharp", cs("", "static Solution() { Environment.Exit(0); }"), {S.PROTOCOL_VIOLATION}),
    ("csharp", cs("return y;", "static long y = Leave(); static long Leave() "
                  "{ Environment.Exit(0); return 1; }"), {S.PROTOCOL_VIOLATION}),
    ("typescript", ts("process.exit(0);"), {S.PROTOCOL_VIOLATION}),
    ("typescript", ts("", "process.exit(0);"), {S.PROTOCOL_VIOLATION}),
    ("haskell", hs("exitImmediately ExitSuccess"), {S.PROTOCOL_VIOLATION, S.COMPILE_ERROR}),
    ("haskell", hs("exitSuccess :: IO ()"), {S.RUNTIME_ERROR}),
    ("r", r("quit(status = 0)"), {S.PROTOCOL_VIOLATION}),
    ("r", r("", "quit(status = 0)"), {S.PROTOCOL_VIOLATION}),
    # 25 equality and what the driver uses, redefined
    ("csharp", cs("return 0;", "public static bool operator ==(Solution a, Solution b) { return true; }"
                  "public static bool operator !=(Solution a, Solution b) { return false; }"),
     {S.WRONG_ANSWER, S.COMPILE_ERROR}),
    ("r", r("return(0)", "`==` <- function(a, b) TRUE\nsprintf <- function(...) '2'"),
     {S.WRONG_ANSWER}),
    ("typescript", ts("return 0;", "Number.isInteger = () => true; (globalThis as any).BigInt = "
                      "() => '2';"), {S.WRONG_ANSWER}),
    # 28 forged records, 29 a correct prefix
    ("go", go('syscall.Write(3, []byte("=\\t0\\t2\\n"))', 'import "syscall"'),
     {S.PROTOCOL_VIOLATION}),
    ("rust", rust('use std::io::Write; std::fs::OpenOptions::new().write(true).open("/dev/fd/3")'
                  '.unwrap().write_all(b"=\\t0\\t2\\n").unwrap();'), {S.PROTOCOL_VIOLATION}),
    ("typescript", ts("require('fs').writeSync(3, '=\\t0\\t2\\n');"), {S.PROTOCOL_VIOLATION}),
    ("r", r("cat('=\\t0\\t2\\n', file = '/dev/fd/3')"), {S.PROTOCOL_VIOLATION}),
    ("go", go("if x == 5 { os.Exit(0) }"), {S.PROTOCOL_VIOLATION}),
    ("rust", rust("if x == 5 { std::process::exit(0); }"), {S.PROTOCOL_VIOLATION}),
    ("csharp", cs("if (x == 5) Environment.Exit(0);"), {S.PROTOCOL_VIOLATION}),
]


@pytest.mark.parametrize(("language", "code", "allowed"), ATTACKS,
                         ids=[f"{language}-{i}" for i, (language, _, _) in enumerate(ATTACKS)])
def test_attack(attack, language, code, allowed):
    verdict = attack(language, code)
    assert verdict.status in allowed, verdict


@pytest.mark.parametrize(("language", "helper", "use"), [
    ("typescript", "function up(x: number): number { return x + 1; }\n",
     "function f(x: number): number { return up(x); }\n"),
    ("csharp", "static class Helper { public static long Up(long x) { return x + 1; } }\n",
     "static long f(long x) { return Helper.Up(x); }\n")])
def test_the_compile_server_keeps_programs_apart(attack, language, helper, use):
    assert attack(language, helper + use).status is Status.PASSED
    assert attack(language, use).status is Status.COMPILE_ERROR
