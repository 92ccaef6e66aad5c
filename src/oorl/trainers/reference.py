"""The reference's log-probabilities of GEPO groups: made once, stored, compared."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from oorl.errors import ArtifactError
from oorl.losses.gepo import GEPOForm, gepo_loss
from oorl.trainers.group_step import GroupForward, group_labels, group_lengths, log_ratios
from oorl.trainers.groups import TokenGroup

# At step 0 policy and reference are the same model; what differs is rounding (bf16 included).
_START_TOLERANCE_NATS_PER_TOKEN = 0.05


class ReferenceLogps:
    """Per-token log-probabilities of the reference model, made once and kept in one file.

    Keyed by group content. Sums over hundreds of tokens lose what per-token differences keep,
    so tokens are stored, not sums.
    """

    def __init__(self, rows: Mapping[str, list[Tensor]]) -> None:
        self._rows = dict(rows)

    def of(self, group: TokenGroup) -> list[Tensor]:
        """(T_i,) per response of the group, winners first. Raises `ArtifactError` if unknown."""
        try:
            return self._rows[group.key]
        except KeyError:
            raise ArtifactError(
                "the stored reference log-probabilities do not cover these groups",
                "The groups or the number of steps changed since the run began: start it afresh.",
            ) from None

    @staticmethod
    def obtain(
        path: Path, resume: bool, model: PreTrainedModel, groups: Sequence[TokenGroup],
        workers: int = 1,
    ) -> ReferenceLogps:
        """Compute and store at the start of a run; on resume only read what was stored then."""
        if resume:
            return ReferenceLogps.load(path)
        reference = ReferenceLogps.compute(model, groups, workers)
        reference.save(path)
        return reference

    @staticmethod
    def compute(
        model: PreTrainedModel, groups: Iterable[TokenGroup], workers: int = 1
    ) -> ReferenceLogps:
        """Run `model`, which must be the untouched reference, over each distinct group once.

        One response at a time, in the layout of training: what the policy does at step 0 is then
        the same arithmetic, and r_hat is 0 up to rounding (and dropout, which is off here).
        Under a fresh adapter (PEFT) the reference is the model with the adapter disabled.
        """
        distinct = {group.key: group for group in groups}

        def rows(group: TokenGroup) -> list[Tensor]:
            with torch.no_grad():
                forward = GroupForward.of(model, model, group)
                prefix = forward.prompt()
                return [forward.logps(response, prefix).cpu() for response in group.responses]

        was_training = model.training
        model.eval()
        try:
            with _without_fresh_adapter(model):
                if workers == 1:  # in this thread, where the caller's autocast holds
                    return ReferenceLogps({key: rows(group) for key, group in distinct.items()})
                with ThreadPoolExecutor(workers) as pool:
                    found = pool.map(rows, distinct.values())
                    return ReferenceLogps(dict(zip(distinct, found, strict=True)))
        finally:
            model.train(was_training)

    def save(self, path: Path) -> None:
        """Write atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        torch.save(self._rows, partial)
        os.replace(partial, path)

    @staticmethod
    def load(path: Path) -> ReferenceLogps:
        """Read what `save` wrote. Raises `ArtifactError` if it is missing or damaged."""
        try:
            return ReferenceLogps(torch.load(path, weights_only=True))
        except FileNotFoundError:
            raise ArtifactError(
                f"{path}: not found; it holds the reference of the run to be resumed",
                "Restore the file, or start afresh in a new output_dir.") from None
        except Exception as error:
            raise ArtifactError(f"{path}: damaged ({error})",
                                "Start afresh in a new output_dir.") from error


@torch.no_grad()
def evaluate_groups(
    policy: ReferenceLogps, groups: Sequence[TokenGroup], reference: ReferenceLogps,
    form: GEPOForm,
) -> dict[str, float]:
    """Preference metrics of a policy, given by its log-probabilities on the groups.

    Those of `gepo_loss`, which compare with the reference, and two that stand alone:
    `logp_accuracy`, the share of winner-loser pairs in which the winner is the likelier per
    token, and `nats_per_token`, over winners.
    """
    totals: dict[str, float] = {}
    for group in groups:
        logps, n = policy.of(group), len(group.winners)
        per_token = [float(row.mean()) for row in logps]
        wins = [w > loser for w in per_token[:n] for loser in per_token[n:]]
        ratios = log_ratios(logps, reference.of(group))
        loss, metrics = gepo_loss(ratios, torch.zeros_like(ratios), *group_labels(group, ratios),
                                  form, group_lengths(group, ratios))
        values = {name: float(value) for name, value in metrics.items()} | {
            "loss": float(loss), "logp_accuracy": sum(wins) / len(wins),
            "nats_per_token": -sum(per_token[:n]) / n}
        for name, value in values.items():
            totals[name] = totals.get(name, 0.0) + value / len(groups)
    return totals


def check_start(
    model: torch.nn.Module, bare: PreTrainedModel, group: TokenGroup, reference: ReferenceLogps
) -> None:
    """At step 0 every r_hat must be about 0; raises `ArtifactError` if it is not."""
    was_training = bare.training
    bare.eval()  # no dropout
    with torch.no_grad():
        forward = GroupForward.of(model, bare, group)
        logps = forward.logps(group.responses[0], forward.prompt())
    bare.train(was_training)
    per_token = float((logps.cpu() - reference.of(group)[0]).abs().mean())
    if not per_token <= _START_TOLERANCE_NATS_PER_TOKEN:
        raise ArtifactError(
            f"policy and reference differ by {per_token:.3g} nats per token at step 0",
            "The reference belongs to another model or precision: start in a new output_dir.")


def _without_fresh_adapter(model: Any) -> Any:
    """A context with PEFT's adapters disabled, if they change nothing yet; else as it is."""
    fresh = [p for name, p in model.named_parameters() if "lora_B" in name]
    if hasattr(model, "disable_adapter") and fresh and not any(bool(p.any()) for p in fresh):
        return model.disable_adapter()
    return nullcontext()
