"""Whole programs: judged by their whole output, or by assertions and a secret."""

import pickle

import pytest

from oorl.languages import get_language
from oorl.records import AssertionSubmission, Status, StdioCase, StdioSubmission
from oorl.sandbox import available_languages
from oorl.sandbox import judge as judge_module
from tests.unit.sandbox.programs import ASSERTIONS, DOUBLE

TWICE = (StdioCase("21\n", "42\n"), StdioCase("-3", "-6"))


def installed(table):
    found = available_languages()
    return [name for name in sorted(table) if isinstance(found.get(name), str)]


def python(code, *cases):
    return StdioSubmission("python", code, tuple(StdioCase(*case) for case in cases))


@pytest.mark.parametrize("name", installed(DOUBLE))
def test_stdio_programs(judge, name):
    code = DOUBLE[name]
    good, bad, broken = judge.judge([
        StdioSubmission(name, code, TWICE),
        StdioSubmission(name, code, (*TWICE, StdioCase("4", "9"))),
        StdioSubmission(name, code[:-3] + "((", TWICE)])
    assert (good.status, good.passed_cases, good.total_cases) == (Status.PASSED, 2, 2)
    assert (bad.status, bad.passed_cases, bad.total_cases) == (Status.WRONG_ANSWER, 2, 3)
    assert broken.status is Status.COMPILE_ERROR, broken.detail


@pytest.mark.parametrize("name", installed(ASSERTIONS))
def test_assertion_programs(judge, name):
    code, *tests = ASSERTIONS[name]
    found = judge.judge([AssertionSubmission(name, code, text) for text in tests])
    assert [v.status for v in found] == [
        Status.PASSED, Status.RUNTIME_ERROR, Status.PROTOCOL_VIOLATION], found
    assert [v.passed_cases for v in found] == [1, 0, 0]


LOUD = {
    "bash": "printf '%300000s' x", "javascript": 'console.log("x".repeat(300000))',
    "lua": 'io.write(("x"):rep(300000))', "perl": 'print "x" x 300000;',
    "php": 'echo str_repeat("x", 300000);', "python": "print('x' * 300000)",
    "r": 'cat(strrep("x", 300000))', "ruby": 'print "x" * 300_000',
    "typescript": 'console.log("x".repeat(300000))',
}


@pytest.mark.parametrize("name", installed(LOUD))
def test_much_output_does_not_hide_the_completion(judge, name):
    """More than a pipe holds, so that some is still to be written when the last test ends."""
    code, tests, *_ = ASSERTIONS[name]
    (verdict,) = judge.judge([AssertionSubmission(name, f"{code}\n{LOUD[name]}\n", tests)])
    assert verdict.passed, verdict


@pytest.mark.parametrize("name", installed(ASSERTIONS))
def test_the_completion_follows_the_last_test(name):
    code, tests, *_ = ASSERTIONS[name]
    text = get_language(name).complete(f"{code}\n{tests}", "SECRET")
    assert text.index("SECRET") > text.index("f(1)" if "f(1)" in text else "f 1")
    assert text.count("SECRET") == 1


@pytest.mark.parametrize(("code", "expected", "status"), [
    ("print('a\\nb')", "a\nb\n", "passed"), ("print('a  \\nb\\n\\n')", "a\nb", "passed"),
    ("print('a')", "a\nb", "wrong_answer"), ("print('a\\nb\\nc')", "a\nb", "wrong_answer"),
    ("print('a b')", "a  b", "passed"), ("print('\\na')", "a", "wrong_answer"),
    ("print(0.1 + 0.2)", "0.3", "passed"), ("print(0.31)", "0.3", "wrong_answer"),
    ("print(3.0)", "3", "wrong_answer"), ("print(3)", "3.0", "passed"),
    ("print('nan')", "1.0", "wrong_answer"), ("print('é😀')", "é😀", "passed"),
    ("import os\nos.write(1, b'\\xff')", "�", "passed"), ("pass", "", "passed"),
    ("print('x' * 300_000)", "x" * 300_000, "passed"),
])
def test_whole_outputs_are_compared(judge, code, expected, status):
    (verdict,) = judge.judge([python(code, ("", expected))])
    assert verdict.status == status, verdict


@pytest.mark.parametrize(("code", "status"), [
    ("while True: pass", Status.TIMEOUT), ("while True: print('x' * 9999)", Status.OUTPUT_LIMIT),
    ("x = bytearray(900 << 20)", Status.MEMORY_LIMIT), ("1 / 0", Status.RUNTIME_ERROR),
    ("print('ok')\nimport sys\nsys.exit(3)", Status.RUNTIME_ERROR),
    ("import os\nos.kill(os.getpid(), 9)", Status.RUNTIME_ERROR),
    ("print('ok'", Status.COMPILE_ERROR),
    ("print('ok')\nopen('/proc/self/fd/3', 'w').write('x')", Status.PASSED),
])
def test_runs_that_end_badly(judge, code, status):
    (verdict,) = judge.judge([python(code, ("", "ok"))])
    assert verdict.status is status, verdict


def test_what_passed_before_a_crash_counts(judge):
    code = "n = int(input())\nprint(10 // n)\n"
    (verdict,) = judge.judge([python(code, ("1", "10"), ("2", "5"), ("0", "0"), ("5", "2"))])
    assert (verdict.status, verdict.passed_cases, verdict.total_cases) == ("runtime_error", 2, 4)
    assert verdict.detail.startswith("case 2: exit code 1")


def test_runs_do_not_see_each_other(judge):
    code = "import os\nprint(os.path.exists('/tmp/x'))\nopen('/tmp/x', 'w').write('x')\n"
    (verdict,) = judge.judge([python(code, ("", "False"), ("", "False"))])
    assert verdict.passed, verdict


def test_expected_outputs_do_not_reach_the_worker(judge, monkeypatch):
    sent = []
    original = judge_module.write_frame
    monkeypatch.setattr(judge_module, "write_frame",
                        lambda stream, value: (sent.append(value), original(stream, value)))
    judge.judge([python("print(input())", ("17", "987654321987"))])
    data = b"".join(pickle.dumps(value) + repr(value).encode() for value in sent)
    assert b"17" in data
    assert b"987654321987" not in data


@pytest.mark.parametrize("code", [
    "import os\nos._exit(0)", "import sys\nsys.exit()", "raise SystemExit",
    "import atexit, os\natexit.register(os._exit, 0)\nraise KeyError",
    "import sys, os\nsys.excepthook = lambda *a: os._exit(0)\nraise KeyError",
    "print('0' * 32)\nimport os\nos._exit(0)"])
def test_an_early_end_never_passes(judge, code):
    (verdict,) = judge.judge([AssertionSubmission("python", code, "assert False\n")])
    assert verdict.status is Status.PROTOCOL_VIOLATION, verdict


def test_each_run_has_its_own_secret(judge, monkeypatch):
    sent = []
    original = judge_module.write_frame
    monkeypatch.setattr(judge_module, "write_frame",
                        lambda stream, value: (sent.append(value), original(stream, value)))
    judge.judge([AssertionSubmission("python", f"pass\n# {n}", "") for n in range(6)])
    secrets = {task.secret for task in sent}
    assert len(secrets) == 6
    assert all(len(secret) == 32 for secret in secrets)


@pytest.mark.parametrize(("body", "status"), [
    ("int a[n] = {0}; a[0] = 2 * n; cout << a[0];", Status.PASSED),
    ("int a[n] = {0}; cout << 2 * m;", Status.COMPILE_ERROR)])
def test_what_only_gxx_accepts_is_compiled_by_it(judge, body, status):
    """Arrays of variable length with an initialiser: right in g++, an error of clang's."""
    code = f"#include <iostream>\nusing namespace std;\nint main() {{ int n; cin >> n; {body} }}"
    (verdict,) = judge.judge([StdioSubmission("cpp", code, TWICE[:1])])
    assert verdict.status is status, verdict
