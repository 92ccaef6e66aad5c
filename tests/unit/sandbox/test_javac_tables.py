"""javac's tables, kept between sources, change no answer: a server with tables of its own for each
source is the oracle."""

import struct
import subprocess
from importlib import resources

import pytest

from oorl.languages import get_language
from oorl.languages.java import JAVAC_PARTS
from oorl.sandbox import available_languages

SOURCES = [
    "class Main { } class Helper { static int x; interface In {} } class ArrayList {}",
    "class Main { int f() { return Helper.x; } }",
    "class Main { Helper.In f() { return null; } }",
    "class Main { ArrayList f() { return null; } }",
    "import java.util.*; class Main { ArrayList<String> f() { return new ArrayList<>(); } }",
    "class String {} class Main { java.lang.String f(String s) { return s + \"\" + 1; } }",
    "class Main { String f(String s) { return s.trim() + 1; } }",
    "class Object { } class Main extends Object { }",
    "class Main extends Object { int h() { return hashCode(); } }",
    "package java.util; class Evil {}",
    "import java.util.*; class Main { Evil e; }",
    "import foo.bar.Baz; class Main { Baz e; }",
    "package foo.bar; public class Main { public static class Baz { } }",
    "import foo.bar.*; class Main { }",
    "package foo.bar; public class Main { public static class Baz { } }",
    "class Main { foo.bar.Main.Baz e; }",
    "class A extends B {} class B extends A {} class Main {}",
    "class Main { A x; }",
    "class A implements Runnable { public void run() {} } class Main extends A {}",
    "class Main { A x; }",
    "class Main { void f() { class L {} new Object() {}; Runnable r = () -> { class Q {} }; L l; }"
    " record R(int x) {} enum E { P { }, Q } }",
    "class Main { R r; E e; L l; }",
    "class Main { Main.R r; }",
    "class Main { Main$R r; }",
    "class Main$R { } class Main { Main$R r; record R(long y) {} }",
    "class Main { int f( { }",
    "class OorlRuntime { int zzz; } class Main { int f(OorlRuntime r) { return r.zzz; } }",
    "class Main { int f(OorlRuntime r) { return r.zzz; } }",
    "class Main { int f(OorlRuntime r) { return r.count(); } }",
    "class Main { OorlRuntime.Call c; Object f() throws Throwable { return c.run(); } }",
    "interface Shape permits Main {} final class Main implements Shape {}",
    "sealed interface Shape permits Main {} final class Main implements Shape {}",
    "class Main { int f(Object o) { return o instanceof Integer i ? i : switch (0) { default -> 2; "
    "}; } Object g = new Object() { }; Object h = new Object() { }; }",
    "@interface Mark { int value(); } @Mark(3) class Main { @Deprecated void f() {} }",
    "@Mark(3) class Main { @SuppressWarnings(\"x\") void f() { new Date().getYear(); } }",
    "import java.util.*; class Main { void f() { new Date().getYear(); List l = new ArrayList(); "
    "l.add(1); } }",
    "class Main { static final int K = 3; } class Other { int k = Main.K; }",
    "class Main { static final int K = 4; } class Other { int k = Main.K; }",
    "class Main<T extends Comparable<T>> { T t; <U> U f(U u) { return u; } }",
    "class Main { Main<Integer> m; }",
    "",
    "class Main { int a = 1 / 0; int f() { } }",
    "class Main { int f() { return 1; } }",
]


def replies(folder, *parts: str) -> list[bytes]:
    """The server's reply to each source, in order."""
    java = get_language("java").find(0)
    frames = b"".join(struct.pack(">I", len(s)) + s.encode() for s in SOURCES)
    runtime = resources.files("oorl.languages") / "runtime"
    command = [java, "-XX:TieredStopAtLevel=1", *parts, str(runtime / "OorlCompiler.java"),
               str(runtime / "OorlRuntime.java")]
    done = subprocess.run(["bash", "-c", '"$@" 3>replies', "bash", *command], input=frames,
                          cwd=folder, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    data, found = (folder / "replies").read_bytes(), []
    while data:
        (length,) = struct.unpack_from(">I", data)
        found.append(data[4:4 + length])
        data = data[4 + length:]
    return found


def test_kept_tables_change_no_reply(tmp_path):
    if not isinstance(available_languages()["java"], str):
        pytest.skip("java is not installed")
    kept, own = replies(tmp_path, *JAVAC_PARTS), replies(tmp_path)
    assert len(kept) == len(own) == len(SOURCES)
    assert {reply[0] for reply in own} == {0, 1}
    for source, mine, known in zip(SOURCES, kept, own, strict=True):
        assert mine == known, source
