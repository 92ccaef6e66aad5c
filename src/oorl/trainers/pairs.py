"""Which languages a problem is translated from and into: drawn by weight, or all pairs evenly.

By weight a pair's share is what the targets' weights and the problems' languages make it: with
Python and C++ as the sources, each is the only source of the other, so that this pair comes twice
as often as another. Evenly (`rl.balanced`) each pair gets the same number of prompts, or none is
made.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Protocol

from oorl.errors import DataError
from oorl.languages import get_language
from oorl.params.rl import RLParams
from oorl.records import Problem

Pair = tuple[str, str]
"""Source and target language."""


class Draw(Protocol):
    """A way to draw pairs. It is told which of its pairs became a prompt."""

    counts: Counter[str]

    def candidates(self, problem: Problem) -> list[Pair]:
        """Pairs for a problem, the first whose prompt is short enough is used; [] skips it."""

    def use(self, pair: Pair) -> None:
        """A prompt of this pair was made."""

    def exhausted(self, problems: int) -> DataError:
        """What to raise when a whole pass over the problems made no prompt."""


def possible_pairs(problem: Problem, params: RLParams) -> list[Pair]:
    """All pairs that a problem can serve: it has the source, the target has its signature."""
    return [(source, target) for target in params.targets
            if get_language(target).supports_signature(problem.signature)
            for source in params.sources if source in problem.solutions and source != target]


class WeightedDraw:
    """A target by `params.target_weights`, then one of its sources, each with the same chance."""

    def __init__(self, params: RLParams, rng: random.Random) -> None:
        self._params, self._rng = params, rng
        self.counts = Counter(too_long=0, unsupported=0)

    def candidates(self, problem: Problem) -> list[Pair]:
        pairs = possible_pairs(problem, self._params)
        targets = list(dict.fromkeys(target for _, target in pairs))
        weights = [self._params.target_weights.get(target, 1.0) for target in targets]
        if not targets or sum(weights) <= 0:
            self.counts["unsupported"] += 1
            return []
        target = self._rng.choices(targets, weights)[0]
        return [self._rng.choice([pair for pair in pairs if pair[1] == target])]

    def use(self, pair: Pair) -> None:
        pass

    def exhausted(self, problems: int) -> DataError:
        return DataError(
            f"none of {problems} problems of split 'rl' gives a prompt: {dict(self.counts)}",
            "Check rl.sources and rl.targets, or raise the context length; the split itself "
            "is set in section dataset.")


class BalancedDraw:
    """Of the pairs that a problem can serve the least used, ties by the seed.

    Of `count` prompts over P pairs each pair gets count // P, and count % P of them one more.
    A problem whose pairs all have theirs is passed over, and counted as `not_needed`.
    """

    def __init__(self, params: RLParams, rng: random.Random, count: int) -> None:
        self._params, self._rng = params, rng
        self._used: Counter[Pair] = Counter({
            (source, target): 0 for source in params.sources for target in params.targets
            if source != target})
        self._share, self._rest = divmod(count, max(1, len(self._used)))
        self.counts = Counter(too_long=0, unsupported=0, not_needed=0)

    def candidates(self, problem: Problem) -> list[Pair]:
        pairs = possible_pairs(problem, self._params)
        wanted = [pair for pair in pairs if self._wanted(pair)]
        if not wanted:
            self.counts["not_needed" if pairs else "unsupported"] += 1
        shuffled = self._rng.sample(wanted, len(wanted))
        return sorted(shuffled, key=self._used.__getitem__)

    def _wanted(self, pair: Pair) -> bool:
        used = self._used[pair]
        return used < self._share or (used == self._share and self._rest > 0)

    def use(self, pair: Pair) -> None:
        self._rest -= self._used[pair] == self._share
        self._used[pair] += 1
        self.counts["-".join(pair)] += 1

    def exhausted(self, problems: int) -> DataError:
        pairs = ", ".join(f"{source} to {target} {used}"
                          for (source, target), used in self._used.items())
        passed_over = {kind: self.counts[kind]
                       for kind in ("too_long", "unsupported", "not_needed")}
        return DataError(
            f"the {problems} problems of split 'rl' cannot fill all pairs of languages evenly: "
            f"{self._share} prompts a pair are wanted, there are {pairs or 'no pairs'}; "
            f"problems passed over: {passed_over}",
            "Bring problems with solutions in every language of rl.sources, take the language "
            "out of rl.sources or rl.targets, or set rl.balanced: false.")
