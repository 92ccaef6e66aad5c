"""The flow over the real graph with made-up stages: runs, fails, is stopped; no server needed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_up_pipeline import environment, make_project, ran, run

from flows._repro import BAR_EVERY_S, repro, stage_names, stream
from flows._summary import summary
from oorl.errors import ParamsError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    make_project(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_flow_runs_all_stages_then_none_then_stops_at_a_failure(project: Path) -> None:
    (project / "absent").touch()  # a server, once: worth another try
    first = run(project, "flows.pipeline", "--retry-after-s", "0.1", AWAY="register")
    assert first.returncode == 0, first.stdout
    assert ran(first.stdout) == [*stage_names(project), "register"]
    assert "Retry 1/3" in first.stdout
    assert "| php | 25.0 |" in first.stdout
    assert str(project / "reports/evaluation/report.html") in first.stdout

    # `dvc repro` and the flow share lock and run cache: what one made the other does not redo
    assert ran(run(project, "dvc", "repro").stdout) == []
    (project / "dvc.lock").unlink()
    shutil.rmtree(project / "models")
    assert ran(run(project, "dvc", "repro").stdout) == []
    assert (project / "models" / "gepo" / "weights").exists()
    before = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(before.replace("kl_coef: 0.0", "kl_coef: 0.5"))
    assert ran(run(project, "dvc", "repro", "--single-item", "rl").stdout) == ["rl"]
    (project / "params.yaml").write_text(before)
    assert ran(run(project, "dvc", "repro").stdout) == []

    failed = run(project, "flows.pipeline", "--set", "rl.kl_coef=0.5", FAIL="gepo")
    assert failed.returncode == 1
    # rl is known from above; what fails by itself is not tried again
    assert ran(failed.stdout) == ["gepo"]
    assert "gepo: made to fail" in failed.stdout
    assert "Traceback" not in failed.stdout
    assert "kl_coef: 0.5" in (project / "params.yaml").read_text()


@pytest.mark.parametrize(("arguments", "words"), [
    (("--set", "rl.max_stepz=1"), "did you mean 'max_steps'"),
    (("--stages", "rll"), "Did you mean 'rl'"),
])
def test_wrong_wishes_are_refused_before_anything_runs(
        arguments: tuple[str, ...], words: str, project: Path) -> None:
    before = (project / "params.yaml").read_text()
    done = run(project, "flows.pipeline", *arguments)
    assert done.returncode == 1
    assert words in done.stdout
    assert "Traceback" not in done.stdout
    assert ran(done.stdout) == []
    assert (project / "params.yaml").read_text() == before


def test_the_home_of_prefect_is_made_or_its_absence_explained(project: Path) -> None:
    (project / "file").write_text("")
    done = run(project, "flows.pipeline", PREFECT_HOME=str(project / "file" / "home"))
    assert done.returncode == 1
    assert "file/home: Not a directory: Prefect cannot keep its runs there" in done.stdout
    assert "Traceback" not in done.stdout
    deep = project / "not" / "there" / "home"
    done = run(project, "flows.pipeline", "--stages", "dataset", PREFECT_HOME=str(deep))
    assert done.returncode == 0, done.stdout
    assert deep.is_dir()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_flow_leaves_no_stage_running(number: signal.Signals, status: int,
                                                project: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.pipeline"], cwd=project, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env=environment(project, SLOW="dataset"),
        # a shell without job control starts children with SIGINT ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    pid = project / "slow.pid"
    until = time.monotonic() + 120
    while not pid.exists() or not pid.read_text():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.1)
    process.send_signal(number)
    assert process.wait(60) == status
    stage = int(pid.read_text())
    while alive(stage):
        assert time.monotonic() < until, "the stage outlived the flow"
        time.sleep(0.1)


# --- the parts ------------------------------------------------------------------------------


def python(code: str) -> list[str]:
    return [sys.executable, "-u", "-c", code]


def test_lines_are_streamed_and_progress_bars_thinned(tmp_path: Path) -> None:
    code = ("import sys, time\nprint('start')\n"
            "for i in range(200): sys.stderr.write(f'\\r{i}/200'); time.sleep(0.001)\n"
            "sys.stderr.write('\\n'); print('é end', end='')")
    lines = list(stream(python(code), tmp_path, os.environ))
    assert lines[0] == "start"
    assert lines[-2:] == ["199/200", "é end"]
    assert len(lines) < 10 + 2 / BAR_EVERY_S


def test_a_failing_command_says_so_after_its_lines(tmp_path: Path) -> None:
    lines = stream(python("print('why'); raise SystemExit(3)"), tmp_path, os.environ)
    assert next(lines) == "why"
    with pytest.raises(subprocess.CalledProcessError) as raised:
        next(lines)
    assert raised.value.returncode == 3


def test_a_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    code = ("import os, subprocess, sys, time\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
            "print(os.getpid(), child.pid); time.sleep(60)")
    lines = stream(python(code), tmp_path, os.environ, timeout_s=5)
    pids = [int(word) for word in next(lines).split()]
    with pytest.raises(TimeoutError):
        next(lines)
    assert not any(alive(pid) for pid in pids)


def test_a_stage_whose_files_are_in_use_is_tried_again(tmp_path: Path) -> None:
    """Another process holds the lock for a while: DVC itself gives up at once."""
    make_project(tmp_path)
    other = subprocess.Popen([sys.executable, "-m", "dvc", "repro", "--single-item", "dataset"],
                             cwd=tmp_path, env=environment(tmp_path, SLOW="dataset"),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             start_new_session=True)
    until = time.monotonic() + 60
    while not (tmp_path / "slow.pid").exists():
        assert time.monotonic() < until
        time.sleep(0.1)
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        if "trying again" in line and other.poll() is None:
            os.killpg(other.pid, signal.SIGKILL)
            other.wait()

    assert repro("dataset", tmp_path, say, environment(tmp_path)) == ""
    assert any("in use by another DVC process" in line for line in lines)
    assert (tmp_path / "data/problems/problems.parquet").exists()


def test_overrides_keep_comments_and_are_checked_as_a_whole(project: Path) -> None:
    from oorl.params.overrides import override

    path = project / "params.yaml"
    comment = path.read_text().splitlines()[0]
    override(path, {"rl.max_steps": 7, "base.language_shares": {"php": 0.5}, "seed": 3})
    text = path.read_text()
    assert text.splitlines()[0] == comment
    assert re.search(r"^  max_steps: 7$", text, re.MULTILINE)
    with pytest.raises(ParamsError, match=r"rl\.epsilon"):
        override(path, {"rl.max_steps": 8, "rl.epsilon": -1})
    assert path.read_text() == text


def test_the_summary_of_what_is_there(tmp_path: Path) -> None:
    assert summary(tmp_path).strip() == ""
    folder = tmp_path / "reports" / "evaluation"
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(
        '{"models": {"base": {"pass_at_1": 0.1, "targets": {"php": {"pass_at_1": 0.1}}},'
        ' "gepo": {"pass_at_1": null, "targets": {"php": {"pass_at_1": 0.2},'
        ' "lua": {"pass_at_1": 1}}}}}')
    text = summary(tmp_path)
    assert "| php | 10.0 | 20.0 |" in text
    assert "| lua | - | 100.0 |" in text
    assert "| **mean** | **10.0** | **-** |" in text
    assert "MLflow" not in text
    docs = tmp_path / "reports" / "data_docs" / "index.html"
    docs.parent.mkdir()
    docs.touch()
    text = summary(tmp_path, "http://127.0.0.1:5000/#/experiments/1/runs/2")
    assert f"Data Docs: {docs}" in text
    assert "MLflow: <http://127.0.0.1:5000/#/experiments/1/runs/2>" in text
