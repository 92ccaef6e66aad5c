"""The attack corpus in Java."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import BAD_COMPILE, DISK, LEFT, NO_RAW_CALLS


def java(body: str, before: str = "") -> str:
    return f"{before}\nstatic long f(long x) {{\n{body}\nreturn x + 1;\n}}\n"


SH = "static boolean sh(String c) { try { return new ProcessBuilder(\"sh\", \"-c\", c).redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0; } catch (Exception e) { return false; } }\n"


ATTACKS = [
    ({2}, java("List<long[]> a = new ArrayList<>(); "
         "for (int i = 0; i < 200; i++) a.add(new long[1 << 20]);"), {S.MEMORY_LIMIT}),
    ({4}, java('System.out.println("x".repeat(300000));'), {S.PASSED}),
    ({6}, java('if (new java.io.File("@SECRET@").exists()) return -1;'), {S.PASSED}),
    ({19}, java("// \udfff"), {S.PASSED, S.COMPILE_ERROR}),
    ({19}, java("/* \0 */"), {S.PASSED, S.COMPILE_ERROR}),
    ({24}, java("System.exit(0);"), LEFT),
    ({24}, java("Runtime.getRuntime().halt(0);"), LEFT),
    ({30}, java("return " + "(" * 4000 + "x" + ")" * 4000 + " + 1;"), {S.COMPILE_ERROR, S.PASSED}),
    ({3}, java('while (true) System.out.println("x".repeat(9999));').replace("return x + 1;", ""), {S.OUTPUT_LIMIT}),
    ({5}, java('try (var o = new java.io.FileOutputStream("/tmp/big")) { for (int i = 0; i < 300; i++) o.write(new byte[1 << 20]); return -1; } catch (java.io.IOException e) {}'), DISK),
    ({7, 8, 17, 18}, java('if (System.getenv("OORL_SECRET") != null) return -1; try { System.in.read(); } catch (java.io.IOException e) {} System.out.write(255); System.out.flush(); for (var a : new java.net.InetSocketAddress[] {new java.net.InetSocketAddress("127.0.0.1", @PORT@), new java.net.InetSocketAddress("8.8.8.8", 53)}) try (var s = new java.net.Socket()) { s.connect(a, 500); return -1; } catch (java.io.IOException e) {}'), {S.PASSED}),
    ({9, 14}, java('if (sh("@ESCAPE@")) return -1; ProcessHandle.current().parent().ifPresent(p -> { try { p.destroyForcibly(); } catch (IllegalStateException e) {} }); sh("kill -9 1");', SH), {S.PASSED}),
    ({11, 23}, java('for (String p : "@HOST@ /etc /root /usr /job /prepared /var".split(" ")) try { new java.io.FileOutputStream(p + "/plant"); return -1; } catch (java.io.IOException e) {}\ntry { java.nio.file.Files.createSymbolicLink(java.nio.file.Path.of("/tmp/link"), java.nio.file.Path.of("@SECRET@")); } catch (java.io.IOException e) {}\nif (new java.io.File("/tmp/link").canRead()) return -1;'), {S.PASSED}),
    ({12, 31, 32}, (java('sh("@PLANT@"); System.setProperty("planted", "1");', SH), java('if (sh("@LOOK@") || System.getProperty("planted") != null) return -1;', SH)), {S.PASSED}),
    ({13, 15}, java('try { new ProcessBuilder("setsid", "sleep", "60").inheritIO().start(); } catch (java.io.IOException e) { return -1; }'), {S.PASSED}),
    ({24}, java('if (x > 0) throw new ThreadDeath();'), {S.RUNTIME_ERROR}),
    ({25}, java("return 0;", "static class Long { public static String toString(long v) { return \"2\"; } }\nstatic class System { static Object out; }"), {S.WRONG_ANSWER, S.COMPILE_ERROR}),
    ({25}, java('if (x > 900000000L && sh("grep -qrs " + (x + 1) + " /job /proc/self/environ")) return -1;', SH), {S.PASSED}),
    ({26}, java("", "static { System.exit(0); }"), LEFT),
    ({26}, java("", "static { Runtime.getRuntime().halt(0); }"), LEFT),
    # leaves a moment later, when the first answer is out
    ({26}, java("try { if (x > 1) Thread.sleep(3000); } catch (InterruptedException e) {}", "static { Thread t = new Thread(() -> { try { Thread.sleep(100); } catch (InterruptedException e) {} Runtime.getRuntime().halt(0); }); t.setDaemon(true); t.start(); }"), LEFT),
    ({27}, java('if (x > 0) throw new RuntimeException("no");', "static { Thread.setDefaultUncaughtExceptionHandler((t, e) -> Runtime.getRuntime().halt(0)); Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0))); }"), {S.RUNTIME_ERROR, *LEFT}),
    ({28}, java('try (var o = new java.io.FileOutputStream("/dev/fd/3")) { o.write("=\\t0\\t2\\n".getBytes()); } catch (java.io.IOException e) { return -1; }'), LEFT),
    ({29}, java("if (x == 5) Runtime.getRuntime().halt(0);"), LEFT),
]
SLOW = [
    ({1}, java("for (int i = 0; i < 400; i++) { Thread t = new Thread(() -> { try { "
         "Thread.sleep(60000); } catch (InterruptedException e) {} }); t.start(); }"), {S.PROCESS_LIMIT, S.MEMORY_LIMIT}),
    ({16}, java('sh("kill -STOP $PPID"); while (true);', SH).replace("return x + 1;", ""), {S.TIMEOUT}),
    ({26}, java("", "static { while (x()) {} }\nstatic boolean x() { return true; }"), {S.TIMEOUT}),
    ({30}, java("", "static final String A = \"" + "x" * 60000 + "\";\n" + "".join(f"static final String A{n} = {'A' if n == 0 else f'A{n - 1}'} + {'A' if n == 0 else f'A{n - 1}'};\n" for n in range(16))), {*BAD_COMPILE, S.PASSED, S.MEMORY_LIMIT}),
]
ABSENT = {
    10: NO_RAW_CALLS, 20: "the language includes no files, and annotation processors do not run",
    22: "the language includes no files",
    21: "a class file holds at most 64 KiB of code for a method and no large data",
}
