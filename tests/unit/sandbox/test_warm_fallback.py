"""Where a warm interpreter cannot be had, its programs start cold, and the doctor says so."""

import subprocess
import sys

import pytest

from oorl.errors import IsolationUnavailable
from oorl.languages import PROBE_CASES, PROBE_SIGNATURE, get_language
from oorl.languages.base import Warm, find_tool
from oorl.params.sandbox import SandboxParams
from oorl.records import Submission
from oorl.sandbox import Judge, available_languages, doctor
from oorl.sandbox import judge as judge_module

pytestmark = pytest.mark.skipif(not isinstance(available_languages()["javascript"], str),
                                reason="node is not installed")
BREAK_THE_ADDON = """
import oorl.languages.base as base, oorl.languages.javascript as javascript
whole = base.runtime_file
base.runtime_file = javascript.runtime_file = lambda name: (
    b"#error" if name == "warm_node.c" else whole(name))
from oorl.sandbox.worker import main
main()
"""
BREAK_THE_START = BREAK_THE_ADDON.replace("warm_node.c", "warm_start.c")
STOP_THE_COMPILER = BREAK_THE_START.replace(
    "#error", "void _exit(int); __attribute__((constructor)) static void end(void) { _exit(1); }")
BREAK_THE_BUILD = BREAK_THE_ADDON.replace("javascript", "go").replace("#error", "exit 1").replace(
    "warm_node.c", "warm_go.sh")
STOP_THE_PARENT = BREAK_THE_ADDON.replace('b"#error"', 'b"process.exit(1)"').replace(
    "warm_node.c", "warm.js")


def broken_judge(monkeypatch, start: str) -> Judge:
    """Its workers start by `start`; every other process as ever."""
    original = subprocess.Popen
    monkeypatch.setattr(judge_module.subprocess, "Popen", lambda command, **options: original(
        [*command[:2], start] if command[0] == sys.executable else command, **options))
    return Judge(SandboxParams.model_validate({"workers": 1}))


@pytest.mark.parametrize(("language", "start", "parent", "reason"), [
    ("javascript", BREAK_THE_ADDON, "node", "could not be built"),
    ("javascript", STOP_THE_PARENT, "node", ""),
    ("cpp", BREAK_THE_START, "clang", "could not be built"),
    ("cpp", STOP_THE_COMPILER, "clang", ""),
    ("go", BREAK_THE_BUILD, "go", "could not be built")])
def test_without_its_parent_a_language_runs_cold(monkeypatch, language, start, parent, reason):
    if language == "cpp" and find_tool(("clang++-19", "clang++-18", "clang++-17")) is None:
        pytest.skip("clang is not installed")
    probe = get_language(language).probes["ok"]
    with broken_judge(monkeypatch, start) as judge:
        try:
            verdicts = judge.judge([Submission(language, probe.code + "\n" * n,
                                               PROBE_SIGNATURE, PROBE_CASES) for n in range(7)])
        except IsolationUnavailable as error:
            pytest.skip(str(error))
        assert all(v.passed for v in verdicts), verdicts
        cold = judge.cold_parents()
    assert set(cold) == {parent}
    assert reason in cold[parent]


def test_the_doctor_names_what_starts_cold(monkeypatch):
    try:
        assert not doctor.cold_languages()
    except IsolationUnavailable as error:
        pytest.skip(str(error))
    monkeypatch.setattr(Judge, "cold_parents", lambda self: {"node": "no addon"})
    found = doctor.diagnose()
    assert found.cold["javascript"] == "no addon"
    assert "javascript programs start slower than they could: no addon" in found.text()


def test_without_a_compiler_there_is_no_warm_node(monkeypatch):
    language = get_language("javascript")
    assert isinstance(language.warm(), Warm)
    monkeypatch.setattr("oorl.languages.javascript.warm_part", lambda *args, **options: None)
    assert language.warm() is None
    assert doctor.cold_languages()["javascript"] == "no C compiler"
