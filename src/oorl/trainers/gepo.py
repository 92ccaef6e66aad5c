"""GEPO alone, on a static set of groups (Wu et al. 2025, sec. 3.2), on transformers' Trainer.

The data set has the columns `prompt`, `chosen` (a list) and `rejected` (a list), plain strings or
conversations; groups may differ in size. Responses run one after another, so memory does not
grow with the group (see `GEPOStep.mode`), and the reference's log-probabilities are made once,
before the first step, so no second model is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer, TrainingArguments

from oorl.errors import ParamsError
from oorl.losses.gepo import GEPOForm
from oorl.trainers.card import write_card
from oorl.trainers.distributed import quiet, refuse_streaming, slots
from oorl.trainers.group_step import GEPOStep, checked_form, mode_problem
from oorl.trainers.groups import TokenGroup, tokenize_groups
from oorl.trainers.logps import add_response_head
from oorl.trainers.reference import ReferenceLogps, check_start, evaluate_groups

REFERENCE_FILE = "gepo_reference.pt"


def _setting(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass
class GEPOConfig(TrainingArguments):
    """TrainingArguments and GEPO's fields; the defaults are the paper's form.

    The batch size counts groups. Raises `ParamsError` for values out of range.
    """

    learning_rate: float = _setting(5e-7, "The paper's.")
    beta: float = _setting(0.1, "Sharpness of the group preference.")
    lambda_: float = _setting(1.0, "Weight of the winners' variance.")
    length_normalize: bool = _setting(False, "Divide log-ratios by response length.")
    variance_per_token: bool = _setting(False, "The same, in the variance alone.")
    label_smoothing: float = _setting(0.0, "Chance that winners and losers are swapped.")
    mode: str = _setting(
        "single_graph", "single_graph, two_pass (least memory) or streaming (LoRA); see GEPOStep.")
    max_coefficient: float | None = _setting(
        None, "Clip of a response's coefficient; needs two_pass.")
    max_length: int = _setting(4096, "Prompt and response in tokens; longer is left out.")
    chat_template_kwargs: dict[str, Any] | None = field(
        default=None, metadata={"help": "For conversational prompts."})
    remove_unused_columns: bool = _setting(False, "Groups are no model inputs; keep False.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if problem := mode_problem(self.mode, self.max_coefficient):
            raise ParamsError(problem, "Correct the settings of GEPOConfig.")
        self.form()

    def form(self) -> GEPOForm:
        """The loss's options; raises `ParamsError` for a value out of range."""
        return checked_form(self.beta, self.lambda_, self.length_normalize,
                            self.variance_per_token, self.label_smoothing)


class GEPOTrainer(Trainer):
    """Trainer for GEPO alone.

    Args:
        model: a causal LM; it is the reference too, as it is when `train` begins.
        args: settings.
        train_dataset, eval_dataset: rows with prompt, chosen, rejected.
        processing_class: the tokenizer.
    """

    args: GEPOConfig
    model: PreTrainedModel

    def __init__(
        self, model: PreTrainedModel, args: GEPOConfig,
        train_dataset: Iterable[Mapping[str, Any]],
        eval_dataset: Iterable[Mapping[str, Any]] | None = None,
        processing_class: PreTrainedTokenizerBase | None = None, **kwargs: Any,
    ) -> None:
        if processing_class is None:
            raise ParamsError("GEPOTrainer needs a tokenizer", "Pass processing_class=tokenizer.")

        def tokens(rows: Iterable[Mapping[str, Any]]) -> tuple[list[TokenGroup], dict[str, int]]:
            return tokenize_groups(
                rows, processing_class, args.max_length, args.chat_template_kwargs)

        self._train_groups, self.group_counts = tokens(train_dataset)
        self._held_out = tokens(eval_dataset)[0] if eval_dataset is not None else []
        add_response_head(model)
        super().__init__(
            model=model, args=args, train_dataset=self._train_groups,
            eval_dataset=self._held_out or None,
            processing_class=processing_class, data_collator=_as_batch, **kwargs)
        refuse_streaming(self.accelerator, args.mode, "mode")
        self._gepo = GEPOStep(args.form(), args.mode, args.max_coefficient)
        self._reference: ReferenceLogps | None = None
        self._gathered: defaultdict[str, list[float]] = defaultdict(list)

    def train(
        self, resume_from_checkpoint: str | bool | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """As Trainer.train; makes the reference first, or on resume reads the stored one."""
        groups = [*self._train_groups, *self._held_out]
        with self.compute_loss_context_manager(), self.accelerator.autocast():
            self._reference = ReferenceLogps.obtain(
                Path(str(self.args.output_dir)) / REFERENCE_FILE, bool(resume_from_checkpoint),
                self.model, groups)
        return super().train(resume_from_checkpoint, *args, **kwargs)

    def training_step(
        self, model: torch.nn.Module, inputs: Any, num_items_in_batch: Any = None
    ) -> Tensor:
        """Backward of each response in turn; returns the batch's share of the step's loss."""
        model.train()
        groups: Sequence[TokenGroup] = inputs["groups"]
        assert self._reference is not None
        share = 1 / self.current_gradient_accumulation_steps
        with self.compute_loss_context_manager():
            if self.state.global_step == 0:
                check_start(model, self.model, groups[0], self._reference)
            metrics = self._gepo.backward(
                model, self.model, groups, self._reference, self._backward, share,
                lambda: quiet(self.accelerator, model), slots(self.accelerator))
        loss = metrics.pop("loss")
        for name, value in metrics.items():
            self._gathered[name].append(value)
        return torch.tensor(loss * share, device=self.args.device)

    def _backward(self, loss: Tensor, leaves: Sequence[Tensor] = ()) -> None:
        deepspeed = {"scale_wrt_gas": False} if self.is_deepspeed_enabled else {}
        self.accelerator.backward(loss, **deepspeed)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        write_card(self, "GEPO")

    def prediction_step(
        self, model: torch.nn.Module, inputs: Any, prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """The loss over held-out groups; its metrics are logged as eval_*."""
        assert self._reference is not None
        with self.compute_loss_context_manager():
            policy = ReferenceLogps.compute(self.model, inputs["groups"])
        metrics = evaluate_groups(policy, inputs["groups"], self._reference, self.args.form())
        for name, value in metrics.items():
            self._gathered[f"eval_{name}"].append(value)
        return torch.tensor(metrics["loss"], device=self.args.device), None, None

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the mean of each metric since the last log."""
        for name in [n for n in self._gathered if n.startswith("eval_") == ("eval_loss" in logs)]:
            values = self._gathered.pop(name)
            logs.setdefault(name, sum(values) / len(values))
        super().log(logs, start_time)


def _as_batch(groups: list[TokenGroup]) -> dict[str, list[TokenGroup]]:
    return {"groups": groups}
