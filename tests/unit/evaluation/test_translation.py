"""evaluate_model with a made-up model and judge: who is asked, judged, cached, resumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from made_up_evaluation import problem

from oorl.errors import InfraError
from oorl.evaluation.translation import (
    COLUMNS,
    TIMINGS,
    Completion,
    Settings,
    evaluate_model,
    tasks_of,
)
from oorl.records import Status, Submission, Verdict
from oorl.sandbox.known import LineLog, VerdictCache

QUIET = Settings(batch_size=3, progress=False)


class FakeJudge:
    """Passes programs that hold "good"; fails to judge "broken"; remembers what it saw."""

    def __init__(self) -> None:
        self.seen: list[Submission] = []

    def judge_iter(self, submissions: Sequence[Submission], /) -> Iterator[tuple[int, Verdict]]:
        for index in reversed(range(len(submissions))):  # out of order, as programs finish
            self.seen.append(submissions[index])
            code = submissions[index].code
            status = (Status.INFRA_ERROR if "broken" in code else
                      Status.PASSED if "good" in code else Status.WRONG_ANSWER)
            yield index, Verdict(status, 1, 2, f"judged {code}", 0.5)


class FakeModel:
    """Answers every prompt with one text in the target's fence; counts its batches."""

    def __init__(self, text: str = "good", fail_after: int = 10**9) -> None:
        self.text, self.fail_after = text, fail_after
        self.batches: list[list[str]] = []

    def __call__(self, prompts: Sequence[str], /) -> list[Completion]:
        if len(self.batches) == self.fail_after:
            raise KeyboardInterrupt
        self.batches.append(list(prompts))
        return [Completion(f"```{target_of(p)}\n{self.text}\n```", 7) for p in prompts]


def target_of(prompt: str) -> str:
    return prompt.splitlines()[0].split("->")[1].split()[0]


def test_asks_only_where_gold_exists_and_languages_differ() -> None:
    problems = [problem(0, targets=("php", "java")), problem(1, targets=("java",))]
    asked = [t.id for _, t in tasks_of(problems, ["python", "cpp"], ["python", "php", "java"])]
    assert asked == ["p000:python-php", "p000:python-java", "p000:cpp-python", "p000:cpp-php",
                     "p000:cpp-java", "p001:python-java", "p001:cpp-python", "p001:cpp-java"]


def test_rows_are_in_order_and_complete() -> None:
    judge = FakeJudge()
    problems = [problem(0), problem(1)]
    frame = evaluate_model("m", FakeModel(), problems, ["python"], ["php", "java"], judge,
                           settings=QUIET)
    assert list(frame.columns) == [*COLUMNS, *TIMINGS]
    assert list(frame["problem_id"] + frame["target"]) == ["p000php", "p000java", "p001php",
                                                          "p001java"]
    assert frame["passed"].all()
    assert (frame["detail"] == "judged good").all()
    assert judge.seen[0].cases == problems[1].cases


def test_bad_format_is_a_verdict_and_never_reaches_the_judge() -> None:
    judge = FakeJudge()

    def rambling(prompts: Sequence[str], /) -> list[Completion]:
        return [Completion("here you are: good", 4) for _ in prompts]

    frame = evaluate_model("m", rambling, [problem(0)], ["python"], ["php"], judge, settings=QUIET)
    assert list(frame["status"]) == ["bad_format"]
    assert not frame["passed"].any()
    assert judge.seen == []


def test_one_program_is_judged_once_for_all_models_but_never_across_problems() -> None:
    judge, verdicts = FakeJudge(), VerdictCache()
    for name in ("base", "rl"):
        evaluate_model(name, FakeModel(), [problem(0), problem(1)], ["python", "cpp"], ["php"],
                       judge, verdicts, QUIET)
    assert len(judge.seen) == 2  # two problems; sources and models share the verdict
    assert {s.signature.name for s in judge.seen} == {"count_even_0", "count_even_1"}


def test_infrastructure_errors_are_rows_and_are_asked_again() -> None:
    judge, verdicts = FakeJudge(), VerdictCache()
    for _ in range(2):
        frame = evaluate_model("m", FakeModel("broken"), [problem(0)], ["python"], ["php"], judge,
                               verdicts, QUIET)
        assert list(frame["status"]) == ["infra_error"]
    assert len(judge.seen) == 2


def test_interrupted_run_resumes_with_the_same_batches(tmp_path: Path) -> None:
    problems = [problem(i) for i in range(4)]
    arguments = (problems, ["python", "cpp"], ["php", "java"])
    whole = FakeModel()
    expected = evaluate_model("m", whole, *arguments, FakeJudge(), settings=QUIET)

    settings = Settings(batch_size=3, cache_dir=tmp_path, progress=False)
    first, second, judge = FakeModel(fail_after=2), FakeModel(), FakeJudge()
    with pytest.raises(KeyboardInterrupt):
        evaluate_model("m", first, *arguments, judge, settings=settings)
    with (tmp_path / "m.jsonl").open("ab") as file:
        file.write(b'["cut off by the inter')
    found = evaluate_model("m", second, *arguments, judge, settings=settings)
    assert first.batches + second.batches == whole.batches
    assert found[list(COLUMNS)].equals(expected[list(COLUMNS)])

    third = FakeModel()
    evaluate_model("m", third, *arguments, judge, settings=settings)
    assert third.batches == []


def test_verdicts_survive_on_disk_and_lose_nothing(tmp_path: Path) -> None:
    path, key = tmp_path / "v.jsonl", "a submission"
    verdict = Verdict(Status.WRONG_ANSWER, 1, 2, "f(1) gave ’2’\n\ud800", 0.25, 0.5)
    VerdictCache(path).put(key, verdict)
    assert VerdictCache(path).get(key) == verdict
    VerdictCache(path).put("other", Verdict(Status.INFRA_ERROR))
    assert VerdictCache(path).get("other") is None


def test_a_cut_off_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'[1]\n[2')
    log = LineLog(path)
    assert log.read() == [[1]]
    log.append([3])
    assert LineLog(path).read() == [[1], [3]]


def test_a_target_that_never_gets_a_verdict_stops_the_evaluation() -> None:
    problems = [problem(n, targets=("php", "java")) for n in range(9)]
    answers = iter(range(1000))

    def model(prompts: Sequence[str], /) -> list[Completion]:
        return [Completion(f"```{target_of(p)}\n{'broken' if target_of(p) == 'php' else 'good'} "
                           f"{next(answers)}\n```", 7) for p in prompts]

    with pytest.raises(InfraError, match=r"(?s)PHP programs cannot.*broken.*oorl doctor"):
        evaluate_model("m", model, problems, ["python"], ["php", "java"], FakeJudge(),
                       settings=QUIET)
