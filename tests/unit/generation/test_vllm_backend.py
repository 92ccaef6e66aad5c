"""vLLM's backend: what it asks of the engine, by a stand-in with vLLM 0.32's own parameters; and
the engine itself beside transformers, where it is installed (`docs/benchmarks.md`)."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from oorl.errors import ArtifactError, ResourceError
from oorl.generation.backends import Answer, Sampling, open_backend
from oorl.generation.backends.vllm import VLLM

INSTALLED = importlib.util.find_spec("vllm") is not None


class LLM:
    """Answers with the text turned round, ended as vLLM ends it: before the first stop."""

    template: str | None = "a template"

    def __init__(self, model: str, *, tokenizer: str | None = None, dtype: str = "auto") -> None:
        if model == "broken":
            raise ValueError("no config.json\nand more")
        self.calls: list[Any] = []

    def get_tokenizer(self) -> Any:
        return SimpleNamespace(chat_template=self.template)

    def generate(self, prompts: Any, sampling_params: Any = None, *, use_tqdm: bool = True,
                 lora_request: Any = None, priority: Any = None) -> list[Any]:
        assert isinstance(prompts, list)
        self.calls.append(sampling_params)
        return [SimpleNamespace(outputs=[SimpleNamespace(text=text[::-1], token_ids=(1, 2, 3))]
                                * sampling_params.n) for text in prompts]

    def chat(self, messages: Any, sampling_params: Any = None, use_tqdm: bool = True,
             lora_request: Any = None, priority: Any = None, chat_template: str | None = None,
             add_generation_prompt: bool = True,
             chat_template_kwargs: dict[str, Any] | None = None) -> list[Any]:
        assert all(turns[0].keys() == {"role", "content"} for turns in messages)
        assert chat_template_kwargs == {"enable_thinking": False}
        return self.generate([turns[0]["content"] for turns in messages], sampling_params)


class SamplingParams(SimpleNamespace):
    def __init__(self, n: int = 1, temperature: float = 1.0, top_p: float = 1.0, top_k: int = 0,
                 seed: int | None = None, stop: str | list[str] | None = None,
                 max_tokens: int | None = 16, include_stop_str_in_output: bool = False) -> None:
        super().__init__(n=n, temperature=temperature, top_p=top_p, seed=seed, stop=stop,
                         max_tokens=max_tokens)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[LLM]:
    module: Any = ModuleType("vllm")
    module.LLM, module.SamplingParams = LLM, SamplingParams
    monkeypatch.setitem(sys.modules, "vllm", module)
    monkeypatch.setattr(LLM, "template", "a template")
    return LLM


def test_what_the_engine_is_asked(stand_in: type[LLM]) -> None:
    backend: Any = open_backend("vllm", "m", url="", device="auto", batch_size=3)
    sampling = Sampling(2, 0.8, 0.9, 20, 5)
    found = backend.complete(["abc", "xy"], sampling, chat=False, stop=["b"])
    assert found == [[Answer("c", 3)] * 2, [Answer("yx", 3)] * 2]
    assert vars(backend.engine.calls[0]) == {"n": 2, "temperature": 0.8, "top_p": 0.9, "seed": 5,
                                             "max_tokens": 20, "stop": ["b"]}
    assert backend.complete(["abc"], Sampling(), chat=True) == [[Answer("cba", 3)]]
    assert (backend.engine.calls[1].temperature, backend.engine.calls[1].stop) == (0.0, None)


def test_what_cannot_be_asked(stand_in: type[LLM], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArtifactError, match="vLLM cannot load it") as caught:
        open_backend("vllm", "broken")
    assert caught.value.problem.endswith(": no config.json")
    stand_in.template = None
    with pytest.raises(ArtifactError, match="no chat template"):
        open_backend("vllm", "m").complete(["a"], Sampling(), chat=True)
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(ResourceError, match="not installed"):
        open_backend("vllm", "m")


@pytest.mark.skipif(not INSTALLED, reason="vLLM is not installed")
def test_the_engine_answers_as_transformers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch
                                            ) -> None:
    """Greedy answers in float32, continued and in a chat: the same text, but for a last character
    that is not whole yet, which vLLM leaves out."""
    tiny_model(tmp_path)
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    import vllm

    engine = vllm.LLM(model=str(tmp_path), dtype="float32")  # left alone it would take bfloat16
    backends = [open_backend("transformers", str(tmp_path), device="cpu"),
                VLLM(engine, vllm.SamplingParams)]
    prompts, greedy = ["def f(x):", "hello world", "x"], Sampling(max_tokens=12)
    for chat in (False, True):
        ours, theirs = (b.complete(prompts, greedy, chat=chat) for b in backends)
        for (mine,), (its,) in zip(ours, theirs, strict=True):
            assert its.tokens == mine.tokens
            assert its.text
            assert mine.text.rstrip("\ufffd") == its.text.rstrip("\ufffd")
    text = theirs[0][0].text
    ended = backends[1].complete(prompts, greedy, chat=True, stop=[text[4:6]])[0][0]
    assert ended.text == text[:4]
    assert ended.tokens < 12
    sampled = [backends[1].complete(prompts, Sampling(3, 1.0, 0.9, 12, 5), chat=False)
               for _ in range(2)]
    assert sampled[0] == sampled[1]
    assert len({answer.text for answer in sampled[0][0]}) > 1


def tiny_model(folder: Path) -> None:
    """Random weights, large enough that answers differ; a head size that vLLM has."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    letters = ["<e>", "<u>", "<a>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    core = Tokenizer(models.BPE({letter: n for n, letter in enumerate(letters)}, []))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(  # type: ignore[assignment]
        add_prefix_space=False)
    core.decoder = decoders.ByteLevel()  # type: ignore[assignment]
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<e>", pad_token="<e>")
    tokenizer.chat_template = ("<u>{{ messages[0].content }}<a>"
                               "{% if not enable_thinking | default(true) %}|{% endif %}")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    Qwen3ForCausalLM(Qwen3Config(
        vocab_size=len(letters), hidden_size=128, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=64, max_position_embeddings=256,
        initializer_range=0.4, eos_token_id=0, bos_token_id=None)).save_pretrained(folder)
