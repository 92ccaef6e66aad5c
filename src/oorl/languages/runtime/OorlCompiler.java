import java.io.*;
import java.lang.reflect.*;
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

  /* javac's tables, kept from one source to the next: most of a short compilation is filling them.
     What a candidate has declared is taken out again. Where that would not do (it has a package, or a
     class of ours) and after every failure all are thrown away. Only success counts: what fails here
     is compiled again with tables of its own. By reflection, for these parts of javac are no public
     interface; where one is missing, each source has its own tables. */
  static final class Kept {
    static final String AT = "com.sun.tools.javac.";
    private Object pool;
    private Memory memory; // the tables hold on to the one that they began with
    private boolean missing;

    /** What was written, or null. */
    Map<String, Output> compile(Source source, Map<String, Output> given) {
      boolean[] good = {false, false};
      if (missing) return null;
      try {
        Class<?> worker = Class.forName(AT + "api.JavacTaskPool$Worker");
        if (pool == null || memory.given != given) {
          memory = new Memory(BASE, given);
          pool = Class.forName(AT + "api.JavacTaskPool").getConstructor(int.class).newInstance(1);
        }
        memory.written.clear();
        Object ours = Proxy.newProxyInstance(worker.getClassLoader(), new Class<?>[] {worker}, (proxy, method, task) -> {
          Object context = task[0].getClass().getMethod("getContext").invoke(task[0]); // gone after the call
          good[0] = ((JavaCompiler.CompilationTask) task[0]).call();
          good[1] = good[0] && forget(context);
          return null;
        });
        DiagnosticListener<JavaFileObject> nobody = message -> {};
        for (Method method : pool.getClass().getMethods())
          if (method.getName().equals("getTask"))
            method.invoke(pool, null, memory, nobody, OPTIONS, null, List.of(source), ours);
      } catch (InvocationTargetException error) {
        good[0] = good[1] = false;
        missing = error.getCause() instanceof UndeclaredThrowableException; // of `forget`
      } catch (ReflectiveOperationException | RuntimeException | LinkageError error) {
        good[0] = good[1] = false;
        missing = true;
      }
      if (!good[1]) pool = null;
      return good[0] ? new TreeMap<>(memory.written) : null;
    }

    // Take the classes out that were written; false if something of the candidate's may be left.
    private boolean forget(Object context) throws ReflectiveOperationException {
      Class<?> contexts = Class.forName(AT + "util.Context"), names = Class.forName(AT + "util.Names");
      Class<?> tables = Class.forName(AT + "code.Symtab"), name = Class.forName(AT + "util.Name");
      Class<?> module = Class.forName(AT + "code.Symbol$ModuleSymbol"), symbol = Class.forName(AT + "code.Symbol");
      Class<?> scope = Class.forName(AT + "code.Scope$WriteableScope");
      Object table = tables.getMethod("instance", contexts).invoke(null, context);
      Object texts = names.getMethod("instance", contexts).invoke(null, context);
      Object unnamed = tables.getField("unnamedModule").get(table);
      Object scopes = Class.forName(AT + "code.Symbol$PackageSymbol").getField("members_field")
          .get(module.getField("unnamedPackage").get(unnamed));
      Method members = Class.forName(AT + "code.Scope").getMethod("getSymbols");
      for (String written : memory.written.keySet()) {
        if (written.contains(".") || memory.given.containsKey(written)) return false;
        Object text = names.getMethod("fromString", String.class).invoke(texts, written);
        tables.getMethod("removeClass", module, name).invoke(table, unnamed, text);
      }
      List<Object> left = new ArrayList<>();
      for (Object member : (Iterable<?>) members.invoke(scopes))
        if (!memory.given.containsKey(member.toString())) left.add(member);
      for (Object member : left) {
        if (!memory.written.containsKey(member.toString())) return false;
        scope.getMethod("remove", symbol).invoke(scopes, member);
      }
      return true;
    }
  }
  static final Kept KEPT = new Kept();

  static byte[] compile(String name, String text, Map<String, Output> given, Map<String, Output> into)
      throws IOException {
    StringWriter messages = new StringWriter();
    Map<String, Output> written = KEPT.compile(new Source(name, text), given);
    boolean good = written != null;
    if (!good)
      try (Memory memory = new Memory(BASE, given)) {
        written = memory.written;
        good = JAVAC.getTask(messages, memory, null, OPTIONS, null, List.of(new Source(name, text))).call();
      } catch (Throwable error) {
        messages.write(String.valueOf(error));
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
    all.putAll(written);
    if (into != null) into.putAll(written);
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
    String text = Files.readString(Path.of(args[0]));
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
