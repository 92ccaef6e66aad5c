"""Profiles: each is legal, none leaves anything of the one before, the default is params.yaml."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from oorl.cli import main
from oorl.errors import ParamsError, UnknownName
from oorl.params import load_params
from oorl.params.overrides import (
    DEFAULT,
    overridden,
    override,
    profile_names,
    profile_settings,
    profile_title,
)

ROOT = Path(__file__).parents[3]
OTHERS = [name for name in profile_names(ROOT) if name != DEFAULT]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    shutil.copy(ROOT / "params.yaml", tmp_path)
    return tmp_path


def test_params_yaml_as_committed_is_the_default_profile() -> None:
    assert (ROOT / "params.yaml").read_text() == (ROOT / "profiles/embedded.yaml").read_text()
    assert profile_names(ROOT)[0] == DEFAULT
    assert "long" in OTHERS


@pytest.mark.parametrize("name", OTHERS)
def test_a_profile_is_legal_and_differs_from_the_default_in_all_it_says(
        name: str, folder: Path) -> None:
    path = folder / "params.yaml"
    default = yaml.safe_load(path.read_text())
    override(path, {}, name)
    load_params(path)
    written = yaml.safe_load(path.read_text())
    settings = profile_settings(folder, name)
    assert settings
    for key, value in settings.items():
        section, _, last = key.partition(".")
        assert written[section][last] == value
        assert default[section].get(last) != value, f"{key} is the default's already"
    assert profile_title(ROOT, name).endswith(".")


def test_changing_profiles_leaves_nothing_behind(folder: Path) -> None:
    path = folder / "params.yaml"
    before = path.read_text()
    override(path, {"rl.temperature": 0.5}, "long")
    assert yaml.safe_load(path.read_text())["rl"]["temperature"] == 0.5
    override(path, {}, DEFAULT)
    assert yaml.safe_load(path.read_text()) == yaml.safe_load(before)
    assert path.read_text().count("#") == before.count("#")


def test_what_was_changed_by_hand_counts_only_without_a_profile(folder: Path) -> None:
    path = folder / "params.yaml"
    override(path, {"rl.max_steps": 3})
    assert "max_steps: 3\n" in overridden(path, {"seed": 1})
    assert "max_steps: 3\n" not in overridden(path, {"seed": 1}, "long")


def test_wrong_profiles_are_named(folder: Path) -> None:
    path = folder / "params.yaml"
    before = path.read_text()
    with pytest.raises(UnknownName, match="long"):
        override(path, {}, "lnog")
    (folder / "profiles/bad.yaml").write_text("# Bad.\nrl:\n  max_stepz: 1\n")
    with pytest.raises(ParamsError, match="did you mean 'max_steps'"):
        override(path, {}, "bad")
    (folder / "profiles/worse.yaml").write_text("# Worse.\n- 1\n")
    with pytest.raises(ParamsError, match=r"worse\.yaml"):
        override(path, {}, "worse")
    (folder / "profiles/worst.yaml").write_text("# Worst.\nrl: [\n")
    with pytest.raises(ParamsError, match="not valid YAML"):
        override(path, {}, "worst")
    assert path.read_text() == before


def test_the_command_lists_and_writes(folder: Path, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder)
    assert main(["profile"]) == 0
    assert capsys.readouterr().out.split()[0] == DEFAULT
    assert main(["profile", "long"]) == 0
    assert load_params(folder / "params.yaml").rl.max_steps == profile_settings(
        folder, "long")["rl.max_steps"]
    assert main(["profile", "nope"]) == 1
    assert "nope" in capsys.readouterr().err
