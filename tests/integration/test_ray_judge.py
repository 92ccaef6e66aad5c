"""The judge on a real Ray cluster of two nodes, both on this machine."""

import os
import sys
import time
from pathlib import Path

import pytest

from oorl.errors import InfraError, ToolchainMissing
from oorl.params.sandbox import SandboxParams
from oorl.records import Case, Parameter, Signature, Status, Submission, Type
from oorl.sandbox import fanout, open_judge
from tests.integration import ray_seats

ROOT = Path(__file__).parents[2]
INCREMENT = Signature("f", (Parameter("x", Type("int")),), Type("int"))
CASES = (Case((1,), 2), Case((5,), 6))
PARAMS = SandboxParams.model_validate({
    "executor": "ray", "workers": 1, "cpu_time_s": 1.0, "run_timeout_s": 20.0,
    "memory_bytes": 2**28})
PROGRAMS = [("return x + 1", Status.PASSED), ("return x", Status.WRONG_ANSWER),
            ("return [][x]", Status.RUNTIME_ERROR), ("return )", Status.COMPILE_ERROR),
            ("import os; os._exit(0)", Status.PROTOCOL_VIOLATION),
            ("while True: pass", Status.TIMEOUT)]


def python(body: str, number: int = 0) -> Submission:
    return Submission("python", f"def f(x):\n    {body}\n# {number}\n", INCREMENT, CASES)


def sleeping(count: int) -> list[Submission]:
    return [python("import time; time.sleep(0.2); return x + 1", n) for n in range(count)]


@pytest.fixture(scope="module")
def cluster():
    """Two nodes, whose workers import this project as it is here."""
    cluster_utils = pytest.importorskip(
        "ray.cluster_utils", reason="Ray is not installed: pip install -c constraints.txt ray",
        exc_type=ImportError)
    node = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", os.pathsep.join(
            [f"{ROOT}/src", str(ROOT), os.environ.get("PYTHONPATH", "")]))
        made = cluster_utils.Cluster(initialize_head=True,
                                     head_node_args={**node, "include_dashboard": False})
        made.add_node(**node)
        made.wait_for_nodes()
        yield made
        made.shutdown()


@pytest.fixture(scope="module")
def long_lived(cluster):
    with open_judge(PARAMS.model_copy(update={"ray_address": cluster.address})) as made:
        assert isinstance(made, fanout.RayJudge)
        yield made


@pytest.fixture
def judge(cluster):
    with open_judge(PARAMS.model_copy(update={"ray_address": cluster.address})) as made:
        yield made


def test_verdicts_are_those_of_a_local_judge(long_lived):
    verdicts = long_lived.judge([python(body, n) for n in range(3) for body, _ in PROGRAMS])
    assert [v.status for v in verdicts] == [status for _ in range(3) for _, status in PROGRAMS]
    assert verdicts[0].passed_cases == 2
    assert verdicts[0].cpu_s > 0
    assert len(set(long_lived.worker_pids())) == 2  # one on each node
    assert long_lived.control_groups() in (True, False)
    assert long_lived.judge([]) == []


def test_one_slow_program_holds_nobody_back(long_lived):
    programs = [python("import time; time.sleep(3); return x + 1"),
                *(python("return x + 1", n) for n in range(20))]
    order = [index for index, verdict in long_lived.judge_iter(programs) if verdict.passed]
    assert sorted(order) == list(range(21))
    # All but the one that waits at the slow one's worker; the other worker has the rest.
    assert order.index(0) >= len(order) - fanout.AHEAD


def test_a_dead_worker_has_its_programs_judged_elsewhere(long_lived):
    results = long_lived.judge_iter(sleeping(6))
    done = [next(results)]
    for seats in list(long_lived._seats.values()):
        long_lived._ray.kill(seats[0])
    done += list(results)
    assert sorted(index for index, _ in done) == list(range(6))
    assert all(verdict.passed for _, verdict in done), done


def test_a_program_that_loses_every_worker_is_our_fault(judge, monkeypatch):
    monkeypatch.setattr(fanout, "Seat", ray_seats.Dies)
    verdicts = judge.judge([python("return x + 1  # die"),
                            *(python("return x + 1", n) for n in range(6))])
    assert [v.status for v in verdicts] == [Status.INFRA_ERROR] + [Status.PASSED] * 6
    assert "workers were lost" in verdicts[0].detail


def test_a_machine_that_cannot_judge_is_named(judge, monkeypatch):
    monkeypatch.setattr(fanout, "Seat", ray_seats.Refuses)
    with pytest.raises(ToolchainMissing, match=r"Ray node \d.*python is not installed") as found:
        judge.judge([python("return x + 1")])
    assert found.value.remedy == "install it"


def test_an_abandoned_batch_leaves_no_process(judge):
    judge.judge([python("return x + 1")])
    pids = judge.worker_pids()
    results = judge.judge_iter([python("while True: pass", n) for n in range(4)])
    next(results)
    results.close()
    deadline = time.monotonic() + 60
    while any(os.path.exists(f"/proc/{pid}") for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]


def test_a_machine_that_goes_is_done_without(judge, cluster):
    """The last test: it takes one of the cluster's nodes."""
    results = judge.judge_iter(sleeping(6))
    done = [next(results)]
    cluster.remove_node(cluster.list_all_nodes()[-1])
    done += list(results)
    assert all(verdict.passed for _, verdict in done), done
    assert len(done) == 6


def test_without_ray_the_way_out_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InfraError, match="Ray is not installed") as error:
        open_judge(PARAMS).judge([python("return x + 1")])
    assert "[ray]" in error.value.remedy


def test_the_executor_belongs_to_the_local_backend():
    with pytest.raises(ValueError, match="goes with backend local"):
        SandboxParams.model_validate({"backend": "remote", "url": "http://x:1", "executor": "ray"})
