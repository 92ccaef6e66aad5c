"""pass@k against hand-worked values."""

import pytest

from oorl.evaluation.pass_at_k import pass_at_k


def test_hand_worked_values() -> None:
    # n = 5, c = 2, k = 3: of C(5,3) = 10 draws, one holds only the three wrong samples.
    assert pass_at_k(5, 2, 3) == pytest.approx(0.9)
    assert pass_at_k(10, 3, 1) == pytest.approx(0.3)
    assert pass_at_k(4, 1, 2) == pytest.approx(0.5)


def test_exact_at_the_ends() -> None:
    assert pass_at_k([1, 1, 8, 8], [0, 1, 0, 8], 1).tolist() == [0.0, 1.0, 0.0, 1.0]
    assert pass_at_k(5, 3, 3) == 1.0  # only two wrong: three cannot all be wrong


def test_refuses_what_cannot_be() -> None:
    for n, c, k in ((2, 1, 3), (2, 3, 1), (2, -1, 1), (2, 1, 0)):
        with pytest.raises(ValueError, match=r"pass@|number of correct"):
            pass_at_k(n, c, k)
