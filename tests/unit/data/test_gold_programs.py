"""Gold programs really run: every family, in every language whose toolchain is present."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from oorl.data.synthetic import generate_problems
from oorl.data.synthetic.families import all_families
from oorl.data.verify import choose, verify_gold
from oorl.errors import IsolationUnavailable
from oorl.params.dataset import DatasetParams
from oorl.params.sandbox import SandboxParams
from oorl.records import Problem, Status, Submission, Verdict
from oorl.sandbox import Judge, available_languages
from oorl.sandbox.known import VerdictCache


@pytest.mark.slow
def test_every_family_passes_in_every_language() -> None:
    seen: dict[str, Problem] = {}
    for problem in generate_problems(DatasetParams(problems=1500), seed=8):
        # of each family, the problem that most languages can express
        best = seen.get(problem.family)
        if best is None or len(problem.solutions) > len(best.solutions):
            seen[problem.family] = problem
    assert sorted(seen) == sorted(all_families())
    found = {name for name, state in available_languages().items() if isinstance(state, str)}
    sample = list(seen.values())
    try:
        with Judge(SandboxParams()) as judge:
            outcome = verify_gold(sample, sample, found, judge)
    except IsolationUnavailable as error:
        pytest.skip(str(error))
    assert outcome.refused == []
    assert outcome.unverified == 0
    assert sum(outcome.programs.values()) == sum(
        language in found for p in sample for language in p.solutions)


class FakeJudge:
    """Fails the programs that contain a word, and breaks down on those that contain another."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def judge_iter(self, submissions: Sequence[Submission]) -> Iterator[tuple[int, Verdict]]:
        for index, s in enumerate(submissions):
            if "STOP" in s.code:
                raise KeyboardInterrupt
            self.asked.append(s.code)
            yield index, Verdict(Status.WRONG_ANSWER if "BAD" in s.code
                                 else Status.INFRA_ERROR if "BROKEN" in s.code else Status.PASSED)


def test_failing_problems_are_refused_with_their_reason(problems: list[Problem]) -> None:
    few = problems[:5]
    few[1] = replace(few[1], solutions={"python": "ok", "php": "BAD"})
    few[2] = replace(few[2], solutions={"python": "BROKEN"})
    few[3] = replace(few[3], solutions={"python": "ok", "cobol": "BAD"})
    outcome = verify_gold(few, few[:4], {"python", "php"}, FakeJudge())
    assert outcome.kept == [few[0], *few[2:]]
    assert [(r["problem"], r["language"], r["status"]) for r in outcome.refused] == [
        (few[1].id, "php", "wrong_answer")]
    assert outcome.unverified == 1
    assert "cobol" not in outcome.programs


def test_an_interrupted_run_goes_on_where_it_was(problems: list[Problem], tmp_path: Path) -> None:
    few = [replace(p, solutions={"python": f"{word} {k}"}) for k, (p, word) in enumerate(
        zip(problems, ("ok", "BAD", "BROKEN", "STOP", "BAD", "ok"), strict=False))]
    known = tmp_path / "verdicts.jsonl"
    with pytest.raises(KeyboardInterrupt):
        verify_gold(few, few, {"python"}, FakeJudge(), known=VerdictCache(known))
    few[3] = replace(few[3], solutions={"python": "ok 3"})
    second, whole = FakeJudge(), FakeJudge()
    found = verify_gold(few, few, {"python"}, second, known=VerdictCache(known))
    assert found == verify_gold(few, few, {"python"}, whole)
    assert second.asked == ["BROKEN 2", "ok 3", "BAD 4", "ok 5"]  # a fault of ours is no verdict
    again = FakeJudge()
    assert verify_gold(few, few, {"python"}, again, known=VerdictCache(known)) == found
    assert again.asked == ["BROKEN 2"]


def test_a_larger_share_chooses_more_of_the_same(problems: list[Problem]) -> None:
    part = choose(problems, ("rl",), 0.3)
    assert {p.split for p in part} == {"rl"}
    more = choose(problems, ("rl",), 0.6)
    assert {p.id for p in part} < {p.id for p in more}
    assert len(choose(problems, ("rl", "sft"), 1.0)) == sum(
        p.split in ("rl", "sft") for p in problems)
    assert choose(problems, ("rl",), 0.0) == []
