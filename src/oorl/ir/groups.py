"""Problems to IR groups: chunks over worker processes, cached one by one, the same bytes always.

A chunk's result depends on its sources, the params and the seed, never on the number of workers
or on what else runs. Finished chunks are kept in `cache_dir` under a digest of all that, so an
interrupted build goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from math import ceil
from pathlib import Path
from typing import Any

from tqdm import tqdm

from oorl.errors import ToolchainMissing
from oorl.ir.compile import CFunction, find_clang, strip_comments
from oorl.ir.execute import driver
from oorl.ir.frontends import get_frontend
from oorl.ir.pool import Pool, Result
from oorl.ir.tables import from_row, to_row
from oorl.ir.variants import binding
from oorl.ir.work import Source
from oorl.params.ir_groups import IRGroupsParams
from oorl.records import IRGroup, Problem, canonical, stable_id

CHUNK, SMALL_CHUNK = 320, 64  # functions; a large one pays less for its forks and passes
_TOKEN = re.compile(r"\w+|[^\w\s]")


@cache
def toolchain() -> str:
    """Versions that the texts depend on. Raises `ToolchainMissing` where something is absent."""
    find_clang()
    llvm = ".".join(map(str, binding().llvm_version_info))
    driver()
    try:
        found = {name: version(name) for name in ("ziglang", "llvmlite", "libclang")}
    except PackageNotFoundError as error:
        raise ToolchainMissing(f"{error.name} is not installed",
                               f"Run `pip install {error.name}`.") from None
    return ", ".join([*(f"{name} {number}" for name, number in found.items()), f"LLVM {llvm}"])


@cache
def _code() -> str:
    """A digest of this package: an edit makes cached chunks stale."""
    files = sorted(Path(__file__).parent.rglob("*.[pc]*"))
    return stable_id(*(f.read_text(encoding="utf-8") for f in files if f.suffix in (".py", ".c")))


def sources_of(problems: Iterable[Problem]) -> tuple[list[Source], Counter[str]]:
    """Problems with a C solution, each text once; what is left out is counted by reason."""
    found: dict[str, Source] = {}
    refused: Counter[str] = Counter()
    for problem in problems:
        code = problem.solutions.get("c")
        if code is None:
            refused["no C solution"] += 1
            continue
        text = " ".join(strip_comments(code).split())
        if text in found:
            refused["same C text as another problem"] += 1
            continue
        found[text] = Source(problem.id, problem.split, CFunction(code, problem.signature.name),
                             problem.licence, problem.revision, problem)
    return list(found.values()), refused


def build_groups(problems: Iterable[Problem], params: IRGroupsParams, seed: int, *,
                 cache_dir: str | Path | None = None, progress: bool = True,
                 limit: int | None = None, tokenizer: Callable[[str], int] | None = None,
                 ) -> tuple[list[IRGroup], dict[str, Any]]:
    """Groups of the problems' C solutions, in the problems' order, and the counts.

    Args:
        limit: stop at this many groups; what comes after them is neither in nor refused.
        tokenizer: text to number of tokens, for the `tokens` fields (else `ir_tokens`).

    Returns:
        The groups, and {"in", "kept", "refused": {reason: n}} with in = kept + refused.

    Raises:
        ToolchainMissing, IsolationUnavailable: with the remedy.
    """
    sources, refused = sources_of(problems)
    return build_from_sources(sources, params, seed, cache_dir=cache_dir, progress=progress,
                              limit=limit, tokenizer=tokenizer, refused=refused)


def build_from_sources(sources: Sequence[Source], params: IRGroupsParams, seed: int, *,
                       cache_dir: str | Path | None = None, progress: bool = True,
                       limit: int | None = None, tokenizer: Callable[[str], int] | None = None,
                       refused: Counter[str] | None = None,
                       ) -> tuple[list[IRGroup], dict[str, Any]]:
    """`build_groups` on C texts that need not be problems."""
    refused = Counter(refused or {})
    groups: list[IRGroup] = []
    chunks = _chunks(sources)
    done = _results(chunks, params, seed, Path(cache_dir) if cache_dir else None)
    with tqdm(total=limit or len(sources), desc="IR groups", unit="group",
              disable=not progress, file=sys.stderr) as bar:
        for result in (r for chunk in done for r in chunk):
            if limit is not None and len(groups) >= limit:
                break
            if isinstance(result, str):
                refused[result] += 1
                bar.update(0 if limit else 1)
                continue
            groups.append(_count_tokens(result, tokenizer))
            bar.update(1)
        done.close()
    counts = {"in": len(groups) + sum(refused.values()), "kept": len(groups),
              "refused": dict(sorted(refused.items()))}
    return groups, counts


def _chunks(sources: Sequence[Source]) -> list[Sequence[Source]]:
    """The sources in order, at most `CHUNK` in each and of one language; even in number and size,
    for two workers."""
    chunks: list[Sequence[Source]] = []
    for language, run in groupby(sources, lambda s: s.function.language):
        get_frontend(language).version()  # a missing toolchain is reported before the work starts
        of_one = list(run)
        pairs = ceil(len(of_one) / (2 * CHUNK))
        size = min(CHUNK, max(SMALL_CHUNK, ceil(len(of_one) / (2 * pairs))))
        chunks += [of_one[k:k + size] for k in range(0, len(of_one), size)]
    return chunks


def ir_tokens(ir: str) -> int:
    """Words and marks of LLVM's text, a length that depends on no model. A model's own tokenizer
    counts otherwise: give it to `build_groups` for exact lengths."""
    return len(_TOKEN.findall(ir))


def _count_tokens(group: IRGroup, tokenizer: Callable[[str], int] | None) -> IRGroup:
    tokenizer = tokenizer or ir_tokens
    return replace(
        group, winners=tuple(replace(w, tokens=tokenizer(w.ir)) for w in group.winners),
        losers=tuple(replace(lo, tokens=tokenizer(lo.ir)) for lo in group.losers))


def _results(chunks: Sequence[Sequence[Source]], params: IRGroupsParams, seed: int,
             cache_dir: Path | None) -> Generator[list[Result], None, None]:
    """Each chunk's results in order; the cache is asked first and told last."""
    tools = toolchain()
    settings = params.model_dump(exclude={"groups", "test_groups", "workers"})
    ready: dict[int, list[Result]] = {}
    pool = Pool(params.workers, (params, seed, tools))
    try:
        queue = iter(range(len(chunks)))
        for index in range(len(chunks)):
            while index not in ready:
                for other in iter(lambda: next(queue, None) if pool.idle else None, None):
                    path = _path(cache_dir, chunks[other], settings, seed, tools)
                    cached = _load(path)
                    if cached is None or len(cached) != len(chunks[other]):
                        pool.submit((other, path), chunks[other])
                    else:
                        ready[other] = cached
                    if index in ready:
                        break
                if index not in ready:
                    (other, path), results = pool.wait()
                    ready[other] = results
                    _store(path, results)
            yield ready.pop(index)
    finally:
        pool.close()


def _path(cache_dir: Path | None, chunk: Sequence[Source], settings: dict[str, Any], seed: int,
          tools: str) -> Path | None:
    if cache_dir is None:
        return None
    parts = [canonical([s.problem_id, s.split, s.function.name, s.function.source, s.licence,
                        s.revision, s.problem.to_row()["cases"] if s.problem else ""])
             for s in chunk]
    language = chunk[0].function.language
    name = stable_id(canonical(settings), str(seed), tools, language,
                     get_frontend(language).version(), _code(), *parts, length=24)
    return cache_dir / f"{name}.json"


def _load(path: Path | None) -> list[Result] | None:
    """A cached chunk; None for absent or damaged (it is built again)."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8")) if path else None
        return raw and [r if isinstance(r, str) else from_row(r) for r in raw]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _store(path: Path | None, results: Sequence[Result]) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(canonical([r if isinstance(r, str) else to_row(r) for r in results]),
                       encoding="utf-8", errors="surrogatepass")
    os.replace(scratch, path)
