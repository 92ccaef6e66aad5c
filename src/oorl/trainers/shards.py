"""Gradients of independent parts of a loss, side by side on the cores of one machine.

Matrices of a small model are too small to be worth splitting between cores, so whole parts of a
batch go to threads with one intra-op thread each. Their gradients are added in the order of
the parts, whichever thread finishes first: the result does not depend on the number of cores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch
from torch import Tensor

Backward = Callable[..., None]
Result = TypeVar("Result")


class Shards:
    """`workers` threads; torch's own threads are left as they are (set them to 1)."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="shard")

    def run(
        self, parts: Sequence[Callable[[Backward], Result]], parameters: Sequence[Tensor]
    ) -> tuple[list[Result], list[Tensor]]:
        """Call every part with its own `backward`, which collects gradients of `parameters`.

        Returns the parts' results and the sums of their gradients, one per parameter. A part
        may call `backward(loss, leaves=())` several times; it adds to the leaves' `grad` too.
        """
        def one(part: Callable[[Backward], Result]) -> tuple[Result, list[Tensor]]:
            collected: list[Tensor] = []

            def backward(loss: Tensor, leaves: Sequence[Tensor] = ()) -> None:
                found = torch.autograd.grad(loss, [*parameters, *leaves], materialize_grads=True)
                grads = found[:len(parameters)]
                for leaf, grad in zip(leaves, found[len(parameters):], strict=True):
                    leaf.grad = grad if leaf.grad is None else leaf.grad + grad
                if not collected:
                    collected.extend(torch.zeros_like(p) for p in parameters)
                torch._foreach_add_(collected, grads)

            return part(backward), collected

        done = list(self._pool.map(one, parts))
        total = [torch.zeros_like(parameter) for parameter in parameters]
        for _, collected in done:
            if collected:
                torch._foreach_add_(total, collected)
        return [result for result, _ in done], total


class _Known(torch.autograd.Function):
    """A loss whose gradients are known already."""

    @staticmethod
    def forward(ctx: Any, loss: Tensor, grads: Sequence[Tensor], *_parameters: Tensor) -> Tensor:
        ctx.grads = grads
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        return (None, None, *(grad_output * grad for grad in ctx.grads))


def with_known_gradients(
    loss: Tensor, grads: Sequence[Tensor], parameters: Sequence[Tensor]
) -> Tensor:
    """`loss` as a tensor whose backward adds `grads` (times the incoming gradient)."""
    result: Tensor = _Known.apply(loss, grads, *parameters)
    return result
