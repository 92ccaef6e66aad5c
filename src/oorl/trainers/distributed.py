"""What several backward passes in one optimiser step need to know about the processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType

from oorl.errors import ParamsError

# Their forward passes are collectives, so all processes must make equally many.
_SHARDED = (DistributedType.FSDP, DistributedType.DEEPSPEED)


@contextmanager
def quiet(accelerator: Accelerator, model: Any) -> Iterator[None]:
    """Backward passes in here accumulate, without exchanging gradients between processes.

    FSDP2 goes on exchanging: unsharded gradients would cost the memory that sharding saves.
    DeepSpeed is told that the optimiser step is not due, for accelerate's backward makes it.
    """
    before = accelerator.sync_gradients
    if accelerator.is_fsdp2:
        yield
        return
    accelerator.gradient_state._set_sync_gradients(False)
    try:
        with accelerator.no_sync(model):
            yield
    finally:
        accelerator.gradient_state._set_sync_gradients(before)


def slots(accelerator: Accelerator) -> Callable[[int], int]:
    """From this process's number of forward passes to the largest of all processes'."""
    if accelerator.num_processes == 1 or accelerator.distributed_type not in _SHARDED:
        return lambda count: count

    def largest(count: int) -> int:
        mine = torch.tensor([count], device=accelerator.device)
        return int(accelerator.gather(mine).max())

    return largest


def refuse_streaming(accelerator: Accelerator, mode: str, setting: str) -> None:
    """Raises `ParamsError` if gradients are to be taken of parameters that lie in pieces.

    Streaming asks autograd for the gradients of the parameters themselves, past the hooks by
    which FSDP and ZeRO-3 bring the pieces of a parameter together and take its gradient apart.
    """
    if mode != "streaming":
        return
    kind = accelerator.distributed_type
    plugin = getattr(accelerator.state, "deepspeed_plugin", None)
    zero3 = kind == DistributedType.DEEPSPEED and plugin is not None and plugin.zero_stage == 3
    if zero3 or kind == DistributedType.FSDP:
        raise ParamsError(
            f"{setting} = 'streaming' cannot be had with parameters sharded by "
            f"{'DeepSpeed ZeRO-3' if zero3 else 'FSDP'}",
            f"Set {setting} to 'two_pass', which needs no more memory, or shard nothing (LoRA "
            "fits one device).")
