"""Judging begun before the batch is complete gives what judging at the end gives."""

import threading

import pytest

from oorl.rewards.early import Early
from tests.unit.rewards.test_unit_tests_reward import call, make

ROW = {"problem_id": "p1", "target_language": "php", "source_language": "python"}
TEXTS = ["passed", "wrong_answer", "prose", "passed", "infra_error", "timeout"]


def test_what_was_begun_is_not_judged_again_and_the_rewards_are_the_same():
    _, plain = make()
    expected = call(plain, TEXTS)
    judge, reward = make()
    for text in TEXTS[:4]:
        reward.start(text, **ROW)
    assert call(reward, TEXTS) == expected
    asked = [code for batch in judge.asked for _, code in batch]
    assert sorted(asked) == sorted(set(TEXTS) - {"prose"})
    assert judge.asked[-1] == [("php", "infra_error"), ("php", "timeout")]
    assert {k: v for k, v in reward.metrics().items() if not k.endswith("_s")} == {
        k: v for k, v in plain.metrics().items() if not k.endswith("_s")}


def test_verdicts_begun_early_do_not_outlive_their_batch():
    judge, reward = make()
    reward.start("timeout", **ROW)
    call(reward, ["timeout"])
    call(reward, ["timeout"])
    assert [code for batch in judge.asked for _, code in batch] == ["timeout"] * 2


def test_a_fault_in_the_background_is_raised_by_the_call():
    _, reward = make()
    reward.start("passed", **ROW | {"problem_id": "unknown"})
    with pytest.raises(KeyError, match="unknown"):
        call(reward, ["passed"])
    assert call(reward, ["passed"]) == [1.0]


def test_answers_come_while_more_is_asked_for_and_never_from_two_threads():
    busy, first, go = threading.Lock(), threading.Event(), threading.Event()

    def ask(keys):
        assert busy.acquire(blocking=False)
        first.set()
        assert go.wait(10)
        busy.release()
        return [2 * k for k in keys]

    early = Early(ask)
    early.start(0)
    assert first.wait(10)  # it runs already
    for number in range(100):
        early.start(number % 50)
    go.set()
    assert early.take() == {k: 2 * k for k in range(50)}
    assert early.take() == {}


def test_stop_leaves_nothing_running():
    first, go, asked = threading.Event(), threading.Event(), []

    def ask(keys):
        asked.extend(keys)
        first.set()
        assert go.wait(10)
        return keys

    early = Early(ask)
    early.start("a")
    assert first.wait(10)
    early.start("b")
    threading.Timer(0.05, go.set).start()
    early.stop()
    assert asked == ["a"]
    assert not [t for t in threading.enumerate() if t.name == "early"]
