"""C++ and Rust compiled by forks of a warm compiler: what one candidate does to its compiler the
next does not find. The corpus itself is in corpus/."""

import pytest

from oorl.records import Status

CHANGE_EVERYTHING = {
    "cpp": """
#pragma push_macro("assert")
#define vector deque
#define assert(x) 0
#define oorl_start other
namespace std {
template <> struct hash<pair<int, int>> { size_t operator()(pair<int, int>) const { return 7; } };
}
namespace oorl { long long planted = 1; }
asm(".incbin \\"/job/main.cpp\\"");
long long f(long long x) { return x + 1; }
""",
    "rust": """
#![allow(warnings)]
macro_rules! vec { ($($x:tt)*) => { 7 } }
mod std { pub const PLANTED: i64 = 1; }
fn f(x: i64) -> i64 { let seven = vec![1]; x + seven - 6 }
"""}
SEE_NOTHING = {
    "cpp": """
namespace oorl { extern long long planted __attribute__((weak)); }
namespace oorl_start { int fresh; }
long long f(long long x) {
  vector<long long> all(3, x);
  long long* contiguous = all.data();
  unordered_map<string, int> counts;
  counts["a"]++;
  return &oorl::planted == nullptr && sizeof(long) == 8 && contiguous
      && access("/tmp/other.o", F_OK) ? x + 1 : -1;
}
""",
    "rust": """
fn f(x: i64) -> i64 {
    let all: Vec<i64> = vec![x, 1];
    let files = std::fs::read_dir("/tmp").unwrap().count();
    if files == 0 { all.iter().sum() } else { -1 }
}
"""}


@pytest.mark.parametrize("language", ["cpp", "rust"])
def test_state_does_not_outlive_a_compilation(attack, language):
    """Rows 12, 31 and 32."""
    for number in range(2):
        changed = attack(language, CHANGE_EVERYTHING[language] + "//" * number + "\n")
        assert changed.status is Status.PASSED, changed
        verdict = attack(language, SEE_NOTHING[language] + "//" * number + "\n")
        assert verdict.status is Status.PASSED, verdict


@pytest.mark.parametrize(("language", "code", "status"), [
    ("cpp", "long long f(long long x) { return x + 1; }", Status.PASSED),
    ("cpp", "long long f(long long x) { return g(x); }", Status.COMPILE_ERROR),
    ("cpp", "long long g(long long); long long f(long long x) { return g(x); }",
     Status.COMPILE_ERROR),
    ("cpp", "#include \"@SECRET@\"\nlong long f(long long x) { return x + 1; }",
     Status.COMPILE_ERROR),
    ("rust", "extern \"C\" { fn nowhere(x: i64) -> i64; }\n"
     "fn f(x: i64) -> i64 { unsafe { nowhere(x) } }", Status.COMPILE_ERROR),
    ("rust", "extern crate alloc;\nfn f(x: i64) -> i64 { alloc::vec![x, 1].iter().sum() }",
     Status.PASSED),
    ("rust", "const S: &str = include_str!(\"@SECRET@\");\nfn f(x: i64) -> i64 { x + 1 }",
     Status.COMPILE_ERROR),
])
def test_compilations_end_alike_on_both_paths(attack, language, code, status):
    verdict = attack(language, code)
    assert verdict.status is status, verdict
