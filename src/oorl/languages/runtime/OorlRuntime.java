import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

final class OorlRuntime {
  private final byte[] data;
  private int at = 0;
  private final OutputStream out;
  OorlRuntime() throws IOException {
    // Not java.nio.file: it would load some thirty classes more.
    try (FileInputStream in = new FileInputStream("/job/input")) { data = in.readAllBytes(); }
    out = new FileOutputStream("/dev/fd/3");
  }
  interface Call { Object run() throws Throwable; }
  private String token() {
    while (data[at] == ' ' || data[at] == '\n') at++;
    int from = at;
    while (data[at] != ' ' && data[at] != '\n') at++;
    return new String(data, from, at - from, StandardCharsets.ISO_8859_1);
  }
  int count() { return Integer.parseInt(token()); }
  private static String[] split(String type) {
    int open = type.indexOf('['), depth = 0;
    String inner = type.substring(open + 1, type.length() - 1);
    for (int i = 0; i < inner.length(); i++) {
      char c = inner.charAt(i);
      if (c == '[') depth++;
      if (c == ']') depth--;
      if (c == ',' && depth == 0) return new String[] {inner.substring(0, i), inner.substring(i + 1)};
    }
    return new String[] {inner};
  }
  Object read(String type) {
    switch (type) {
      case "int": return Long.parseLong(token());
      case "bool": return token().equals("1");
      case "float": {
        String t = token();
        return t.equals("nan") ? Double.NaN : t.equals("inf") ? Double.POSITIVE_INFINITY
            : t.equals("-inf") ? Double.NEGATIVE_INFINITY : Double.parseDouble(t);
      }
      case "str": {
        int n = count(), from = ++at;
        at += n;
        return new String(data, from, n, StandardCharsets.UTF_8);
      }
    }
    String[] inner = split(type);
    if (type.startsWith("optional")) return token().equals("0") ? null : read(inner[0]);
    int n = count();
    if (type.startsWith("list")) {
      List<Object> list = new ArrayList<>(n);
      for (int i = 0; i < n; i++) list.add(read(inner[0]));
      return list;
    }
    Map<Object, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < n; i++) { Object k = read(inner[0]); map.put(k, read(inner[1])); }
    return map;
  }
  private static void wrong(String type, Object v) {
    throw new ClassCastException(type + " expected, got " + (v == null ? "null" : v.getClass().getName()));
  }
  private static void put(StringBuilder b, String type, Object v) {
    switch (type) {
      case "int": if (!(v instanceof Long)) wrong(type, v); b.append(((Long) v).longValue()); return;
      case "bool": if (!(v instanceof Boolean)) wrong(type, v); b.append(((Boolean) v).booleanValue()); return;
      case "float": if (!(v instanceof Double)) wrong(type, v); b.append(((Double) v).doubleValue()); return;
      case "str": if (!(v instanceof String)) wrong(type, v); quote(b, (String) v); return;
    }
    String[] inner = split(type);
    if (type.startsWith("optional")) { if (v == null) b.append("null"); else put(b, inner[0], v); return; }
    String gap = "";
    b.append('[');
    if (type.startsWith("list")) {
      if (!(v instanceof List)) wrong(type, v);
      for (Object item : (List<?>) v) { b.append(gap); gap = ","; put(b, inner[0], item); }
    } else {
      if (!(v instanceof Map)) wrong(type, v);
      for (Map.Entry<?, ?> e : ((Map<?, ?>) v).entrySet()) {
        b.append(gap).append('['); gap = ",";
        put(b, inner[0], e.getKey()); b.append(','); put(b, inner[1], e.getValue()); b.append(']');
      }
    }
    b.append(']');
  }
  private static void quote(StringBuilder b, String v) {
    b.append('"');
    for (int i = 0; i < v.length(); i++) {
      char c = v.charAt(i);
      if (c == '"' || c == '\\') b.append('\\').append(c);
      else if (c < 32 || c > 126) {
        String hex = Integer.toHexString(c);
        b.append("\\u").append("0000", 0, 4 - hex.length()).append(hex);
      } else b.append(c);
    }
    b.append('"');
  }
  private void line(char tag, int index, CharSequence text) {
    String line = new StringBuilder().append(tag).append('\t').append(index).append('\t')
        .append(text).append('\n').toString();
    try { out.write(line.getBytes(StandardCharsets.UTF_8)); } catch (IOException e) { halt(97); }
  }
  private static String describe(Throwable error) {
    String text;
    try { text = String.valueOf(error); } catch (Throwable t) { text = error.getClass().getName(); }
    text = text.replaceAll("\\s+", " ");
    return text.length() > 500 ? text.substring(0, 500) : text;
  }
  void answer(int index, String type, Call call) {
    Object value;
    try { value = call.run(); } catch (Throwable error) { line('!', index, describe(error)); return; }
    StringBuilder b = new StringBuilder();
    try { put(b, type, value); } catch (Throwable error) { line('?', index, describe(error)); return; }
    line('=', index, b);
  }
  static void halt(int code) { Runtime.getRuntime().halt(code); }
}
