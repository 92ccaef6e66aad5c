"""Rewards: functions of records, without torch."""

from __future__ import annotations

from oorl.rewards.unit_tests import UnitTestReward

__all__ = ["UnitTestReward"]
