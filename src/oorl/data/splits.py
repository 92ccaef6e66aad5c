"""Splits by content: where a problem belongs depends on what it is, not on when it was drawn."""

from __future__ import annotations

import hashlib

from oorl.params.dataset import DatasetParams

SPLITS = ("sft", "rl", "validation", "test")


def assign_split(content: str, params: DatasetParams) -> str:
    """The split of a normalised function: its hash, as a number in [0, 1), falls into a share.

    test and validation lie at one end, sft at the other and rl between, so that changing one
    share moves as few problems as possible, and never from sft into test.
    """
    digest = hashlib.sha256(b"split\x1f" + content.encode("utf-8", "surrogatepass")).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64
    if point < params.test_share:
        return "test"
    if point < params.test_share + params.validation_share:
        return "validation"
    return "sft" if point >= 1 - params.sft_share else "rl"
