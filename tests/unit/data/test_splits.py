"""Splits by content; sources by name; the shares' rule."""

from collections import Counter
from pathlib import Path

import pytest

from oorl.data.sources import get_source, source_names
from oorl.data.splits import assign_split
from oorl.errors import ParamsError, UnknownName
from oorl.params import parse_params
from oorl.params.dataset import DatasetParams
from oorl.records import Problem

TEXTS = [f"function {i}" for i in range(4000)]


def test_shares_are_kept() -> None:
    params = DatasetParams(sft_share=0.5, validation_share=0.1, test_share=0.2)
    found = Counter(assign_split(text, params) for text in TEXTS)
    for split, share in (("sft", 0.5), ("validation", 0.1), ("test", 0.2), ("rl", 0.2)):
        # three standard deviations of a binomial share
        assert abs(found[split] / 4000 - share) < 3 * (share * (1 - share) / 4000) ** 0.5


def test_a_larger_sft_share_takes_from_rl_alone() -> None:
    before, after = (DatasetParams(sft_share=s) for s in (0.3, 0.6))
    moves = {(assign_split(t, before), assign_split(t, after)) for t in TEXTS}
    assert moves == {("sft", "sft"), ("rl", "sft"), ("rl", "rl"), ("test", "test"),
                     ("validation", "validation")}


def test_shares_that_leave_nothing_for_rl_are_refused() -> None:
    raw = {name: {} for name in ("ir_groups", "validate", "base", "rl", "gepo", "control",
                                 "evaluate", "register", "sandbox", "tracking")}
    with pytest.raises(ParamsError, match="leaves nothing for rl"):
        parse_params({"dataset": {"sft_share": 0.95}, **raw})


def test_sources_are_found_by_name(problems: list[Problem], params: DatasetParams) -> None:
    assert "synthetic" in source_names()
    assert get_source("synthetic").load(params, 3, Path()).problems == problems
    with pytest.raises(UnknownName, match="synthetic"):
        get_source("syntetic")
