"""The same interface on transformers' own generate: any architecture, any device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from tqdm import tqdm

from oorl.generation.sampling import OnDone, Rollouts, row_keys


@torch.no_grad()
def transformers_rollout(model: Any, prompts: Sequence[Sequence[int]], *, max_new_tokens: int,
                         num_generations: int = 1, temperature: float = 0.0, top_p: float = 1.0,
                         seed: int = 0, eos_token_id: int | Sequence[int], batch_size: int = 64,
                         threads: int | None = None, progress: bool = False,
                         on_done: OnDone | None = None) -> Rollouts:
    """Sample with `model.generate`; arguments as in `fast_rollout`, except:

    `seed` fixes the output for the same batches only: torch's generator ties rows to their
    batch. `threads` is ignored. `on_done` is called when a completion's whole batch has ended.
    """
    ends = [eos_token_id] if isinstance(eos_token_id, int) else list(eos_token_id)
    order = sorted(range(len(prompts)), key=lambda i: (-len(prompts[i]), i))
    size = max(1, batch_size // num_generations)
    sampling: dict[str, Any] = {"do_sample": False}
    if temperature > 0:
        sampling = {"do_sample": True, "temperature": temperature, "top_p": top_p, "top_k": 0}
    result = Rollouts([[] for _ in prompts], [[] for _ in prompts])
    was_training = model.training
    model.eval()
    for start in tqdm(range(0, len(order), size), "generate", disable=not progress):
        indices = order[start:start + size]
        ids, mask = left_pad([prompts[i] for i in indices], ends[0])
        with torch.random.fork_rng(devices=_cuda_devices(model)):
            torch.manual_seed(row_keys([prompts[indices[0]]], seed + start)[0] % 2**63)
            output = model.generate(
                input_ids=ids.to(model.device), attention_mask=mask.to(model.device),
                max_new_tokens=max_new_tokens, num_return_sequences=num_generations,
                eos_token_id=ends, pad_token_id=ends[0], return_dict_in_generate=True,
                output_logits=True, **sampling)
        tokens = output.sequences[:, ids.shape[1]:]
        logits = torch.stack(output.logits, dim=1).float() / (temperature or 1.0)   # (R, T, V)
        logps = logits.log_softmax(-1).gather(-1, tokens[..., None])[..., 0]
        for row, (token_row, logp_row) in enumerate(
                zip(tokens.tolist(), logps.tolist(), strict=True)):
            length = next((i + 1 for i, t in enumerate(token_row) if t in ends), len(token_row))
            where = indices[row // num_generations]
            result.tokens[where].append(token_row[:length])
            result.logps[where].append(logp_row[:length])
            if on_done is not None:
                on_done(where, row % num_generations, token_row[:length])
    model.train(was_training)
    return result


def left_pad(prompts: Sequence[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Prompts padded on the left, and their attention mask: (P, L) each."""
    width = max(map(len, prompts))
    ids = torch.full((len(prompts), width), pad)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt):] = torch.as_tensor(prompt)
        mask[row, width - len(prompt):] = 1
    return ids, mask


def _cuda_devices(model: Any) -> list[int]:
    return [model.device.index or 0] if model.device.type == "cuda" else []
