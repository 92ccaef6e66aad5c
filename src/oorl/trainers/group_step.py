"""One GEPO group forward and backward, at the price of less than one padded batch.

The prompt runs once; responses run one after another, unpadded; no (tokens, vocabulary) logits are
kept (`oorl.trainers.head`). Since a response's gradient is a scalar times that of its own
log-probability (`oorl.losses.gepo.gepo_coefficients`), no two responses need to be in memory
together. All modes give the same gradient up to rounding; `benchmarks/gepo_memory.md` has their
prices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import PreTrainedModel

from oorl.errors import ParamsError, TrainingError
from oorl.losses.gepo import GEPOForm, gepo_coefficients, gepo_loss
from oorl.trainers.groups import TokenGroup
from oorl.trainers.head import alone
from oorl.trainers.logps import ResponseBatch, can_share_prefix
from oorl.trainers.prefix import Prefix, meet
from oorl.trainers.shards import with_known_gradients

MODES = ("single_graph", "two_pass", "streaming")


class Backward(Protocol):
    """How a loss goes back: into the parameters' gradients, and into those of `leaves`."""

    def __call__(self, loss: Tensor, leaves: Sequence[Tensor] = ()) -> None: ...


class Reference(Protocol):
    """Where the reference's log-probabilities come from (`ReferenceLogps`)."""

    def of(self, group: TokenGroup) -> list[Tensor]: ...


@dataclass(frozen=True)
class GroupForward:
    """Log-probabilities of a group's responses; `model` may wrap `bare`."""

    model: torch.nn.Module
    bare: PreTrainedModel
    group: TokenGroup
    share: bool

    @staticmethod
    def of(model: torch.nn.Module, bare: PreTrainedModel, group: TokenGroup,
           share_prefix: bool = True) -> GroupForward:
        return GroupForward(model, bare, group, share_prefix and can_share_prefix(bare))

    def prompt(self) -> Prefix | None:
        """The prompt's keys and values; None if the architecture cannot share them."""
        if not self.share:
            return None
        prefix: Prefix = self.model(response_batch=self._batch(((0,),)), prefix_only=True)
        return prefix

    def logps(self, response: Sequence[int], prefix: Prefix | None,
              uniform: bool = False, in_place: bool = False) -> Tensor:
        """(T,) of one response; `uniform` and `in_place` as in `add_response_head`."""
        output = self.model(response_batch=self._batch((response,)), prefix=prefix,
                            share_prefix=self.share, uniform=uniform, in_place=in_place)
        result: Tensor = output.logps[0]
        return result

    def _batch(self, responses: Sequence[Sequence[int]]) -> ResponseBatch:
        return ResponseBatch.of([self.group.prompt], [responses], 0, self.bare.device)


@dataclass(frozen=True)
class GEPOStep:
    """How one GEPO backward pass is done.

    Args:
        form: the loss's options.
        mode: "single_graph" keeps the graph of all responses of a group until its backward;
            "two_pass" first runs all responses without a graph, then each alone with its
            closed-form coefficient (least memory: prompt and one response); "streaming" runs each
            response forward and backward once and combines the gradients when the coefficients
            are known (least time; two to four more copies of the trained parameters' gradients,
            so it is for LoRA and small models). Streaming cannot be had with sharded parameters
            (FSDP, ZeRO).
        max_coefficient: clips |dL/d log pi(y|x)| of a response; needs "two_pass".
        share_prefix: run the prompt once, where the architecture allows it.
    """

    form: GEPOForm
    mode: str = "single_graph"
    max_coefficient: float | None = None
    share_prefix: bool = True

    def __post_init__(self) -> None:
        if problem := mode_problem(self.mode, self.max_coefficient):
            raise ParamsError(problem, "Correct the GEPO settings.")

    def backward(
        self, model: torch.nn.Module, bare: PreTrainedModel, groups: Sequence[TokenGroup],
        reference: Reference, backward: Backward, weight: float = 1.0,
        quiet: Callable[[], AbstractContextManager[Any]] = nullcontext,
        slots: Callable[[int], int] = lambda count: count,
    ) -> dict[str, float]:
        """Accumulate weight * d(mean GEPO loss of `groups`)/d(theta).

        `quiet` makes a context in which processes do not synchronise gradients: only the very
        last backward is outside it. `slots` gives the largest of all processes' numbers of
        responses; those with fewer fill up with ones of coefficient 0, because under sharding
        every forward pass is a collective.

        Returns the loss (unweighted), the metrics of `gepo_loss` and token counts, as means
        over the groups.

        Raises:
            TrainingError: the loss is not finite.
        """
        run = {"single_graph": _single_graph, "two_pass": self._two_pass,
               "streaming": _streaming}[self.mode]
        totals: dict[str, float] = {}
        for number, group in enumerate(groups, 1):
            forward = GroupForward.of(model, bare, group, self.share_prefix)
            fill = slots(len(group.responses)) - len(group.responses)
            work = _Work(forward, reference.of(group), self.form, backward, weight / len(groups),
                         quiet, number == len(groups), fill)
            loss, metrics = run(work)
            values = {"loss": loss} | {name: float(value) for name, value in metrics.items()}
            for name, value in values.items():
                totals[name] = totals.get(name, 0.0) + value / len(groups)
        share = self.share_prefix and can_share_prefix(bare)
        totals["tokens"] = float(sum(
            len(g.prompt) * len(g.responses) ** (not share)
            + sum(map(len, g.responses)) for g in groups))
        return totals

    def _two_pass(self, work: _Work) -> tuple[float, dict[str, Tensor]]:
        forward = work.forward
        with work.quiet():
            prefix = forward.prompt()
            cut = None if prefix is None else prefix.cut()
            with torch.no_grad():
                logps = [forward.logps(r, cut) for r in work.responses()][:work.count]
        arguments = work.loss_arguments(logps)
        loss, metrics = gepo_loss(*arguments)
        _check_finite(loss)
        coefficients = gepo_coefficients(*arguments)
        if self.max_coefficient is not None:
            coefficients = coefficients.clamp(-self.max_coefficient, self.max_coefficient)
        scales = [*coefficients.unbind(), *[coefficients[0] * 0] * work.fill]
        *rest, last = zip(work.responses(), scales, strict=True)
        leaves = [] if cut is None else [x for x in cut.tensors if x.requires_grad]
        by_itself = bool(leaves) and alone()
        if by_itself:
            rest.append(last)
        with work.quiet():
            for response, scale in rest:
                logp = forward.logps(response, cut, uniform=True, in_place=True).sum()
                work.backward(scale * work.weight * logp, leaves)
        with work.quiet() if not work.is_last else nullcontext():
            if by_itself:  # a second gradient of the input embedding is not there at the same time
                total = loss.new_zeros(())
            else:  # every parameter takes part, since the others wait for each
                logp = forward.logps(last[0], prefix, uniform=True, in_place=True).sum()
                total = last[1] * work.weight * logp
            if prefix is not None and cut is not None:
                total = meet(total, prefix.tensors, [x.grad for x in cut.tensors])
            work.backward(total)
        return loss.item(), metrics


@dataclass(frozen=True)
class _Work:
    """One group of one step."""

    forward: GroupForward
    reference: list[Tensor]
    form: GEPOForm
    backward: Backward
    weight: float
    quiet: Callable[[], AbstractContextManager[Any]]
    is_last: bool
    fill: int

    @property
    def group(self) -> TokenGroup:
        return self.forward.group

    @property
    def count(self) -> int:
        return len(self.group.responses)

    def responses(self) -> list[Sequence[int]]:
        """The group's, then those that only fill up."""
        own = self.group.responses
        return [*own, *own[:1] * self.fill]

    def loss_arguments(self, logps: Sequence[Tensor]) -> tuple[Any, ...]:
        ratios = log_ratios(logps, self.reference)
        return (ratios, torch.zeros_like(ratios), *group_labels(self.group, ratios), self.form,
                group_lengths(self.group, ratios))


def _single_graph(work: _Work) -> tuple[float, dict[str, Tensor]]:
    *rest, last = work.responses()
    # DDP takes part in the last forward pass only (it broadcasts buffers in each), so that
    # processes may have unequal numbers of responses.
    with work.quiet():
        prefix = work.forward.prompt()
        logps = [work.forward.logps(response, prefix) for response in rest]
    with nullcontext() if work.is_last else work.quiet():
        logps.append(work.forward.logps(last, prefix))
        loss, metrics = gepo_loss(*work.loss_arguments(logps[:work.count]))
        _check_finite(loss)
        idle = sum((x.sum() for x in logps[work.count:]), loss.new_zeros(()))
        work.backward((loss + 0 * idle) * work.weight)
    return loss.item(), metrics


def _streaming(work: _Work) -> tuple[float, dict[str, Tensor]]:
    """One pass. With a_i = 1 or 1 / length, as the options have it for the preference, and b_i for
    the variance, g_i = grad log pi(y_i|x), t_i = b_i r_i and s as in `gepo_coefficients`:

        grad L = -beta s (mean_w a g - mean_l a g) + 2 lambda (mean_w t b g - mean_w t  mean_w b g)
    """
    forward, group, form = work.forward, work.group, work.form
    parameters = [p for p in forward.bare.parameters() if p.requires_grad]
    with work.quiet():
        prefix = forward.prompt()
    cut = None if prefix is None else prefix.cut()
    leaves = [] if cut is None else [x for x in cut.tensors if x.requires_grad]
    wanted = [*parameters, *leaves]
    pull = [torch.zeros_like(x) for x in wanted]
    tie = [torch.zeros_like(x) for x in wanted]
    mixed = form.variance_per_token and not form.length_normalize
    centre = [torch.zeros_like(x) for x in wanted] if mixed else pull
    n, m = len(group.winners), len(group.losers)
    logps, tied = [], 0.0
    for number, response in enumerate(group.responses):
        final = work.is_last and number == n + m - 1
        with nullcontext() if final else work.quiet():
            logp = forward.logps(response, cut, uniform=True)
            grads = torch.autograd.grad(logp.sum(), wanted, materialize_grads=True)
        logps.append(logp.detach())
        per_token = 1 / len(response)
        a = per_token if form.length_normalize else 1.0
        b = per_token if form.needs_lengths else 1.0
        if number >= n:
            torch._foreach_add_(pull, grads, alpha=-a / m)
            continue
        t = b * float(log_ratios(logps[-1:], work.reference[number:number + 1]))
        tied += t / n
        torch._foreach_add_(pull, grads, alpha=a / n)
        torch._foreach_add_(tie, grads, alpha=t * b / n)
        if mixed:
            torch._foreach_add_(centre, grads, alpha=b / n)
        if number == n - 1:  # before the losers come into `pull`
            torch._foreach_add_(tie, centre, alpha=-tied)
            centre = pull
        del grads
    arguments = work.loss_arguments(logps)
    loss, metrics = gepo_loss(*arguments)
    _check_finite(loss)
    margin = metrics["rewards/margins"]
    slope = float(form.beta * (torch.sigmoid(-margin) - form.label_smoothing))
    torch._foreach_mul_(pull, -slope)
    torch._foreach_add_(pull, tie, alpha=2 * form.lambda_)
    del tie
    if prefix is not None:
        sent = dict(zip(map(id, leaves), pull[len(parameters):], strict=True))
        assert cut is not None
        pairs = [(x, sent[id(leaf)]) for x, leaf in zip(prefix.tensors, cut.tensors, strict=True)
                 if id(leaf) in sent]
        if pairs:
            origins, ends = zip(*pairs, strict=True)
            more = torch.autograd.grad(origins, parameters, ends, materialize_grads=True)
            torch._foreach_add_(pull[:len(parameters)], more)
    known = pull[:len(parameters)]
    torch._foreach_mul_(known, work.weight)
    with nullcontext() if work.is_last else work.quiet():
        work.backward(with_known_gradients(known[0].new_zeros(()), known, parameters))
    return loss.item(), metrics


def mode_problem(mode: str, max_coefficient: float | None) -> str:
    """What is wrong with these settings, or nothing."""
    if mode not in MODES:
        return f"mode = {mode!r}: must be one of {', '.join(MODES)}"
    if max_coefficient is not None and mode != "two_pass":
        return "max_coefficient: needs mode two_pass"
    return ""


def checked_form(
    beta: float, lambda_: float, length_normalize: bool, variance_per_token: bool,
    label_smoothing: float,
) -> GEPOForm:
    """A `GEPOForm` from settings; raises `ParamsError` for a value out of range."""
    try:
        return GEPOForm(beta, lambda_, length_normalize, variance_per_token, label_smoothing)
    except ValueError as error:
        raise ParamsError(str(error), "Correct the GEPO settings.") from None


def log_ratios(logps: Sequence[Tensor], reference: Sequence[Tensor]) -> Tensor:
    """(R,) r_hat: the sum over tokens of log-probability differences."""
    return torch.stack([
        (policy - ref.to(policy.device)).sum()
        for policy, ref in zip(logps, reference, strict=True)])


def group_labels(group: TokenGroup, like: Tensor) -> tuple[Tensor, Tensor]:
    n, m = len(group.winners), len(group.losers)
    index = torch.zeros(n + m, dtype=torch.long, device=like.device)
    return index, torch.tensor([True] * n + [False] * m, device=like.device)


def group_lengths(group: TokenGroup, like: Tensor) -> Tensor:
    return torch.tensor([len(r) for r in group.responses], device=like.device)


def _check_finite(loss: Tensor) -> None:
    if not loss.isfinite():
        raise TrainingError(f"the GEPO loss is {loss.item()}",
                            "Lower the learning rate or gepo.lambda, and start again from the "
                            "last checkpoint or afresh.")
