"""A language that never gets a verdict stops the stage; accidents do not."""

import pytest

from oorl.errors import InfraError
from oorl.records import Status, Verdict
from oorl.sandbox.faults import ENOUGH, FaultWatch

FAULT = Verdict(Status.INFRA_ERROR, detail="php: cannot execute binary file")
WRONG = Verdict(Status.WRONG_ANSWER)


def faults(count, language="php", start=0):
    return [(language, f"program {n}", FAULT) for n in range(start, start + count)]


def test_enough_different_programs_of_one_language_in_one_batch():
    with pytest.raises(InfraError) as caught:
        FaultWatch().see([("java", "p", WRONG), *faults(ENOUGH)])
    text = str(caught.value)
    for part in ("PHP", "cannot execute binary file", "oorl doctor", "php-cli", "params.yaml",
                 "goes on from where it was"):
        assert part in text


def test_small_batches_add_up_whatever_the_size():
    watch = FaultWatch()
    for n in range(ENOUGH - 1):
        watch.see([*faults(1, start=n), ("java", f"{n}", WRONG)])
    with pytest.raises(InfraError):
        watch.see(faults(1, start=ENOUGH))


def test_one_verdict_shows_that_the_language_works():
    watch = FaultWatch()
    watch.see([*faults(20), ("php", "p", WRONG)])  # in the same batch, wherever it stands
    watch.see([("php", "p", WRONG), *faults(20)])
    watch.see(faults(ENOUGH - 1))
    watch.see([("php", "p", WRONG)])
    watch.see(faults(ENOUGH - 1))


def test_one_program_that_breaks_its_worker_is_not_the_language():
    watch = FaultWatch()
    for _ in range(50):
        watch.see(faults(1))


def test_languages_are_counted_apart():
    watch = FaultWatch()
    watch.see([*faults(ENOUGH - 1), *faults(ENOUGH - 1, "java")])
    with pytest.raises(InfraError, match="Java"):
        watch.see(faults(1, "java", start=ENOUGH))
