"""Expectations in the terms of this field, by the names that Data Docs show.

`frames` looks for faults and puts them in words; these state that there are none.
"""

from __future__ import annotations

from typing import Any

import great_expectations.expectations as gxe


class _NoFault(gxe.ExpectColumnValuesToBeInSet):
    value_set: Any = [""]  # noqa: RUF012  (a field of pydantic's, copied for each)


class ExpectLegalSignatures(_NoFault):
    """Types that every language has."""


class ExpectCasesToFitSignatures(_NoFault):
    """Arguments and results of the signature's types, no case twice."""


class ExpectSolutionsToTranslate(_NoFault):
    """A solution in a source language, and one to translate into."""


class ExpectNoLeakage(_NoFault):
    """No function in two splits, whatever its names."""


class ExpectGoldPasses(_NoFault):
    """Solutions that pass the problem's tests, run again in the sandbox; rows without a result were
    not drawn."""


class ExpectGroupsOfKnownProblems(_NoFault):
    """The problem is there and in the group's split."""


class ExpectCompleteRecords(_NoFault):
    """Toolchain, signature, recipes, operators and lengths."""


class ExpectDistinctWinners(_NoFault):
    """Functions of LLVM IR, no text twice."""


class ExpectDistinctLosers(_NoFault):
    """Functions of LLVM IR, no text twice and none of a winner."""


class ExpectWitnesses(_NoFault):
    """An input of the group on which a loser and its winner differ, with both results."""


class ExpectTokensWithinContext(gxe.ExpectColumnValuesToBeBetween):
    """Texts that leave room in the model's context, counted in words and marks."""
