"""Peak memory and CPU time of one GEPO group, for every way of computing it.

    python benchmarks/gepo_memory.py A B E wide                 # configurations; see CONFIGS
    python benchmarks/gepo_memory.py B --variants chunked two_pass+gc --repeats 3

Loss and backward of one group with the reference precomputed, each run in its own process; the
variants take turns, so that a busy machine troubles all alike. Memory is the highest resident size
during the run above that of the model with allocated gradients. The baselines lay the group out as
TRL's DPOTrainer does: every response with its prompt, padded on the right to the longest.

    full         padded, logits of all positions kept
    full+gc      the same with layer checkpointing
    chunked      padded, logits of the responses in recomputed pieces, without checkpointing
    chunked+gc   with checkpointing: the honest baseline
    MODE[+gc]    `GEPOStep(form, MODE)`; MODE/joined: without sharing the prompt
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import threading
import time

# (hidden, layers, heads, vocabulary, prompt, winners' and losers' lengths, lora rank)
UNEQUAL = [512, 1536, 768, 1024, 640, 2048, 896, 1280]
CONFIGS = {
    "A": (256, 4, 4, 65536, 256, [128, 512, 256, 384, 192, 512, 320, 448], 0),
    "B": (512, 8, 8, 32768, 512, UNEQUAL, 0),
    # At B's lengths the full logits alone would take 12 GB, three times over.
    "wide": (256, 4, 4, 151936, 256, [128, 512, 256, 384, 192, 448, 320, 512], 0),
    "wide long": (256, 4, 4, 151936, 512, UNEQUAL, 0),
    "wide 512": (512, 8, 8, 151936, 512, UNEQUAL, 0),
    "E": (512, 8, 8, 32768, 64, [512] * 8, 0),
    "many4": (256, 4, 4, 32768, 256, [384] * 8, 0),
    "many32": (256, 4, 4, 32768, 256, [384] * 64, 0),
    "lora": (512, 6, 8, 32768, 512, UNEQUAL, 16),
}
OURS = ["single_graph", "single_graph+gc", "two_pass", "two_pass+gc", "two_pass/joined+gc",
        "streaming", "streaming+gc"]
VARIANTS = ["full", "full+gc", "chunked", "chunked+gc", *OURS]


def resident() -> float:
    """Resident size of this process in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


class Peak:
    """The highest resident size while it is open, sampled every 2 ms (VmHWM cannot be reset)."""

    def __enter__(self) -> Peak:
        self.start = self.high = resident()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.002):
            self.high = max(self.high, resident())

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def added(self) -> float:
        return self.high - self.start


def build(config: str):
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from oorl.trainers.groups import TokenGroup
    from oorl.trainers.logps import add_response_head

    hidden, layers, heads, vocabulary, prompt, lengths, rank = CONFIGS[config]
    torch.manual_seed(0)
    model = Qwen3ForCausalLM(Qwen3Config(
        vocab_size=vocabulary, hidden_size=hidden, intermediate_size=3 * hidden,
        num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=heads // 2,
        head_dim=hidden // heads, tie_word_embeddings=True, max_position_embeddings=4096))
    if rank:
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(model, LoraConfig(r=rank, target_modules="all-linear"))
    add_response_head(model)
    generator = torch.Generator().manual_seed(1)

    def tokens(count: int) -> tuple[int, ...]:
        return tuple(torch.randint(3, vocabulary, (count,), generator=generator).tolist())

    half = len(lengths) // 2
    responses = [tokens(n) for n in lengths]
    return model, TokenGroup(tokens(prompt), tuple(responses[:half]), tuple(responses[half:]))


def padded(model, group, reference, chunked: bool):
    """The group as one right-padded batch, as DPOTrainer's collator makes it."""
    import torch

    from oorl.losses.gepo import gepo_loss
    from oorl.trainers.group_step import group_labels
    from oorl.trainers.head import token_logps

    count, prompt = len(group.responses), len(group.prompt)
    width = prompt + max(map(len, group.responses))
    ids = torch.zeros(count, width, dtype=torch.long)
    mask, answer = torch.zeros_like(ids), torch.zeros_like(ids, dtype=torch.bool)
    for row, response in enumerate(group.responses):
        end = prompt + len(response)
        ids[row, :end] = torch.tensor([*group.prompt, *response])
        mask[row, :end] = 1
        answer[row, prompt:end] = True
    logps = torch.zeros(count, width - 1)
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    if chunked:
        hidden = inner.base_model(input_ids=ids, attention_mask=mask, use_cache=False)
        keep = answer[:, 1:]
        found, _ = token_logps(inner.lm_head, hidden.last_hidden_state[:, :-1][keep],
                               ids[:, 1:][keep])
        logps = logps.masked_scatter(keep, found)
    else:
        logits = inner(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1]
        chosen = logits.log_softmax(-1).gather(-1, ids[:, 1:, None]).squeeze(-1)
        logps = chosen * answer[:, 1:]
    ratios = torch.stack([
        (row[prompt - 1:prompt - 1 + len(known)] - known).sum()
        for row, known in zip(logps, reference, strict=True)])
    loss, _ = gepo_loss(ratios, torch.zeros_like(ratios), *group_labels(group, ratios))
    loss.backward()
    return loss.item()


def once(config: str, variant: str) -> dict[str, float]:
    import torch

    from oorl.losses.gepo import GEPOForm
    from oorl.trainers.group_step import GEPOStep
    from oorl.trainers.reference import ReferenceLogps

    torch.set_num_threads(1)
    model, group = build(config)
    generator = torch.Generator().manual_seed(2)
    stored = ReferenceLogps.compute(model, [group])
    reference = [x + 0.01 * torch.randn(x.shape, generator=generator) for x in stored.of(group)]
    stored = ReferenceLogps({group.key: reference})
    model.train()
    if variant.endswith("+gc"):
        model.activation_checkpointing_enable()
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.zeros_like(parameter)
            parameter.grad.add_(0)
    name = variant.removesuffix("+gc")
    step = GEPOStep(GEPOForm(), name.removesuffix("/joined"), share_prefix="/" not in name
                    ) if name in OURS or "/" in name else None
    with Peak() as peak:
        cpu = time.process_time()
        if step is None:
            loss = padded(model, group, reference, name == "chunked")
        else:
            loss = step.backward(model, model, [group], stored,
                                 lambda x, leaves=(): x.backward())["loss"]
        cpu = time.process_time() - cpu
    norm = sum(float(p.grad.double().square().sum()) for p in model.parameters()
               if p.grad is not None) ** 0.5
    return {"mb": peak.added, "cpu_s": cpu, "loss": loss, "norm": norm}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("configs", nargs="+", choices=CONFIGS)
    parser.add_argument("--variants", nargs="+", default=VARIANTS)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(once(args.configs[0], args.variants[0])))
        return
    # Large blocks go back to the system at once, so that the resident size is what is in use.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1",
                   "OMP_NUM_THREADS": "1"}
    for config in args.configs:
        rows: dict[str, list[dict[str, float]]] = {name: [] for name in args.variants}
        for _ in range(args.repeats):
            for name in args.variants:
                done = subprocess.run(
                    [sys.executable, __file__, config, "--variants", name, "--child"],
                    env=environment, stdout=subprocess.PIPE, text=True, check=False)
                if done.returncode == 0:
                    rows[name].append(json.loads(done.stdout.splitlines()[-1]))
                else:
                    print(f"{config} {name}: exit status {done.returncode}", file=sys.stderr)
        report(config, rows)


def report(config: str, rows: dict[str, list[dict[str, float]]]) -> None:
    """A Markdown table; the ratios are to `full` and to `chunked+gc`."""
    best = {name: (min(r["mb"] for r in runs), min(r["cpu_s"] for r in runs))
            for name, runs in rows.items() if runs}
    print(f"\n{config}: {CONFIGS[config]}; load {os.getloadavg()[0]:.1f}, "
          f"{platform.machine()}, {os.cpu_count()} cores\n")
    print("| variant | peak MB | CPU s | of full: memory, time | of chunked+gc: memory, time | "
          "loss | gradient norm |\n|---|---|---|---|---|---|---|")
    for name, (mb, cpu) in best.items():
        ratios = [f"{mb / best[base][0]:.3f}, {cpu / best[base][1]:.2f}" if base in best else ""
                  for base in ("full", "chunked+gc")]
        first = rows[name][0]
        print(f"| {name} | {mb:.0f} | {cpu:.1f} | {ratios[0]} | {ratios[1]} | "
              f"{first['loss']:.6f} | {first['norm']:.6g} |", flush=True)


if __name__ == "__main__":
    main()
