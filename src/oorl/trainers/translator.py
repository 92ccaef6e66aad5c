"""Translation as a service: source code in, code out, by a trained model's greedy answer.

The prompt is the one that the model was trained on, so it needs the header of the translation:
read from the source (`oorl.data.headers`), or given with the request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oorl.data.headers import target_declaration
from oorl.data.prompts import chat_template_kwargs, extract_code, request
from oorl.errors import DataError, OORLError
from oorl.generation import generate
from oorl.languages import get_language
from oorl.trainers.artifacts import load_model
from oorl.trainers.device import choose_device
from oorl.trainers.tokenizer import encode_texts


@dataclass(frozen=True)
class Answer:
    """`code` is "" where there is none; then `error` says why."""

    code: str = ""
    error: str = ""


class Translator:
    """A model folder, loaded once.

    Args:
        folder: weights, configuration, tokenizer.
        style: of prompts, as in training ("compact" for the embedded model, else "chat").
        max_new_tokens: longer answers are cut, and then have no code.
        device: "auto", "cpu" or "cuda".

    Raises `ArtifactError` if the model cannot be read, `ResourceError` if it needs a GPU.
    """

    def __init__(self, folder: Path, style: str, max_new_tokens: int, device: str = "auto",
                 batch_size: int = 16) -> None:
        import torch

        self._model, self._tokenizer = load_model(folder, folder.name)
        torch.nn.Module.to(self._model, choose_device(device, self._model.num_parameters()))
        self._style, self._new, self._batch = style, max_new_tokens, batch_size

    def translate(self, requests: Sequence[Mapping[str, Any]]) -> list[Answer]:
        """One answer a request, in their order; a bad one spoils no other.

        A request has `code`, `source` and `target`, and may have `declaration`.
        """
        answers: dict[int, Answer] = {}
        prompts: dict[int, str] = {}
        for i, one in enumerate(requests):
            try:
                prompts[i] = self._prompt(one)
            except OORLError as error:
                answers[i] = Answer(error=str(error))
        for start in range(0, len(prompts), self._batch):
            batch = list(prompts)[start:start + self._batch]
            texts = self._generate([prompts[i] for i in batch])
            for i, text in zip(batch, texts, strict=True):
                code = extract_code(text, get_language(str(requests[i]["target"])).name)
                answers[i] = Answer(code) if code is not None else Answer(
                    error="the model's answer holds no closed block of code in the target language")
        return [answers[i] for i in range(len(requests))]

    def _prompt(self, one: Mapping[str, Any]) -> str:
        code = str(one.get("code") or "")
        source, target = (get_language(str(one.get(key) or "")).name
                          for key in ("source", "target"))
        if not code.strip():
            raise DataError("`code` is empty", "Send the source of one function.")
        header = str(one.get("declaration") or "") or target_declaration(code, source, target)
        return request(code, header, source, target, self._style)

    def _generate(self, prompts: list[str]) -> list[str]:
        if self._style == "compact":
            ids = encode_texts(self._tokenizer, prompts)
        else:
            ids = self._tokenizer.apply_chat_template(
                [[{"role": "user", "content": prompt}] for prompt in prompts],
                add_generation_prompt=True, tokenize=True, return_dict=False,
                **chat_template_kwargs(self._style))
        found = generate(self._model, ids, max_new_tokens=self._new, temperature=0.0,
                         eos_token_id=self._tokenizer.eos_token_id, batch_size=self._batch)
        return [self._tokenizer.decode(answer, skip_special_tokens=True) for (answer,) in found]
