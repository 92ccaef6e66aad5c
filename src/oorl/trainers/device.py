"""Where a model trains and generates."""

from __future__ import annotations

import torch

from oorl.errors import ResourceError

LARGE = 300_000_000
"""Parameters above which a step on a CPU takes minutes: nobody wants that unasked."""


def choose_device(wanted: str, parameters: int) -> str:
    """ "cuda" or "cpu" for a model of that many parameters; `wanted` is `base.device`.

    Raises `ResourceError` if a GPU is asked for, or needed and not waived, and there is none.
    """
    if wanted == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    build = (f"torch {torch.__version__} is built for CUDA {torch.version.cuda}"
             if torch.version.cuda else f"torch {torch.__version__} is a build without CUDA")
    if wanted == "cuda":
        raise ResourceError(f"base.device is cuda, but torch sees no GPU ({build})",
                            "Check `nvidia-smi` and install a CUDA build of torch, or set "
                            "base.device to auto.")
    if parameters > LARGE:
        raise ResourceError(
            f"the model has {parameters / 1e9:.1f} billion parameters and torch sees no GPU "
            f"({build}); on a CPU a step would take minutes to hours",
            "Run on a machine with a GPU and a CUDA build of torch, or set base.device to cpu "
            "to go on all the same.")
    return "cpu"
