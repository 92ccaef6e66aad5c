// A warm mcs: loads the compiler once and calls it for one source after another.
using System;
using System.IO;
using System.Reflection;
using System.Text;

static class OorlCompiler {
  static MethodInfo invoke;
  static byte[] runtime;
  static readonly string[] References = {
    "-r:System.dll", "-r:System.Core.dll", "-r:System.Numerics.dll"};

  static string Compile(string output, string target, string source, params string[] more) {
    var messages = new StringWriter();
    var arguments = new System.Collections.Generic.List<string> {
      "-nologo", "-warn:0", "-langversion:latest", "-out:" + output, "-target:" + target, source};
    arguments.AddRange(References);
    arguments.AddRange(more);
    File.Delete(output);
    bool good;
    try {
      good = (bool) invoke.Invoke(null, new object[] { arguments.ToArray(), messages });
    } catch (Exception error) { good = false; messages.Write(error); }
    if (good && File.Exists(output)) return null;
    string text = messages.ToString().Replace("/tmp/", "");
    return text.Length > 3000 ? text.Substring(0, 3000) : text + " ";
  }
  static byte[] Read(Stream stream, int size) {
    var data = new byte[size];
    for (int at = 0; at < size;) {
      int n = stream.Read(data, at, size - at);
      if (n <= 0) return null;
      at += n;
    }
    return data;
  }
  static void Number(Stream stream, int value) {
    for (int shift = 24; shift >= 0; shift -= 8) stream.WriteByte((byte) (value >> shift));
  }
  static void Frame(Stream stream, byte[] data) { Number(stream, data.Length); stream.Write(data, 0, data.Length); }

  static int Main(string[] arguments) {
    foreach (Type type in Assembly.LoadFrom(arguments[0]).GetTypes())
      if (type.Name == "CompilerCallableEntryPoint") invoke = type.GetMethod("InvokeCompiler");
    string failure = Compile("/tmp/OorlRuntime.dll", "library", "/job/OorlRuntime.cs");
    if (failure != null) return 3;
    runtime = File.ReadAllBytes("/tmp/OorlRuntime.dll");
    var input = Console.OpenStandardInput();
    using (var output = new FileStream("/dev/fd/3", FileMode.Open, FileAccess.Write)) while (true) {
      byte[] head = Read(input, 4);
      if (head == null) return 0;
      byte[] source = Read(input, head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3]);
      if (source == null) return 0;
      File.WriteAllBytes("/tmp/Main.cs", source);
      // A whole program has a Main of its own; a function's is the driver's.
      bool driven = Encoding.UTF8.GetString(source).Contains("static class OorlMain {");
      string message = Compile("/tmp/Main.exe", "exe", "/tmp/Main.cs",
                               driven ? new[] { "-r:/tmp/OorlRuntime.dll", "-main:OorlMain" } : new string[0]);
      var reply = new MemoryStream();
      if (message == null) {
        reply.WriteByte(0);
        Frame(reply, Encoding.UTF8.GetBytes("Main.exe")); Frame(reply, File.ReadAllBytes("/tmp/Main.exe"));
        Frame(reply, Encoding.UTF8.GetBytes("OorlRuntime.dll")); Frame(reply, runtime);
      } else {
        reply.WriteByte(1);
        byte[] text = Encoding.UTF8.GetBytes(message);
        reply.Write(text, 0, text.Length);
      }
      var whole = new MemoryStream();
      Frame(whole, reply.ToArray());
      whole.WriteTo(output);
      output.Flush();
    }
  }
}
