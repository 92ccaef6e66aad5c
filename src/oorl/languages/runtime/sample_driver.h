// The driver's part of sample.h.
#define SAMPLE_DRIVER(Name, ...) static void Name() { \
  using T = __VA_ARGS__; \
  T a0{}; \
  while (oorl::next()) { \
    T a1{}; oorl::in.get(a1); \
    try { \
      static_assert(oorl::fits<T, decltype(a0)>, "x"); \
      T result = a1; \
      oorl::open_record(); oorl::out.put(result); oorl::close_record(); \
    } catch (...) { oorl::caught(); } \
  } \
  oorl::finish(); \
}
SAMPLE_DRIVER(d1, long long) SAMPLE_DRIVER(d2, double) SAMPLE_DRIVER(d3, bool) SAMPLE_DRIVER(d4, std::string)
SAMPLE_DRIVER(d5, std::vector<long long>) SAMPLE_DRIVER(d6, std::vector<double>) SAMPLE_DRIVER(d7, std::vector<std::string>)
SAMPLE_DRIVER(d8, std::vector<bool>) SAMPLE_DRIVER(d9, std::vector<std::vector<long long>>)
SAMPLE_DRIVER(d10, std::map<std::string, long long>) SAMPLE_DRIVER(d11, std::map<long long, long long>)
SAMPLE_DRIVER(d12, std::optional<long long>) SAMPLE_DRIVER(d13, std::optional<std::string>)
#undef SAMPLE_DRIVER
