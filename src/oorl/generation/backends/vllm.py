"""vLLM in this process; an optional part (`pip install vllm`, a GPU). Not tried by the tests, which
run without one: its server through `openai` is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oorl.errors import ResourceError
from oorl.generation.backends import Answer, Sampling, cut


class VLLM:
    """A loaded engine."""

    def __init__(self, engine: Any, parameters: Any) -> None:
        self.engine, self.parameters = engine, parameters

    def complete(self, prompts: Sequence[str], sampling: Sampling, *, chat: bool,
                 stop: Sequence[str] = ()) -> list[list[Answer]]:
        """See `Backend`."""
        wanted = self.parameters(
            n=sampling.n, temperature=sampling.temperature, top_p=sampling.top_p,
            max_tokens=sampling.max_tokens, seed=sampling.seed, stop=list(stop) or None)
        if chat:
            turns = [[{"role": "user", "content": prompt}] for prompt in prompts]
            found = self.engine.chat(turns, wanted, use_tqdm=False,
                                     chat_template_kwargs={"enable_thinking": False})
        else:
            found = self.engine.generate(list(prompts), wanted, use_tqdm=False)
        return [[Answer(cut(o.text, stop), len(o.token_ids)) for o in one.outputs]
                for one in found]


def open_backend(model: str, **_: Any) -> VLLM:
    """An engine for a folder or hub id. Raises `ResourceError` where vLLM is not installed."""
    try:
        from vllm import LLM, SamplingParams
    except ImportError:
        raise ResourceError("vLLM is not installed", "`pip install vllm` on a machine with a GPU, "
                            "or run its server elsewhere and give --url.") from None
    return VLLM(LLM(model=model), SamplingParams)
