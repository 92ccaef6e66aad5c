"""Near-duplicates inside a set, and overlap with the benchmarks that a model will be judged by.

Two problems are near-duplicates if the Jaccard similarity of the 5-word shingles of their
statements, or of their normalised programs, reaches a threshold. Candidates come from MinHash
signatures (Broder 1997; datasketch's LSH), the similarity that counts is exact.

A problem overlaps a benchmark if its statement has a run of 13 words in common with a text of the
benchmark that is in at most ten of its texts (Brown et al. 2020, app. C), if a program of it is a
program of the benchmark up to names, or if the two are near-duplicates as above.

Not promised: MinHash misses a few pairs just above the threshold; a task said in other words and
solved in another way is not found.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from datasketch import MinHash, MinHashLSH
from tqdm import tqdm

from oorl.data.normal import normal_text
from oorl.data.sources import Loaded
from oorl.data.sources._rows import SUFFIXES, files_of, rows_of
from oorl.errors import DataError
from oorl.languages.base import words as word_set
from oorl.records import Problem

SHINGLE = 5
NGRAM, MAX_TEXTS = 13, 10
MIN_WORDS = 20
"""Statements or programs shorter than this are compared whole: their shingles say little."""
PERMUTATIONS = 128
KEEP_NAMES = word_set(
    "def return if elif else for while in not and or is lambda break continue class int long "
    "double float bool boolean char void string str list dict set tuple map vector true false "
    "null none nil function fn func fun let const var local end then do foreach echo print new "
    "public static private import from using include namespace std my sub foreach unless switch "
    "case default try catch except raise throw yield with as pass auto unsigned struct mut")
_COMMENTS = re.compile(r"/\*[\s\S]*?\*/|//[^\n]*|(?m:^\s*(?:#|--)[^\n]*)|\"\"\"[\s\S]*?\"\"\"")
_TOKENS = re.compile(r"[A-Za-z_$@%]\w*|\d+(?:\.\d+)?|\"[^\"\n]*\"|'[^'\n]*'|\S")


def statement_words(text: str) -> list[str]:
    """The words and numbers of a text, in lower case."""
    return re.findall(r"\w+", text.lower())


def code_tokens(code: str) -> list[str]:
    """A program's tokens without comments, names replaced by their place in order of appearance.

    What is called or follows a dot keeps its name, unless the program's first function has it.
    """
    tokens = _TOKENS.findall(_COMMENTS.sub(" ", code))
    first = next((t for before, t, after in zip(["", *tokens], tokens, tokens[1:], strict=False)
                  if after == "(" and before != "." and (t[0].isalpha() or t[0] == "_")
                  and t.lower() not in KEEP_NAMES), "")
    names: dict[str, str] = {}
    found = []
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        if token == first:
            token = "F"
        elif (token[0].isalpha() or token[0] in "_$@%") and len(token.lstrip("$@%")) and \
                re.fullmatch(r"[$@%]?\w+", token) and token.lower() not in KEEP_NAMES \
                and after != "(" and before != ".":
            token = names.setdefault(token.lstrip("$@%"), f"v{len(names)}")
        found.append(token)
    return found


def _hashed(parts: Sequence[str], size: int, bits: int = 32) -> np.ndarray[Any, Any]:
    """The distinct runs of `size` parts as sorted numbers; the whole if it is shorter."""
    runs = {" ".join(parts[i:i + size]) for i in range(max(1, len(parts) - size + 1))}
    return np.unique(np.fromiter(
        (int.from_bytes(hashlib.blake2b(r.encode("utf-8", "replace"),
                                        digest_size=bits // 8).digest(), "little") for r in runs),
        np.uint32 if bits == 32 else np.uint64, len(runs)))


def _grams(parts: Sequence[str]) -> list[int]:
    """The runs of `NGRAM` words. One that is in a benchmark is enough, so the numbers are long:
    at 32 bits large sets would meet by chance."""
    return _hashed(parts, NGRAM, 64).tolist()


def jaccard(one: np.ndarray[Any, Any], two: np.ndarray[Any, Any]) -> float:
    """Of two sorted sets of numbers."""
    both = len(np.intersect1d(one, two, assume_unique=True))
    return both / (len(one) + len(two) - both)


class Near:
    """Texts by name, and the question whether one like another is there already."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        # A little below: what the signatures let through is measured exactly.
        below = min(0.95, max(0.1, threshold - 0.1))
        self._lsh = MinHashLSH(threshold=below, num_perm=PERMUTATIONS)
        self._sets: dict[str, tuple[int, np.ndarray[Any, Any]]] = {}

    def find(self, parts: Sequence[str]) -> tuple[str, float] | None:
        """The most similar text that reaches the threshold, the first of equals."""
        return self.query(*self.signature(parts))

    def query(self, hashed: np.ndarray[Any, Any], minhash: MinHash) -> tuple[str, float] | None:
        """The same of a signature."""
        best: tuple[str, float] | None = None
        # In the order of insertion: a set's order is not the same on every machine.
        for name in sorted(self._lsh.query(minhash), key=lambda n: self._sets[n][0]):
            similarity = jaccard(hashed, self._sets[name][1])
            if similarity >= self.threshold and (best is None or similarity > best[1]):
                best = name, similarity
        return best

    def add(self, name: str, hashed: np.ndarray[Any, Any], minhash: MinHash) -> None:
        """Note a text; a name is taken once."""
        if name not in self._sets:
            self._sets[name] = (len(self._sets), hashed)
            self._lsh.insert(name, minhash)

    @staticmethod
    def signature(parts: Sequence[str]) -> tuple[np.ndarray[Any, Any], MinHash]:
        """What is compared of a text: its shingles, and their MinHash."""
        hashed = _hashed(parts, SHINGLE)
        minhash = MinHash(num_perm=PERMUTATIONS, hashfunc=int)
        minhash.update_batch(hashed.tolist())
        return hashed, minhash


@dataclass
class Benchmarks:
    """What must not be trained on. `files` are the names, for the report: of TOML the
    folder's."""

    threshold: float
    files: list[str] = field(default_factory=list)
    grams: dict[int, str] = field(default_factory=dict)
    programs: dict[str, str] = field(default_factory=dict)
    near: Near = field(init=False)

    def __post_init__(self) -> None:
        self.near = Near(self.threshold)

    @staticmethod
    def read(root: Path, paths: Sequence[str], threshold: float) -> Benchmarks:
        """From files or folders of JSON lines, Parquet (of any columns) or TOML (a file a task).

        Raises `DataError` for a file that is missing or a row that cannot be read: nothing of a
        benchmark may be overlooked.
        """
        found = Benchmarks(threshold)
        counts: Counter[int] = Counter()
        for path in paths:
            for file in files_of(root / path, (*SUFFIXES, ".toml"), "dataset.benchmarks"):
                name = Path(path).name if file.suffix == ".toml" else file.name
                if name not in found.files:
                    found.files.append(name)
                for place, row in rows_of(file, file.name):
                    if isinstance(row, DataError):
                        raise DataError(f"{place}: {row.problem}",
                                        "Every row of dataset.benchmarks must be readable.")
                    found._take(place, list(_strings(row)), counts)
        found.grams = {gram: place for gram, place in found.grams.items()
                       if counts[gram] <= MAX_TEXTS}
        return found

    def _take(self, place: str, texts: Sequence[str], counts: Counter[int]) -> None:
        grams = {gram for text in texts if len(spoken := statement_words(text)) >= NGRAM
                 for gram in _grams(spoken)}
        counts.update(grams)
        for gram in grams:
            self.grams.setdefault(gram, place)
        for number, text in enumerate(texts):
            if "(" not in text and "=" not in text:
                continue
            for mark in program_marks(text):
                self.programs.setdefault(mark, place)
            if len(tokens := code_tokens(text)) >= MIN_WORDS:
                self.near.add(f"{place} ({number})", *Near.signature(tokens))

    def hit(self, problem: Problem, statement: str) -> str:
        """Why a problem overlaps, "" if it does not."""
        spoken = statement_words(statement)
        if len(spoken) >= NGRAM:
            for gram in _grams(spoken):
                if gram in self.grams:
                    return f"{NGRAM} words of its statement are in {self.grams[gram]}"
        for language, code in problem.solutions.items():
            for mark in program_marks(code):
                if mark in self.programs:
                    return f"its {language} program is in {self.programs[mark]}"
            tokens = code_tokens(code)
            if len(tokens) >= MIN_WORDS and (near := self.near.find(tokens)):
                return f"its {language} program is near one in {near[0]} ({near[1]:.2f})"
        return ""


def program_marks(code: str) -> Iterator[str]:
    """What equal programs have in common under any names: the tree of Python, and the tokens."""
    tree = _tree(code)
    if not tree.startswith("python: "):
        yield f"tree {hashlib.sha256(tree.encode('utf-8', 'replace')).hexdigest()}"
    tokens = code_tokens(code)
    if len(tokens) >= MIN_WORDS:
        yield f"tokens {hashlib.sha256(' '.join(tokens).encode('utf-8', 'replace')).hexdigest()}"


def _tree(code: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # of texts that are not meant as Python
        try:
            return normal_text({"python": code})
        except (RecursionError, MemoryError):
            return "python: "


def _strings(row: Any) -> Iterator[str]:
    """The texts of a row, and prompt and solution as the one program that they are."""
    if isinstance(row, dict):
        prompt, solution = row.get("prompt"), row.get("canonical_solution")
        if isinstance(prompt, str) and isinstance(solution, str):
            yield prompt + solution
        values: Iterable[Any] = row.values()
    elif isinstance(row, list):
        values = row
    else:
        values = ()
        if isinstance(row, str):
            yield row
    for value in values:
        yield from _strings(value)


def clean(loaded: Loaded, benchmarks: Benchmarks | None, similarity: float,
          progress: bool = False) -> dict[str, int]:
    """Move problems that overlap `benchmarks`, and near-duplicates of earlier problems, to
    `loaded.refused`, each with its reason; returns their numbers by kind.

    `similarity` above 1 looks for no near-duplicates.
    """
    spoken, written = Near(similarity), Near(similarity)
    kept: list[Problem] = []
    removed: Counter[str] = Counter({"in_benchmarks": 0, "near_duplicates": 0})
    for problem in tqdm(loaded.problems, "overlap", unit="problem", disable=not progress,
                        mininterval=1):
        statement = loaded.statements.get(problem.id, "")
        reason = benchmarks.hit(problem, statement) if benchmarks else ""
        kind = "in_benchmarks"
        if not reason and similarity <= 1:
            kind, reason = "near_duplicates", _near(problem, statement, spoken, written)
        if reason:
            removed[kind] += 1
            loaded.refused.append({"row": problem.id, "id": problem.id, "reason": reason})
        else:
            kept.append(problem)
    loaded.problems = kept
    return dict(removed)


def _near(problem: Problem, statement: str, spoken: Near, written: Near) -> str:
    """Why a problem is a near-duplicate, "" if it is not: then it is noted."""
    language = "python" if "python" in problem.solutions else min(problem.solutions)
    sides = []
    for name, near, parts in (("statement", spoken, statement_words(statement)),
                              ("program", written, code_tokens(problem.solutions[language]))):
        if len(parts) < MIN_WORDS:
            continue
        signature = Near.signature(parts)
        if found := near.query(*signature):
            return f"its {name} is near that of {found[0]} ({found[1]:.2f})"
        sides.append((near, signature))
    for near, signature in sides:
        near.add(problem.id, *signature)
    return ""
