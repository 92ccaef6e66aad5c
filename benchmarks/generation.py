"""Tokens per second of generation: the fast loop against transformers' generate.

    python benchmarks/generation.py [--prompts 64] [--new 64]

The model has the embedded base's size and random weights; its rows never end, so both sides make
exactly `--new` tokens a row.
"""

from __future__ import annotations

import argparse
import os
import platform
import time

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from oorl.generation import rollout

HIDDEN, LAYERS, HEADS, KV_HEADS, VOCAB = 128, 4, 4, 2, 1024


def tiny() -> Qwen3ForCausalLM:
    torch.manual_seed(0)
    return Qwen3ForCausalLM(Qwen3Config(
        vocab_size=VOCAB, hidden_size=HIDDEN, intermediate_size=3 * HIDDEN,
        num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=KV_HEADS,
        head_dim=HIDDEN // HEADS, tie_word_embeddings=True)).eval()


def measure(model: Qwen3ForCausalLM, k: int, temperature: float, threads: int, backend: str,
            batch_size: int, prompts: list[list[int]], new: int) -> tuple[float, float]:
    """Tokens per second of wall time and of CPU time; the better of two runs."""
    torch.set_num_threads(threads)
    best = (0.0, 0.0)
    for seed in range(2):
        wall, cpu = time.perf_counter(), time.process_time()
        result = rollout(model, prompts, backend=backend, max_new_tokens=new, num_generations=k,
                         temperature=temperature, seed=seed, eos_token_id=0,
                         batch_size=batch_size, threads=threads)
        tokens = sum(len(row) for rows in result.tokens for row in rows)
        best = max(best, (tokens / (time.perf_counter() - wall),
                          tokens / (time.process_time() - cpu)))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--new", type=int, default=64)
    args = parser.parse_args()
    model = tiny()
    with torch.no_grad():  # token 0, the end, is never drawn
        model.lm_head.weight[0] = 0
        model.config.eos_token_id = None
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(90, 180, (args.prompts,), generator=generator).tolist()
    prompts = [torch.randint(1, VOCAB, (n,), generator=generator).tolist() for n in lengths]
    print(f"{os.cpu_count()} cores, {platform.processor() or platform.machine()}, torch "
          f"{torch.__version__}, {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M "
          f"parameters, {args.prompts} prompts of 90-180 tokens, {args.new} new tokens\n")
    print("| samples a prompt | backend | threads | batch rows | tokens / s | tokens / CPU-s |")
    print("|---|---|---|---|---|---|")
    for k, temperature in ((1, 0.0), (8, 0.8)):
        for backend, threads, batch in (
                ("transformers", 1, 64), ("transformers", 1, 256), ("transformers", 2, 256),
                ("fast", 1, 32), ("fast", 1, 64), ("fast", 1, 128), ("fast", 1, 256),
                ("fast", 2, 64), ("fast", 2, 128)):
            wall, cpu = measure(model, k, temperature, threads, backend, batch, prompts, args.new)
            print(f"| {k} | {backend} | {threads} | {batch} | {wall:.0f} | {cpu:.0f} |", flush=True)


if __name__ == "__main__":
    main()
