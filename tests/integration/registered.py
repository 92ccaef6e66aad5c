"""Versions of a registry with results to be judged by, and a model so small that it says nothing
right: what promotion and the evaluation of a registered version need.
"""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from oorl.data.prompts import request
from oorl.data.synthetic import generate_problems
from oorl.data.tables import write_problems
from oorl.params.dataset import DatasetParams
from tasks._registry import BASE_RESULTS, RESULTS, Registry, Version, Weights


def rows(marks: str) -> bytes:
    """Results of one model: a 1 for each problem that it got right."""
    buffer = io.BytesIO()
    pd.DataFrame([{"model": "gepo", "problem_id": f"p{number}", "source": "python", "target": "php",
                   "status": "passed" if mark == "1" else "wrong_answer", "passed": mark == "1"}
                  for number, mark in enumerate(marks)]).to_parquet(buffer, index=False)
    return buffer.getvalue()


def add_version(registry: Registry, name: str, marks: str, model: Path | None = None,
                root: Path | None = None) -> Version:
    """The challenger, with the model's weights if there are any; the base got nothing right."""
    weights = Weights(model, root, {"style": "compact", "device": "cpu", "max_new_tokens": 48}
                      ) if model and root else None
    return registry.register(
        name, {RESULTS: rows(marks), BASE_RESULTS: rows("0" * len(marks))},
        {"stage": "gepo", "seed": "1", "confidence": "0.95", "bootstrap_samples": "200",
         "provenance.missing": "", "git.uncommitted": ""}, weights)


def make_problems(path: Path) -> None:
    """A table of real problems, a fifth of them held out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_problems(path, generate_problems(DatasetParams(problems=120, cases=3, test_share=0.2),
                                           seed=7))


def make_model(folder: Path) -> None:
    """Weights as they come from the generator of random numbers."""
    from oorl.trainers.artifacts import save_model
    from oorl.trainers.pretrain import tiny_model
    from oorl.trainers.tokenizer import train_tokenizer

    prompt = request("def twice(x: int) -> int:\n    return 2 * x", "function twice($x)", "python",
                     "php")
    tokenizer = train_tokenizer([prompt], 320, 1024)
    save_model(tiny_model(len(tokenizer), 32, 2, 2, 1024, tokenizer.eos_token_id,
                          tokenizer.pad_token_id, 0), tokenizer, folder)
