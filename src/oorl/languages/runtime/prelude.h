// What every C++ candidate sees: the standard library, and the driver's reader and writer.
// Compiled once per machine. The bodies are in runtime.cpp: code that is here, or instantiated for
// other types than those below, is compiled again for every candidate.
#pragma once
#include <bits/stdc++.h>
#include <unistd.h>

namespace oorl {
struct Reader {
  const char* at = nullptr;
  long long integer();
  void get(long long& v);
  void get(double& v);
  void get(bool& v);
  void get(std::string& v);
  template <class T> void get(std::vector<T>& v) {
    size_t n = integer();
    v.clear();
    v.reserve(n);
    for (size_t i = 0; i < n; i++) { T item{}; get(item); v.push_back(std::move(item)); }
  }
  template <class K, class V> void get(std::map<K, V>& v) {
    size_t n = integer();
    for (size_t i = 0; i < n; i++) { K key{}; get(key); get(v[key]); }
  }
  template <class T> void get(std::optional<T>& v) {
    if (integer()) { T item{}; get(item); v = std::move(item); } else v.reset();
  }
};

struct Writer {
  std::string out;
  void put(long long v);
  void put(double v);
  void put(bool v);
  void put(const std::string& v);
  void put(char c);
  template <class T> void put(const std::vector<T>& v) {
    bool first = true;
    put('[');
    for (const T& item : v) { if (!first) put(','); first = false; put(item); }
    put(']');
  }
  template <class K, class V> void put(const std::map<K, V>& v) {
    bool first = true;
    put('[');
    for (const auto& [k, item] : v) {
      if (!first) put(',');
      first = false;
      put('['); put(k); put(','); put(item); put(']');
    }
    put(']');
  }
  template <class T> void put(const std::optional<T>& v) {
    if (v) { put(*v); return; }
    put('n'); put('u'); put('l'); put('l');
  }
};

extern Reader in;
extern Writer out;
bool next();               // is there another case?
void open_record();        // begin the record of a returned value
void close_record();       // and send it
void caught();             // inside a handler: send the record of the current exception
[[noreturn]] void finish();

// May a result of type A stand for the signature's R? Not if a fraction would be cut off.
template <class R, class A> inline constexpr bool fits =
    std::is_convertible_v<A, R> &&
    !(std::is_floating_point_v<std::decay_t<A>> && std::is_integral_v<R>);
}

#define OORL_READ(T) extern template void oorl::Reader::get(T&)
#define OORL_BOTH(T) OORL_READ(T); extern template void oorl::Writer::put(const T&)
#ifndef OORL_RUNTIME
OORL_BOTH(std::vector<long long>);
OORL_BOTH(std::vector<double>);
OORL_BOTH(std::vector<bool>);
OORL_BOTH(std::vector<std::string>);
OORL_BOTH(std::vector<std::vector<long long>>);
extern template class std::vector<int>;
extern template class std::vector<long long>;
extern template class std::vector<double>;
extern template class std::vector<std::string>;
extern template class std::vector<std::vector<long long>>;
extern template class std::map<std::string, long long>;
extern template class std::map<long long, long long>;
#endif
using namespace std;
#if defined(__clang__) && !defined(OORL_RUNTIME)
namespace oorl_ahead {
#include "sample.h"
#include "sample_driver.h"
}
#endif
