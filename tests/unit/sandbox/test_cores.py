"""A worker stays on a core for a while, and its programs with it."""

import os

import pytest

from oorl.params.sandbox import SandboxParams
from oorl.records import StdioCase, StdioSubmission
from oorl.sandbox import Judge, cores

several = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core only")


@pytest.fixture
def kept():
    before = os.sched_getaffinity(0)
    yield cores.Cores()
    os.sched_setaffinity(0, before)


@several
def test_it_stays_then_is_free_for_one_program(kept, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(cores.time, "monotonic", lambda: clock[0])
    first = kept.now()
    assert os.sched_getaffinity(0) == {first}
    assert {kept.now() for _ in range(9)} == {first}
    clock[0] += cores.RECONSIDER_S * 1.01
    assert kept.now() in kept.all
    assert os.sched_getaffinity(0) == kept.all
    second = kept.now()
    assert os.sched_getaffinity(0) == {second} <= kept.all
    assert {kept.now() for _ in range(9)} == {second}


@several
def test_where_every_core_has_a_worker_each_has_its_own_for_good(kept, monkeypatch):
    clock, homes = [100.0], []
    monkeypatch.setattr(cores.time, "monotonic", lambda: clock[0])
    seats = 2 * len(kept.all)
    for number in range(seats):
        one = cores.Cores()
        one.all = kept.all
        one.seat(number, seats)
        homes.append(one.now())
        clock[0] += 99 * cores.RECONSIDER_S
        for _ in range(3):
            assert {one.now()} == os.sched_getaffinity(0) == {homes[-1]}
    assert sorted(homes) == sorted([*kept.all, *kept.all])
    kept.seat(0, len(kept.all) + 1)
    assert kept.home is None


@several
def test_the_workers_of_a_judge_are_on_all_cores():
    every = os.sched_getaffinity(0)
    code = "import os, time\ntime.sleep(.2)\nprint(*os.sched_getaffinity(0))"
    batch = [StdioSubmission("python", f"{code}  # {n}", (StdioCase("", "?"),))
             for n in range(len(every))]
    with Judge(SandboxParams.model_validate({"workers": len(every)})) as judge:
        details = [v.detail for v in judge.judge(batch)]
    for core in every:
        assert any(f"got '{core}\\n'" in detail for detail in details), details


def test_one_core_is_left_alone(kept):
    kept.all = {min(kept.all)}
    before = os.sched_getaffinity(0)
    assert kept.now() == cores.NO_CORE
    assert os.sched_getaffinity(0) == before


def test_where_the_core_is_not_to_be_known(kept, monkeypatch):
    monkeypatch.setattr(cores, "_sched_getcpu", None)
    assert kept.now() == cores.NO_CORE


@several
@pytest.mark.parametrize("warm", [True, False])
def test_a_program_is_where_its_worker_is(warm):
    code = "import os\nprint(len(os.sched_getaffinity(0)))"
    batch = [StdioSubmission("python", f"{code}  # {n}", (StdioCase("", "1"),)) for n in range(4)]
    with Judge(SandboxParams.model_validate({"workers": 1}), use_warm=warm) as judge:
        verdicts = judge.judge(batch)
    assert [v.passed for v in verdicts] == [warm] * 4, verdicts  # a new cell has all cores
