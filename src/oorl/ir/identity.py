"""When two functions are the same, and where a function belongs.

The normal form of a source forgets comments, space and all names that are its own, so that a
function is known again under any names. Splits and decontamination go by it, never by a group.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from oorl.errors import DataError
from oorl.ir.execute import ALLOWED
from oorl.ir.frontends import get_frontend
from oorl.ir.sources._cut import cut
from oorl.ir.work import Source
from oorl.records import stable_id

_WORDS = """
auto break case char const constexpr continue default do double else enum extern float for goto if
inline int long register restrict return short signed sizeof static struct switch typedef union
unsigned void volatile while bool true false NULL nullptr namespace using std template class
typename operator new delete as fn impl in let loop match mut pub ref unsafe self trait type use
where i8 i16 i32 i64 u8 u16 u32 u64 isize usize f32 f64 str offset wrapping_add wrapping_sub
min max swap abs size_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t INT_MAX
INT_MIN LONG_MAX LONG_MIN LLONG_MAX LLONG_MIN UINT_MAX CHAR_BIT
"""
_KEPT = frozenset((*ALLOWED, *_WORDS.split()))
_DEFINED = re.compile(r"[\w*&]\s+[*&]?(\w+)\s*\([^()]*\)\s*(?:->\s*[\w&\[\] ]+)?\{")
_TOKEN = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\[^\n']+|[^'\\\n])'|\d[\w.]*|[A-Za-z_]\w*|\S")


@lru_cache(maxsize=65536)
def fingerprint(source: str, language: str = "c") -> str:
    """An id of the normal form: the same for texts that differ in names, comments and space.

    A text that is C and C++ has one fingerprint. Raises `UnknownName` for the language.
    """
    names: dict[str, str] = {}
    words = []
    text = get_frontend(language).normal(source)
    kept = _KEPT - set(_DEFINED.findall(text))  # a helper called `min` is the source's own
    for token in _TOKEN.findall(text):
        own = (token[0].isalpha() or token[0] == "_") and token not in kept
        words.append(names.setdefault(token, f"v{len(names)}") if own else token)
    return stable_id(" ".join(words), length=24)


def split_of(mark: str, test_share: float) -> str:
    """The split of a fingerprint: "test", or one half each "sft" and "rl"; always the same."""
    digest = hashlib.sha256(b"ir split\x1f" + mark.encode()).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64
    if point < test_share:
        return "test"
    return "sft" if (point - test_share) < (1 - test_share) / 2 else "rl"


def place(sources: Iterable[Source], test_share: float) -> list[Source]:
    """The sources with the splits that their families or fingerprints give them."""
    return [replace(s, split=split_of(s.family or _mark(s), test_share)) for s in sources]


def distinct(sources: Iterable[Source], taken: Mapping[str, str]) -> tuple[list[Source],
                                                                          Counter[str]]:
    """Each function once per language; `taken` maps fingerprints that are barred to reasons."""
    seen: set[tuple[str, str]] = set()
    kept: list[Source] = []
    refused: Counter[str] = Counter()
    for source in sources:
        mark = _mark(source)
        key = (mark, source.function.language)
        reason = taken.get(mark) or ("same function as another" if key in seen else "")
        if reason:
            refused[reason] += 1
            continue
        seen.add(key)
        kept.append(source)
    return kept, refused


def _mark(source: Source) -> str:
    return fingerprint(source.function.source, source.function.language)


def benchmark_marks(paths: Sequence[str | Path], languages: Sequence[str]) -> dict[str, str]:
    """Fingerprints of all functions in benchmark files (JSONL, .gz or Parquet, any schema)."""
    marks: dict[str, str] = {}
    for path in paths:
        for text in _strings(_rows(Path(path))):
            for language in languages:
                for _, source in cut(text, language):
                    marks[fingerprint(source, language)] = f"also in {Path(path).name}"
    return marks


def _rows(path: Path) -> Iterator[Any]:
    remedy = "ir_groups.benchmarks must name .jsonl, .jsonl.gz or .parquet files."
    if not path.exists():
        raise DataError(f"{path}: not found", remedy)
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq

            yield from pq.read_table(path).to_pylist()
            return
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" \
                else path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable: {error}", remedy) from None


def _strings(value: Any) -> Iterator[str]:
    """All texts in a JSON value that may hold a function."""
    if isinstance(value, str):
        if "{" in value and "(" in value:
            yield value
    elif isinstance(value, Mapping):
        yield from _strings(list(value.values()))
    elif isinstance(value, Iterable) and not isinstance(value, bytes):
        for item in value:
            yield from _strings(item)
