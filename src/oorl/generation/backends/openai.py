"""Any server that speaks OpenAI's protocol: vLLM, llama.cpp, TGI, SGLang, a hosted one.

Requests go out several at a time, a prompt each. What is full or down for a moment (429, 5xx, no
connection) is asked again with growing pauses; what refuses the request is an error with its words.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from oorl.errors import InfraError
from oorl.generation.backends import Answer, Sampling, cut

KEY_VARIABLE = "OPENAI_API_KEY"
TRIES = 8
MAX_PAUSE_S = 60.0
MAX_STOPS = 4
"""How many stops the protocol takes; all of them are applied to the answer here."""


class OpenAI:
    """A server's model. `pause` waits so many seconds; tests give their own."""

    def __init__(self, url: str, model: str, *, parallel: int = 16, timeout_s: float = 600.0,
                 key: str = "", pause: Callable[[float], None] = time.sleep) -> None:
        self.url, self.model, self.parallel = url.rstrip("/"), model, parallel
        self.timeout_s, self.pause = timeout_s, pause
        self.session = requests.Session()
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=parallel)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)
        if key:
            self.session.headers["Authorization"] = f"Bearer {key}"

    def complete(self, prompts: Sequence[str], sampling: Sampling, *, chat: bool,
                 stop: Sequence[str] = ()) -> list[list[Answer]]:
        """See `Backend`. Raises `InfraError` for a server that does not answer or refuses."""
        with ThreadPoolExecutor(self.parallel) as pool:
            return list(pool.map(lambda p: self._samples(p, sampling, chat, stop), prompts))

    def _samples(self, prompt: str, sampling: Sampling, chat: bool,
                 stop: Sequence[str]) -> list[Answer]:
        """Asked again while the server gives fewer than wanted: some give one, whatever `n`."""
        found: list[Answer] = []
        while len(found) < sampling.n:
            body: dict[str, Any] = {
                "model": self.model, "max_tokens": sampling.max_tokens,
                "temperature": sampling.temperature, "top_p": sampling.top_p,
                "n": sampling.n - len(found), "seed": sampling.seed + len(found)}
            if stop:
                body["stop"] = list(stop)[:MAX_STOPS]
            body |= {"messages": [{"role": "user", "content": prompt}]} if chat else {
                "prompt": prompt}
            answer = self._post("/chat/completions" if chat else "/completions", body)
            found += self._answers(answer, chat, stop)
        return found[:sampling.n]

    def _answers(self, answer: Any, chat: bool, stop: Sequence[str]) -> list[Answer]:
        try:
            texts = [choice["message"]["content"] or "" if chat else choice["text"]
                     for choice in answer["choices"]]
            tokens = int((answer.get("usage") or {}).get("completion_tokens") or 0)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InfraError(f"{self.url}: an answer of another form ({error!r})",
                             "Is this an OpenAI-compatible server, and does the URL end with its "
                             "/v1?") from None
        if not texts:
            raise InfraError(f"{self.url}: an answer without choices", "Look at the server's log.")
        # Half of a surrogate pair cannot be stored.
        return [Answer(cut(text.encode("utf-8", "replace").decode(), stop), tokens // len(texts))
                for text in texts]

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        said = ""
        for attempt in range(TRIES):
            if attempt:
                self.pause(min(MAX_PAUSE_S, 2.0 ** (attempt - 1)))
            try:
                answer = self.session.post(self.url + path, json=body, timeout=self.timeout_s)
            except requests.RequestException as error:
                said = f"{type(error).__name__}: {error}"
                continue
            said = f"{answer.status_code} {answer.text[:300]}"
            if answer.status_code == 429 or answer.status_code >= 500:
                continue
            if answer.status_code != 200:
                raise InfraError(f"{self.url}{path}: {said}", self._remedy(answer.status_code))
            try:
                return answer.json()
            except ValueError:
                raise InfraError(f"{self.url}{path}: not JSON: {answer.text[:200]}",
                                 "Does the URL end with the server's /v1?") from None
        raise InfraError(f"{self.url}{path}: no answer in {TRIES} tries; the last: {said[:300]}",
                         "Start the server; then the same command goes on where it was.")

    @staticmethod
    def _remedy(status: int) -> str:
        if status in (401, 403):
            return f"Set {KEY_VARIABLE} to the server's key."
        if status == 404:
            return "Correct --url (it ends with /v1) or --model (the server's name for it)."
        return "Look at the server's words: prompt too long, an option it does not know?"


def open_backend(model: str, *, url: str = "", batch_size: int = 16, **_: Any) -> OpenAI:
    """The server at `url`; its key is in OPENAI_API_KEY. Raises `InfraError` without a URL."""
    if not url.startswith(("http://", "https://")):
        raise InfraError(f"the server's address is missing or no http address: {url!r}",
                         "Give --url http://host:port/v1.")
    return OpenAI(url, model, parallel=batch_size, key=os.environ.get(KEY_VARIABLE, ""))
