"""Exit statuses and messages of a stage, its checkpoint folders, and what counts as a number."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from oorl.errors import DataError, ResourceError
from oorl.params import Params
from oorl.params.rl import RLParams
from tasks._files import digest, write_json, write_text
from tasks._stage import StageContext, execute, flatten, numbers, require_disk
from tasks._tracking import Tracker

ROOT = Path(__file__).parents[3]
SECTIONS = ("dataset", "ir_groups", "validate", "base", "rl", "gepo", "control", "evaluate",
            "register", "sandbox")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    text = "".join(f"{name}: {{}}\n" for name in SECTIONS) + "tracking: {enabled: false}\n"
    (tmp_path / "params.yaml").write_text(text)
    return tmp_path


def context(root: Path) -> StageContext:
    return StageContext("rl", root, Tracker(None))


def raising(error: BaseException) -> Callable[[Params, StageContext], None]:
    def run(params: Params, ctx: StageContext) -> None:
        raise error
    return run


def test_a_stage_that_works(project: Path) -> None:
    def run(params: Params, ctx: StageContext) -> None:
        ctx.write_metrics({"reward": {"php": params.rl.epsilon, "bash": 0.1}},
                          main=("reward.php", "absent"))

    assert execute("rl", run, project) == 0
    assert json.loads((project / "reports/rl/summary.json").read_text()) == {"reward.php": 0.2}
    assert json.loads((project / "reports/rl/metrics.json").read_text()) == {
        "reward": {"php": 0.2, "bash": 0.1}}


@pytest.mark.parametrize(("error", "status", "words"), [
    (DataError("row p7 is bad", "Fetch it again."), 1, "rl: row p7 is bad\n  -> Fetch it again."),
    (KeyboardInterrupt(), 130, "interrupted"),
    (OSError(errno.ENOSPC, "No space left on device"), 1, "the disk is full"),
    (RuntimeError("PytorchStreamWriter failed writing file data/0"), 1, "the disk is full"),
    (MemoryError(), 1, "out of memory"),
    (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), 1, "batch size"),
])
def test_expected_faults_have_a_message_and_no_traceback(
        error: BaseException, status: int, words: str, project: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    assert execute("rl", raising(error), project) == status
    printed = capsys.readouterr().err
    assert words in printed
    assert "Traceback" not in printed


def test_a_bug_keeps_its_traceback(project: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        execute("rl", raising(ZeroDivisionError()), project)


def test_wrong_settings_are_told_before_anything_runs(
        project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (project / "params.yaml").open("a") as file:
        file.write("seed: many\nrll: {}\n")
    assert execute("rl", raising(AssertionError("it ran")), project) == 1
    printed = capsys.readouterr().err
    assert "seed" in printed
    assert "did you mean 'rl'" in printed


def test_too_little_disk_is_told_at_the_start(project: Path) -> None:
    require_disk(project, minimum=1)
    with pytest.raises(ResourceError, match="MiB free"):
        require_disk(project, minimum=1 << 60)


def test_sigterm_lets_the_stage_clean_up(project: Path) -> None:
    code = ("import time\nfrom tasks._stage import stage_main\n"
            "def run(params, ctx):\n"
            "    try:\n"
            "        print('ready', flush=True)\n"
            "        time.sleep(60)\n"
            "    finally:\n"
            "        print('cleaned', flush=True)\n"
            "stage_main('rl', run)\n")
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=project, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/src"})
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (143, "cleaned\n", "rl: terminated\n")


def test_a_stage_under_dvc_ends_with_its_parent(project: Path) -> None:
    stage = ("import os, time\nfrom tasks._stage import stage_main\n"
             "def run(params, ctx):\n"
             "    open('pid', 'w').write(str(os.getpid()))\n"
             "    time.sleep(60)\n"
             "stage_main('rl', run)\n")
    parent = subprocess.Popen(
        [sys.executable, "-c", "import subprocess, sys\n"
         "subprocess.run([sys.executable, '-c', sys.argv[1]])", stage], cwd=project,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/src", "DVC_STAGE": "rl"})
    until = time.monotonic() + 60
    while not (project / "pid").exists() or not (project / "pid").read_text():
        assert time.monotonic() < until
        time.sleep(0.05)
    child = int((project / "pid").read_text())
    parent.kill()
    parent.wait()
    while Path(f"/proc/{child}").exists() and "Z" not in Path(
            f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]:
        assert time.monotonic() < until, "the stage outlived its parent"
        time.sleep(0.05)


def test_checkpoints_are_found_again_only_for_the_same_settings_and_inputs(
        project: Path) -> None:
    ctx, data = context(project), project / "data.txt"
    data.write_text("one")
    first = ctx.checkpoints(RLParams(), 1, inputs=[data])
    assert first.is_dir()
    assert first == ctx.checkpoints(RLParams(), 1, inputs=[data])
    assert first != ctx.checkpoints(RLParams(max_steps=31), 1, inputs=[data])
    assert first != ctx.checkpoints(RLParams(), 2, inputs=[data])
    data.write_text("two")
    assert first != ctx.checkpoints(RLParams(), 1, inputs=[data])


def test_flatten_and_numbers() -> None:
    import numpy as np

    flat = flatten({"a": {"b": 1, "c": {"d": True}}, "e": "x", "f": None})
    assert flat == {"a.b": 1, "a.c.d": True, "e": "x", "f": None}
    assert numbers({**flat, "g": np.float32(2), "h": [1]}) == {"a.b": 1.0, "a.c.d": 1.0, "g": 2.0}


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"b": 1, "a": "é"})
    assert path.read_text() == '{\n  "a": "é",\n  "b": 1\n}\n'

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_text(path, "new")
    assert path.read_text().startswith("{")
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_folders_digest_sees_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    before = digest(tmp_path)
    (tmp_path / "b").rename(tmp_path / "c")
    renamed = digest(tmp_path)
    (tmp_path / "c").write_text("3")
    assert len({before, renamed, digest(tmp_path)}) == 3
    # the same as DVC's for a file
    assert digest(tmp_path / "a") == "c4ca4238a0b923820dcc509a6f75849b"
