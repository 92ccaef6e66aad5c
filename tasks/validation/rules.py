"""The rules, one line each: a name, plain words, and the expectation that checks it.

Rules look at the columns of `frames`. A column named `*_fault` holds "" or says in words what is
wrong with its row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oorl.data.splits import SPLITS
from oorl.ir.frontends import frontend_names
from oorl.params import Params


@dataclass(frozen=True)
class Rule:
    """`expectation` names a class of `expectations` or of Great Expectations itself."""

    name: str
    words: str
    expectation: str
    arguments: dict[str, Any]


def problem_rules(params: Params) -> list[Rule]:
    """Schema, ranges and leakage of the problems."""
    own = params.validate_
    return [
        Rule("enough", f"there are at least {own.min_problems} problems",
             "ExpectTableRowCountToBeBetween", {"min_value": own.min_problems}),
        _unique("no two problems have the same id"),
        Rule("id", "ids are letters, digits and `_.:-`",
             "ExpectColumnValuesToMatchRegex", {"column": "id", "regex": r"^[\w.:-]+$"}),
        _split(),
        Rule("splits", "no split is empty", "ExpectColumnDistinctValuesToContainSet",
             {"column": "split", "value_set": list(SPLITS)}),
        _no_fault("signature", "the signature has legal types"),
        _no_fault("cases", "every test case fits the signature, and no case is there twice"),
        _between("cases", f"there are at least {own.min_cases} test cases", own.min_cases),
        _no_fault("solutions", "there is a solution in the source language and in another one"),
        _between("longest_code", f"programs have 1 to {own.max_code_chars} characters",
                 1, own.max_code_chars),
        _no_fault("leak", "no function is in two splits, not even under other names"),
        *([_no_fault("gold", "the solutions of a sample pass their own tests in the sandbox")]
          if own.gold_problems else []),
    ]


def group_rules(params: Params) -> list[Rule]:
    """Schema, honesty and leakage of the IR groups."""
    n, m = params.ir_groups.winners, params.ir_groups.losers
    longest = params.ir_groups.max_ir_chars
    hardest = params.ir_groups.max_hardness
    few = min(params.ir_groups.inputs, params.ir_groups.min_inputs)
    return [
        Rule("enough", "there are IR groups", "ExpectTableRowCountToBeBetween", {"min_value": 1}),
        _unique("no two groups have the same id"),
        _split(),
        _no_fault("problem", "a group belongs to a known problem and to its split"),
        _no_fault("leak", "no source function is in two splits, nor in training groups and a test "
                  "problem, not even under other names"),
        Rule("language", f"the source language is one of {', '.join(frontend_names())}",
             "ExpectColumnValuesToBeInSet", {"column": "language", "value_set": frontend_names()}),
        _between("inputs", f"a group has {few} to {params.ir_groups.inputs} inputs", few,
                 params.ir_groups.inputs),
        Rule("distinct", "no two groups have the same function, under any names",
             "ExpectColumnValuesToBeUnique", {"column": "function"}),
        _no_fault("record", "toolchain, signature, recipes, operators and lengths are recorded"),
        _between("winners", f"a group has n = {n} winners", n, n),
        _between("losers", f"a group has m = {m} losers", m, m),
        _no_fault("winners", "winners are IR functions and pairwise distinct"),
        _no_fault("losers", "losers are IR functions, distinct, and none of them is a winner"),
        _no_fault("witness", "every loser has a witness on which it and its winner differ"),
        _between("easiest_hardness", f"losers differ on at most {hardest:.0%} of the inputs",
                 None, hardest),
        Rule("hardest_hardness", "hardness is a share above 0 and at most 1",
             "ExpectColumnValuesToBeBetween",
             {"column": "hardest_hardness", "min_value": 0, "strict_min": True}),
        _between("longest_ir", f"IR texts have at most {longest} characters", 1, longest),
        Rule("tokens", f"IR texts fit the model's context of {params.base.max_length} tokens",
             "ExpectTokensWithinContext",
             {"column": "longest_tokens", "min_value": 1, "max_value": params.base.max_length}),
    ]


def _unique(words: str) -> Rule:
    return Rule("unique_id", words, "ExpectColumnValuesToBeUnique", {"column": "id"})


def _split() -> Rule:
    return Rule("split", f"the split is one of {', '.join(SPLITS)}",
                "ExpectColumnValuesToBeInSet", {"column": "split", "value_set": list(SPLITS)})


_EXPECTATIONS = {
    "signature": "ExpectLegalSignatures",
    "cases": "ExpectCasesToFitSignatures",
    "solutions": "ExpectSolutionsToTranslate",
    "leak": "ExpectNoLeakage",
    "gold": "ExpectGoldPasses",
    "problem": "ExpectGroupsOfKnownProblems",
    "record": "ExpectCompleteRecords",
    "winners": "ExpectDistinctWinners",
    "losers": "ExpectDistinctLosers",
    "witness": "ExpectWitnesses",
}


def _no_fault(subject: str, words: str) -> Rule:
    return Rule(subject, words, _EXPECTATIONS[subject], {"column": f"{subject}_fault"})


def _between(column: str, words: str, low: float | None, high: float | None = None) -> Rule:
    return Rule(f"number_of_{column}" if column in ("cases", "winners", "losers") else column,
                words, "ExpectColumnValuesToBeBetween",
                {"column": column, "min_value": low, "max_value": high})
