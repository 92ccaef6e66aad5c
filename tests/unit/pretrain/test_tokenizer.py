"""The embedded model's tokenizer: any text round-trips, and equal corpora give equal files."""

import random

import pytest
from transformers import AutoTokenizer

from oorl.trainers.tokenizer import EOS, PAD, encode_texts, train_tokenizer

TEXTS = ["python -> php\n```python\ndef count_even(nums):\n    return 0\n```\n"
         "function count_even($nums)\n", "```php\nfunction f($x) {\n        return $x;\n}\n```"] * 9


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, 400, 512)


@pytest.fixture(scope="module")
def reloaded(tokenizer, tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizer")
    tokenizer.save_pretrained(path)
    return AutoTokenizer.from_pretrained(path)


STRINGS = [*TEXTS[:2], "", " ", "\n\n  \t\r\n x", "naïve 漢字 🙂 \x00\x7f", "a  ,  b . ' s 'll n't",
           "".join(map(chr, range(1, 300))), "$$ {%10} ->123_456__init__"]


@pytest.mark.parametrize("text", STRINGS)
def test_any_text_round_trips_also_after_reloading(tokenizer, reloaded, text):
    for one in (tokenizer, reloaded):
        (ids,) = encode_texts(one, [text])
        assert one.decode(ids) == text


def test_random_bytes_round_trip(tokenizer):
    rng = random.Random(0)
    for _ in range(50):
        text = bytes(rng.randrange(256) for _ in range(60)).decode("utf-8", "replace")
        assert tokenizer.decode(encode_texts(tokenizer, [text])[0]) == text


def test_same_corpus_same_tokenizer(tokenizer, tmp_path):
    again = train_tokenizer(iter(TEXTS), 400, 512)
    assert again.backend_tokenizer.to_str() == tokenizer.backend_tokenizer.to_str()


def test_special_tokens_survive_reloading_and_are_never_made_by_text(tokenizer, reloaded):
    assert (reloaded.eos_token, reloaded.pad_token) == (EOS, PAD)
    assert reloaded.eos_token_id == tokenizer.eos_token_id == 0
    assert reloaded.pad_token_id == tokenizer.pad_token_id == 1
    assert not {0, 1} & set(encode_texts(reloaded, [TEXTS[0]])[0])
    assert reloaded.decode([*encode_texts(reloaded, ["x"])[0], 0], skip_special_tokens=True) == "x"


def test_headers_and_fences_are_few_tokens(tokenizer):
    header, fence = encode_texts(tokenizer, ["python -> php\n```python\n", "```php\n"])
    assert len(header) <= 7
    assert len(fence) <= 3


def test_digits_stand_alone(tokenizer):
    many = train_tokenizer(["x = 1234567;\n"] * 50, 400, 512)
    (ids,) = encode_texts(many, ["x = 1234567;"])
    assert [many.decode([i]).strip() for i in ids][2:9] == list("1234567")
