"""Submissions and verdicts survive their JSON form."""

import json

from hypothesis import given
from hypothesis import strategies as st

from oorl.records import (
    AssertionSubmission,
    Case,
    Parameter,
    Signature,
    Status,
    StdioCase,
    StdioSubmission,
    Submission,
    Type,
    Verdict,
)
from oorl.sandbox.wire import (
    submission_from_row,
    submission_to_row,
    verdict_from_row,
    verdict_to_row,
)

TEXT = st.text(max_size=20)
LANGUAGE = st.sampled_from(["python", "cpp", "php"])
SIGNATURE = Signature("f", (Parameter("x", Type.parse("map[str,list[int]]")),), Type("float"))
MAPS = st.dictionaries(TEXT, st.lists(st.integers(), max_size=3), max_size=3).map(
    lambda d: [[k, v] for k, v in d.items()])
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(["NaN", "-Infinity"])
SUBMISSIONS = st.one_of(
    st.builds(AssertionSubmission, LANGUAGE, TEXT, TEXT),
    st.builds(StdioSubmission, LANGUAGE, TEXT, st.lists(
        st.builds(StdioCase, TEXT, TEXT), min_size=1, max_size=3).map(tuple)),
    st.builds(Submission, LANGUAGE, TEXT, st.just(SIGNATURE), st.lists(
        st.builds(Case, st.tuples(MAPS), FLOATS), min_size=1, max_size=3).map(tuple)))


@given(SUBMISSIONS)
def test_submissions(submission):
    row = json.loads(json.dumps(submission_to_row(submission)))
    assert submission_from_row(row) == submission


@given(st.builds(Verdict, st.sampled_from(Status), st.integers(0, 9), st.integers(0, 9), TEXT,
                 st.integers(0, 99999).map(lambda n: n / 10000)))
def test_verdicts(verdict):
    assert verdict_from_row(json.loads(json.dumps(verdict_to_row(verdict)))) == verdict
