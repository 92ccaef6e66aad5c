"""dvc.yaml, params.yaml, tasks/, the flow and the documents tell the same story."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows._repro import stage_names
from oorl.params import Params, load_params

ROOT = Path(__file__).parents[2]
STAGES = ["dataset", "ir_groups", "validate", "base", "rl", "gepo", "control", "evaluate",
          "register"]


@pytest.fixture(scope="module")
def stages() -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"])


def paths(entries: list[Any]) -> list[str]:
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def outputs(stage: dict[str, Any]) -> list[str]:
    return [path for kind in ("outs", "metrics", "plots") for path in paths(stage.get(kind, []))]


def test_the_same_stages_everywhere() -> None:
    assert stage_names(ROOT) == STAGES
    sections = [name.rstrip("_") for name in Params.model_fields]
    assert [name for name in sections if name in STAGES] == STAGES
    for stage in STAGES:
        assert (ROOT / "tasks" / f"{stage}.py").exists()


def test_every_stage_is_its_module_with_its_section(stages: dict[str, dict[str, Any]]) -> None:
    for name, stage in stages.items():
        assert stage["cmd"] == f"python -m tasks.{name}"
        assert name in stage["params"]
        assert f"tasks/{name}.py" in stage["deps"]


def test_the_order_is_one_the_stages_can_run_in(stages: dict[str, dict[str, Any]]) -> None:
    made: set[str] = set()
    everything = {path for stage in stages.values() for path in outputs(stage)}
    for name, stage in stages.items():
        for path in stage["deps"]:
            if "$" in path:  # one of several models, all made before
                path = path.replace("${gepo.start_from}", "rl").replace(
                    "${register.candidate}", "gepo")
            if path.startswith(("data/", "models/", "reports/")):
                assert path in everything, f"{name}: nothing makes {path}"
                assert path in made, f"{name}: {path} is made later"
        made |= set(outputs(stage))


def test_files_that_stages_depend_on_exist(stages: dict[str, dict[str, Any]]) -> None:
    for stage in stages.values():
        for path in stage["deps"]:
            if path.startswith(("src/", "tasks/")):
                assert (ROOT / path).exists(), path


def test_no_two_stages_write_one_file(stages: dict[str, dict[str, Any]]) -> None:
    written = [path for stage in stages.values() for path in outputs(stage)]
    assert len(written) == len(set(written))


@pytest.mark.parametrize("stage", ["base", "rl", "gepo"])
def test_nothing_is_trained_on_unchecked_data(stage: str,
                                              stages: dict[str, dict[str, Any]]) -> None:
    assert "reports/validation/validation.json" in stages[stage]["deps"]


def test_a_stage_depends_on_all_code_that_it_imports(stages: dict[str, dict[str, Any]],
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stage imports, directly or not, makes it run again when it changes.

    Left out is what cannot change a result unless something else changes too: settings and records
    (their values are in params and files), reading and writing tables, the hub's client, and
    tasks/_*.py.
    """
    import grimp

    monkeypatch.syspath_prepend(str(ROOT))
    graph = grimp.build_graph("oorl", "tasks", cache_dir=None)
    plumbing = ("oorl.params", "oorl.errors", "oorl.records", "oorl.hub", "tasks._")
    for name, stage in stages.items():
        for module in graph.find_upstream_modules(f"tasks.{name}"):
            if module.startswith(plumbing) or module.endswith(".tables") or module == "oorl":
                continue
            file = ("src/" if module.startswith("oorl") else "") + module.replace(".", "/")
            covered = any(f"{file}.py" == path or f"{file}/".startswith(f"{path}/")
                          for path in stage["deps"])
            if not covered and (ROOT / file / "__init__.py").exists():  # a package's few lines
                covered = any(path.startswith(f"{file}/") for path in stage["deps"])
            assert covered, f"stage {name} imports {module}"


def test_a_stage_depends_on_every_setting_that_it_reads(
        stages: dict[str, dict[str, Any]]) -> None:
    """`params.x` in a stage's module must be in its `params`, whole or by key."""
    for name, stage in stages.items():
        tree = ast.parse((ROOT / "tasks" / f"{name}.py").read_text())
        read = {node.attr.rstrip("_") for node in ast.walk(tree) if isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name) and node.value.id == "params"}
        sections = read & ({"seed"} | {field.rstrip("_") for field in Params.model_fields})
        # where tracking goes changes no result
        missing = sections - {"tracking"} - {key.split(".")[0] for key in stage["params"]}
        assert not missing, f"stage {name} reads {missing}"


def test_settings_that_stages_depend_on_are_written_out(
        stages: dict[str, dict[str, Any]]) -> None:
    """DVC reads params.yaml itself and knows no defaults: a missing key would be an error."""
    settings = yaml.safe_load((ROOT / "params.yaml").read_text())
    for name, stage in stages.items():
        for key in stage["params"]:
            value = settings
            for part in key.split("."):
                assert part in value, f"{name}: params.yaml lacks {key}"
                value = value[part]


def test_params_yaml_spells_out_every_setting() -> None:
    """`dvc exp run -S` and `dvc params diff` see only what is written."""
    settings = yaml.safe_load((ROOT / "params.yaml").read_text())
    everything = load_params(ROOT / "params.yaml").model_dump(mode="json", by_alias=True)
    for name, section in everything.items():
        if isinstance(section, dict):
            assert settings[name.rstrip("_")].keys() == section.keys()


def test_every_settings_file_parses() -> None:
    listed = subprocess.run(["git", "ls-files", "*params*.yaml"], cwd=ROOT, text=True,
                            capture_output=True).stdout.split() or ["params.yaml"]
    for path in listed:
        load_params(ROOT / path)


def test_every_yaml_is_yaml() -> None:
    """By DVC's reader, which refuses a key that is there twice; PyYAML takes the last one."""
    from ruamel.yaml import YAML

    for path in [*ROOT.glob("*.yaml"), *(ROOT / "deploy").rglob("*.yaml")]:
        YAML(typ="safe").load(path.read_text())


def test_the_table_of_settings_is_current() -> None:
    spec = importlib.util.spec_from_file_location("params_doc", ROOT / "scripts" / "params_doc.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "params.md").read_text() == module.page(), "run `make docs`"


def test_deployments_name_a_flow_that_exists() -> None:
    for deployment in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]:
        path, name = deployment["entrypoint"].split(":")
        assert f"def {name}(" in (ROOT / path).read_text()


def test_constraints_fit_any_index() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines()
             if line and not line.startswith("#")]
    assert len(lines) > 100
    for line in lines:
        name, _, version = line.partition("==")
        assert version, line
        assert "+" not in version, f"{line}: a local version is on one index only"
        assert not name.startswith(("nvidia", "triton", "cuda")), line


def test_the_missing_packages_come_from_the_language_files() -> None:
    code = ("import runpy, sys; sys.argv = ['x']; space = runpy.run_path('scripts/toolchains.py');"
            "from oorl.languages.base import Tool;"
            "print(space['missing']([Tool(('no-such-tool', 'sh'), 'a'), Tool(('no-tool',), 'b'),"
            "Tool(('no-tool-2',), 'c', required=False)]))")
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, text=True,
                          capture_output=True, env={"PYTHONPATH": "src"})
    assert done.stdout == "(['b'], ['c'])\n", done.stderr
