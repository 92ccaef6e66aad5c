"""What the base is shown: the imbalance, the batches, the tokens that carry loss."""

from collections import Counter

import pytest

from oorl.errors import DataError
from oorl.trainers.base_model import corpus, make_mixture
from oorl.trainers.supervised_data import (
    SHARDS,
    Example,
    Mixture,
    cut_batches,
    encode_pairs,
    ir_pairs,
    shown_problems,
    translation_pairs,
)
from oorl.trainers.tokenizer import train_tokenizer

SHARES = {"python": 1.0, "cpp": 1.0, "javascript": 0.5, "php": 0.1}


@pytest.fixture(scope="module")
def tokenizer(problems, groups):
    return train_tokenizer(corpus(problems, groups), 360, 256)


def examples(lengths, target="php"):
    return [Example(target, (7,) * n, 1) for n in lengths]


def test_pairs_obey_the_shares_and_exclude_a_language_into_itself(problems):
    pairs = translation_pairs(problems, SHARES, seed=1)
    counts = Counter(pair.target for pair in pairs)
    assert counts == {"python": 40, "cpp": 40, "javascript": 2 * 20, "php": 2 * 4}
    assert all(p.prompt.split(" -> ")[0] != p.target for p in pairs)
    php = [p for p in pairs if p.target == "php"]
    assert all(p.answer.startswith("```php\nfunction") for p in php)


def test_the_shown_set_is_fixed_nested_and_depends_on_the_seed(problems):
    def ids(share, seed=1, target="php", among=problems):
        return {p.id for p in shown_problems(among, target, share, seed)}

    assert ids(0.1) == ids(0.1) == ids(0.1, among=problems[::-1])
    assert ids(0.1) < ids(0.3) < ids(1.0)
    assert ids(0.3) != ids(0.3, seed=2)
    assert ids(0.3) != ids(0.3, target="javascript")
    assert ids(0.0) == set()


def test_a_language_without_share_or_solution_gives_nothing(problems):
    assert {p.target for p in translation_pairs(problems, {"php": 1.0, "java": 1.0}, 1)} == {"php"}


def test_encoding_is_prompt_then_answer_then_end(problems, tokenizer):
    pairs = translation_pairs(problems[:5], SHARES, seed=1)
    for pair, example in zip(pairs, encode_pairs(tokenizer, pairs, 256), strict=True):
        assert tokenizer.decode(example.ids[:example.prompt_length]) == pair.prompt
        assert tokenizer.decode(example.ids[example.prompt_length:-1]) == pair.answer
        assert example.ids[-1] == tokenizer.eos_token_id


def test_too_long_examples_are_left_out(problems, tokenizer):
    pairs = translation_pairs(problems, SHARES, seed=1)
    lengths = sorted(len(e.ids) for e in encode_pairs(tokenizer, pairs, 256))
    kept = encode_pairs(tokenizer, pairs, lengths[10])
    assert max(len(e.ids) for e in kept) == lengths[10]


def test_every_winner_is_an_answer(groups):
    pairs = ir_pairs(groups)
    assert len(pairs) == 12
    assert pairs[1].answer == f"```llvm\n{groups[0].winners[1].ir.strip()}\n```"


def test_an_epoch_holds_each_translation_once_and_its_share_of_ir():
    translations = [Example("php", (i,) * (20 + i % 7), 3) for i in range(300)]
    irs = [Example("llvm", (i,) * 50, 3) for i in range(400)]
    mixture = Mixture(translations, irs, ir_share=0.25, tokens_per_batch=256, seed=3)
    shown = [e for batch in mixture.epoch(0) for shard in batch for e in shard]
    assert Counter(e for e in shown if e.target == "php") == Counter(translations)
    ir_tokens = sum(len(e.ids) for e in shown if e.target == "llvm")
    assert 0.24 < ir_tokens / sum(len(e.ids) for e in shown) < 0.27
    assert max(Counter(e.ids[0] for e in shown if e.target == "llvm").values()) == 1


def test_epochs_repeat_under_a_seed_and_differ_from_each_other():
    mixture = Mixture(examples(range(5, 90)), examples(range(20, 60)), 0.2, 256, seed=3)
    assert mixture.epoch(2) == mixture.epoch(2)
    assert mixture.epoch(2) != mixture.epoch(3)
    other = Mixture(mixture.translations, mixture.irs, 0.2, 256, seed=4)
    assert mixture.epoch(2) != other.epoch(2)


def test_batches_keep_to_the_tokens_with_padding_and_are_cut_into_shards():
    mixture = Mixture(examples([5, 9, 30, 31, 32, 60, 300] * 9), [], 0.0, 128, seed=1)
    for batch in mixture.epoch(0):
        assert len(batch) == SHARDS
        whole = [len(e.ids) for shard in batch for e in shard]
        assert len(whole) == 1 or len(whole) * max(whole) <= 128
        assert abs(len(batch[0]) - len(batch[1])) <= 1


def test_cut_batches_keeps_the_order():
    batches = cut_batches(examples([3, 3, 3, 10, 10, 50, 2]), 20)
    assert [[len(e.ids) for e in b] for b in batches] == [[3, 3, 3], [10, 10], [50], [2]]


def test_nothing_to_show_is_an_error_with_a_remedy(problems, groups, tokenizer, params):
    nothing = params.model_copy(update={"language_shares": {"php": 0.0}})
    with pytest.raises(DataError, match="no translation"):
        make_mixture(problems, groups, tokenizer, nothing, 1, 1)
