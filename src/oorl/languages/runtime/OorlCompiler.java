import java.io.*;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import javax.tools.*;

class OorlCompiler {
  static final class Source extends SimpleJavaFileObject {
    final String text;
    Source(String name, String text) {
      super(URI.create("string:///" + name + ".java"), Kind.SOURCE); this.text = text;
    }
    public CharSequence getCharContent(boolean ignore) { return text; }
  }
  static final class Output extends SimpleJavaFileObject {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    final String name;
    Output(String name) {
      super(URI.create("mem:///" + name.replace('.', '/') + ".class"), Kind.CLASS); this.name = name;
    }
    Output(String name, byte[] data) { this(name); bytes.writeBytes(data); }
    public OutputStream openOutputStream() { return bytes; }
    public InputStream openInputStream() { return new ByteArrayInputStream(bytes.toByteArray()); }
  }
  // Classes go to memory; the driver's runtime is the only class on the class path.
  static final class Memory extends ForwardingJavaFileManager<StandardJavaFileManager> {
    final Map<String, Output> written = new TreeMap<>();
    final Map<String, Output> given;
    Memory(StandardJavaFileManager base, Map<String, Output> given) { super(base); this.given = given; }
    public JavaFileObject getJavaFileForOutput(Location l, String name, JavaFileObject.Kind k, FileObject s) {
      Output o = new Output(name); written.put(name, o); return o;
    }
    public Iterable<JavaFileObject> list(Location l, String pkg, Set<JavaFileObject.Kind> kinds, boolean r)
        throws IOException {
      if (l == StandardLocation.CLASS_PATH)
        return pkg.isEmpty() ? new ArrayList<>(given.values()) : List.of();
      return super.list(l, pkg, kinds, r);
    }
    public String inferBinaryName(Location l, JavaFileObject f) {
      return f instanceof Output ? ((Output) f).name : super.inferBinaryName(l, f);
    }
    public void close() {}
  }
  static final JavaCompiler JAVAC = ToolProvider.getSystemJavaCompiler();
  static final StandardJavaFileManager BASE =
      JAVAC.getStandardFileManager(null, Locale.ROOT, StandardCharsets.UTF_8);
  // Inline concatenation: the default calls a factory at run time, which is slow the first time.
  static final List<String> OPTIONS = List.of("-proc:none", "-XDstringConcat=inline", "-nowarn", "-g:none", "-Xlint:none",
      "-XDuseUnsharedTable=true", "-Xmaxerrs", "5");
  static final Map<String, Output> NONE = Map.of();

  static byte[] compile(String name, String text, Map<String, Output> given, Map<String, Output> into)
      throws IOException {
    StringWriter messages = new StringWriter();
    Memory memory = new Memory(BASE, given);
    boolean good;
    try {
      good = JAVAC.getTask(messages, memory, null, OPTIONS, null, List.of(new Source(name, text))).call();
    } catch (Throwable error) {
      good = false; messages.write(String.valueOf(error));
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeByte(good ? 0 : 1);
    if (!good) {
      byte[] data = messages.toString().getBytes(StandardCharsets.UTF_8);
      out.write(data, 0, Math.min(data.length, 4000));
      return bytes.toByteArray();
    }
    Map<String, Output> all = new TreeMap<>(given);
    all.putAll(memory.written);
    if (into != null) into.putAll(memory.written);
    for (Output o : all.values()) {
      byte[] path = (o.name.replace('.', '/') + ".class").getBytes(StandardCharsets.UTF_8);
      byte[] data = o.bytes.toByteArray();
      out.writeInt(path.length); out.write(path); out.writeInt(data.length); out.write(data);
    }
    return bytes.toByteArray();
  }
  public static void main(String[] args) throws IOException {
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(new FileOutputStream("/dev/fd/3")));
    Map<String, Output> runtime = new TreeMap<>();
    String text = Files.readString(Path.of("/job/OorlRuntime.java"));
    if (compile("OorlRuntime", text, NONE, runtime)[0] != 0) System.exit(3);
    while (true) {
      int length;
      try { length = in.readInt(); } catch (EOFException end) { return; }
      byte[] source = in.readNBytes(length);
      byte[] reply = compile("Main", new String(source, StandardCharsets.UTF_8), runtime, null);
      out.writeInt(reply.length); out.write(reply); out.flush();
    }
  }
}
