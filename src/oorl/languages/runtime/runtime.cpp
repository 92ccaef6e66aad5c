// The bodies of prelude.h's driver, and the instantiations it promises.
#define OORL_RUNTIME
#include "prelude.h"

namespace oorl {
Reader in;
Writer out;
static std::string text;
static long long cases = -1, current = -1;

long long Reader::integer() {
  char* end;
  long long v = strtoll(at, &end, 10);
  at = end;
  return v;
}
void Reader::get(long long& v) { v = integer(); }
void Reader::get(double& v) {
  char* end;
  v = strtod(at, &end);
  at = end;
}
void Reader::get(bool& v) { v = integer() != 0; }
void Reader::get(std::string& v) {
  size_t n = integer();
  v.assign(at + 1, n);
  at += n + 1;
}

void Writer::put(char c) { out += c; }
void Writer::put(long long v) { out += std::to_string(v); }
void Writer::put(bool v) { out += v ? "true" : "false"; }
void Writer::put(double v) {
  char b[40];
  if (std::isnan(v)) out += "NaN";
  else if (std::isinf(v)) out += v > 0 ? "Infinity" : "-Infinity";
  else out.append(b, snprintf(b, sizeof b, "%.17g", v));
}
void Writer::put(const std::string& v) {
  char b[8];
  out += '"';
  for (unsigned char c : v)
    if (c == '"' || c == '\\') { out += '\\'; out += c; }
    else if (c < 32) out.append(b, snprintf(b, sizeof b, "\\u%04x", c));
    else out += c;
  out += '"';
}

static void send() {
  for (size_t at = 0; at < out.out.size();) {
    ssize_t n = ::write(3, out.out.data() + at, out.out.size() - at);
    if (n <= 0) _exit(97);
    at += n;
  }
}
bool next() {
  if (current < 0) {
    FILE* f = fopen("/job/input", "rb");
    char buffer[65536];
    size_t n;
    while (f && (n = fread(buffer, 1, sizeof buffer, f)) > 0) text.append(buffer, n);
    if (f) fclose(f);
    in.at = text.c_str();
    cases = in.integer();
  }
  return ++current < cases;
}
static void begin(const char* tag) {
  out.out = tag;
  out.put(current);
  out.put('\t');
}
void open_record() { begin("=\t"); }
void close_record() {
  out.put('\n');
  send();
}
void caught() {
  std::string what = "an exception of unknown type";
  try { throw; } catch (const std::exception& e) { what = e.what(); } catch (...) {}
  begin("!\t");
  for (char c : what) out.put((unsigned char)c < 32 ? ' ' : c);
  close_record();
}
// By _exit, so that destructors and atexit handlers have no say.
void finish() { _exit(0); }
}

#undef OORL_READ
#define OORL_READ(T) template void oorl::Reader::get(T&)
#define OORL_WRITE(T) template void oorl::Writer::put(const T&)
#define OORL_ALL(T) OORL_READ(T); OORL_WRITE(T)
OORL_ALL(std::vector<long long>);
OORL_ALL(std::vector<double>);
OORL_ALL(std::vector<bool>);
OORL_ALL(std::vector<std::string>);
OORL_ALL(std::vector<std::vector<long long>>);
template class std::vector<int>;
template class std::vector<long long>;
template class std::vector<double>;
template class std::vector<std::string>;
template class std::vector<std::vector<long long>>;
template class std::map<std::string, long long>;
template class std::map<long long, long long>;
