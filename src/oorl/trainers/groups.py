"""GEPO groups as a trainer uses them: tokens, which group when, reference, and the backward pass.

Shared by `GEPOTrainer` (GEPO alone) and `OORLTrainer` (GEPO beside on-policy RL).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from oorl.errors import ArtifactError, DataError, ParamsError, TrainingError
from oorl.losses.gepo import GEPOForm, gepo_coefficients, gepo_loss
from oorl.trainers.logps import ResponseBatch, ResponseLogps, can_share_prefix

# At step 0 policy and reference are the same model; what differs is rounding (bf16 included).
_START_TOLERANCE_NATS_PER_TOKEN = 0.05


@dataclass(frozen=True)
class TokenGroup:
    """One prompt with n winners and m losers, as token ids (responses end in EOS)."""

    prompt: tuple[int, ...]
    winners: tuple[tuple[int, ...], ...]
    losers: tuple[tuple[int, ...], ...]

    @property
    def responses(self) -> tuple[tuple[int, ...], ...]:
        return self.winners + self.losers

    @property
    def key(self) -> str:
        """Content hash: the same tokens give the same key in every process."""
        text = repr((self.prompt, self.winners, self.losers))
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def tokenize_groups(
    rows: Iterable[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, max_length: int,
    chat_template_kwargs: Any = None,
) -> tuple[list[TokenGroup], dict[str, int]]:
    """Rows with `prompt`, `chosen` (list) and `rejected` (list) to groups.

    Plain rows hold strings; conversational rows hold message lists, rendered with the
    tokenizer's chat template. An IR cut short is not equivalent to anything, so responses
    longer than `max_length` (prompt included) are left out, never truncated, and groups left
    without a winner or a loser are dropped.

    Returns:
        The groups in order, and counts: groups, groups_dropped, responses_dropped.

    Raises:
        DataError: nothing is left.
    """
    groups: list[TokenGroup] = []
    counts = {"groups": 0, "groups_dropped": 0, "responses_dropped": 0}
    for row in rows:
        kept = []
        for column in ("chosen", "rejected"):
            pairs = [_tokenize(row["prompt"], response, tokenizer, chat_template_kwargs or {})
                     for response in row[column]]
            fitting = [(p, r) for p, r in pairs if len(p) + len(r) <= max_length]
            counts["responses_dropped"] += len(pairs) - len(fitting)
            kept.append(fitting)
        if kept[0] and kept[1]:
            groups.append(TokenGroup(kept[0][0][0], *(tuple(r for _, r in part) for part in kept)))
        else:
            counts["groups_dropped"] += 1
    counts["groups"] = len(groups)
    if not groups:
        raise DataError(
            f"no GEPO group is left: {counts['groups_dropped']} had no winner or no loser of at "
            f"most {max_length} tokens",
            "Raise the context length, or give groups with at least one winner and one loser.")
    return groups, counts


def _tokenize(
    prompt: Any, response: Any, tokenizer: PreTrainedTokenizerBase, template: Mapping[str, Any]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if isinstance(prompt, str):
        plain: Any = tokenizer(prompt)["input_ids"]
        answer: Any = tokenizer(response, add_special_tokens=False)["input_ids"]
        return tuple(plain), (*answer, int(tokenizer.eos_token_id))
    ids: Any = tokenizer.apply_chat_template(
        prompt, add_generation_prompt=True, tokenize=True, return_dict=False, **template)
    whole: Any = tokenizer.apply_chat_template(
        [*prompt, *response], tokenize=True, return_dict=False, **template)
    if whole[:len(ids)] != ids:
        raise DataError("the chat template does not keep the prompt as a prefix of the whole",
                        "Use a template whose generation prompt starts the assistant's turn.")
    return tuple(ids), tuple(whole[len(ids):])


def drawn_groups(
    count: int, per_step: int, seed: int, step: int, rank: int = 0, world_size: int = 1
) -> list[int]:
    """Indices of the groups that `rank` uses in optimiser step `step`.

    A pure function, so that a resumed run needs no state: the endless sequence of shuffled
    epochs, cut into steps and ranks. Every group comes up once before any comes up twice.
    """
    start = (step * world_size + rank) * per_step
    return [_epoch_order(count, seed, position // count)[position % count]
            for position in range(start, start + per_step)]


def _epoch_order(count: int, seed: int, epoch: int) -> list[int]:
    generator = torch.Generator().manual_seed((seed * 1_000_003 + epoch) % 2**63)
    return torch.randperm(count, generator=generator).tolist()


def response_logps(
    model: torch.nn.Module, bare: PreTrainedModel, group: TokenGroup,
    responses: Sequence[Sequence[int]],
) -> ResponseLogps:
    """Per-token logps of `responses` after the group's prompt; `model` may wrap `bare`."""
    batch = ResponseBatch.of([group.prompt], [responses], 0, bare.device)
    return model(response_batch=batch, share_prefix=can_share_prefix(bare))


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
        model.train()
        reference = ReferenceLogps.compute(model, groups, workers)
        reference.save(path)
        return reference

    @staticmethod
    def compute(
        model: PreTrainedModel, groups: Iterable[TokenGroup], workers: int = 1
    ) -> ReferenceLogps:
        """Run `model`, which must be the untouched reference, over each distinct group once.

        One response at a time, in the mode and layout of training: what the policy does at
        step 0 is then the same arithmetic, and r_hat is 0 up to rounding.
        """
        distinct = {group.key: group for group in groups}

        def rows(group: TokenGroup) -> list[Tensor]:
            with torch.no_grad():
                return [response_logps(model, model, group, [response]).logps[0].cpu()
                        for response in group.responses]

        if workers == 1:  # in this thread, where the caller's autocast holds
            return ReferenceLogps({key: rows(group) for key, group in distinct.items()})
        with ThreadPoolExecutor(workers) as pool:
            found = pool.map(rows, distinct.values())
            return ReferenceLogps(dict(zip(distinct, found, strict=True)))

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


def checked_form(
    beta: float, lambda_: float, length_normalize: bool, variance_per_token: bool,
    label_smoothing: float,
) -> GEPOForm:
    """A `GEPOForm` from settings; raises `ParamsError` for a value out of range."""
    try:
        return GEPOForm(beta, lambda_, length_normalize, variance_per_token, label_smoothing)
    except ValueError as error:
        raise ParamsError(str(error), "Correct the GEPO settings.") from None


@dataclass(frozen=True)
class GEPOStep:
    """How one GEPO backward pass is done.

    `mode`: "single_graph" keeps the graph of all responses of a group until its backward (least
    time); "two_pass" first runs all responses without a graph, then each alone with its
    closed-form coefficient (least memory: one response). Both give the same gradient.
    `max_coefficient` clips |dL/d log pi(y|x)| of a response; it needs "two_pass".
    """

    form: GEPOForm
    mode: str = "single_graph"
    max_coefficient: float | None = None

    def backward(
        self, model: torch.nn.Module, bare: PreTrainedModel, groups: Sequence[TokenGroup],
        reference: ReferenceLogps, backward: Callable[[Tensor], None], weight: float = 1.0,
    ) -> dict[str, float]:
        """Accumulate weight * d(mean GEPO loss of `groups`)/d(theta).

        Returns the loss (unweighted), the metrics of `gepo_loss` and token counts, as means
        over the groups.

        Raises:
            TrainingError: the loss is not finite.
        """
        run = self._single_graph if self.mode == "single_graph" else self._two_pass
        totals: dict[str, float] = {}
        for group in groups:
            loss, metrics = run(model, bare, group, reference, backward, weight / len(groups))
            values = {"loss": loss} | {name: float(value) for name, value in metrics.items()}
            for name, value in values.items():
                totals[name] = totals.get(name, 0.0) + value / len(groups)
        totals["tokens"] = float(sum(
            len(g.prompt) * len(g.responses) ** (not can_share_prefix(bare))
            + sum(map(len, g.responses)) for g in groups))
        return totals

    def _single_graph(
        self, model: torch.nn.Module, bare: PreTrainedModel, group: TokenGroup,
        reference: ReferenceLogps, backward: Callable[[Tensor], None], weight: float,
    ) -> tuple[float, dict[str, Tensor]]:
        logps = [response_logps(model, bare, group, [r]).logps[0] for r in group.responses]
        ratios = _ratios(logps, reference.of(group))
        loss, metrics = gepo_loss(ratios, torch.zeros_like(ratios), *_labels(group, ratios),
                                  self.form, _lengths(group, ratios))
        _check_finite(loss)
        backward(loss * weight)
        return loss.item(), metrics

    def _two_pass(
        self, model: torch.nn.Module, bare: PreTrainedModel, group: TokenGroup,
        reference: ReferenceLogps, backward: Callable[[Tensor], None], weight: float,
    ) -> tuple[float, dict[str, Tensor]]:
        with torch.no_grad():
            logps = [response_logps(model, bare, group, [r]).logps[0] for r in group.responses]
            ratios = _ratios(logps, reference.of(group))
        arguments = (ratios, torch.zeros_like(ratios), *_labels(group, ratios), self.form,
                     _lengths(group, ratios))
        loss, metrics = gepo_loss(*arguments)
        _check_finite(loss)
        coefficients = gepo_coefficients(*arguments)
        if self.max_coefficient is not None:
            coefficients = coefficients.clamp(-self.max_coefficient, self.max_coefficient)
        for response, coefficient in zip(group.responses, coefficients, strict=True):
            logp = response_logps(model, bare, group, [response]).logps.sum()
            backward(coefficient * weight * logp)
        return loss.item(), metrics


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
        ratios = _ratios(logps, reference.of(group))
        loss, metrics = gepo_loss(ratios, torch.zeros_like(ratios), *_labels(group, ratios),
                                  form, _lengths(group, ratios))
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
    with torch.no_grad():
        logps = response_logps(model, bare, group, [group.responses[0]]).logps[0]
    per_token = float((logps.cpu() - reference.of(group)[0]).abs().mean())
    if not per_token <= _START_TOLERANCE_NATS_PER_TOKEN:
        raise ArtifactError(
            f"policy and reference differ by {per_token:.3g} nats per token at step 0",
            "The reference belongs to another model or precision: start in a new output_dir.")


def _ratios(logps: Sequence[Tensor], reference: Sequence[Tensor]) -> Tensor:
    """(R,) r_hat: the sum over tokens of log-probability differences."""
    return torch.stack([
        (policy - ref.to(policy.device)).sum()
        for policy, ref in zip(logps, reference, strict=True)])


def _labels(group: TokenGroup, like: Tensor) -> tuple[Tensor, Tensor]:
    n, m = len(group.winners), len(group.losers)
    index = torch.zeros(n + m, dtype=torch.long, device=like.device)
    return index, torch.tensor([True] * n + [False] * m, device=like.device)


def _lengths(group: TokenGroup, like: Tensor) -> Tensor:
    return torch.tensor([len(r) for r in group.responses], device=like.device)


def _check_finite(loss: Tensor) -> None:
    if not loss.isfinite():
        raise TrainingError(f"the GEPO loss is {loss.item()}",
                            "Lower the learning rate or gepo.lambda, and start again from the "
                            "last checkpoint or afresh.")
