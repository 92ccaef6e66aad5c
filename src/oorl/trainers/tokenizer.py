"""A small byte-level BPE for the embedded model, trained on the supervised corpus.

Indentation after a newline is one token, a digit always stands alone (numbers are copied, not
remembered), words and runs of punctuation never merge with each other. Any text round-trips.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

EOS = "<|end|>"
PAD = "<|pad|>"
PIECES = r"\n *| ?[A-Za-z]+|_[A-Za-z]+| ?[0-9]| ?[^\sA-Za-z0-9_]+|_|\s+"


def train_tokenizer(texts: Iterable[str], vocab_size: int,
                    max_length: int) -> PreTrainedTokenizerFast:
    """Train on `texts`; the same texts in the same order give the same tokenizer.

    Ids 0 and 1 are the end and padding tokens, then 256 bytes, then merges.
    """
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence([  # type: ignore[assignment]
        pre_tokenizers.Split(Regex(PIECES), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    core.decoder = decoders.ByteLevel()  # type: ignore[assignment]
    core.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=[EOS, PAD], show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    return PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token=EOS, pad_token=PAD, model_max_length=max_length,
        clean_up_tokenization_spaces=False)


def encode_texts(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """Token ids without special tokens, the same for prompts in training and in sampling."""
    if not texts:
        return []
    return tokenizer(texts, add_special_tokens=False)["input_ids"]
