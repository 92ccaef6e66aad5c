"""The attack corpus in Scala."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import BAD_COMPILE, DISK, LEFT, NO_RAW_CALLS


def scala(body: str, before: str = "", last: str = "x + 1") -> str:
    return f"{before}\ndef f(x: Long): Long = {{\n{body}\n{last}\n}}\n"


SH = 'def sh(c: String): Boolean = try { new ProcessBuilder("sh", "-c", c).redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0 } catch { case _: Exception => false }\n'
HALT = "Runtime.getRuntime.halt(0)"

ATTACKS = [
    ({2}, scala("val a = new scala.collection.mutable.ListBuffer[Array[Long]]; for (_ <- 0 until 200) a += new Array[Long](1 << 20)"), {S.MEMORY_LIMIT}),
    ({3}, scala('while (true) println("x" * 9999)'), {S.OUTPUT_LIMIT}),
    ({4}, scala('println("x" * 300000)'), {S.PASSED}),
    ({5}, scala('try { val o = new java.io.FileOutputStream("/tmp/big"); for (_ <- 0 until 300) o.write(new Array[Byte](1 << 20)); return -1 } catch { case _: java.io.IOException => }'), DISK),
    ({6}, scala('if (new java.io.File("@SECRET@").exists) return -1'), {S.PASSED}),
    ({7, 8, 17, 18}, scala('if (System.getenv("OORL_SECRET") != null) return -1; System.in.read(); System.out.write(255); System.out.flush(); for ((h, p) <- List(("127.0.0.1", @PORT@), ("8.8.8.8", 53))) try { val s = new java.net.Socket; s.connect(new java.net.InetSocketAddress(h, p), 500); return -1 } catch { case _: java.io.IOException => }'), {S.PASSED}),
    ({9, 14}, scala('if (sh("@ESCAPE@")) return -1; try { ProcessHandle.current.parent.get.destroyForcibly() } catch { case _: Exception => }; sh("kill -9 1")', SH), {S.PASSED}),
    ({11, 23}, scala('for (p <- "@HOST@ /etc /root /usr /job /prepared /prepared/scala /var".split(" ")) try { new java.io.FileOutputStream(p + "/plant"); return -1 } catch { case _: java.io.IOException => }\ntry { java.nio.file.Files.createSymbolicLink(java.nio.file.Paths.get("/tmp/link"), java.nio.file.Paths.get("@SECRET@")) } catch { case _: java.io.IOException => }\nif (new java.io.File("/tmp/link").canRead) return -1'), {S.PASSED}),
    ({12, 31, 32}, (scala('sh("@PLANT@"); System.setProperty("planted", "1")', SH), scala('if (sh("@LOOK@") || System.getProperty("planted") != null) return -1', SH)), {S.PASSED}),
    # a class that an earlier source brought into the compiler must be unknown to the next
    ({31, 32}, (scala("", "}\nobject Planted { val value = 1L }\nobject Rest {"), scala("return Planted.value")), {S.COMPILE_ERROR}),
    ({13, 15}, scala('try { new ProcessBuilder("setsid", "sleep", "60").inheritIO().start() } catch { case _: java.io.IOException => return -1 }'), {S.PASSED}),
    ({19}, scala("// \udfff"), {S.PASSED, S.COMPILE_ERROR}),
    ({24}, scala("sys.exit(0)"), LEFT),
    ({25}, scala("return 0", "object OorlRuntime { def answer[T](kind: Any, call: () => T): Unit = () }\nobject Long { def unbox(x: Any) = 2L }"), {S.WRONG_ANSWER, S.COMPILE_ERROR}),
    ({25}, scala('if (x > 900000000L && sh("grep -qrs " + (x + 1) + " /job /proc/self/environ")) return -1', SH), {S.PASSED}),
    ({26}, scala("", HALT), LEFT),
    # leaves a moment later, when the first answer is out
    ({26}, scala("if (x > 1) Thread.sleep(3000)", f"val t = new Thread {{ override def run(): Unit = {{ Thread.sleep(100); {HALT} }} }}; t.setDaemon(true); t.start()"), LEFT),
    ({27}, scala('if (x > 0) throw new RuntimeException("no")', f"Runtime.getRuntime.addShutdownHook(new Thread {{ override def run(): Unit = {HALT} }})"), {S.RUNTIME_ERROR, *LEFT}),
    ({28}, scala('try { val o = new java.io.FileOutputStream("/dev/fd/3"); o.write("=\\t0\\t2\\n".getBytes) } catch { case _: java.io.IOException => return -1 }'), LEFT),
    ({29}, scala(f"if (x == 5) {HALT}"), LEFT),
    ({30}, scala("", last="(" * 3000 + "x" + ")" * 3000 + " + 1"), {*BAD_COMPILE, S.PASSED}),
]
SLOW = [
    ({1}, scala("for (_ <- 0 until 400) new Thread { override def run(): Unit = Thread.sleep(60000) }.start()"), {S.PROCESS_LIMIT, S.MEMORY_LIMIT}),
    ({16}, scala('sh("kill -STOP $PPID"); while (true) {}', SH), {S.TIMEOUT}),
    ({26}, scala("", "while (System.out != null) {}"), {S.TIMEOUT}),
    ({30}, scala("", 'final val A = "' + "x" * 30000 + '"\n' + "".join(f"final val A{n} = A{n - 1 if n else ''} + A{n - 1 if n else ''}\n" for n in range(14))), {*BAD_COMPILE, S.PASSED, S.MEMORY_LIMIT}),
]
ABSENT = {
    10: NO_RAW_CALLS, 20: "the language includes no files, and macros must have been compiled before",
    22: "the language includes no files, and macros must have been compiled before",
    21: "a class file holds at most 64 KiB of code for a method and no large data",
}
