"""The judge in containers of the sandbox's image, by a real Docker engine.

The image holds every toolchain and takes minutes and 4 GB to build, so this runs when asked for:

    OORL_DOCKER=1 python -m pytest tests/integration/test_docker_judge.py

OORL_SANDBOX_IMAGE names an image that is there already. Where no registry is reachable,
PYTHON_IMAGE names what stands in for the base, and OORL_BUILD_NETWORK=host lets the build use this
machine's network.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from oorl.errors import IsolationUnavailable
from oorl.languages import all_languages
from oorl.params.sandbox import SandboxParams
from oorl.records import Case, Parameter, Signature, Status, Submission, Type
from oorl.sandbox import open_judge
from oorl.sandbox.container import DockerJudge

ROOT = Path(__file__).parents[2]
COUNT = Signature("count_even", (Parameter("nums", Type.parse("list[int]")),), Type("int"))
INCREMENT = Signature("f", (Parameter("x", Type("int")),), Type("int"))


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)


def engine() -> bool:
    return bool(shutil.which("docker")) and docker("info").returncode == 0


needs_engine = [
    pytest.mark.slow, pytest.mark.timeout(3000),
    pytest.mark.skipif(not os.environ.get("OORL_DOCKER"), reason="builds an image: OORL_DOCKER=1"),
    pytest.mark.skipif(not engine(), reason="no Docker engine answers")]


@pytest.fixture(scope="module")
def judge():
    image = os.environ.get("OORL_SANDBOX_IMAGE")
    if not image:
        image, base = "oorl-sandbox", os.environ.get("PYTHON_IMAGE")
        subprocess.run(
            ["docker", "build", f"--network={os.environ.get('OORL_BUILD_NETWORK', 'default')}",
             "-f", "deploy/Dockerfile", "--target", "sandbox", "-t", image,
             "--build-arg=LANGUAGES=all", *([f"--build-arg=PYTHON_IMAGE={base}"] if base else []),
             "."], cwd=ROOT, check=True)
    with open_judge(SandboxParams.model_validate({
            "backend": "docker", "image": image, "cpu_time_s": 2.0, "run_timeout_s": 20.0,
            "compile_timeout_s": 60.0, "memory_bytes": 2**28})) as made:
        assert isinstance(made, DockerJudge)
        yield made


def python(body: str) -> Submission:
    return Submission("python", f"def f(x):\n    {body}\n", INCREMENT, (Case((1,), 2),))


class TestContainers:
    pytestmark = needs_engine

    def test_every_language_of_the_image_gets_its_five_verdicts(self, judge):
        case = Case(([1, 2, 3, 4, 6],), 3)
        probes = [(name, probe) for name, language in all_languages().items()
                  for probe in language.probes.values()]
        verdicts = judge.judge([Submission(name, probe.code, COUNT, (case,))
                                for name, probe in probes])
        wrong = [(name, probe.status, verdict) for (name, probe), verdict
                 in zip(probes, verdicts, strict=True) if verdict.status != probe.status]
        assert not wrong

    def test_programs_are_held_and_the_container_is_closed(self, judge):
        verdicts = judge.judge([
            python("import os; return -1 if os.path.exists('/project') or "
                   "os.path.exists('/cache/oorl') else x + 1"),
            python("import socket; socket.create_connection(('8.8.8.8', 53), 1)"),
            python("[__import__('os').fork() or __import__('time').sleep(60) for _ in range(200)]"),
            python("bytearray(1500 << 20)"), python("import os; os._exit(0)"),
            python("while True: print('x' * 9999)"), python("while True: pass")])
        assert [v.status for v in verdicts] == [
            Status.PASSED, Status.RUNTIME_ERROR, Status.PROCESS_LIMIT, Status.MEMORY_LIMIT,
            Status.PROTOCOL_VIOLATION, Status.OUTPUT_LIMIT, Status.TIMEOUT], verdicts

    def test_a_killed_container_is_started_again(self, judge):
        assert judge.judge([python("return x + 1  # before")])[0].passed
        names = docker("ps", "--filter", "name=oorl-", "--format", "{{.Names}}").stdout.split()
        own = [name for worker in judge._workers for name in worker.command if name in names]
        assert own
        docker("kill", *own)
        assert judge.judge([python("return x + 1  # after")])[0].passed

    def test_no_container_is_left(self, judge):
        names = {name for worker in judge._workers for name in worker.command
                 if name.startswith("oorl-")}
        judge.close()
        deadline = time.monotonic() + 60
        while (left := names & set(docker("ps", "-a", "--format", "{{.Names}}").stdout.split())
               ) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert names
        assert not left

    def test_a_missing_image_is_named_with_its_build(self):
        params = SandboxParams.model_validate({"backend": "docker", "image": "oorl-nowhere"})
        with open_judge(params) as judge, pytest.raises(IsolationUnavailable) as error:
            judge.judge([python("return x + 1")])
        assert "oorl-nowhere" in error.value.problem
        assert "docker build" in error.value.remedy


def test_without_docker_nothing_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with open_judge(SandboxParams.model_validate({"backend": "docker"})) as judge, pytest.raises(
            IsolationUnavailable, match="no `docker` here"):
        judge.judge([python("return x + 1")])
