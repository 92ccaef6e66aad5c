"""The attack corpus: every program of `corpus`, on warm and on cold paths, and what needs more
than one program and its verdict. The table in docs/attacks.md is rendered from the same data."""

import subprocess

import pytest

from oorl.languages import all_languages, get_language
from oorl.records import Case, Status
from oorl.sandbox.doctor import missing_tools
from tests.attacks import corpus
from tests.attacks.conftest import SECRET, check_host, judge_with, mounted
from tests.attacks.corpus.python import py
from tests.attacks.table import DOCUMENT, render

ATTACKS = list(corpus.attacks())


def judge_all(judge, hostile, host, entries):
    """Judge a batch of the corpus; what is wrong with it, and with the host after it."""
    before, mounts = set(host.iterdir()), mounted()
    verdicts = judge.judge([hostile(entry.language, *entry.programs) for entry in entries])
    wrong = [(entry, verdict) for entry, verdict in zip(entries, verdicts, strict=True)
             if verdict.status not in entry.allowed or SECRET in verdict.detail]
    assert not wrong, "\n".join(f"{sorted(entry.rows)} {entry.programs[0]!r}\n-> {verdict}"
                                for entry, verdict in wrong)
    check_host(judge, host, before, mounts)


def installed(name: str) -> bool:
    return not missing_tools(get_language(name))


@pytest.mark.parametrize("name", corpus.languages())
def test_attacks_of_one_program(two_at_once, hostile, host, name):
    if not installed(name):
        pytest.skip(f"{name} is not installed")
    judge_all(two_at_once, hostile, host, [entry for entry in ATTACKS if entry.language == name
                                           and len(entry.programs) == 1])


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_attacks_that_only_a_limit_ends(hostile, host, warm):
    """Side by side, since each waits for a wall limit: those to compile, then those to run."""
    entries = [entry for entry in corpus.attacks("SLOW") if installed(entry.language)]
    to_compile = [entry for entry in entries if Status.COMPILE_TIMEOUT in entry.allowed]
    for judge in judge_with(warm, workers=6, compile_timeout_s=3.0, run_timeout_s=6.0):
        judge_all(judge, hostile, host, to_compile)
    for judge in judge_with(warm, workers=6, run_timeout_s=3.0):
        judge_all(judge, hostile, host, [entry for entry in entries if entry not in to_compile])


@pytest.mark.parametrize("entry", [entry for entry in ATTACKS if len(entry.programs) > 1],
                         ids=lambda entry: f"{entry.language}-{min(entry.rows)}")
def test_attacks_on_the_next_program(attack, entry):
    """One worker, so that the next program meets the same warm processes."""
    for program in entry.programs:
        verdict = attack(entry.language, program)
        assert verdict.status is not Status.INFRA_ERROR, verdict
    assert verdict.status in entry.allowed, verdict


@pytest.mark.parametrize("language", corpus.languages())
def test_every_row_is_tried_or_cannot_be_written(language):
    tried = {row for kind in ("ATTACKS", "SLOW") for entry in corpus.attacks(kind)
             if entry.language == language for row in entry.rows}
    for entries in corpus.ELSEWHERE.values():
        tried |= {row for name, rows in entries if name == language for row in rows}
    assert tried | set(corpus.absent(language)) == set(corpus.ROWS)
    assert not tried & set(corpus.absent(language))


def test_every_language_has_its_attacks():
    assert corpus.languages() == sorted(all_languages())


def test_the_table_in_the_docs_is_the_rendered_one():
    assert DOCUMENT.read_text() == render(), "python -m tests.attacks.table"


def test_the_commands_find_what_there_is(attack, port):
    """Where nothing is in their way they succeed: that they fail in a cell says something."""
    found = attack("bash", f"f() {{ {corpus.PLANT}; ({corpus.LOOK}) && echo 7; }}\n")
    assert "got 7" in found.detail, found
    reached = subprocess.run(["sh", "-c", corpus.REACH.replace("@PORT@", str(port))], check=False)
    assert reached.returncode == 0


def test_expected_values_cannot_be_found_inside(attack):
    """Row 25: walk frames, objects and files for a number that only the expected value holds."""
    code = '''
import gc, glob, sys
def f(x):
    wanted = int("1546372819"[::-1])
    found = [o for o in gc.get_objects() if isinstance(o, (list, tuple, dict)) and
             str(wanted) in repr(o)[:100000]]
    frame = sys._getframe()
    while frame:
        found += [v for k, v in frame.f_locals.items() if v == wanted and k != "wanted"]
        frame = frame.f_back
    for path in glob.glob("/job/*") + ["/proc/self/environ", "/proc/self/cmdline"]:
        if str(wanted) in open(path, errors="replace").read():
            found.append(path)
    return wanted if found else 0
'''
    assert attack("python", code, (Case((1,), 9182736451),)).status is Status.WRONG_ANSWER


PLANT = py("import os\nfor p in ('/tmp/plant', '/dev/shm/plant', '/job/plant', '/usr/lib/plant',"
           " '/var/tmp/plant'):\n    try: open(p, 'w').write('x')\n    except OSError: pass\n"
           "os.environ['PLANT'] = '1'")
LOOK = py("import os, glob\nif 'PLANT' in os.environ: return -1\n"
          "for p in ('/tmp/plant', '/dev/shm/plant', '/job/plant', '/usr/lib/plant',"
          " '/var/tmp/plant'):\n    if os.path.exists(p): return -1\n"
          "if glob.glob('/tmp/*') or len(glob.glob('/proc/[0-9]*')) > 4: return -1")


def test_one_program_leaves_nothing_for_the_next(attack):
    """Rows 12, 31 and 32."""
    for _ in range(2):
        assert attack("python", PLANT).status is Status.PASSED
        assert attack("python", LOOK).status is Status.PASSED


def test_the_compile_server_survives_and_keeps_programs_apart(attack):
    """A class of one program is unknown to the next; a broken source does not stop the server."""
    helper = "static long f(long x) { return Helper.up(x); }\n"
    with_class = helper + "static class Helper { static long up(long x) { return x + 1; } }\n"
    assert attack("java", with_class).status is Status.PASSED
    assert attack("java", helper).status is Status.COMPILE_ERROR
    assert attack("java", "static long f(long x) { return \"" + "x" * 70000).status is (
        Status.COMPILE_ERROR)
    assert attack("java", with_class).status is Status.PASSED


@pytest.mark.parametrize(("language", "helper", "use"), [
    ("typescript", "function up(x: number): number { return x + 1; }\n",
     "function f(x: number): number { return up(x); }\n"),
    ("csharp", "static class Helper { public static long Up(long x) { return x + 1; } }\n",
     "static long f(long x) { return Helper.Up(x); }\n")])
def test_the_other_compile_servers_keep_programs_apart(attack, language, helper, use):
    assert attack(language, helper + use).status is Status.PASSED
    assert attack(language, use).status is Status.COMPILE_ERROR
