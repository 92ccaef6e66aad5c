"""C++, Rust and Go compiled by forks of a warm compiler: what one candidate does to its compiler
the next does not find. The corpus itself is in corpus/."""

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
""",
    "go": """package main
import ("fmt"; "os"; "strings")
type int64 struct{ planted string }
var true, nil = false, 7
func len(x string) int { return 1 }
func init() { os.WriteFile("/tmp/other.o", []byte(strings.Repeat(fmt.Sprint(nil), 9)), 0600) }
func f(x int) int { return x + len("") }
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
""",
    "go": """package main
import ("os"; "fmt")
func f(x int) int {
	files, _ := os.ReadDir("/tmp")
	wide := int64(1) << 40
	if len(files) == 0 && true && os.Args != nil && fmt.Sprint(wide) == "1099511627776" {
		return x + len("a")
	}
	return -1
}
"""}


@pytest.mark.parametrize("language", ["cpp", "rust", "go"])
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
    ("go", "func f(x int) int { return g(x) }", Status.COMPILE_ERROR),
    ("go", "func g(x int) int\nfunc f(x int) int { return g(x) }", Status.COMPILE_ERROR),
    ("go", "import \"no/such\"\nfunc f(x int) int { return x + 1 }", Status.COMPILE_ERROR),
    ("go", "import (\"crypto/sha256\"; \"encoding/json\"; \"net\")\n"
     "func f(x int) int { b, _ := json.Marshal(net.IPv4len); s := sha256.Sum256(b)\n"
     "return x + 1 + int(s[0]) - int(s[0]) }", Status.PASSED),
    ("go", "import _ \"embed\"\n//go:embed candidate.go\nvar s string\n"
     "func f(x int) int { return x + 1 }", Status.COMPILE_ERROR),
    ("rust", "const S: &str = include_str!(\"@SECRET@\");\nfn f(x: i64) -> i64 { x + 1 }",
     Status.COMPILE_ERROR),
])
def test_compilations_end_alike_on_both_paths(attack, language, code, status):
    verdict = attack(language, code)
    assert verdict.status is status, verdict
