"""A judge with small limits, and proof after each attack that nothing was left behind.

Most programs are written so that they pass if and only if the attack fails: they try, and return
the right answer when they were stopped. All are bounded in count and time.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from oorl.errors import IsolationUnavailable
from oorl.languages import get_language
from oorl.params.sandbox import SandboxParams
from oorl.records import Case, Parameter, Signature, Submission, Type, Verdict
from oorl.sandbox import Judge
from oorl.sandbox.doctor import missing_tools
from oorl.sandbox.tree import descendants

INCREMENT = Signature("f", (Parameter("x", Type("int")),), Type("int"))
CASES = (Case((1,), 2), Case((5,), 6))
SECRET = "oorl-host-secret-5f1c"


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on the host with a secret in it, readable by everybody."""
    folder = tmp_path_factory.mktemp("host")
    (folder / "secret.txt").write_text(SECRET)
    for path in (folder, folder.parent, folder.parent.parent):
        path.chmod(path.stat().st_mode | 0o055)
    return folder


@pytest.fixture(scope="session", params=["warm", "cold"])
def attacked(host: Path, request: pytest.FixtureRequest) -> Iterator[Judge]:
    """Judges with and without warm parents."""
    os.environ["OORL_SECRET"] = SECRET
    params = SandboxParams.model_validate({
        "workers": 1, "cpu_time_s": 1.0, "run_timeout_s": 6.0, "compile_timeout_s": 10.0,
        "memory_bytes": 192 * 2**20, "max_processes": 48, "output_bytes": 2**20})
    try:
        with Judge(params, use_warm=request.param == "warm") as judge:
            judge.judge([])
            yield judge
    except IsolationUnavailable as error:
        pytest.skip(str(error))
    finally:
        del os.environ["OORL_SECRET"]


@pytest.fixture
def attack(attacked: Judge, host: Path) -> Iterator[Callable[..., Verdict]]:
    """Judge one program; afterwards check the host, its processes, and that work goes on."""

    def run(language: str, code: str, cases: tuple[Case, ...] = CASES) -> Verdict:
        if missing_tools(get_language(language)):
            pytest.skip(f"{language} is not installed")
        code = code.replace("@SECRET@", str(host / "secret.txt")).replace("@HOST@", str(host))
        (verdict,) = attacked.judge([Submission(language, code, INCREMENT, cases)])
        assert SECRET not in verdict.detail
        return verdict

    before, mounts = set(host.iterdir()), Path("/proc/mounts").read_text()
    yield run
    assert set(host.iterdir()) == before
    assert (host / "secret.txt").read_text() == SECRET
    for pid in attacked.worker_pids():
        kept = ("OorlCompiler", "tsc_server", "server.exe", "bwrap", "/job/warm.",
                "/warm.exe", "/start.cpp", "@/job/args")
        for inside in descendants(pid):
            command = _command(inside)
            assert any(name in command for name in kept), command
            # A warm parent is bubblewrap's child; a warm process below one is a program's.
            assert "bwrap" in command or "bwrap" in _command(_parent(inside)), command
    assert Path("/proc/mounts").read_text() == mounts
    good = Submission("python", f"def f(x):\n    return x + 1\n# {os.urandom(4).hex()}\n",
                      INCREMENT, CASES)
    assert attacked.judge([good])[0].passed


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return "bwrap"  # gone in the meantime
