"""Models on disk: a folder with weights, configuration and tokenizer, complete or absent."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from oorl.errors import ArtifactError


def save_model(model: PreTrainedModel, tokenizer: Any, path: Path) -> None:
    """Write a model folder; an interruption leaves the old one, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    model.save_pretrained(temporary)
    tokenizer.save_pretrained(temporary)
    shutil.rmtree(path, ignore_errors=True)
    temporary.rename(path)


def load_model(path: Path, stage: str) -> tuple[PreTrainedModel, Any]:
    """Read a model folder that `stage` made.

    Raises `ArtifactError` if it is missing, incomplete or damaged.
    """
    if not (path / "config.json").is_file():
        raise ArtifactError(f"{path}: no model here", f"Make it with `dvc repro {stage}`.")
    return _load(str(path), f"Make it again with `dvc repro {stage}`.", local_files_only=True)


def fetch_model(name: str) -> tuple[PreTrainedModel, Any]:
    """A model by hub id or path, from the local cache or, where there is a network, the hub.

    Raises `ArtifactError` if it cannot be had.
    """
    return _load(name, "Check base.model; where there is no network, fetch it beforehand with "
                 f"`hf download {name}`, or give the path of a local copy.")


def _load(name: str, remedy: str, **options: Any) -> tuple[PreTrainedModel, Any]:
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, **options)
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            name, dtype="auto", output_loading_info=True, **options)
        model, report = loaded
    except Exception as error:  # files of others fail in many ways, each with its own exception
        if isinstance(error, MemoryError):
            raise
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ArtifactError(f"{name}: cannot be loaded: {first[:300]}", remedy) from None
    if missing := sorted(report["missing_keys"]):
        raise ArtifactError(f"{name}: {len(missing)} weight(s) missing, first {missing[0]}", remedy)
    if tokenizer.eos_token_id is None:
        raise ArtifactError(f"{name}: its tokenizer has no end token",
                            "Use a model whose tokenizer defines eos_token.")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model.eval(), tokenizer
