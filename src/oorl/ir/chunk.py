"""One chunk of functions to groups, inside a worker process.

The steps, each over the whole chunk: compile twice (plain and trapping), read signatures, make
and vet inputs, apply the recipes, run winners and mutants, recompile the survivors at -O2 and run
those. Every function ends as a group or as a reason; a chunk's result depends on the functions,
the params and the seed alone.

What a label rests on:

- a vetted input: the build that traps on undefined behaviour and the plain build finish within
  the fuel, agree bit for bit under every fill pattern and leave the pads alone;
- a winner: the same bits as the plain build on every vetted input, under every pattern;
- a loser: see `losers`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from oorl.ir import execute, inputs, mutate, variants
from oorl.ir.frontends import Frontend, get_frontend
from oorl.ir.losers import find_losers
from oorl.ir.normalise import select, split_module
from oorl.ir.work import Source, Work, alive
from oorl.params.ir_groups import IRGroupsParams
from oorl.records import IRGroup, Winner, stable_id


def build_chunk(sources: Sequence[Source], params: IRGroupsParams, seed: int, toolchain: str,
                ) -> list[IRGroup | str]:
    """A group, or the reason why there is none, for every source; all are of one language."""
    front = get_frontend(sources[0].function.language if sources else "c")
    toolchain = ", ".join(filter(None, (toolchain, front.version())))
    works = [Work(s, k, random.Random(f"{seed}:{stable_id(s.function.source, s.function.name)}"))
             for k, s in enumerate(sources)]
    batch = _compile(works, front)
    if batch is None:
        return [w.reason for w in works]
    ir, trapping = batch
    _vet(works, ir, trapping, params)
    _win(works, ir, params)
    find_losers(works, params)
    return [w.reason or _group(w, params, seed, toolchain) for w in works]


def _compile(works: Sequence[Work], front: Frontend) -> tuple[str, str] | None:
    """The plain and the trapping module; signatures are set on the way."""
    for work in works:
        refusal = front.screen(work.source.function)
        work.reason = f"source: {refusal}" if refusal else ""
    ir, bad = front.compile_batch([(w.slot, w.source.function) for w in alive(works)])
    for work in works:
        if work.slot in bad:
            work.reason = "does not compile"
    pairs = [(w.slot, w.source.function) for w in alive(works)]
    if not pairs:
        return None
    found = front.signatures(pairs)
    for work in alive(works):
        if work.slot in found:
            work.signature = found[work.slot]
        else:
            work.reason = "unsupported signature"
    trapping, bad = front.compile_batch([(w.slot, w.source.function) for w in alive(works)],
                                        sanitize=True)
    for work in works:
        if work.slot in bad:
            work.reason = "does not compile"
    return ir, trapping


def _vet(works: Sequence[Work], ir: str, trapping: str, params: IRGroupsParams) -> None:
    """Keep the inputs on which the trapping and the plain build agree."""
    plain, trap = split_module(ir), split_module(trapping)
    for work in alive(works):
        work.plain = work.text(plain)
        if execute.foreign_symbols(work.plain):
            work.reason = "external symbol or global state"
            continue
        problem = work.source.problem
        own = inputs.from_cases(problem, work.signature) if problem else []
        made = inputs.generate(work.signature, work.rng, 2 * params.inputs)
        unique = list({repr(v): v for v in [*own[:params.inputs // 2], *made]
                       if inputs.fits(work.signature, v)}.values())
        prints = any(f"@{name}(" in work.plain for name in ("printf", "puts", "putchar"))
        work.packed = inputs.pack(work.signature, unique, prints)
    units = []
    for work in alive(works):
        units += [work.unit(text, fuel=execute.VET_FUEL, hangs=8, every_pattern=True,
                            follows=follows)
                  for text, follows in ((work.plain, False), (work.text(trap), True))]
    results = iter(execute.execute(units))
    for work in alive(works):
        _keep_vetted(work, next(results), next(results), params)


def _keep_vetted(work: Work, plain: np.ndarray | None, trap: np.ndarray | None,
                 params: IRGroupsParams) -> None:
    if plain is None or trap is None:
        work.reason = "crashes the runner"
        return
    good = execute.status(plain)[0] == execute.DONE
    for runs in (plain, trap):
        good &= (runs == plain[:1]).all(axis=(0, 2))
    kept = np.flatnonzero(good)[:params.inputs]
    if len(kept) < min(params.inputs, params.min_inputs):
        work.reason = "too few vetted inputs"
        return
    old = work.packed
    work.packed = inputs.pack(old.signature, [old.values[k] for k in kept], old.prints)
    work.expected = plain[0][kept][:, :work.packed.slot_bytes].copy()


def _win(works: Sequence[Work], ir: str, params: IRGroupsParams) -> None:
    """Distinct texts of the recipes that agree; rewrites fill what is missing."""
    found = _texts(alive(works), ir, params)
    pools = [_pool(work, texts, params) for work, texts in zip(alive(works), found, strict=True)]
    units = [work.unit(w.ir) for work, pool in zip(alive(works), pools, strict=True)
             for w in pool]
    results = iter(execute.execute(units))
    for work, pool in zip(alive(works), pools, strict=True):
        agree = [w for w in pool if _same(next(results), work)]
        work.winners = agree[:params.winners]
        work.streams = [mutate.mutants(w.ir, work.rng) for w in work.winners]
        work.seen = {w.ir for w in agree}
        if len(work.winners) < params.winners:
            work.reason = "too few winners"


def _texts(works: Sequence[Work], ir: str, params: IRGroupsParams) -> list[dict[str, str]]:
    """For each work {text: recipe}, in order of preference.

    Where compact levels come first, a function leaves the batch as soon as it has enough.
    """
    short = params.select == "short"
    plain = split_module(ir)
    found: list[dict[str, str]] = [{} for _ in works]
    for recipe in variants.SHORT if short else variants.SHORT + variants.WIDE:
        hungry = [(work, texts) for work, texts in zip(works, found, strict=True) if not short
                  or sum(len(t) <= params.max_ir_chars for t in texts) <= params.winners]
        if not hungry:
            break
        part = ir if len(hungry) == len(works) else select(ir, plain, [w.symbol for w, _ in hungry])
        made = split_module(variants.apply_recipe(part, recipe))
        for work, texts in hungry:
            if work.symbol in made.functions:
                texts.setdefault(work.text(made), recipe.name)
    return found


def _pool(work: Work, texts: dict[str, str], params: IRGroupsParams) -> list[Winner]:
    """Candidates in order of preference, with one to spare."""
    wanted = params.winners + 1
    fits = [(ir, name) for ir, name in texts.items() if len(ir) <= params.max_ir_chars]
    if params.select == "varied":
        work.rng.shuffle(fits)
    chosen = fits[:wanted]
    for ir, name in list(chosen):
        if len(chosen) >= wanted:
            break
        for rewrite, changed in variants.rewrites(ir, work.rng):
            if changed not in texts and len(changed) <= params.max_ir_chars:
                texts[changed] = f"{name}+{rewrite}"
                chosen.append((changed, texts[changed]))
    return [Winner(ir, name) for ir, name in chosen[:wanted]]


def _same(slots: np.ndarray | None, work: Work) -> bool:
    return slots is not None and bool((slots == work.expected).all())


def _group(work: Work, params: IRGroupsParams, seed: int, toolchain: str) -> IRGroup:
    source = work.source
    language = source.function.language
    return IRGroup(
        id=stable_id(" ".join(source.function.source.split()), str(seed),
                     *([] if language == "c" else [language])),
        problem_id=source.problem_id, split=source.split, language=language,
        source_code=source.function.source, signature=work.signature.prototype,
        inputs=list(work.packed.values), winners=tuple(work.winners), losers=tuple(work.losers),
        toolchain=toolchain, licence=source.licence, revision=source.revision)
