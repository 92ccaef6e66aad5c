"""The judge on real programs: verdicts, order, faults of our own."""

import os
import pickle
import signal
import threading
import time

import pytest

from oorl.errors import IsolationUnavailable, ToolchainMissing
from oorl.languages import PROBE_CASES, PROBE_SIGNATURE, all_languages, get_language
from oorl.params.sandbox import SandboxParams
from oorl.records import Case, Parameter, Signature, Status, Submission, Type
from oorl.sandbox import Judge, available_languages, cgroups, isolation
from oorl.sandbox import judge as judge_module
from oorl.sandbox.tree import descendants

INCREMENT = Signature("f", (Parameter("x", Type("int")),), Type("int"))
CASES = (Case((1,), 2), Case((5,), 6))


def python(code: str, cases: tuple[Case, ...] = CASES) -> Submission:
    return Submission("python", code, INCREMENT, cases)


@pytest.fixture(scope="session")
def probe_verdicts(judge):
    """Every language's probe programs, judged in one batch."""
    found = available_languages()
    keys = [(name, probe) for name in found if isinstance(found[name], str)
            for probe in get_language(name).probes]
    batch = [Submission(name, get_language(name).probes[probe].code, PROBE_SIGNATURE, PROBE_CASES)
             for name, probe in keys]
    return dict(zip(keys, judge.judge(batch), strict=True))


@pytest.mark.parametrize("name", sorted(all_languages()))
@pytest.mark.parametrize("probe", ["ok", "wrong", "compile_error", "crash", "hang"])
def test_probe_programs_get_their_verdict(probe_verdicts, name, probe):
    if (name, probe) not in probe_verdicts:
        pytest.skip(f"{name} is not installed")
    verdict = probe_verdicts[name, probe]
    assert verdict.status == get_language(name).probes[probe].status, verdict.detail
    assert verdict.total_cases == len(PROBE_CASES)
    assert verdict.passed is (probe == "ok")


def test_verdicts_come_in_order(judge):
    batch = [python(f"def f(x):\n    return x + {n}\n") for n in (1, 0, 1, 2, 1)]
    assert [v.passed for v in judge.judge(batch)] == [True, False, True, False, True]


def test_equal_submissions_are_judged_once(judge, monkeypatch):
    seen = []
    original = judge_module.Judge._one
    monkeypatch.setattr(judge_module.Judge, "_one", lambda self, worker, submission: (
        seen.append(submission), original(self, worker, submission))[1])
    same = python("def f(x):\n    return x + 1\n")
    other = python("def f(x):\n    return x + 1\n", cases=(Case((1,), 3),))
    verdicts = judge.judge([same, other, same, same])
    assert [v.status for v in verdicts] == [
        Status.PASSED, Status.WRONG_ANSWER, Status.PASSED, Status.PASSED]
    assert len(seen) == 2


def test_partial_passes_are_counted(judge):
    (verdict,) = judge.judge([python("def f(x):\n    return 2\n")])
    assert (verdict.status, verdict.passed_cases, verdict.total_cases) == ("wrong_answer", 1, 2)
    assert "case 1: expected 6, got 2" in verdict.detail


@pytest.mark.parametrize(("returned", "status"), [
    ("x + 1.0", Status.WRONG_ANSWER), ("str(x + 1)", Status.WRONG_ANSWER),
    ("None", Status.WRONG_ANSWER), ("(x + 1,)", Status.WRONG_ANSWER),
    ("x + True", Status.PASSED)])
def test_int_is_strict_in_python(judge, returned, status):
    (verdict,) = judge.judge([python(f"def f(x):\n    return {returned}\n")])
    assert verdict.status == status


@pytest.mark.parametrize("language", ["javascript", "php", "perl", "lua"])
def test_integral_floats_are_ints_where_the_language_says_so(judge, language):
    bodies = {"javascript": "function f(x) { return (x + 1) * 1.0 }",
              "php": "function f($x) { return ($x + 1) * 1.0; }",
              "perl": "sub f { my ($x) = @_; return ($x + 1) * 1.0 }",
              "lua": "function f(x) return (x + 1) * 1.0 end"}
    halves = {k: v.replace("1.0", "1.5") for k, v in bodies.items()}
    verdicts = judge.judge([Submission(language, code, INCREMENT, CASES)
                            for code in (bodies[language], halves[language])])
    assert [v.status for v in verdicts] == [Status.PASSED, Status.WRONG_ANSWER]


def test_cpp_refuses_a_cut_off_fraction(judge):
    code = "double f(long long x) { return x + 1.5; }"
    (verdict,) = judge.judge([Submission("cpp", code, INCREMENT, CASES)])
    assert verdict.status is Status.COMPILE_ERROR
    assert "must return long long" in verdict.detail


def test_a_missing_function_is_an_error_of_the_program(judge):
    batch = [Submission(name, "", INCREMENT, CASES) for name in
             ("python", "javascript", "php", "bash", "ruby", "perl", "lua", "cpp", "java")]
    for submission, verdict in zip(batch, judge.judge(batch), strict=True):
        expected = (Status.COMPILE_ERROR if submission.language in ("cpp", "java")
                    else Status.RUNTIME_ERROR)
        assert verdict.status is expected, (submission.language, verdict)


def test_arguments_are_fresh_for_every_case(judge):
    code = "def count_even(nums):\n    n = len(nums)\n    nums.clear()\n    return n\n"
    cases = (Case(([1, 2],), 2), Case(([1, 2],), 2))
    (verdict,) = judge.judge([Submission("python", code, PROBE_SIGNATURE, cases)])
    assert verdict.passed


def test_expected_values_do_not_reach_the_worker(judge, monkeypatch):
    sent = []
    original = judge_module.write_frame
    monkeypatch.setattr(judge_module, "write_frame",
                        lambda stream, value: (sent.append(value), original(stream, value)))
    judge.judge([python("def f(x):\n    return 0\n", cases=(Case((17,), 987654321987),))])
    data = b"".join(pickle.dumps(value) + repr(value).encode() for value in sent)
    assert b"17" in data
    assert b"987654321987" not in data


def test_a_killed_worker_is_replaced(judge):
    """Our own fault: the program is judged again, not failed."""
    judge.judge([python("def f(x):\n    return x\n")])
    slow = python("import time\ndef f(x):\n    time.sleep(0.5)\n    return x + 1\n")

    def kill() -> None:
        time.sleep(0.3)
        os.kill(victim, signal.SIGKILL)

    victim = judge.worker_pids()[0]
    killer = threading.Thread(target=kill)
    killer.start()
    verdicts = judge.judge([slow, python("def f(x):\n    return x + 1\n# 2\n"),
                            python("def f(x):\n    return x + 1\n# 3\n")])
    killer.join()
    assert all(v.passed for v in verdicts)


def test_a_failing_start_is_infra_error_never_a_wrong_answer():
    params = SandboxParams.model_validate({"workers": 1})
    with Judge(params) as broken:
        broken._start()
        (connection,) = broken._workers
        connection.close()
        connection.settings = type(connection.settings)(
            "/nonexistent/bwrap", connection.settings.limits, 5.0)
        (verdict,) = broken.judge([python("def f(x):\n    return x + 1\n")])
    assert verdict.status is Status.INFRA_ERROR


def test_leaving_early_kills_everything(judge):
    with Judge(SandboxParams.model_validate({"workers": 1, "cpu_time_s": 60,
                                             "run_timeout_s": 60})) as short:
        verdicts = short.judge_iter([python("def f(x):\n    return x + 1\n"),
                                     python("def f(x):\n    while True: pass\n")])
        next(verdicts)
        (pid,) = short.worker_pids()
        verdicts.close()
        deadline = time.monotonic() + 20
        while descendants(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not descendants(pid)


def test_without_control_groups_the_tree_is_watched():
    params = SandboxParams.model_validate({"workers": 2, "memory_bytes": 128 * 2**20,
                                           "max_processes": 32, "cpu_time_s": 1.0})
    with Judge(params, use_cgroups=False) as judge:
        assert not judge.control_groups()
        memory = python("import time\ndef f(x):\n    y = b'x' * (300 << 20)\n"
                        "    time.sleep(5)\n    return x + 1\n")
        forks = python("import os, time\ndef f(x):\n    for _ in range(60):\n"
                       "        if os.fork() == 0:\n            time.sleep(5)\n"
                       "            os._exit(0)\n    time.sleep(5)\n    return x + 1\n")
        spin = python("def f(x):\n    while True: pass\n")
        good = python("def f(x):\n    return x + 1\n")
        found = [v.status for v in judge.judge([memory, forks, spin, good])]
    assert found == [Status.MEMORY_LIMIT, Status.PROCESS_LIMIT, Status.TIMEOUT, Status.PASSED]


def test_no_bubblewrap_no_verdict(monkeypatch):
    isolation.require_bubblewrap.cache_clear()
    monkeypatch.setattr(isolation, "find_tool", lambda names: None)
    try:
        with pytest.raises(IsolationUnavailable, match="never run without") as error:
            Judge().judge([python("def f(x):\n    return x\n")])
        assert "apt-get install -y bubblewrap" in error.value.remedy
    finally:
        isolation.require_bubblewrap.cache_clear()


def test_no_namespaces_no_verdict(monkeypatch):
    isolation.require_bubblewrap.cache_clear()
    monkeypatch.setattr(isolation, "try_namespaces", lambda path: "No permissions")
    try:
        with pytest.raises(IsolationUnavailable, match="No permissions") as error:
            Judge().judge([python("def f(x):\n    return x\n")])
        assert error.value.remedy
    finally:
        isolation.require_bubblewrap.cache_clear()


def test_a_missing_toolchain_stops_the_batch(judge, monkeypatch):
    monkeypatch.setattr("oorl.languages.base.find_tool", lambda names: None)
    with pytest.raises(ToolchainMissing, match="node is not installed"):
        judge.judge([Submission("javascript", "", INCREMENT, CASES)])


@pytest.mark.parametrize("code", ["def f(x):\n    return x + 1\n",
                                  "def f(x):\n    while True: pass\n"])
def test_nothing_dead_counts_against_the_next_program(code):
    with Judge(SandboxParams.model_validate({"workers": 1, "cpu_time_s": 0.2})) as judge:
        if not judge.control_groups():
            pytest.skip("no control groups here")
        judge.judge([python(code + "#" * n) for n in range(8)])
        (worker,) = judge.worker_pids()
        groups = {parents["pids"] / f"oorl-{worker}-run" for _, parents in cgroups._parents()}
        (group,) = (path for path in groups if path.exists())
        assert int((group / "pids.current").read_text()) == 0
