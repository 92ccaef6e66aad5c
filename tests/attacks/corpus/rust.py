"""The attack corpus in Rust."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import BAD_COMPILE, DISK, LEFT


def rust(body: str, before: str = "") -> str:
    return f"{before}\nfn f(x: i64) -> i64 {{\n{body}\nx + 1\n}}\n"


SH = 'fn sh(c: &str) -> bool { std::process::Command::new("sh").args(["-c", c]).status().unwrap().success() }\n'
NATIVE = 'extern "C" { fn kill(p: i32, n: i32) -> i32; fn ptrace(w: i32, p: i32, a: usize, b: usize) -> i64; fn unshare(f: i32) -> i32; fn getpid() -> i32; fn signal(n: i32, h: usize) -> usize; }\n'


ATTACKS = [
    ({1}, rust('for _ in 0..200 { std::process::Command::new("sleep").arg("60").spawn().unwrap(); }'), {S.PROCESS_LIMIT}),
    ({2}, rust("let v = vec![1u8; 1500 << 20]; println!(\"{}\", v[x as usize]);"), {S.MEMORY_LIMIT}),
    ({4}, rust('print!("{}", "x".repeat(300_000));'), {S.PASSED}),
    ({6}, rust('if std::fs::read("@SECRET@").is_ok() { return -1; }'), {S.PASSED}),
    ({7}, rust('if std::env::var("OORL_SECRET").is_ok() { return -1; }'), {S.PASSED}),
    ({8}, rust('if std::net::TcpStream::connect("8.8.8.8:53").is_ok() { return -1; }'), {S.PASSED}),
    ({20}, rust("", 'const S: &[u8] = include_bytes!("/dev/zero");'), BAD_COMPILE),
    ({22}, rust("", 'const S: &str = include_str!("@SECRET@");'), BAD_COMPILE),
    ({22}, rust("", '#[path = "@SECRET@"] mod secret;'), BAD_COMPILE),
    ({22}, rust("", 'const S: &str = env!("OORL_SECRET");'), BAD_COMPILE),
    ({24}, rust("std::process::exit(0);"), LEFT),
    ({24, 26}, rust("", 'extern "C" fn leave() { std::process::exit(0) }\n'
         '#[used]\n#[link_section = ".init_array"]\nstatic A: extern "C" fn() = leave;'), LEFT),
    ({28}, rust('use std::io::Write; std::fs::OpenOptions::new().write(true).open("/dev/fd/3")'
         '.unwrap().write_all(b"=\\t0\\t2\\n").unwrap();'), LEFT),
    ({29}, rust("if x == 5 { std::process::exit(0); }"), LEFT),
    ({3}, rust('loop { println!("{}", "x".repeat(9999)); }'), {S.OUTPUT_LIMIT}),
    ({5}, rust('use std::io::Write; let mut o = std::fs::File::create("/tmp/big").unwrap(); let b = vec![1u8; 1 << 20]; for _ in 0..300 { if o.write_all(&b).is_err() { return x + 1; } } if x > 0 { return -1; }'), DISK),
    ({8, 17, 18}, rust('use std::io::{Read, Write}; let mut s = String::new(); let _ = std::io::stdin().read_to_string(&mut s); std::io::stdout().write_all(&[255, 254, 128]).unwrap(); if std::net::TcpStream::connect("127.0.0.1:@PORT@").is_ok() { return -1; }'), {S.PASSED}),
    ({9, 10, 14}, rust('unsafe { if ptrace(16, 1, 0, 0) == 0 || unshare(0x10000000) == 0 { return -1; } kill(1, 9); kill(-1, 9); } if sh("@ESCAPE@") { return -1; }', NATIVE + SH), {S.PASSED}),
    ({11, 23}, rust('for p in ["@HOST@", "/etc", "/root", "/usr", "/job", "/prepared", "/var"] { if std::fs::write(format!("{}/plant", p), "x").is_ok() { return -1; } } let _ = std::os::unix::fs::symlink("@SECRET@", "/tmp/link"); if std::fs::read("/tmp/link").is_ok() { return -1; }'), {S.PASSED}),
    ({12, 31, 32}, (rust('sh("@PLANT@");', SH), rust('if sh("@LOOK@") { return -1; }', SH)), {S.PASSED}),
    ({13, 15}, rust('std::process::Command::new("setsid").args(["sleep", "60"]).spawn().unwrap();'), {S.PASSED}),
    ({19}, "// \ud800\n" + rust(""), {S.PASSED, S.COMPILE_ERROR}),
    ({25}, rust("0", "struct E; impl PartialEq<i64> for E { fn eq(&self, _: &i64) -> bool { true } }\n#[no_mangle] pub extern \"C\" fn write(_: i32, _: *const u8, n: usize) -> isize { n as isize }").replace("\nx + 1\n", "\n"), {S.WRONG_ANSWER, S.COMPILE_ERROR, *LEFT}),
    ({25}, rust('if x > 900000000 && sh(&format!("grep -qrs {} /job /proc/self/environ", x + 1)) { return -1; }', SH), {S.PASSED}),
    # leaves a moment later, when the first answer is out
    ({26}, rust('if x == 1 { std::thread::spawn(|| { std::thread::sleep(std::time::Duration::from_millis(100)); std::process::exit(0) }); } else { std::thread::sleep(std::time::Duration::from_secs(3)); }'), LEFT),
    ({27}, rust('std::panic::set_hook(Box::new(|_| std::process::exit(0))); panic!("no");'), {*LEFT, S.RUNTIME_ERROR}),
    ({27}, rust('std::process::abort();'), {S.RUNTIME_ERROR}),
]
SLOW = [
    ({30}, rust("B", "const fn spin(n: i64) -> i64 { let mut i = n; while i != -1 "
         "{ i = (i + 1) % 7; } i }\nconst B: i64 = spin(0);"), BAD_COMPILE),
    ({30}, rust("m!(;)", "macro_rules! m { ($($t:tt)*) => { m!($($t)* $($t)* ;) } }"), BAD_COMPILE),
    ({16}, rust("unsafe { for n in 1..65 { signal(n, 1); } kill(getpid(), 19); } loop {}", NATIVE), {S.TIMEOUT}),
    ({21}, rust("if B[x as usize] == 7 { return 0; }", "static B: [u8; 600 << 20] = [1; 600 << 20];"), {*BAD_COMPILE, S.MEMORY_LIMIT}),
]
ABSENT = {
}
