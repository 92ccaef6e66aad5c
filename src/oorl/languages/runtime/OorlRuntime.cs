// Reads the inputs and writes the records of a C# program.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

public static class OorlRuntime {
  static readonly byte[] data = File.ReadAllBytes("/job/input");
  static readonly FileStream channel = new FileStream("/dev/fd/3", FileMode.Open, FileAccess.Write);
  static readonly StringBuilder b = new StringBuilder();
  static int at, cases = -1, current = -1;

  static string Token() {
    while (data[at] == ' ' || data[at] == '\n') at++;
    int from = at;
    while (data[at] != ' ' && data[at] != '\n') at++;
    return Encoding.ASCII.GetString(data, from, at - from);
  }
  public static long Int() { return long.Parse(Token(), CultureInfo.InvariantCulture); }
  public static bool Bool() { return Token() == "1"; }
  // Bits: Mono misreads the last digit of some long decimals.
  public static double Float() { return BitConverter.Int64BitsToDouble(Int()); }
  public static string Str() {
    int n = (int) Int(), from = ++at;
    at += n;
    return Encoding.UTF8.GetString(data, from, n);
  }
  public static Func<List<T>> List<T>(Func<T> item) {
    return () => {
      int n = (int) Int();
      var list = new List<T>(n);
      for (int i = 0; i < n; i++) list.Add(item());
      return list;
    };
  }
  public static Func<Dictionary<K, V>> Map<K, V>(Func<K> key, Func<V> value) {
    return () => {
      int n = (int) Int();
      var map = new Dictionary<K, V>();
      for (int i = 0; i < n; i++) { K k = key(); map[k] = value(); }
      return map;
    };
  }
  public static Func<T?> OptValue<T>(Func<T> item) where T : struct { return () => Int() == 0 ? (T?) null : item(); }
  public static Func<T> Opt<T>(Func<T> item) where T : class { return () => Int() == 0 ? null : item(); }

  public static void PutInt(long v) { b.Append(v.ToString(CultureInfo.InvariantCulture)); }
  public static void PutBool(bool v) { b.Append(v ? "true" : "false"); }
  public static void PutFloat(double v) {
    b.Append(double.IsNaN(v) ? "NaN" : double.IsInfinity(v) ? (v > 0 ? "Infinity" : "-Infinity")
      : v.ToString("G17", CultureInfo.InvariantCulture));
  }
  public static void PutStr(string v) {
    if (v == null) throw new NullReferenceException("a string expected, got null");
    b.Append('"');
    foreach (char c in v)
      if (c == '"' || c == '\\') b.Append('\\').Append(c);
      else if (c < 32 || c > 126) b.Append("\\u").Append(((int) c).ToString("x4"));
      else b.Append(c);
    b.Append('"');
  }
  public static Action<List<T>> PutList<T>(Action<T> item) {
    return v => {
      int n = v.Count;
      b.Append('[');
      for (int i = 0; i < n; i++) { if (i > 0) b.Append(','); item(v[i]); }
      b.Append(']');
    };
  }
  public static Action<Dictionary<K, V>> PutMap<K, V>(Action<K> key, Action<V> value) {
    return v => {
      string gap = "";
      b.Append('[');
      foreach (var pair in v) {
        b.Append(gap).Append('['); gap = ",";
        key(pair.Key); b.Append(','); value(pair.Value); b.Append(']');
      }
      b.Append(']');
    };
  }
  public static Action<T?> PutOptValue<T>(Action<T> item) where T : struct {
    return v => { if (v == null) b.Append("null"); else item(v.Value); };
  }
  public static Action<T> PutOpt<T>(Action<T> item) where T : class {
    return v => { if (v == null) b.Append("null"); else item(v); };
  }
  static void Begin(char tag) { b.Clear(); b.Append(tag).Append('\t').Append(current).Append('\t'); }
  static void Send() {
    byte[] line = Encoding.UTF8.GetBytes(b.Append('\n').ToString());
    channel.Write(line, 0, line.Length);
    channel.Flush();
  }
  static void Failed(char tag, Exception error) {
    string text;
    try { text = error.GetType().Name + ": " + error.Message; } catch (Exception) { text = "an unprintable exception"; }
    Begin(tag);
    foreach (char c in text.Length > 500 ? text.Substring(0, 500) : text) b.Append(c < 32 ? ' ' : c);
    Send();
  }
  public static bool Next() {
    if (cases < 0) cases = (int) Int();
    return ++current < cases;
  }
  public static void Answer<T>(Action<T> put, Func<T> call) {
    T value;
    try { value = call(); } catch (Exception error) { Failed('!', error); return; }
    try { Begin('='); put(value); } catch (Exception error) { Failed('?', error); return; }
    Send();
  }
  public static void Finish() { Environment.Exit(0); }
}
