"""What the base model is shown: translations with an imbalance, and C to LLVM IR.

For each target language a fixed subset of the sft problems is drawn, whose size is the language's
share; only their gold translations are ever shown. Subsets are nested: a larger share adds
problems and takes none away.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oorl.data.prompts import completion, ir_completion, ir_prompt, translation_prompt
from oorl.records import IRGroup, Problem, stable_id
from oorl.trainers.tokenizer import encode_texts

SOURCES = ("python", "cpp")
IR = "llvm"


@dataclass(frozen=True, slots=True)
class Pair:
    """A prompt and the answer to learn. `target` is a language, or "llvm"."""

    problem_id: str
    target: str
    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Example:
    """A pair in tokens: prompt, answer, end token. Loss is taken on what follows the prompt."""

    target: str
    ids: tuple[int, ...]
    prompt_length: int


def shown_problems(problems: Sequence[Problem], target: str, share: float,
                   seed: int) -> list[Problem]:
    """The `share` of problems whose solution in `target` may be shown, in their given order.

    Chosen by a hash of (seed, target, problem id): stable, nested in the share, and independent
    of the other problems but for the rounding of their number.
    """
    able = [p for p in problems if target in p.solutions]
    ranked = sorted(able, key=lambda p: stable_id(str(seed), target, p.id, length=24))
    chosen = {p.id for p in ranked[:round(share * len(able))]}
    return [p for p in able if p.id in chosen]


def translation_pairs(problems: Sequence[Problem], shares: Mapping[str, float], seed: int,
                      sources: Sequence[str] = SOURCES, style: str = "compact") -> list[Pair]:
    """All (source, target) pairs that `shares` allows, source and target different."""
    pairs = []
    for target in sorted(shares):
        for problem in shown_problems(problems, target, shares[target], seed):
            pairs += [
                Pair(problem.id, target, translation_prompt(problem, source, target, style=style),
                     completion(problem.solutions[target], target))
                for source in sources if source != target and source in problem.solutions]
    return pairs


def ir_pairs(groups: Iterable[IRGroup], style: str = "compact") -> list[Pair]:
    """Each winner of each group as an answer to its C source."""
    return [Pair(group.problem_id, IR, ir_prompt(group.source_code, style, group.language),
                 ir_completion(winner.ir))
            for group in groups for winner in group.winners]


def encode_pairs(tokenizer: Any, pairs: Sequence[Pair], max_length: int) -> list[Example]:
    """Pairs in tokens, in order; those longer than `max_length` are left out."""
    prompts = encode_texts(tokenizer, [p.prompt for p in pairs])
    answers = encode_texts(tokenizer, [p.answer for p in pairs])
    examples = [Example(pair.target, (*prompt, *answer, tokenizer.eos_token_id), len(prompt))
                for pair, prompt, answer in zip(pairs, prompts, answers, strict=True)]
    return [e for e in examples if len(e.ids) <= max_length]


@dataclass(frozen=True)
class Mixture:
    """Examples as an endless, random-access sequence of epochs of batches.

    An epoch holds every translation once, and as many randomly drawn IR examples as make
    `ir_share` of its tokens (all of them at most). It is a pure function of (seed, epoch).
    """

    translations: Sequence[Example]
    irs: Sequence[Example]
    ir_share: float
    tokens_per_batch: int
    seed: int

    def epoch(self, number: int) -> list[list[list[Example]]]:
        """The batches of an epoch, each cut into `SHARDS` parts: [batch][shard][example]."""
        rng = random.Random(f"{self.seed}:{number}")
        chosen = [*self.translations, *self._draw_irs(rng)]
        rng.shuffle(chosen)
        batches: list[list[list[Example]]] = []
        for start in range(0, len(chosen), WINDOW):
            window = sorted(chosen[start:start + WINDOW], key=lambda e: len(e.ids))
            batches += [shards(batch) for batch in cut_batches(window, self.tokens_per_batch)]
        rng.shuffle(batches)
        return batches

    def _draw_irs(self, rng: random.Random) -> list[Example]:
        wanted = 0.0
        if self.ir_share < 1:
            tokens = sum(len(e.ids) for e in self.translations)
            wanted = tokens * self.ir_share / (1 - self.ir_share)
        order = rng.sample(self.irs, len(self.irs)) if self.ir_share > 0 else []
        chosen: list[Example] = []
        for example in order:
            if wanted <= 0 and self.ir_share < 1:
                break
            chosen.append(example)
            wanted -= len(example.ids)
        return chosen


WINDOW = 2048
"""Examples sorted by length together: little padding, yet batches stay mixed."""

SHARDS = 2
"""Parts of a batch that may be computed side by side. Fixed, so that results do not depend on
the number of cores."""


def cut_batches(examples: Sequence[Example], tokens: int) -> list[list[Example]]:
    """Consecutive examples of like length, at most `tokens` a batch with padding (one at least)."""
    batches: list[list[Example]] = []
    longest = 0
    for example in examples:
        longest = max(longest, len(example.ids))
        if not batches or (len(batches[-1]) + 1) * longest > tokens:
            batches.append([])
            longest = len(example.ids)
        batches[-1].append(example)
    return batches


def shards(batch: list[Example]) -> list[list[Example]]:
    """A batch in `SHARDS` parts of nearly equal size; parts may be empty."""
    return [batch[i::SHARDS] for i in range(SHARDS)]
