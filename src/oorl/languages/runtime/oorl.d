// Reads the inputs and writes the records of a D program. Compiled once per machine; only the
// templates are instantiated for each candidate, so they import nothing.
module oorl;

import core.stdc.stdio : FILE, fclose, fopen, fread, snprintf;
import core.stdc.stdlib : strtod, strtoll;

private extern (C) nothrow @nogc {
    long write(int fd, const void* data, size_t size);
    void _exit(int code);
}

private __gshared char[] data;
private __gshared size_t at;
private __gshared char[] record;
private __gshared size_t used;
private __gshared long cases = -1, current = -1;

private void load() {
    FILE* file = fopen("/job/input", "rb");
    data = new char[1 << 16];
    size_t size;
    while (true) {
        immutable n = fread(data.ptr + size, 1, data.length - size, file);
        if (n == 0) break;
        size += n;
        if (size == data.length) data.length *= 2;
    }
    if (size == data.length) data.length += 1;
    data[size] = 0;
    fclose(file);
    record = new char[1 << 12];
}

private long number() {
    char* end;
    immutable value = strtoll(data.ptr + at, &end, 10);
    at = end - data.ptr;
    return value;
}

void get(ref long v) { v = number(); }
void get(ref bool v) { v = number() == 1; }
void get(ref double v) {
    char* end;
    v = strtod(data.ptr + at, &end);
    at = end - data.ptr;
}
void get(ref string v) {
    immutable n = cast(size_t) number();
    v = data[at + 1 .. at + 1 + n].idup;
    at += 1 + n;
}
void get(T)(ref T[] v) if (!is(T == immutable char)) {
    v = new T[cast(size_t) size()];
    foreach (ref item; v) get(item);
}
void get(V, K)(ref V[K] v) {
    v = null;
    foreach (i; 0 .. size()) {
        K key;
        get(key);
        V value;
        get(value);
        v[key] = value;
    }
}
void get(T)(ref T v) if (is(typeof(v.isNull) : bool)) {
    if (size() == 0) { v = T.init; return; }
    typeof(T.init.get()) value;
    get(value);
    v = T(value);
}
long size() { return number(); }

void add(const(char)[] text) {
    if (used + text.length > record.length) record.length = 2 * record.length + text.length;
    record[used .. used + text.length] = text;
    used += text.length;
}
private void format(T)(const char* how, T value) {
    char[64] text = void;
    add(text[0 .. snprintf(text.ptr, text.length, how, value)]);
}
void put(long v) { format("%lld", v); }
void put(bool v) { add(v ? "true" : "false"); }
void put(double v) {
    if (v != v) add("NaN");
    else if (v == double.infinity || v == -double.infinity) add(v > 0 ? "Infinity" : "-Infinity");
    else format("%.17g", v);
}
void put(string v) {
    add("\"");
    size_t from;
    foreach (i, char c; v) {
        if (c >= ' ' && c != '"' && c != '\\') continue;
        add(v[from .. i]);
        from = i + 1;
        if (c < ' ') format("\\u%04x", cast(int) c);
        else { add("\\"); add(v[i .. i + 1]); }
    }
    add(v[from .. $]);
    add("\"");
}
void put(T)(T[] v) if (!is(T == immutable char)) {
    add("[");
    foreach (i, item; v) { if (i) add(","); put(item); }
    add("]");
}
void put(V, K)(V[K] v) {
    add("[");
    bool later;
    foreach (key, value; v) {
        add(later ? ",[" : "[");
        later = true;
        put(key);
        add(",");
        put(value);
        add("]");
    }
    add("]");
}
void put(T)(T v) if (is(typeof(v.isNull) : bool)) {
    if (v.isNull) add("null"); else put(v.get());
}

bool next() {
    if (cases < 0) { load(); cases = number(); }
    current += 1;
    return current < cases;
}
private void begin(string tag) { used = 0; add(tag); add("\t"); put(current); add("\t"); }
private void send() {
    add("\n");
    size_t sent;
    while (sent < used) {
        immutable n = write(3, record.ptr + sent, used - sent);
        if (n <= 0) _exit(97);
        sent += n;
    }
}
void answer(scope void delegate() call) {
    try {
        begin("=");
        call();
        send();
    } catch (Throwable error) {
        begin("!");
        string text = error.msg.length > 500 ? error.msg[0 .. 500] : error.msg;
        foreach (i, char c; text) add(c >= ' ' && c <= '~' ? text[i .. i + 1] : " ");
        send();
    }
}
void finish() { _exit(0); }
