"""Sampling from a causal LM: an own fast path for small models on CPU, transformers for the rest.

    completions = generate(model, prompts, max_new_tokens=256, num_generations=8,
                           temperature=0.8, seed=1, eos_token_id=2)
    completions[i][j]          # token ids of sample j of prompt i

`rollout` is the same with the log-probabilities of the sampled tokens beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oorl.generation.fast import fast_rollout
from oorl.generation.hf import transformers_rollout
from oorl.generation.sampling import Rollouts
from oorl.generation.weights import is_supported

__all__ = ["Rollouts", "fast_rollout", "generate", "is_supported", "rollout",
           "transformers_rollout"]


def rollout(model: Any, prompts: Sequence[Sequence[int]], *, backend: str = "auto",
            **options: Any) -> Rollouts:
    """Sample completions with the log-probabilities of their tokens.

    Args:
        model: a transformers causal LM.
        prompts: token ids, one non-empty list per prompt, unpadded.
        backend: "fast" (own loop), "transformers", or "auto": fast wherever it is exact, which
            is Qwen3 and Llama architectures on CPU.
        options: see `fast_rollout`; both backends take the same ones.
    """
    if backend not in ("auto", "fast", "transformers"):
        raise ValueError(f"backend is auto, fast or transformers, not {backend!r}")
    if backend == "fast" or (backend == "auto" and is_supported(model)):
        return fast_rollout(model, prompts, **options)
    return transformers_rollout(model, prompts, **options)


def generate(model: Any, prompts: Sequence[Sequence[int]], *, backend: str = "auto",
             **options: Any) -> list[list[list[int]]]:
    """`rollout` without the log-probabilities: `[prompt][sample][token]`."""
    return rollout(model, prompts, backend=backend, **options).tokens
