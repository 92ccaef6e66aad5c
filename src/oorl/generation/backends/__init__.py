"""Where answers come from: a model on this machine, or a server that speaks OpenAI's protocol.

One file a backend, each with an `open_backend(model, **options)`; the folder is the registry. A
backend answers a batch of texts; which texts, in which batches, and what becomes of the answers
is decided elsewhere.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

from oorl.errors import UnknownName

__all__ = ["Answer", "Backend", "Sampling", "backend_names", "open_backend"]


class Answer(NamedTuple):
    """A text without the stop that ended it, and its length in tokens where known, else 0."""

    text: str
    tokens: int


@dataclass(frozen=True)
class Sampling:
    """How to answer. Temperature 0 is greedy, with one answer."""

    n: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 512
    seed: int = 0


class Backend(Protocol):
    """Answers to texts."""

    def complete(self, prompts: Sequence[str], sampling: Sampling, *, chat: bool,
                 stop: Sequence[str] = ()) -> list[list[Answer]]:
        """`sampling.n` answers to each prompt, in order. With `chat` each prompt is a user's turn,
        else a text to be continued; answers end before the first of `stop`."""
        ...


def cut(text: str, stop: Sequence[str]) -> str:
    """The text before the first of the stops."""
    return text[:min((at for s in stop if (at := text.find(s)) >= 0), default=len(text))]


def backend_names() -> list[str]:
    """The names of all backends."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def open_backend(name: str, model: str, **options: Any) -> Backend:
    """A backend by name with its model. Raises `UnknownName`, `ArtifactError`, `InfraError`."""
    if name not in backend_names():
        raise UnknownName("generation backend", name, backend_names())
    module = importlib.import_module(f"{__name__}.{name}")
    return cast(Backend, module.open_backend(model, **options))
