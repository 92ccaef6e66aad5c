"""Who may import whom, and that importing does nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def modules(package: str) -> list[str]:
    base = ROOT / "src" if package == "oorl" else ROOT
    return sorted(
        ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__")
        for path in (base / package).rglob("*.py") if path.name != "__main__.py")


def python(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, text=True,
                          capture_output=True, env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent",
                                                    "PYTHONPATH": f"{ROOT}/src:{ROOT}",
                                                    "PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_contracts() -> None:
    done = subprocess.run([sys.executable, "-c", "from importlinter.cli import lint_imports_command"
                           "; lint_imports_command()", "--no-cache"],
                          cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


LIGHT = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
heavy = {"torch", "transformers", "trl", "prefect", "mlflow", "great_expectations", "datasets"}
print(*sorted(heavy & set(sys.modules)))
"""


def test_the_lower_layers_load_no_heavy_library() -> None:
    layers = ("oorl.params", "oorl.records", "oorl.errors", "oorl.languages", "oorl.sandbox",
              "oorl.ir", "oorl.data", "oorl.rewards")
    names = [name for name in modules("oorl") if name.startswith(layers)]
    assert len(names) > 40
    assert python(LIGHT, *names).split() == []


def test_stages_load_no_heavy_library_before_their_settings_are_checked() -> None:
    names = [name for name in modules("tasks") if name not in
             ("tasks.validation.suites", "tasks.validation.expectations")]
    assert {"tasks.rl", "tasks.register", "tasks.validate"} <= set(names)
    assert python(LIGHT, *names).split() == []


# Reports what our own module-level code does: files, processes, sockets, environment, signals.
# Only our frames count; what a library does while it is imported is its own business.
WATCH = '''
import importlib, json, os, signal, sys
root = sys.argv[1]
ours = tuple(f"{root}/{part}/" for part in ("src/oorl", "tasks", "flows"))
seen = []

library = os.path.dirname(os.__file__) + "/"

def caller():
    """The file that asked: outside the standard library; "" if it is the import system."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith("<frozen importlib"):
            return ""
        if not file.startswith("<") and (not file.startswith(library) or "-packages/" in file):
            return file
        frame = frame.f_back
    return ""

def watch(event, arguments):
    if event.split(".")[0] in ("open", "socket", "subprocess", "shutil", "tempfile") or event in (
            "os.system", "os.fork", "os.remove", "os.rename", "os.mkdir", "os.listdir", "os.exec"):
        if caller().startswith(ours):
            seen.append([event, str(arguments)[:200]])

sys.addaudithook(watch)

class Environment(type(os.environ)):
    def __getitem__(self, key):
        if caller().startswith(ours):
            seen.append(["environment", str(key)])
        return super().__getitem__(key)

os.environ.__class__ = Environment
handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
for name in sys.argv[2:]:
    importlib.import_module(name)
if [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] != handlers:
    seen.append(["signal handlers", ""])
print("\\n" + json.dumps(seen))
'''


@pytest.mark.parametrize("package", ["oorl", "tasks", "flows"])
def test_importing_does_nothing(package: str) -> None:
    seen = json.loads(python(WATCH, str(ROOT), *modules(package)).splitlines()[-1])
    assert seen == []


def test_the_watch_sees_what_it_should(tmp_path: Path) -> None:
    guilty = tmp_path / "tasks" / "guilty.py"
    guilty.parent.mkdir()
    guilty.write_text("import os\nos.environ['HOME']\nopen('/dev/null').close()\n"
                      "import subprocess\nsubprocess.run(['true'])\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'tasks')!r})\n{WATCH}"
    seen = {event for event, _ in json.loads(
        python(code, str(tmp_path), "guilty").splitlines()[-1])}
    assert {"environment", "open", "subprocess.Popen"} <= seen


def test_no_two_test_files_share_a_name() -> None:
    # They are no packages: the second of one name would end a run over all of them.
    names = Counter(path.name for path in Path(__file__).parents[1].rglob("*.py"))
    assert [name for name, times in names.items() if times > 1 and name != "conftest.py"] == []
