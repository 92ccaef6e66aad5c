"""A tiny random Qwen3 with a character tokenizer, for the trainers' tests."""

from __future__ import annotations

import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789 +-*/=<>(){}[];:,.%@\n"


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    vocab = {"<pad>": 0, "<eos>": 1, "<unk>": 2} | {c: i + 3 for i, c in enumerate(ALPHABET)}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>",
        padding_side="left")


def tiny_model(seed: int = 0, dtype: torch.dtype = torch.float32, **config) -> Qwen3ForCausalLM:
    torch.manual_seed(seed)
    settings = {
        "vocab_size": 3 + len(ALPHABET), "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
        "tie_word_embeddings": True, "max_position_embeddings": 256, "pad_token_id": 0,
        "eos_token_id": 1, "initializer_range": 0.2,
    } | config
    return Qwen3ForCausalLM(Qwen3Config(**settings)).to(dtype)


GROUPS = [
    {"prompt": f"f{i}(a)=a+{i}\n",
     "chosen": [f"add a {i};", f"add {i} a;", f"lea a+{i}"][:2 + i % 2],
     "rejected": [f"sub a {i};", f"add a {9 - i};", "nop;"][:1 + i % 3]}
    for i in range(6)
]
