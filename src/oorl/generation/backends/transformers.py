"""A causal LM on this machine: this package's own loop where it is exact, else transformers'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from oorl.errors import ArtifactError, ResourceError
from oorl.generation import generate
from oorl.generation.backends import Answer, Sampling, cut


class Transformers:
    """A loaded model with its tokenizer."""

    def __init__(self, model: Any, tokenizer: Any, batch_size: int = 16) -> None:
        self.model, self.tokenizer, self.batch_size = model, tokenizer, batch_size

    def complete(self, prompts: Sequence[str], sampling: Sampling, *, chat: bool,
                 stop: Sequence[str] = ()) -> list[list[Answer]]:
        """See `Backend`. Raises `ArtifactError` for a chat without a template."""
        found = generate(
            self.model, self._encode(prompts, chat), max_new_tokens=sampling.max_tokens,
            num_generations=sampling.n, temperature=sampling.temperature, top_p=sampling.top_p,
            seed=sampling.seed, eos_token_id=self.tokenizer.eos_token_id,
            batch_size=self.batch_size)
        return [[Answer(cut(self.tokenizer.decode(ids, skip_special_tokens=True), stop), len(ids))
                 for ids in samples] for samples in found]

    def _encode(self, prompts: Sequence[str], chat: bool) -> list[list[int]]:
        if not chat:
            return self.tokenizer(list(prompts), add_special_tokens=False)["input_ids"]
        if self.tokenizer.chat_template is None:
            raise ArtifactError("the model's tokenizer has no chat template",
                                "Ask with --style plain.")
        turns = [[{"role": "user", "content": prompt}] for prompt in prompts]
        return self.tokenizer.apply_chat_template(
            turns, add_generation_prompt=True, tokenize=True, return_dict=False,
            enable_thinking=False)


def open_backend(model: str, *, batch_size: int = 16, device: str = "auto",
                 **_: Any) -> Transformers:
    """A model by folder or hub id. Raises `ArtifactError` if it cannot be had, `ResourceError`
    without the device asked for."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ResourceError("no GPU is visible here", "Use --device cpu.")
    try:
        tokenizer = AutoTokenizer.from_pretrained(model)
        loaded: Any = AutoModelForCausalLM.from_pretrained(model, dtype="auto")
    except MemoryError:
        raise
    except Exception as error:  # files of others fail in many ways
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ArtifactError(f"{model}: cannot be loaded: {first[:300]}",
                            "Give the folder of a model, or a hub id that is in the local cache "
                            "or can be downloaded.") from None
    if tokenizer.eos_token_id is None:
        raise ArtifactError(f"{model}: its tokenizer has no end token",
                            "Use a model whose tokenizer defines eos_token.")
    return Transformers(loaded.to(device).eval(), tokenizer, batch_size)
