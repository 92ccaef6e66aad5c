"""The attack corpus in C#."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import BAD_COMPILE, DISK, LEFT


def cs(body: str, before: str = "") -> str:
    return f"{before}\nstatic long f(long x) {{\n{body}\nreturn x + 1;\n}}\n"


NATIVE = "".join(f'[System.Runtime.InteropServices.DllImport("libc")] static extern {text};\n' for text in (
    "int kill(int pid, int n)", "int ptrace(int what, int pid, int a, int b)", "int getppid()",
    "int system(string command)", "int unshare(int flags)", "long write(int fd, byte[] b, long n)",
    "int getpid()"))


ATTACKS = [
    ({2}, cs("var a = new List<long[]>(); for (int i = 0; i < 200; i++) { "
         "var b = new long[1 << 20]; for (int j = 0; j < b.Length; j += 512) b[j] = 1; "
         "a.Add(b); }"), {S.MEMORY_LIMIT}),
    ({4}, cs("Console.Write(new string('x', 300000));"), {S.PASSED}),
    ({6}, cs('if (System.IO.File.Exists("@SECRET@")) return -1;'), {S.PASSED}),
    ({7}, cs('if (Environment.GetEnvironmentVariable("OORL_SECRET") != null) return -1;'), {S.PASSED}),
    ({22}, cs("", '#line 1 "@SECRET@"\nx'), BAD_COMPILE),
    ({24}, cs("Environment.Exit(0);"), LEFT),
    ({24, 26}, cs("", "static Solution() { Environment.Exit(0); }"), LEFT),
    ({24, 26}, cs("return y;", "static long y = Leave(); static long Leave() "
         "{ Environment.Exit(0); return 1; }"), LEFT),
    ({25}, cs("return 0;", "public static bool operator ==(Solution a, Solution b) { return true; }"
         "public static bool operator !=(Solution a, Solution b) { return false; }"), {S.WRONG_ANSWER, S.COMPILE_ERROR}),
    ({29}, cs("if (x == 5) Environment.Exit(0);"), LEFT),
    ({1}, cs("for (int i = 0; i < 200; i++) new System.Threading.Thread(() => System.Threading.Thread.Sleep(60000)) { IsBackground = true }.Start();"), {S.PROCESS_LIMIT, S.MEMORY_LIMIT, S.RUNTIME_ERROR}),
    ({3}, cs("while (true) Console.WriteLine(new string('x', 9999));").replace("return x + 1;", ""), {S.OUTPUT_LIMIT}),
    ({5}, cs("try { using (var o = System.IO.File.Create(\"/tmp/big\")) for (int i = 0; i < 300; i++) o.Write(new byte[1 << 20], 0, 1 << 20); return -1; } catch (System.IO.IOException) {}"), DISK),
    ({8, 17, 18}, cs("Console.In.ReadLine(); using (var o = Console.OpenStandardOutput()) o.WriteByte(255); foreach (var a in new[] {\"127.0.0.1 @PORT@\", \"8.8.8.8 53\"}) try { new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp).Connect(System.Net.IPAddress.Parse(a.Split(' ')[0]), int.Parse(a.Split(' ')[1])); return -1; } catch (System.Net.Sockets.SocketException) {}"), {S.PASSED}),
    ({9, 10, 14}, cs("if (ptrace(16, 1, 0, 0) == 0 || getppid() > 0 && ptrace(16, getppid(), 0, 0) == 0 || unshare(0x10000000) == 0 || system(\"@ESCAPE@\") == 0) return -1; kill(1, 9); kill(-1, 9);", NATIVE), {S.PASSED}),
    ({11, 23}, cs("foreach (var p in \"@HOST@ /etc /root /usr /job /prepared /var\".Split(' ')) try { System.IO.File.WriteAllText(p + \"/plant\", \"x\"); return -1; } catch (Exception) {}\nsystem(\"ln -sf @SECRET@ /tmp/link\"); try { System.IO.File.ReadAllText(\"/tmp/link\"); return -1; } catch (System.IO.IOException) {}", NATIVE), {S.PASSED}),
    ({12, 31, 32}, (cs('system("@PLANT@");', NATIVE), cs('if (system("@LOOK@") == 0) return -1;', NATIVE)), {S.PASSED}),
    ({13, 15}, cs('system("setsid sleep 60 &");', NATIVE), {S.PASSED}),
    ({19}, "// \ud800\n" + cs(""), {S.PASSED, S.COMPILE_ERROR, S.RUNTIME_ERROR}),
    ({24, 28}, cs('write(3, new byte[] {61, 9, 48, 9, 50, 10}, 6);', NATIVE), LEFT),
    ({25}, cs("if (x > 900000000 && system(\"grep -qrs \" + (x + 1) + \" /job /proc/self/environ\") == 0) return -1;", NATIVE), {S.PASSED}),
    # leaves a moment later, when the first answer is out
    ({26}, cs("if (x > 1) System.Threading.Thread.Sleep(3000);", "static Solution() { new System.Threading.Thread(() => { System.Threading.Thread.Sleep(100); Environment.Exit(0); }) { IsBackground = true }.Start(); }"), LEFT),
    ({27}, cs("throw new Exception(\"no\");", "static Solution() { AppDomain.CurrentDomain.UnhandledException += (a, b) => Environment.Exit(0); AppDomain.CurrentDomain.ProcessExit += (a, b) => Environment.Exit(0); }"), {S.RUNTIME_ERROR, *LEFT}),
    ({30}, cs("", "class A<T> { }\n" + "static object y = new " + "A<" * 400 + "int" + ">" * 400 + "();"), {*BAD_COMPILE, S.PASSED, S.RUNTIME_ERROR}),
]
SLOW = [
    ({16}, cs("kill(getpid(), 19); while (true) {}", NATIVE).replace("return x + 1;", ""), {S.TIMEOUT}),
    ({26}, cs("return y;", "static long y = Spin(); static long Spin() { while (true) {} }"), {S.TIMEOUT}),
]
ABSENT = {
    20: "the language includes no files", 21: "initialised data is written element by element: its "
    "source would be as large, and sources are limited",
}
