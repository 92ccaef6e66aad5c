import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import scala.reflect.internal.util.BatchSourceFile;
import scala.reflect.internal.util.SourceFile;
import scala.reflect.io.AbstractFile;
import scala.reflect.io.VirtualDirectory;
import scala.tools.nsc.Global;
import scala.tools.nsc.Settings;
import scala.tools.nsc.reporters.StoreReporter;

// A warm scalac. Each source is compiled by a compiler of its own, so that no program sees a class
// of another; what stays warm is the machine code of the compiler.
class OorlScala {
  static final String RUNTIME = "/prepared/scala/runtime";
  static StoreReporter reporter = new StoreReporter();

  static VirtualDirectory compile(String path, String name, String text) {
    Settings settings = new Settings();
    settings.classpath().value_$eq(path);
    VirtualDirectory out = new VirtualDirectory("(memory)", scala.Option.empty());
    settings.processArgumentString("-nowarn -target:jvm-1.8");
    settings.outputDirs().setSingleOutput(out);
    reporter = new StoreReporter();
    Global global = new Global(settings, reporter);
    Global.Run run = global.new Run();
    SourceFile file = new BatchSourceFile(name, scala.Predef$.MODULE$.wrapString(text));
    run.compileSources(scala.collection.immutable.Nil$.MODULE$.$colon$colon(file));
    return out;
  }
  static void collect(AbstractFile folder, String prefix, Map<String, byte[]> into) throws IOException {
    scala.collection.Iterator<AbstractFile> files = folder.iterator();
    while (files.hasNext()) {
      AbstractFile f = files.next();
      if (f.isDirectory()) collect(f, prefix + f.name() + "/", into);
      else into.put(prefix + f.name(), f.toByteArray());
    }
  }
  static byte[] answer(String library, String source, Map<String, byte[]> runtime) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    Map<String, byte[]> files = new TreeMap<>(runtime);
    String failure = "";
    try {
      VirtualDirectory compiled = compile(library + ":" + RUNTIME, "Main.scala", source);
      if (reporter.hasErrors()) failure = messages(); else collect(compiled, "", files);
    } catch (Throwable error) { failure = String.valueOf(error); }
    out.writeByte(failure.isEmpty() ? 0 : 1);
    if (!failure.isEmpty()) out.write(failure.getBytes(StandardCharsets.UTF_8));
    else for (Map.Entry<String, byte[]> e : files.entrySet()) {
      byte[] path = e.getKey().getBytes(StandardCharsets.UTF_8);
      out.writeInt(path.length); out.write(path); out.writeInt(e.getValue().length); out.write(e.getValue());
    }
    return bytes.toByteArray();
  }
  // "Main.scala:3: type mismatch;"
  static String messages() {
    StringBuilder text = new StringBuilder();
    scala.collection.Iterator<StoreReporter.Info> infos = reporter.infos().iterator();
    while (infos.hasNext() && text.length() < 3000) {
      StoreReporter.Info info = infos.next();
      if (!info.severity().toString().equals("ERROR")) continue;
      if (info.pos().isDefined()) text.append("Main.scala:").append(info.pos().line()).append(": ");
      text.append(info.msg()).append('\n');
    }
    return text.length() == 0 ? "errors without a message" : text.substring(0, Math.min(text.length(), 4000));
  }
  public static void main(String[] args) throws Exception {
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(new FileOutputStream("/dev/fd/3")));
    Map<String, byte[]> runtime = new TreeMap<>();
    for (File f : new File(RUNTIME).listFiles()) runtime.put(f.getName(), Files.readAllBytes(f.toPath()));
    while (true) {
      int length;
      try { length = in.readInt(); } catch (EOFException end) { return; }
      byte[] reply = answer(args[0], new String(in.readNBytes(length), StandardCharsets.UTF_8), runtime);
      out.writeInt(reply.length); out.write(reply); out.flush();
    }
  }
}
