"""Go's linker as a warm parent gives the programs that the linker itself gives: packages that were
loaded before a program and after it are initialised, and their types and methods found."""

from pathlib import Path

import pytest

from oorl.errors import IsolationUnavailable
from oorl.params.sandbox import SandboxParams
from oorl.records import AnySubmission, AssertionSubmission, StdioCase, StdioSubmission
from oorl.sandbox import Judge, available_languages

pytestmark = pytest.mark.skipif(not isinstance(available_languages()["go"], str),
                                reason="Go is not installed")
HERE = Path(__file__).parent
PRINTED = (HERE / "go_packages.txt").read_text()
"""What `go run go_packages.go` prints."""
NO_PACKAGE = """package main
type shape interface{ area() int }
type square int
func (s square) area() int { return int(s * s) }
var first = second() + 1
func second() int { return len(names) }
var names = map[string]shape{"a": square(3)}
func init() { first += names["a"].area() }
func main() { if first == 11 { print() } else { panic(first) } }
"""
TWICE = 'package main\nimport "fmt"\nfunc twice(x int) int { fmt.Print(x); return x + x }'


@pytest.mark.parametrize("use_warm", [True, False])
def test_packages_work_whenever_they_were_loaded(use_warm):
    programs: list[AnySubmission] = [
        StdioSubmission("go", (HERE / "go_packages.go").read_text(), (StdioCase("", PRINTED),)),
        StdioSubmission("go", NO_PACKAGE, (StdioCase("", ""),)),
        AssertionSubmission("go", TWICE, 'func main() {\nif twice(4) != 8 { panic("no") }\n}'),
    ]
    try:
        with Judge(SandboxParams.model_validate({"workers": 1}), use_warm=use_warm) as judge:
            verdicts = judge.judge(programs)
            assert not judge.cold_parents()
    except IsolationUnavailable as error:
        pytest.skip(str(error))
    assert all(verdict.passed for verdict in verdicts), verdicts
