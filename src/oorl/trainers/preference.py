"""Held-out preference: does a model tell equivalent IRs from inequivalent ones?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from transformers import PreTrainedModel

from oorl.trainers.groups import tokenize_groups
from oorl.trainers.logps import add_response_head
from oorl.trainers.oorl_config import OORLConfig
from oorl.trainers.reference import ReferenceLogps, evaluate_groups


class PreferenceCheck:
    """Measures a model before training (here) and after it (`finish`), on unseen groups.

    Args:
        model: the start, which is also the reference.
        tokenizer: its tokenizer.
        rows: GEPO rows (prompt, chosen, rejected) that no training sees.
        max_length: prompt and response in tokens.
        config: for the loss's form and the number of threads.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: Any, rows: Sequence[Mapping[str, Any]],
                 max_length: int, config: OORLConfig) -> None:
        self._groups, self._counts = tokenize_groups(
            rows, tokenizer, max_length, config.chat_template_kwargs)
        self._form, self._workers = config.gepo_form(), max(1, config.cpu_workers)
        add_response_head(model)
        self._before = ReferenceLogps.compute(model, self._groups, self._workers)

    def finish(self, model: PreTrainedModel) -> dict[str, Any]:
        """Counts, and the metrics of `evaluate_groups` before and after."""
        after = ReferenceLogps.compute(model, self._groups, self._workers)
        return {
            **self._counts,
            "before": evaluate_groups(self._before, self._groups, self._before, self._form),
            "after": evaluate_groups(after, self._groups, self._before, self._form),
        }
