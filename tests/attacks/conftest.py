"""A judge with small limits, and proof after each attack that nothing was left behind.

Most programs are written so that they pass if and only if the attack fails: they try, and return
the right answer when they were stopped. All are bounded in count and time.
"""

import os
import socket
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

# Programs see the inputs: one whose expected result can be searched for is among them.
INCREMENT = Signature("f", (Parameter("x", Type("int")),), Type("int"))
CASES = (Case((1,), 2), Case((5,), 6), Case((9182736450,), 9182736451))
SECRET = "oorl-host-secret-5f1c"


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on the host with a secret in it, readable by everybody."""
    folder = tmp_path_factory.mktemp("host")
    (folder / "secret.txt").write_text(SECRET)
    for path in (folder, folder.parent, folder.parent.parent):
        path.chmod(path.stat().st_mode | 0o055)
    return folder


@pytest.fixture(scope="session", autouse=True)
def secret_in_the_environment() -> Iterator[None]:
    """The host's, which workers inherit and programs must not."""
    os.environ["OORL_SECRET"] = SECRET
    yield
    del os.environ["OORL_SECRET"]


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """A port that answers on the host's loopback, and an abstract socket beside it."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as other:
        number = server.getsockname()[1]
        other.bind(f"\0oorl-attack-{number}")
        other.listen()
        yield number


@pytest.fixture(scope="session", params=["warm", "cold"])
def attacked(request: pytest.FixtureRequest) -> Iterator[Judge]:
    """Judges with and without warm parents."""
    yield from judge_with(request.param == "warm", workers=1, run_timeout_s=6.0)


@pytest.fixture(scope="session", params=["warm", "cold"])
def two_at_once(request: pytest.FixtureRequest) -> Iterator[Judge]:
    """The same with two workers, for batches."""
    yield from judge_with(request.param == "warm", workers=2, run_timeout_s=6.0)


def judge_with(use_warm: bool, **settings: float) -> Iterator[Judge]:
    """A judge with small limits."""
    params = SandboxParams.model_validate({
        "cpu_time_s": 2.0, "compile_timeout_s": 10.0, "memory_bytes": 192 * 2**20,
        "max_processes": 48, "output_bytes": 2**20, **settings})
    try:
        with Judge(params, use_warm=use_warm) as judge:
            judge.judge([])
            yield judge
    except IsolationUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def hostile(host: Path, port: int) -> Callable[..., Submission]:
    """A program of the corpus as a submission, its placeholders filled in."""

    def make(language: str, code: str, cases: tuple[Case, ...] = CASES) -> Submission:
        code = code.replace("@SECRET@", str(host / "secret.txt")).replace("@HOST@", str(host))
        return Submission(language, code.replace("@PORT@", str(port)), INCREMENT, cases)

    return make


@pytest.fixture
def attack(attacked: Judge, host: Path, hostile: Callable[..., Submission]
           ) -> Iterator[Callable[..., Verdict]]:
    """Judge one program; afterwards check the host, its processes, and that work goes on."""

    def run(language: str, code: str, cases: tuple[Case, ...] = CASES) -> Verdict:
        if missing_tools(get_language(language)):
            pytest.skip(f"{language} is not installed")
        (verdict,) = attacked.judge([hostile(language, code, cases)])
        assert SECRET not in verdict.detail
        return verdict

    before, mounts = set(host.iterdir()), mounted()
    yield run
    check_host(attacked, host, before, mounts)


def check_host(judge: Judge, host: Path, before: set[Path], mounts: set[str]) -> None:
    """Nothing written, mounted or running that was not there, and the judge still judges."""
    assert set(host.iterdir()) == before
    assert (host / "secret.txt").read_text() == SECRET
    for pid in judge.worker_pids():
        kept = ("OorlCompiler", "OorlScala", "tsc_server", "server.exe", "bwrap", "/job/warm.",
                "/warm.exe", "/start.cpp", "@/job/args")
        for inside in descendants(pid):
            command = _command(inside)
            assert any(name in command for name in kept), command
            # A warm parent is bubblewrap's child; a warm process below one is a program's.
            assert "bwrap" in command or "bwrap" in _command(_parent(inside)), command
    assert mounted() == mounts
    good = Submission("python", f"def f(x):\n    return x + 1\n# {os.urandom(4).hex()}\n",
                      INCREMENT, CASES)
    assert judge.judge([good])[0].passed


def mounted() -> set[str]:
    """What is mounted, containers and their networks left out: they come and go by themselves."""
    lines = Path("/proc/mounts").read_text().splitlines()
    return {line for line in lines if line.split()[2] not in ("overlay", "nsfs")}


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
