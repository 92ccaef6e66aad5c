"""What several backward passes in one optimiser step need to know about the processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType

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
