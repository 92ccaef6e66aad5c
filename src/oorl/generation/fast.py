"""Batched decoding of small Qwen3 and Llama models on CPU.

transformers' generate spends most of a small model's time in bookkeeping, and prefills and
stores a prompt once per sample. Here:

- each prompt is prefilled once; its k samples read the same keys and values in one matrix
  product (the prefix part), and each sample's own tokens lie in a second cache (the suffix);
- prompts are sorted by length and cut into buckets, so there is little padding;
- all rows of a bucket are at the same step, so the suffix needs no mask;
- finished rows are compacted away;
- buckets run side by side in threads, one intra-op thread each: a matrix of a small model is
  too small to be worth sharing between threads.

It computes what the model's own forward computes, up to rounding: greedy output is
transformers' token for token unless two logits tie to within it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch.nn import functional
from tqdm import tqdm

from oorl.generation.sampling import OnDone, Rollouts, choose, row_keys, uniforms
from oorl.generation.weights import Layer, Weights, is_supported, read_weights

SUFFIX_BLOCK = 64  # the suffix cache grows by this many tokens
MAX_PREFILL_TOKENS = 8192  # prompt tokens of a bucket; bounds the memory of the prefill


class Bucket:
    """Prompts decoded together, and their state: P prompts, k samples each, R = P k rows.

    Attention layouts put samples beside the heads that share keys: (P, K, k, g, D) for
    queries, where K key-value heads serve g query heads each.
    """

    def __init__(self, weights: Weights, prompts: Sequence[Sequence[int]], k: int,
                 uniform: torch.Tensor | None) -> None:
        self.weights = weights
        self.k = k
        self.uniform = uniform                             # (P, k, steps) or None
        self.lengths = torch.tensor([len(p) for p in prompts])
        self.width = int(self.lengths.max())
        self.ids = torch.zeros(len(prompts), self.width, dtype=torch.long)
        for row, prompt in enumerate(prompts):
            self.ids[row, :len(prompt)] = torch.as_tensor(prompt)
        self.origin = torch.arange(len(prompts) * k).view(len(prompts), k)
        self.prompt_kv: list[tuple[torch.Tensor, torch.Tensor]] = []   # (P K, width, D) each
        self.suffix_kv: list[list[torch.Tensor]] = []                  # (P K k, T, D) each
        padded = torch.arange(self.width) >= self.lengths[:, None]
        self.mask = None
        if padded.any():
            mask = torch.zeros(padded.shape, dtype=weights.embedding.dtype)
            mask.masked_fill_(padded, float("-inf"))
            self.mask = mask.repeat_interleave(weights.kv_heads, 0)[:, None]  # (P K, 1, width)

    def prefill(self, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        """Run the prompts, padded at the end: causality alone hides the padding from them.

        Returns the logits after each prompt, repeated for its samples: (R, V).
        """
        w = self.weights
        count, width = self.ids.shape
        hidden = functional.embedding(self.ids, w.embedding).view(count * width, -1)
        cos, sin = cos[:width, None], sin[:width, None]
        for layer in w.layers:
            q, keys, values = project(w, layer, hidden.view(count, width, -1), cos, sin)
            q, keys, values = (x.transpose(1, 2) for x in (q, keys, values))  # (P, heads, L, D)
            mixed = functional.scaled_dot_product_attention(
                q, keys, values, is_causal=True, scale=1.0, enable_gqa=w.heads != w.kv_heads)
            hidden = finish(w, layer, hidden, mixed.transpose(1, 2).reshape(count * width, -1))
            self.prompt_kv.append((keys.reshape(-1, width, w.head_dim),
                                   values.reshape(-1, width, w.head_dim)))
            rows = count * w.kv_heads * self.k
            self.suffix_kv.append([keys.new_empty(rows, 0, w.head_dim) for _ in range(2)])
        last = hidden[torch.arange(count) * width + self.lengths - 1]
        return self.logits(last).repeat_interleave(self.k, 0)

    def step(self, tokens: torch.Tensor, step: int, cos: torch.Tensor,
             sin: torch.Tensor) -> torch.Tensor:
        """Feed the tokens drawn at `step` (R,); returns the logits of the next: (R, V)."""
        w, k = self.weights, self.k
        count = len(self.lengths)
        position = (self.lengths + step).repeat_interleave(k)
        cos, sin = cos[position, None], sin[position, None]              # (R, 1, D)
        hidden = functional.embedding(tokens, w.embedding)
        group = w.heads // w.kv_heads
        for layer, (prompt_k, prompt_v), suffix in zip(
                w.layers, self.prompt_kv, self.suffix_kv, strict=True):
            q, *new = project(w, layer, hidden, cos, sin)
            for which, value in enumerate(new):
                if suffix[which].shape[1] == step:
                    suffix[which] = functional.pad(suffix[which], (0, 0, 0, SUFFIX_BLOCK))
                slot = suffix[which].view(count, w.kv_heads, k, -1, w.head_dim)[:, :, :, step]
                slot.copy_(value.view(count, k, w.kv_heads, w.head_dim).transpose(1, 2))
            q = q.view(count, k, w.kv_heads, group, w.head_dim).transpose(1, 2)
            mixed = self.attend(q.reshape(-1, k * group, w.head_dim), prompt_k, prompt_v,
                                *(x[:, :step + 1] for x in suffix))
            mixed = mixed.view(count, w.kv_heads, k, group * w.head_dim).transpose(1, 2)
            hidden = finish(w, layer, hidden, mixed.reshape(count * k, -1))
        return self.logits(hidden)

    def attend(self, q: torch.Tensor, prompt_k: torch.Tensor, prompt_v: torch.Tensor,
               suffix_k: torch.Tensor, suffix_v: torch.Tensor) -> torch.Tensor:
        """Attention of q (P K, k g, D) over the shared prompt and each row's own suffix."""
        width = prompt_k.shape[1]
        rows = suffix_k.shape[0]
        keys = prompt_k.transpose(1, 2)
        shared = torch.bmm(q, keys) if self.mask is None else torch.baddbmm(self.mask, q, keys)
        own = torch.bmm(q.view(rows, -1, q.shape[-1]), suffix_k.transpose(1, 2))
        scores = torch.cat([shared.view(rows, -1, width), own], dim=-1).softmax(dim=-1)
        shared = scores[..., :width].reshape(*q.shape[:2], width)
        mixed = torch.bmm(scores[..., width:], suffix_v)
        return mixed.view_as(q).baddbmm_(shared, prompt_v)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        w = self.weights
        hidden = functional.rms_norm(hidden, (hidden.shape[-1],), w.norm, w.eps)
        return functional.linear(hidden, w.head)

    def compact(self, alive: torch.Tensor) -> torch.Tensor:
        """Drop finished rows: whole prompts, then samples down to the fullest prompt left.

        `alive` is (P, k). Returns the flat indices (R',) of the rows that were kept; a few
        finished ones stay where prompts have unequal numbers left.
        """
        w = self.weights
        kept = alive.any(1).nonzero()[:, 0]
        k = int(alive[kept].sum(1).max())
        order = alive[kept].int().argsort(dim=1, descending=True, stable=True)[:, :k]
        for layer, (keys, values) in enumerate(self.prompt_kv):
            self.prompt_kv[layer] = tuple(  # type: ignore[assignment]
                x.view(-1, w.kv_heads, *x.shape[1:])[kept].flatten(0, 1) for x in (keys, values))
        heads = torch.arange(w.kv_heads)
        for suffix in self.suffix_kv:
            for which, x in enumerate(suffix):
                x = x.view(len(alive), w.kv_heads, self.k, *x.shape[1:])
                suffix[which] = x[kept[:, None, None], heads[:, None],
                                  order[:, None]].flatten(0, 2)
        if self.mask is not None:
            self.mask = self.mask.view(-1, w.kv_heads, self.width)[kept].view(
                -1, 1, self.width)
        rows = kept[:, None] * self.k + order
        self.lengths, self.k = self.lengths[kept], k
        self.origin = self.origin[kept[:, None], order]
        if self.uniform is not None:
            self.uniform = self.uniform[kept[:, None], order]
        return rows.flatten()


def project(w: Weights, layer: Layer, hidden: torch.Tensor, cos: torch.Tensor,
            sin: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rotated, scaled queries, rotated keys, and values: (..., heads, D) from (..., H)."""
    normed = functional.rms_norm(hidden, (hidden.shape[-1],), layer.input_norm, w.eps)
    qkv = functional.linear(normed, layer.qkv, layer.qkv_bias)
    qkv = qkv.view(*hidden.shape[:-1], -1, w.head_dim)
    qk, values = qkv.split([w.heads + w.kv_heads, w.kv_heads], dim=-2)
    if layer.qk_norm is not None:
        qk = functional.rms_norm(qk, (w.head_dim,), None, w.eps) * layer.qk_norm
    qk = torch.addcmul(qk * cos, qk.roll(w.head_dim // 2, -1), sin)
    q, keys = qk.split([w.heads, w.kv_heads], dim=-2)
    return q, keys, values


def finish(w: Weights, layer: Layer, hidden: torch.Tensor, mixed: torch.Tensor) -> torch.Tensor:
    """The rest of a layer after attention: output projection, MLP, both residuals."""
    hidden = hidden + functional.linear(mixed, layer.output, layer.output_bias)
    normed = functional.rms_norm(hidden, (hidden.shape[-1],), layer.post_norm, w.eps)
    gate, up = functional.linear(normed, layer.gate_up, layer.gate_up_bias).chunk(2, dim=-1)
    return hidden + functional.linear(w.activation(gate) * up, layer.down, layer.down_bias)


def decode(bucket: Bucket, max_new_tokens: int, temperature: float, top_p: float,
           ends: torch.Tensor, on_row: Callable[[int, list[int]], None] | None = None,
           ) -> tuple[torch.Tensor, torch.Tensor]:
    """Decode one bucket. Returns tokens, -1 after the end, and logps: (rows, steps) each.

    `on_row` is called with each row that an end token closes, at once.
    """
    with torch.inference_mode():
        rows = bucket.origin.numel()
        tokens = torch.full((rows, max_new_tokens), -1)
        logps = torch.zeros(rows, max_new_tokens)
        cos, sin = bucket.weights.rope(bucket.width + max_new_tokens)
        logits = bucket.prefill(cos, sin)
        alive = torch.ones(rows, dtype=torch.bool)
        for step in range(max_new_tokens):
            uniform = None if bucket.uniform is None else bucket.uniform[..., step].flatten()
            drawn, logp = choose(logits, temperature, top_p, uniform)
            where = bucket.origin.flatten()[alive]
            tokens[where, step], logps[where, step] = drawn[alive], logp[alive]
            ended = alive & torch.isin(drawn, ends)
            alive &= ~ended
            if on_row is not None and bool(ended.any()):
                for row in bucket.origin.flatten()[ended].tolist():
                    on_row(row, tokens[row, :step + 1].tolist())
            count = int(alive.sum())
            if count == 0 or step + 1 == max_new_tokens:
                break
            if count <= 0.8 * len(alive):
                kept = bucket.compact(alive.view(-1, bucket.k))
                alive, drawn = alive[kept], drawn[kept]
            logits = bucket.step(drawn, step, cos, sin)
        return tokens, logps


def fast_rollout(model: Any, prompts: Sequence[Sequence[int]], *, max_new_tokens: int,
                 num_generations: int = 1, temperature: float = 0.0, top_p: float = 1.0,
                 seed: int = 0, eos_token_id: int | Sequence[int], batch_size: int = 128,
                 threads: int | None = None, progress: bool = False,
                 on_done: OnDone | None = None) -> Rollouts:
    """Sample `num_generations` completions of each prompt.

    Args:
        model: a Qwen3 or Llama causal LM on CPU (see `is_supported`).
        prompts: token ids, unpadded, none empty.
        temperature: 0 is greedy.
        seed: same seed, same model, same prompts: same tokens, whatever the batch size; a
            prompt that occurs once draws the same in every list of prompts.
        eos_token_id: one end token, or several.
        batch_size: rows (prompts x samples) decoded together.
        threads: buckets decoded side by side; default torch's number of threads.
        progress: show a bar on stderr.
        on_done: called for each completion, while others are still being generated: those that
            an end token closes at that token, the others with their bucket. It runs in the
            threads that generate, so it should only hand on.
    """
    if not is_supported(model):
        raise ValueError(f"fast generation does not cover {type(model).__name__} with its settings")
    if not all(prompts) or num_generations < 1 or temperature < 0:
        raise ValueError("need non-empty prompts, num_generations >= 1 and temperature >= 0")
    ends = torch.as_tensor([eos_token_id] if isinstance(eos_token_id, int) else eos_token_id)
    threads = threads or torch.get_num_threads()
    weights = read_weights(model)
    keys = row_keys(prompts, seed) if temperature > 0 else []
    buckets = cut_buckets([len(p) for p in prompts], num_generations, batch_size, threads)

    def run(indices: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        uniform = (uniforms([keys[i] for i in indices], num_generations, max_new_tokens)
                   if temperature > 0 else None)
        bucket = Bucket(weights, [prompts[i] for i in indices], num_generations, uniform)
        if on_done is None:
            return decode(bucket, max_new_tokens, temperature, top_p, ends)
        told = set()

        def on_row(row: int, tokens: list[int]) -> None:
            told.add(row)
            on_done(indices[row // num_generations], row % num_generations, tokens)

        found = decode(bucket, max_new_tokens, temperature, top_p, ends, on_row)
        for row, cut in enumerate(found[0].tolist()):
            if row not in told:
                on_row(row, cut)
        return found

    result = Rollouts([[] for _ in prompts], [[] for _ in prompts])
    before = torch.get_num_threads()
    with ThreadPoolExecutor(threads) as pool:
        try:
            torch.set_num_threads(1 if len(buckets) > 1 else before)
            done = pool.map(run, buckets)
            for indices, (tokens, logps) in zip(
                    buckets, tqdm(done, "generate", len(buckets), disable=not progress),
                    strict=True):
                unpack(result, indices, num_generations, tokens, logps)
        finally:
            torch.set_num_threads(before)
    return result


def cut_buckets(lengths: Sequence[int], k: int, batch_size: int, threads: int) -> list[list[int]]:
    """Indices of the prompts of each bucket: longest first, at most `batch_size` rows (one
    prompt at least), and small enough that every thread gets some."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    limit = max(1, min(batch_size // k, -(-len(lengths) // threads)))
    buckets: list[list[int]] = []
    for index in order:
        if (not buckets or len(buckets[-1]) >= limit
                or (len(buckets[-1]) + 1) * lengths[buckets[-1][0]] > MAX_PREFILL_TOKENS):
            buckets.append([])
        buckets[-1].append(index)
    return buckets


def unpack(result: Rollouts, indices: list[int], k: int, tokens: torch.Tensor,
           logps: torch.Tensor) -> None:
    """Write a bucket's rows, cut at their ends, to their prompts' places."""
    lengths = (tokens >= 0).sum(1).tolist()
    for row, (ids, values, length) in enumerate(
            zip(tokens.tolist(), logps.tolist(), lengths, strict=True)):
        result.tokens[indices[row // k]].append(ids[:length])
        result.logps[indices[row // k]].append(values[:length])
