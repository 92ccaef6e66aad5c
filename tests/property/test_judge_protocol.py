"""Nothing but a whole, ordered, correct set of records passes."""

from hypothesis import given
from hypothesis import strategies as st

from oorl.languages import get_language
from oorl.records import Case, Parameter, Signature, Type
from oorl.sandbox.verdicts import conclude, observe
from oorl.sandbox.watch import Outcome

SIGNATURE = Signature("f", (Parameter("x", Type("int")),), Type.parse("list[int]"))
ANSWERS = st.lists(st.lists(st.integers(-99, 99), max_size=4), min_size=1, max_size=6)


def records(answers):
    return b"".join(b"=\t%d\t%s\n" % (i, str(a).encode()) for i, a in enumerate(answers))


def passes(data: bytes, answers, exit_code: int = 0, **outcome) -> bool:
    cases = [Case((0,), answer) for answer in answers]
    seen = observe(Outcome(exit_code=exit_code, records=data, **outcome), len(cases))
    return conclude(seen, get_language("python"), SIGNATURE, cases, 1e-6).passed


@given(ANSWERS)
def test_the_whole_passes(answers):
    assert passes(records(answers), answers)


@given(ANSWERS, st.data())
def test_no_prefix_passes(answers, data):
    whole = records(answers)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert not passes(whole[:cut], answers)


@given(ANSWERS, st.data())
def test_no_repeated_missing_or_swapped_record_passes(answers, data):
    lines = records(answers).splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    assert not passes(b"".join([*lines[:at], lines[at], *lines[at:]]), answers)
    assert not passes(b"".join([*lines[:at], *lines[at + 1:]]), answers)
    if len(lines) > 1:
        assert not passes(b"".join([*lines[1:], lines[0]]), answers)


@given(ANSWERS, st.binary(min_size=1, max_size=20), st.data())
def test_no_foreign_bytes_pass(answers, noise, data):
    """Bytes between or after records: accepted only where the line still reads the same."""
    whole = records(answers)
    at = data.draw(st.sampled_from(
        [i + 1 for i, byte in enumerate(whole) if byte == 10] + [0]))
    assert not passes(whole[:at] + noise + b"\n" + whole[at:], answers)


@given(ANSWERS, st.integers(1, 255))
def test_no_bad_exit_passes(answers, code):
    assert not passes(records(answers), answers, exit_code=code)


@given(ANSWERS, st.sampled_from(["wall", "cpu", "output", "memory", "processes", "hangup"]))
def test_no_stopped_run_passes(answers, stopped):
    assert not passes(records(answers), answers, stopped=stopped)
