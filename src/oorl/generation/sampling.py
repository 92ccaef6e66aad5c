"""Drawing tokens, reproducibly: the draw of a row depends on nothing but (seed, its prompt,
sample number, step), never on which other rows share its batch.

A token is drawn by inverting the cumulative distribution at one uniform number per row and
step. The numbers are hashes of counters, made for a whole row at once; torch's generator
would tie a row to its neighbours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

OnDone = Callable[[int, int, list[int]], None]
"""(prompt, sample, tokens) of a completion as soon as it has ended; called from any thread."""


@dataclass
class Rollouts:
    """Completions, `[prompt][sample][token]`; an end token that was drawn is included.

    `logps` has the same layout: log-probabilities under the full distribution at the sampling
    temperature (before top-p), at temperature 1 for greedy decoding.
    """

    tokens: list[list[list[int]]]
    logps: list[list[list[float]]]


def row_keys(prompts: Sequence[Sequence[int]], seed: int) -> list[int]:
    """One 64-bit key per prompt, from its tokens; repeated prompts get different keys."""
    seen: dict[bytes, int] = {}
    keys = []
    for prompt in prompts:
        data = np.asarray(prompt, dtype=np.int64).tobytes()
        count = seen[data] = seen.get(data, -1) + 1
        digest = hashlib.blake2b(data + seed.to_bytes(16, "little", signed=True)
                                 + count.to_bytes(8, "little"), digest_size=8)
        keys.append(int.from_bytes(digest.digest(), "little"))
    return keys


def uniforms(keys: Sequence[int], num_generations: int, steps: int) -> torch.Tensor:
    """Uniform numbers in [0, 1), float32 (len(keys), num_generations, steps).

    splitmix64 (Steele, Lea and Flood 2014) of key + counter; the top 24 bits are used.
    """
    sample = np.arange(num_generations, dtype=np.uint64)[:, None] << np.uint64(32)
    counter = sample + np.arange(1, steps + 1, dtype=np.uint64)
    key = np.asarray(keys, dtype=np.uint64)[:, None, None]
    state: np.ndarray = key + counter * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    values = (state >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)
    return torch.from_numpy(values)


def choose(logits: torch.Tensor, temperature: float, top_p: float,
           uniform: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Next tokens and their log-probabilities.

    Args:
        logits: (R, V).
        temperature: 0 is greedy.
        top_p: 1 keeps the whole distribution; below, the smallest set of most probable tokens
            whose mass reaches it.
        uniform: (R,) numbers in [0, 1); unused when greedy.

    Returns:
        tokens (R,) int64 and logps (R,) float32.
    """
    probs = torch.softmax(logits.float() / (temperature or 1.0), dim=-1)
    if temperature == 0 or uniform is None:
        tokens = logits.argmax(dim=-1)
    elif top_p < 1:
        ordered, index = probs.sort(dim=-1, descending=True, stable=True)
        last = (ordered.cumsum(-1) - ordered < top_p).sum(-1, keepdim=True) - 1
        tokens = index.gather(1, _invert(ordered, uniform, last))[:, 0]
    else:
        last = torch.full((len(probs), 1), probs.shape[1] - 1)
        tokens = _invert(probs, uniform, last)[:, 0]
    return tokens, probs.gather(1, tokens[:, None])[:, 0].log()


def _invert(probs: torch.Tensor, uniform: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
    """First index whose cumulative mass exceeds uniform x (mass up to `last`): (R, 1)."""
    cumulative = probs.cumsum(dim=-1)
    target = uniform[:, None] * cumulative.gather(1, last)
    return torch.minimum(torch.searchsorted(cumulative, target, right=True), last)
