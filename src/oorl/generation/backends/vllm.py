"""vLLM in this process, an optional part: docs/benchmarks.md says how to install it and what was
tried. Its server is asked through `openai`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oorl.errors import ArtifactError, ResourceError
from oorl.generation.backends import Answer, Sampling, cut


class VLLM:
    """A loaded engine."""

    def __init__(self, engine: Any, parameters: Any) -> None:
        self.engine, self.parameters = engine, parameters

    def complete(self, prompts: Sequence[str], sampling: Sampling, *, chat: bool,
                 stop: Sequence[str] = ()) -> list[list[Answer]]:
        """See `Backend`. Raises `ArtifactError` for a chat without a template."""
        wanted = self.parameters(
            n=sampling.n, temperature=sampling.temperature, top_p=sampling.top_p,
            max_tokens=sampling.max_tokens, seed=sampling.seed, stop=list(stop) or None)
        if chat:
            if self.engine.get_tokenizer().chat_template is None:
                raise ArtifactError("the model's tokenizer has no chat template",
                                    "Ask with --style plain.")
            turns = [[{"role": "user", "content": prompt}] for prompt in prompts]
            found = self.engine.chat(turns, wanted, use_tqdm=False,
                                     chat_template_kwargs={"enable_thinking": False})
        else:
            found = self.engine.generate(list(prompts), wanted, use_tqdm=False)
        return [[Answer(cut(o.text, stop), len(o.token_ids)) for o in one.outputs]
                for one in found]


def open_backend(model: str, **_: Any) -> VLLM:
    """An engine for a folder or hub id. Raises `ResourceError` where vLLM is not installed and
    `ArtifactError` if it cannot load the model."""
    try:
        from vllm import LLM, SamplingParams
    except ImportError:
        raise ResourceError("vLLM is not installed", "docs/benchmarks.md says how; or run its "
                            "server elsewhere and give --url.") from None
    try:
        return VLLM(LLM(model=model), SamplingParams)
    except MemoryError:
        raise
    except Exception as error:  # of its own and its engine's process, of many kinds
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ArtifactError(f"{model}: vLLM cannot load it: {first[:300]}", "What its engine says "
                            "stands above; --backend transformers needs less memory.") from None
