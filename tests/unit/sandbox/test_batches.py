"""Batches: streams, caches, coroutines."""

import asyncio

import pytest

from oorl.params.sandbox import SandboxParams
from oorl.records import Case, Parameter, Signature, Status, Submission, Type, Verdict
from oorl.sandbox import Judge
from oorl.sandbox.judge import RecentVerdicts

INCREMENT = Signature("f", (Parameter("x", Type("int")),), Type("int"))


def python(code: str) -> Submission:
    return Submission("python", code, INCREMENT, (Case((1,), 2),))


def good(n: int) -> Submission:
    return python(f"def f(x):\n    return x + 1\n# {n}\n")


def test_a_slow_program_holds_nobody_back(judge):
    slow = python("import time\ndef f(x):\n    time.sleep(1.5)\n    return x + 1\n")
    order = [index for index, _ in judge.judge_iter([slow, *map(good, range(12))])]
    assert sorted(order) == list(range(13))
    assert order[-1] == 0


def test_a_judge_can_be_called_and_awaited(judge):
    batch = [good(1), python("def f(x):\n    return x\n")]
    expected = [Status.PASSED, Status.WRONG_ANSWER]
    assert [v.status for v in judge(batch)] == expected

    async def both() -> list[list[Verdict]]:
        return await asyncio.gather(judge.judge_async(batch), judge.judge_async(batch[::-1]))

    first, second = asyncio.run(both())
    assert [v.status for v in first] == expected
    assert [v.status for v in second] == expected[::-1]


def test_a_cancelled_batch_ends_and_the_judge_goes_on():
    with Judge(SandboxParams.model_validate({"workers": 1})) as judge:
        slow = [python(f"import time\ndef f(x):\n    time.sleep(0.3)\n    return x + {n}\n")
                for n in range(30)]

        async def cancel() -> None:
            task = asyncio.create_task(judge.judge_async(slow))
            await asyncio.sleep(0.5)
            task.cancel()
            await task

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(cancel())
        assert judge.judge([good(99)])[0].passed


def test_verdicts_are_cached_across_batches_on_request(monkeypatch):
    asked = []
    original = Judge._one
    monkeypatch.setattr(Judge, "_one", lambda self, worker, submission: (
        asked.append(submission.code), original(self, worker, submission))[1])
    hang = python("def f(x):\n    while True: pass\n")
    params = SandboxParams.model_validate({"workers": 1, "cpu_time_s": 0.2})
    with Judge(params, cache_size=2) as judge:
        first = judge.judge([good(1), good(2), hang])
        second = judge.judge([good(2), good(1), hang, good(3)])
        judge.judge([good(3), good(2)])
    assert [v.status for v in first] == [Status.PASSED, Status.PASSED, Status.TIMEOUT]
    assert [v.status for v in second] == [
        Status.PASSED, Status.PASSED, Status.TIMEOUT, Status.PASSED]
    assert len(asked) == 3 + 2 + 1  # the time-out again, 3; 2 had been dropped for it


def test_the_cache_is_bounded_and_keeps_what_cannot_change():
    cache = RecentVerdicts(2)
    for key, status in [("a", "passed"), ("b", "wrong_answer"), ("t", "timeout"),
                        ("i", "infra_error"), ("c", "compile_timeout")]:
        cache.put(key, Verdict(Status(status)))
    assert [cache.get(k) is not None for k in "abtic"] == [True, True, False, False, False]
    cache.get("a")
    cache.put("d", Verdict(Status.PASSED))
    assert (len(cache), cache.get("b"), cache.get("a")) == (2, None, Verdict(Status.PASSED))
    off = RecentVerdicts(0)
    off.put("a", Verdict(Status.PASSED))
    assert len(off) == 0
