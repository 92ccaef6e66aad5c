"""The balanced draw of languages: even over the pairs whatever the problems, or refused."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oorl.errors import DataError
from oorl.params.rl import RLParams
from oorl.records import Case, Parameter, Problem, Signature, Type
from oorl.trainers.translation import sample_prompts

INT = Type.parse("int")
LANGUAGES = ("python", "cpp", "java", "php", "bash", "javascript")
PAIRS = [(s, t) for s in ("python", "cpp") for t in LANGUAGES if s != t]


def words(text):
    return {"input_ids": text.split()}


def problem(number, languages, padding=0):
    signature = Signature(f"f{number}", (Parameter("a", INT),), INT)
    return Problem(id=f"p{number}", source="made up", split="rl", signature=signature,
                   cases=(Case((1,), number),),
                   solutions=dict.fromkeys(languages, f"f{number}" + " x" * padding))


def draw(problems, count, seed=1, limit=1000, **changes):
    return sample_prompts(problems, words, RLParams(balanced=True, **changes), count=count,
                          seed=seed, style="compact", max_prompt_tokens=limit)


def pairs_of(rows):
    return Counter((row["source_language"], row["target_language"]) for row in rows)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(0, 90), st.integers(0, 2**32))
def test_where_every_problem_serves_every_pair_no_two_differ_by_more_than_one(
        problems, count, seed):
    given_problems = [problem(i, ("python", "cpp")) for i in range(problems)]
    rows, counts = draw(given_problems, count, seed)
    used = [pairs_of(rows)[pair] for pair in PAIRS]
    assert sum(used) == count == len(rows) == counts["prompts"]
    assert max(used) - min(used) <= 1
    # Each problem once before any is used again.
    times = Counter(row["problem_id"] for row in rows)
    assert counts["problems"] == len(times) == min(problems, count)
    assert not times or max(times.values()) - min(times.get(p.id, 0) for p in given_problems) <= 1
    assert (rows, counts) == draw(given_problems, count, seed)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sets(st.sampled_from(("python", "cpp", "java"))),
                          st.sampled_from((0, 0, 500))), min_size=1, max_size=40),
       st.integers(0, 60))
def test_whatever_the_problems_serve_the_pairs_are_even_or_the_draw_is_refused(kinds, count):
    problems = [problem(i, languages, padding) for i, (languages, padding) in enumerate(kinds)]
    served = sum(any(source in languages and not padding for languages, padding in kinds)
                 for source, _ in PAIRS)
    if served < min(count, len(PAIRS)):
        with pytest.raises(DataError, match="cannot fill all pairs"):
            draw(problems, count, limit=400)
        return
    rows, _ = draw(problems, count, limit=400)
    used = [pairs_of(rows)[pair] for pair in PAIRS]
    assert sum(used) == count
    assert max(used) - min(used) <= 1
    by_id = {p.id: p for p in problems}
    for row in rows:
        assert row["source_language"] in by_id[row["problem_id"]].solutions


def test_problems_in_one_language_leave_the_pairs_of_the_other_to_those_that_have_it():
    """A third has C++: all the C++ prompts come from it, and no problem is used twice."""
    problems = [problem(i, ("python", "cpp") if i % 3 == 0 else ("python",)) for i in range(3000)]
    rows, counts = draw(problems, 1900)
    assert set(pairs_of(rows).values()) == {190}
    assert counts["problems"] == 1900
    assert counts["not_needed"] > 0


def test_what_cannot_be_filled_is_refused_with_the_counts():
    with pytest.raises(DataError) as caught:
        draw([problem(i, ("python",)) for i in range(30)], 50)
    assert "5 prompts a pair are wanted" in str(caught.value)
    assert "python to bash 5" in str(caught.value)
    assert "cpp to bash 0" in str(caught.value)
    assert "not_needed" in str(caught.value)


def test_a_prompt_that_is_too_long_is_made_from_the_other_source():
    long = problem(1, ("python", "cpp"))
    long.solutions["cpp"] += " x" * 500
    rows, _ = draw([long, problem(2, ("cpp",))], 20, limit=400)
    assert set(pairs_of(rows).values()) == {2}
    assert {r["source_language"] for r in rows if r["problem_id"] == "p1"} == {"python"}
