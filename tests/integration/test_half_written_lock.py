"""DVC writes dvc.lock and .dvc/tmp/rwlock in place; a kill in that moment must cost nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from made_up_pipeline import make_project, run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("half")
    make_project(root)
    done = run(root, "flows._dvc", "repro", "validate")
    assert done.returncode == 0, done.stdout
    assert run(root, "flows._dvc", "repro", "base").returncode == 0
    return root


def cut(path: Path, share: float) -> str:
    text = path.read_text()
    path.write_text(text[:int(len(text) * share)])
    return text


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.62, 0.97])
def test_a_cut_lock_file_is_put_back(finished: Path, share: float) -> None:
    whole = cut(finished / "dvc.lock", share)
    done = run(finished, "flows._dvc", "repro", "--single-item", "base")
    assert done.returncode == 0, done.stdout
    assert "Running stage" not in done.stdout
    assert "dvc.lock was half written: put back as it was before" in done.stdout
    assert (finished / "dvc.lock").read_text() == whole


def test_dvc_itself_stops_there(finished: Path) -> None:
    """If it learns to write the file whole, flows/_dvc.py need not mend it."""
    whole = cut(finished / "dvc.lock", 0)
    assert run(finished, "dvc", "repro", "base").returncode != 0
    (finished / "dvc.lock").write_text(whole)


def test_without_a_copy_the_run_cache_knows_the_stages(finished: Path) -> None:
    whole = cut(finished / "dvc.lock", 0)
    (finished / ".dvc" / "tmp" / "dvc.lock.whole").unlink()
    done = run(finished, "flows._dvc", "repro", "validate", "base")
    assert done.returncode == 0, done.stdout
    assert "dvc.lock was half written: deleted" in done.stdout
    assert "Running stage" not in done.stdout
    assert yaml.safe_load((finished / "dvc.lock").read_text()) == yaml.safe_load(whole)


def test_the_stage_after_the_copy_comes_from_the_run_cache(finished: Path) -> None:
    assert run(finished, "flows._dvc", "repro", "base").returncode == 0
    before = (finished / ".dvc" / "tmp" / "dvc.lock.whole").read_text()
    assert "ir_groups" in before
    done = run(finished, "flows._dvc", "repro", "rl")
    assert done.returncode == 0, done.stdout
    whole = cut(finished / "dvc.lock", 0.5)
    again = run(finished, "flows._dvc", "repro", "rl")
    assert again.returncode == 0, again.stdout
    assert "Running stage" not in again.stdout
    assert (finished / "dvc.lock").read_text() == whole


def test_a_cut_table_of_locks_is_deleted(finished: Path) -> None:
    table = finished / ".dvc" / "tmp" / "rwlock"
    table.write_text('{"read": {"/x": [{"pi')
    assert run(finished, "dvc", "repro", "base").returncode != 0
    done = run(finished, "flows._dvc", "repro", "base")
    assert done.returncode == 0, done.stdout
    assert ".dvc/tmp/rwlock was half written: deleted" in done.stdout


def test_a_lock_file_that_is_whole_is_left_alone(finished: Path) -> None:
    before = (finished / "dvc.lock").read_text()
    done = run(finished, "flows._dvc", "repro", "base")
    assert "half written" not in done.stdout
    assert (finished / "dvc.lock").read_text() == before
