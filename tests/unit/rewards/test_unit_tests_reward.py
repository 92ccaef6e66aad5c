"""The unit-test reward, with a judge that answers from a table."""

import pytest

from oorl.errors import InfraError
from oorl.records import Case, Parameter, Problem, Signature, Status, Type, Verdict
from oorl.rewards import UnitTestReward

SIGNATURE = Signature("f", (Parameter("x", Type("int")),), Type("int"))
PROBLEM = Problem("p1", "synthetic", "rl", SIGNATURE, (Case((1,), 2),), {})


class TableJudge:
    """The code is the status of its verdict."""

    def __init__(self):
        self.asked = []

    def judge(self, submissions, progress=False):
        self.asked.append([(s.language, s.code) for s in submissions])
        assert all(s.cases == PROBLEM.cases for s in submissions)
        return [Verdict(Status(s.code), total_cases=1) for s in submissions]


def extract(completion, language):
    return None if completion == "prose" else completion


def make(**options):
    judge = TableJudge()
    return judge, UnitTestReward(judge, {"p1": PROBLEM}, extract, **options)


def call(reward, completions, languages=None):
    n = len(completions)
    return reward([""] * n, completions, None, problem_id=["p1"] * n,
                  target_language=languages or ["php"] * n, source_language=["python"] * n)


def test_rewards_are_binary_and_our_faults_are_excluded():
    _, reward = make()
    assert call(reward, ["passed", "wrong_answer", "infra_error", "prose", "timeout",
                         "compile_error"]) == [1.0, 0.0, None, 0.0, 0.0, 0.0]


def test_conversations_are_read():
    _, reward = make()
    assert call(reward, [[{"role": "assistant", "content": "passed"}]]) == [1.0]


def test_identical_programs_are_judged_once_per_batch():
    judge, reward = make()
    call(reward, ["passed", "passed", "wrong_answer", "passed"], ["php", "php", "php", "perl"])
    assert judge.asked == [[("php", "passed"), ("php", "wrong_answer"), ("perl", "passed")]]
    call(reward, ["passed"])
    assert len(judge.asked) == 2


def test_the_cache_is_bounded_and_forgets_what_may_change():
    judge, reward = make(cache_size=2)
    call(reward, ["passed", "timeout", "infra_error"])
    call(reward, ["passed", "timeout", "infra_error"])
    assert judge.asked[1] == [("php", "timeout"), ("php", "infra_error")]
    call(reward, ["wrong_answer", "runtime_error"])  # pushes "passed" out
    call(reward, ["passed"])
    assert judge.asked[-1] == [("php", "passed")]


def test_metrics_by_hand_then_reset():
    _, reward = make()
    call(reward, ["passed", "prose", "compile_error", "timeout", "infra_error", "passed"],
         ["php"] * 5 + ["lua"])
    metrics = reward.metrics()
    assert metrics["pass_rate"] == pytest.approx(2 / 5)
    assert metrics["pass_rate/php"] == pytest.approx(1 / 4)
    assert metrics["compile_rate/php"] == pytest.approx(2 / 4)
    assert metrics["timeout_rate/php"] == pytest.approx(1 / 4)
    assert metrics["format_rate/php"] == pytest.approx(3 / 4)
    assert metrics["infra_rate/php"] == pytest.approx(1 / 5)
    assert metrics["pass_rate/lua"] == 1.0
    assert metrics["judge_wait_s"] >= 0
    assert set(reward.metrics()) == {"judge_wait_s", "judge_busy_s"}


class BrokenJudge:
    """A judge whose Perl is broken."""

    def judge(self, submissions, progress=False):
        return [Verdict(Status.INFRA_ERROR if s.language == "perl" else Status.PASSED,
                        detail="perl: no such file") for s in submissions]


def test_a_language_that_never_gets_a_verdict_stops_training():
    reward = UnitTestReward(BrokenJudge(), {"p1": PROBLEM}, extract)
    assert call(reward, ["a", "b"], ["perl", "php"]) == [None, 1.0]
    assert call(reward, ["a"] * 20, ["perl"] * 20) == [None] * 20  # one program
    with pytest.raises(InfraError, match=r"(?s)Perl programs cannot.*perl: no such file.*doctor"):
        call(reward, [f"{n}" for n in range(8)], ["perl"] * 8)
