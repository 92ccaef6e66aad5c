"""OORL: on-policy RL and GEPO in one optimiser step (Wu et al. 2025, sec. 3.3).

    L = w_rl * L_onpolicy(theta) + w_gepo * L_GEPO(pi_theta; pi_ref)

on TRL's GRPOTrainer, of which this file overrides, besides public methods:

    _generate_single_turn                 an own rollout engine
    _calculate_rewards                    keep the rewards; name the fault
    _generate_and_score_completions       REINFORCE++ advantages, (B, T)
    _prepare_inputs                       keep a prompt's samples together
    _get_per_token_logps_and_entropies    run each prompt once for its samples
    _compute_loss                         REINFORCE++'s loss
    _get_train_sampler                    the order of an epoch, also when resumed in it

`tests/unit/trainers/test_trl_contract.py` pins these. The GEPO gradient of a step is added
before the step's first on-policy micro-batch; both meet in one clipping and one optimiser step,
so a GEPO spike does shrink the on-policy gradient through joint clipping.

Determinism: rollout seeds and GEPO groups are pure functions of (seed, step, rank), so a run
resumed from a checkpoint repeats the uninterrupted one bit for bit.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from accelerate.utils import is_peft_model
from datasets import Dataset
from torch import Tensor
from transformers import PreTrainedModel
from trl import GRPOTrainer, is_conversational
from trl.trainer.utils import RepeatSampler

from oorl.errors import DataError, InfraError, OORLError, TrainingError
from oorl.generation.sampling import OnDone
from oorl.losses.policy_gradient import (
    group_baseline,
    leave_one_out,
    ppo_clip,
    reinforce_pp_advantages,
    sequence_clip,
    token_kl,
)
from oorl.trainers.card import write_card
from oorl.trainers.distributed import quiet, refuse_streaming, slots
from oorl.trainers.group_step import GEPOStep
from oorl.trainers.groups import TokenGroup, dpo_pairs, drawn_easy_first, tokenize_groups
from oorl.trainers.logps import ResponseBatch, ResponseLogps, add_response_head, can_share_prefix
from oorl.trainers.oorl_config import OORLConfig
from oorl.trainers.reference import ReferenceLogps, check_start
from oorl.trainers.shards import Backward, Shards, with_known_gradients

REFERENCE_FILE = "gepo_reference_{rank}.pt"
logger = logging.getLogger(__name__)


class RolloutFn(Protocol):
    """A rollout engine used instead of transformers' `generate`."""

    def __call__(
        self, model: PreTrainedModel, prompt_ids: list[list[int]], *, num_generations: int,
        max_new_tokens: int, temperature: float, seed: int, on_done: OnDone | None = None,
    ) -> list[list[list[int]]]:
        """Token ids [prompt][sample][token]; a completion ends in EOS unless it was cut.

        `on_done(prompt, sample, tokens)` may be called with each completion as soon as it is
        complete, from any thread; it is only given where a reward function can begin early.
        """


class OORLTrainer(GRPOTrainer):
    """GRPOTrainer with REINFORCE++ and a GEPO stream.

    Args:
        groups: GEPO rows with `prompt`, `chosen` (list), `rejected` (list), plain or
            conversational, and perhaps `hardness` (a number for each rejected response: see
            `gepo_curriculum_steps`); needed unless `args.w_gepo` is 0.
        rollout_fn: see `RolloutFn`; without it TRL generates.
        reward_funcs: as GRPOTrainer's. One that has a method `start(completion, **columns)` gets
            each completion there, from any thread, while others are still being generated (given
            a `rollout_fn`); the call with the whole batch follows as ever.
        Others: as GRPOTrainer's.

    Logged beside TRL's metrics, per optimiser step: `gepo/*`; `time/*_s`, seconds generating,
    waiting for rewards, in GEPO, in the whole step, and of CPU; `tokens/*`, tokens generated,
    prefilled, trained (forward and backward) and run forward.
    """

    _tag_names = ["trl", "oorl"]  # noqa: RUF012  (TRL's own declaration)
    _name = "OORL"
    args: OORLConfig
    model: PreTrainedModel
    num_generations: int
    num_generations_eval: int
    _buffered_inputs: Any

    def __init__(
        self, model: str | PreTrainedModel, reward_funcs: Any = None,
        args: OORLConfig | None = None, train_dataset: Dataset | None = None,
        groups: Iterable[Mapping[str, Any]] | None = None, rollout_fn: RolloutFn | None = None,
        **kwargs: Any,
    ) -> None:
        args = args or OORLConfig("oorl-output")
        if args.w_rl == 0 and reward_funcs is None:
            reward_funcs = _no_reward
        _check_size(train_dataset, args)
        _check_reference(model, args, kwargs.get("peft_config"))
        super().__init__(model, reward_funcs, args, train_dataset, **kwargs)
        if args.w_gepo > 0:
            refuse_streaming(self.accelerator, args.gepo_mode, "gepo_mode")
        self._rollout_fn = rollout_fn
        self.stopped = ""  # why training ended early
        self._rewards: Tensor | None = None
        self._rollout_rows: Sequence[Mapping[str, Any]] = []
        self._tally: defaultdict[str, float] = defaultdict(float)
        self._base_step: int | None = None
        self._cpu_s = time.process_time()
        self._gepo_done_at = -1
        self._reference: ReferenceLogps | None = None
        self._groups: list[TokenGroup] = []
        add_response_head(self.model)
        if self.ref_model is not None:
            add_response_head(self.ref_model)
        if args.w_gepo > 0:
            if groups is None:
                raise DataError("w_gepo > 0 but no GEPO groups were given",
                                "Pass groups=..., or set w_gepo to 0.")
            self._groups, self.group_counts = tokenize_groups(
                groups, self._tokenizer, args.gepo_max_length, args.chat_template_kwargs)
        self._shards = Shards(args.cpu_workers) if args.cpu_workers else None
        self._lock = threading.Lock()
        self._gepo = GEPOStep(args.gepo_form(), args.gepo_mode, args.gepo_max_coefficient)

    def _send_telemetry(self) -> None:
        """Nothing leaves the machine."""

    # ---------------------------------------------------------------- GEPO stream

    def train(
        self, resume_from_checkpoint: str | bool | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """As Trainer.train; makes GEPO's reference first, or on resume reads the stored one."""
        if self.args.w_gepo > 0:
            self._obtain_reference(bool(resume_from_checkpoint))
        return super().train(resume_from_checkpoint, *args, **kwargs)

    def _obtain_reference(self, resume: bool) -> None:
        """Log-probabilities under the untouched model, of the groups this rank will draw."""
        wanted = [group for step in range(self._step_count()) for group in self._drawn(step)]
        name = REFERENCE_FILE.format(rank=self.accelerator.process_index)
        with self.compute_loss_context_manager(), self.accelerator.autocast():
            self._reference = ReferenceLogps.obtain(
                Path(str(self.args.output_dir)) / name, resume, self.model, wanted,
                max(1, self.args.cpu_workers))
        if not resume:
            distinct = {group.key: group for group in wanted}.values()
            self._tally["tokens/forward"] += sum(
                len(g.prompt) * len(g.responses) + sum(map(len, g.responses)) for g in distinct)

    def _step_count(self) -> int:
        if self.args.max_steps > 0:
            return self.args.max_steps
        return self.set_initial_training_values(self.args, self.get_train_dataloader())[-1]

    def _drawn(self, step: int) -> list[TokenGroup]:
        chosen = drawn_easy_first(
            [group.hardness for group in self._groups], self.args.groups_per_step, self.args.seed,
            step, self.args.gepo_curriculum_steps, self.accelerator.process_index,
            self.accelerator.num_processes)
        groups = [self._groups[i] for i in chosen]
        if self.args.gepo_loss == "dpo":
            return [pair for group in groups for pair in dpo_pairs(group)]
        return groups

    def _gepo_backward(self, model: torch.nn.Module) -> float:
        """Add this optimiser step's GEPO gradient, once; returns w_gepo * loss (0 if done)."""
        step = self.state.global_step
        if self.args.w_gepo == 0 or self._gepo_done_at == step:
            return 0.0
        self._gepo_done_at = step
        assert self._reference is not None
        started = time.perf_counter()
        groups = self._drawn(step)
        # The on-policy backward that follows synchronises both gradients at once.
        outer = quiet(self.accelerator, model) if self.args.w_rl > 0 else nullcontext()
        with outer, self.compute_loss_context_manager():
            if step == 0:
                check_start(model, self.model, groups[0], self._reference)
            metrics = self._gepo_gradient(model, groups)
        self._tally["tokens/trained"] += metrics.pop("tokens")
        for name, value in metrics.items():
            self._metrics["train"][f"gepo/{name}"].append(value)
        self._tally["time/gepo_s"] += time.perf_counter() - started
        return self.args.w_gepo * metrics["loss"]

    def _gepo_gradient(
        self, model: torch.nn.Module, groups: list[TokenGroup]
    ) -> dict[str, float]:
        """Backward of the groups, on CPU side by side; the mean metrics (tokens: the sum)."""
        reference = self._reference
        assert reference is not None
        if self._shards is None:
            return self._gepo.backward(
                model, self.model, groups, reference, self._backward, self.args.w_gepo,
                lambda: quiet(self.accelerator, model), slots(self.accelerator))
        share = self.args.w_gepo / len(groups)

        def part(group: TokenGroup) -> Callable[[Backward], dict[str, float]]:
            return lambda backward: self._gepo.backward(
                model, self.model, [group], reference, backward, share)

        parameters = self._trained()
        results, grads = self._shards.run([part(group) for group in groups], parameters)
        self._backward(with_known_gradients(grads[0].new_zeros(()), grads, parameters))
        mean = {name: sum(r[name] for r in results) / len(results) for name in results[0]}
        return mean | {"tokens": mean["tokens"] * len(results)}

    def _trained(self) -> list[torch.nn.Parameter]:
        return [p for p in self.model.parameters() if p.requires_grad]

    def _backward(self, loss: Tensor, leaves: Sequence[Tensor] = ()) -> None:
        deepspeed = {"scale_wrt_gas": False} if self.is_deepspeed_enabled else {}
        self.accelerator.backward(loss, **deepspeed)

    # ---------------------------------------------------------------- one micro-step

    def _get_train_sampler(self, dataset: Any = None) -> Any:
        args = self.args
        return _EpochSampler(
            self.train_dataset if dataset is None else dataset,
            mini_repeat_count=self.num_generations,
            batch_size=int(args.generation_batch_size or 0) // self.num_generations,
            repeat_count=self.num_iterations * int(args.steps_per_generation or 1),
            shuffle=bool(self.shuffle_dataset), seed=args.seed,
            epoch=lambda: int(self.state.epoch or 0))

    def training_step(
        self, model: torch.nn.Module, inputs: Any, num_items_in_batch: Any = None
    ) -> Tensor:
        """GEPO's backward on the step's first micro-batch, then the on-policy one.

        Raises:
            TrainingError: a loss is not finite.
        """
        model.train()
        if self._base_step is None:
            self._base_step = self.state.global_step
        started = time.perf_counter()
        gepo = self._gepo_backward(model)
        if self.args.w_rl > 0:
            loss = super().training_step(model, inputs, num_items_in_batch)
        else:
            loss = torch.zeros((), device=self.accelerator.device)
            self._step += 1
        if not loss.isfinite():
            raise TrainingError(
                f"the on-policy loss is {loss.item()} at step {self.state.global_step}",
                "Lower learning_rate or max_grad_norm and start again from the last checkpoint.")
        self._tally["time/step_s"] += time.perf_counter() - started
        return loss + gepo

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add this interval's sums of tokens and seconds."""
        now = time.process_time()
        self._tally["time/cpu_s"] += now - self._cpu_s
        self._cpu_s = now
        logs.update(self._tally)
        self._tally.clear()
        recent = self._metrics["train"].get("kl", [])
        super().log(logs, start_time)
        self._watch_kl(max(recent, default=0.0))

    def _watch_kl(self, kl: float) -> None:
        """End training after this step if the policy ran away from its start."""
        if self.args.max_kl is not None and not kl <= self.args.max_kl:
            self.stopped = (
                f"stopped at step {self.state.global_step}: the KL to the start is {kl:.3g} nats "
                f"per token, above max_kl = {self.args.max_kl}\n  -> Go on from an earlier "
                "checkpoint with a lower learning rate or a higher kl_coef.")
            self.control.should_training_stop = True
            logger.warning(self.stopped)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        write_card(self, "OORL: on-policy RL and GEPO")

    # ---------------------------------------------------------------- rollout and reward

    def _generate_single_turn(
        self, prompt_ids: list[list[int]], images: Any, multimodal_fields: Any,
        num_generations: int, has_tool_images: bool = False,
    ) -> tuple[list[list[int]], Any]:
        started = time.perf_counter()
        self._check_context(max(map(len, prompt_ids)))
        if self._rollout_fn is None:
            result = super()._generate_single_turn(
                prompt_ids, images, multimodal_fields, num_generations, has_tool_images)
            self._tally["tokens/prefill"] += sum(map(len, prompt_ids))
        else:
            result = self._rollout(prompt_ids, num_generations), None
        self._tally["tokens/generated"] += sum(map(len, result[0]))
        self._tally["time/generate_s"] += time.perf_counter() - started
        return result

    def _check_context(self, longest: int) -> None:
        context = getattr(self.accelerator.unwrap_model(self.model).config,
                          "max_position_embeddings", None)
        room = int(self.max_completion_length or 0)
        if context is not None and longest + room > context:
            raise DataError(
                f"a prompt has {longest} tokens; with max_completion_length = {room} that exceeds "
                f"the model's context of {context}",
                "Filter long prompts, or lower max_completion_length.")

    def _rollout(self, prompt_ids: list[list[int]], num_generations: int) -> list[list[int]]:
        """TRL repeats each prompt `num_generations` times in a row; the engine gets it once."""
        assert self._rollout_fn is not None
        distinct = prompt_ids[::num_generations]
        if [ids for ids in distinct for _ in range(num_generations)] != prompt_ids:
            distinct, num_generations = prompt_ids, 1  # a process holds part of a prompt's samples
        self._tally["tokens/prefill"] += sum(map(len, distinct))
        model = self.accelerator.unwrap_model(self.model)
        was_training = model.training
        model.eval()
        begin = self._begin_rewards(num_generations)
        early: dict[str, Any] = {} if begin is None else {"on_done": begin}
        with torch.no_grad():
            completions = self._rollout_fn(
                model, distinct, num_generations=num_generations,
                max_new_tokens=int(self.max_completion_length or 0), temperature=self.temperature,
                seed=self._rollout_seed(), **early)
        model.train(was_training)
        flat = [ids for samples in completions for ids in samples]
        if len(flat) != len(prompt_ids) or not all(flat):
            raise InfraError(
                f"the rollout engine gave {len(flat)} completions for {len(prompt_ids)} prompts, "
                f"{sum(not ids for ids in flat)} of them empty",
                "Check rollout_fn: num_generations lists of at least one token per prompt.")
        return flat

    def _begin_rewards(self, num_generations: int) -> OnDone | None:
        """Hands completions to the reward functions that can begin early; None without one."""
        found = [getattr(f, "start", None) for f in self.reward_funcs]
        starts: list[Callable[..., None]] = [
            s for s in found if callable(s) and not isinstance(s, Tensor)]
        reads_more = any(getattr(self._tokenizer, name, None) is not None
                         for name in ("response_template", "response_schema"))
        if not starts or self.tools or reads_more:
            return None
        rows = self._rollout_rows
        chat = is_conversational({"prompt": rows[0]["prompt"]})

        def begin(prompt: int, sample: int, tokens: list[int]) -> None:
            row = rows[prompt * num_generations + sample]
            columns = {k: v for k, v in row.items()
                       if k not in ("prompt", "completion", "completion_ids")}
            with self._lock:
                text: Any = self._tokenizer.decode(tokens, skip_special_tokens=True)
                try:
                    for start in starts:
                        start([{"role": "assistant", "content": text}] if chat else text,
                              **columns)
                except Exception as error:
                    raise self._reward_failed(error) from error

        return begin

    def _rollout_seed(self) -> int:
        """A pure function of (seed, global micro-step, rank)."""
        base = (self._base_step or 0) * self.args.gradient_accumulation_steps
        world = self.accelerator.num_processes
        return ((self.args.seed * 1_000_003 + base + self._step) * world
                + self.accelerator.process_index) % 2**63

    def _calculate_rewards(
        self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any
    ) -> Tensor:
        started = time.perf_counter()
        try:
            self._rewards = super()._calculate_rewards(
                inputs, prompts, completions, completion_ids_list)
        except OORLError:
            raise
        except Exception as error:
            raise self._reward_failed(error) from error
        if self._rewards.isnan().all():
            raise InfraError(
                f"no completion of step {self.state.global_step} could be judged",
                "Run `oorl doctor` to check the sandbox, then start the stage again.")
        self._tally["time/judge_s"] += time.perf_counter() - started
        return self._rewards

    def _reward_failed(self, error: Exception) -> OORLError:
        if isinstance(error, OORLError):
            return error
        names = ", ".join(self.reward_func_names)
        return InfraError(f"a reward function ({names}) failed: {type(error).__name__}: {error}",
                          "Mend the reward function; a completion it cannot judge should get None.")

    def _generate_and_score_completions(self, inputs: Any) -> dict[str, Any]:
        self._rollout_rows = inputs
        output = super()._generate_and_score_completions(inputs)
        if self.args.algorithm != "grpo":
            output["advantages"] = self._advantages(output)
        output["row"] = torch.arange(len(inputs), device=self.accelerator.device)
        return output

    @torch.no_grad()
    def _advantages(self, output: dict[str, Any]) -> Tensor:
        """(B, T) for this process's rows; (B,) with RLOO."""
        assert self._rewards is not None
        weights = self.reward_weights.to(self._rewards.device)
        rewards = (self._rewards * weights).nansum(1)
        rewards[self._rewards.isnan().all(1)] = torch.nan
        samples = self.num_generations if self.model.training else self.num_generations_eval
        mask, rows = _loss_mask(output), len(output["completion_ids"])
        start = self.accelerator.process_index * rows
        kl = self._kl(output, mask)
        if self.args.algorithm == "rloo":
            if kl is not None:
                rewards = rewards - self.args.kl_coef * self.accelerator.gather(kl.sum(1))
            return leave_one_out(rewards, samples)[start:start + rows].float()
        if self.args.algorithm == "reinforce_pp_baseline":
            rewards = group_baseline(rewards, samples)
        return reinforce_pp_advantages(
            rewards[start:start + rows].float(), mask, kl=kl,
            kl_coef=self.args.kl_coef, gamma=self.args.gamma,
            reduce=lambda x: self.accelerator.reduce(x, reduction="sum"))

    def _kl(self, output: dict[str, Any], mask: Tensor) -> Tensor | None:
        """(B, T) KL of the sampling policy to the reference, or None if nobody asks."""
        if self.args.kl_coef == 0 and self.args.max_kl is None:
            return None
        if "old_per_token_logps" not in output:
            output["old_per_token_logps"], _, _ = self._get_per_token_logps_and_entropies(
                self.model, *_joined(output), batch_size=self.args.per_device_train_batch_size)
        kl = token_kl(output["old_per_token_logps"], output["ref_per_token_logps"], mask)
        mode = "train" if self.model.training else "eval"
        mean = self.accelerator.gather(kl.sum()).sum() / self.accelerator.gather(mask.sum()).sum()
        self._metrics[mode]["kl"].append(mean.item())
        return kl

    # ---------------------------------------------------------------- loss

    def _prepare_inputs(self, generation_batch: Any) -> dict[str, Any]:
        """Undo TRL's shuffle when all of a generation batch meets in one optimiser step.

        Order means nothing then, and keeping a prompt's samples together (short prompts first)
        saves padding and lets them share the prompt's compute.
        """
        block = int(self.args.steps_per_generation or 1)
        fresh = self._step % (block * self.num_iterations) == 0 or self._buffered_inputs is None
        inputs = super()._prepare_inputs(generation_batch)
        whole = self.args.gradient_accumulation_steps % block == 0
        if self.model.training and fresh and whole:
            self._buffered_inputs = _regrouped(self._buffered_inputs)
            inputs = self._buffered_inputs[self._step % block]
        return inputs

    def _get_per_token_logps_and_entropies(
        self, model: torch.nn.Module, input_ids: Tensor, attention_mask: Tensor,
        logits_to_keep: int, batch_size: int | None = None, compute_entropy: bool = False,
        compute_aux_loss: bool = False, **multimodal: Any,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """As TRL's, but trimmed of common padding and with repeated prompts computed once."""
        if compute_aux_loss or any(value is not None for value in multimodal.values()):
            return super()._get_per_token_logps_and_entropies(
                model, input_ids, attention_mask, logits_to_keep, batch_size, compute_entropy,
                compute_aux_loss, **multimodal)
        step = batch_size or len(input_ids)
        parts = [
            self._logps_part(model, input_ids[i:i + step], attention_mask[i:i + step],
                             logits_to_keep, compute_entropy)
            for i in range(0, len(input_ids), step)]
        entropies = [part.entropies for part in parts if part.entropies is not None]
        return (torch.cat([part.logps for part in parts]),
                torch.cat(entropies) if entropies else None, None)

    def _logps_part(
        self, model: torch.nn.Module, ids: Tensor, mask: Tensor, keep: int, entropy: bool
    ) -> ResponseLogps:
        batch = _compact(ids, mask, keep)
        share = can_share_prefix(self.accelerator.unwrap_model(model))
        with self.accelerator.autocast():
            output = model(response_batch=batch, share_prefix=share,
                           temperature=self.temperature, entropy=entropy)
        prompt, response = batch.token_count
        if not share:
            prompt = int(batch.prompt_mask.sum(1)[batch.prompt_index].sum())
        kind = "trained" if torch.is_grad_enabled() else "forward"
        with self._lock:
            self._tally[f"tokens/{kind}"] += prompt + response
        gap = (0, keep - output.logps.size(1))
        return ResponseLogps(
            F.pad(output.logps, gap),
            None if output.entropies is None else F.pad(output.entropies, gap))

    def _compute_loss(self, model: torch.nn.Module, inputs: dict[str, Any]) -> Tensor:
        if self.args.algorithm == "grpo":
            return self.args.w_rl * super()._compute_loss(model, inputs)
        mode = "train" if self.model.training else "eval"
        # The token mean over the optimiser step's part of the generation batch, on all processes;
        # with RLOO the mean over its sequences.
        count = inputs["num_items_in_batch"].clamp(min=1) / self.accelerator.num_processes
        if mode == "train":
            count = (count * self.current_gradient_accumulation_steps
                     / int(self.args.steps_per_generation or 1))
        if self.args.algorithm == "rloo":
            count = torch.tensor(float(len(inputs["completion_ids"])), device=count.device)
            count *= self.current_gradient_accumulation_steps if mode == "train" else 1
        if self._shards is not None and torch.is_grad_enabled():
            loss, sums = self._sharded_loss(model, inputs)
        else:
            loss, sums = self._summed_loss(model, inputs)
        sums = self.accelerator.reduce(sums, reduction="sum")
        for name, value in zip(("entropy", "clip_ratio/region_mean"), sums, strict=False):
            self._metrics[mode][name].append((value / sums[2].clamp(min=1)).item())
        return self.args.w_rl * loss / count

    def _summed_loss(
        self, model: torch.nn.Module, inputs: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """The loss summed over tokens, with RLOO over sequences; and (3,), sums of entropy, clipped
        and all tokens."""
        mask = _loss_mask(inputs)
        logps, entropies, _ = self._get_per_token_logps_and_entropies(
            model, *_joined(inputs), compute_entropy=True)
        old = inputs.get("old_per_token_logps")
        old = logps.detach() if old is None else old
        advantages, clip = inputs["advantages"], (self.epsilon_low, self.epsilon_high)
        if self.args.algorithm == "rloo":
            per_row, cut_rows = sequence_clip(logps, old, mask, advantages, *clip)
            return per_row.sum(), _sums(entropies, cut_rows.unsqueeze(1), mask)
        loss, cut = ppo_clip(logps, old, advantages, *clip)
        if "importance_sampling_ratio" in inputs:  # vLLM samples from slightly other weights
            loss = loss * inputs["importance_sampling_ratio"]
        return (loss * mask).sum(), _sums(entropies, cut, mask)

    def _sharded_loss(
        self, model: torch.nn.Module, inputs: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """`_summed_loss` with the halves of the batch side by side."""
        assert self._shards is not None

        def part(rows: Mapping[str, Tensor]) -> Callable[[Backward], tuple[Tensor, Tensor]]:
            def run(backward: Backward) -> tuple[Tensor, Tensor]:
                loss, sums = self._summed_loss(model, rows)
                backward(loss)
                return loss.detach(), sums

            return run

        parameters = self._trained()
        results, grads = self._shards.run(
            [part(half) for half in _halves(inputs, self.num_generations)], parameters)
        loss, sums = (torch.stack(column).sum(0) for column in zip(*results, strict=True))
        return with_known_gradients(loss, grads, parameters), sums


def _halves(inputs: Mapping[str, Tensor], together: int) -> list[dict[str, Tensor]]:
    """The rows of a batch in two parts (one if it cannot be cut), keeping runs of `together`."""
    rows = len(inputs["completion_ids"])
    cut = (rows // together + 1) // 2 * together or rows // 2
    cuts = [slice(0, cut), slice(cut, rows)] if 0 < cut < rows else [slice(0, rows)]
    return [{name: value[part] if value.dim() else value for name, value in inputs.items()}
            for part in cuts]


class _EpochSampler(RepeatSampler):
    """TRL's sampler draws each epoch's order from one running generator, so that a run resumed in
    a later epoch would see the first epoch's order. Here the order is a function of the epoch."""

    def __init__(self, *args: Any, epoch: Callable[[], int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        if self.shuffle:
            self.generator.manual_seed((self.seed or 0) + 1_000_003 * self._epoch())
        return super().__iter__()


def _check_size(dataset: Any, args: OORLConfig) -> None:
    """TRL drops an incomplete batch of prompts, so a small data set would train on nothing."""
    prompts = int(args.generation_batch_size or 0) // int(args.num_generations or 1)
    if hasattr(dataset, "__len__") and len(dataset) < prompts:
        raise DataError(f"{len(dataset)} prompts, but one batch of rollouts takes {prompts}",
                        "Give more prompts, or lower the number of prompts per step.")


def _check_reference(model: Any, args: OORLConfig, peft_config: Any) -> None:
    """TRL loads a second model as the reference of a KL, from where the first came from."""
    lora = peft_config is not None or is_peft_model(model)
    if args.beta and not lora and not isinstance(model, str) and not model.config._name_or_path:
        raise DataError("a KL (kl_coef, max_kl or beta) needs a reference, and this model was made "
                        "in memory",
                        "Save it and load it with from_pretrained, or give its path, or LoRA.")


def _no_reward(completions: Sequence[Any], **_: Any) -> list[float]:
    return [0.0] * len(completions)


def _loss_mask(inputs: Mapping[str, Tensor]) -> Tensor:
    mask = inputs["completion_mask"]
    return mask * inputs["tool_mask"] if "tool_mask" in inputs else mask


def _sums(entropies: Tensor | None, cut: Tensor, mask: Tensor) -> Tensor:
    assert entropies is not None
    return torch.stack([(entropies * mask).sum(), (cut * mask).sum(), mask.sum()]).float()


def _joined(inputs: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, int]:
    """input_ids, attention_mask (B, P + T) and T, as TRL's forward takes them."""
    return (torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], 1),
            torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], 1),
            inputs["completion_ids"].size(1))


def _regrouped(buffered: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows in generation order, prompts of one length together."""
    rows = torch.cat([part["row"] for part in buffered])
    lengths = torch.cat([part["prompt_mask"].sum(1) for part in buffered])
    order = (lengths * len(rows) + rows).argsort().split(len(buffered[0]["row"]))

    def pick(name: str, index: Tensor) -> Any:
        first = buffered[0][name]
        if first is None or first.dim() == 0:
            return first
        return torch.cat([part[name] for part in buffered])[index]

    return [{name: pick(name, index) for name in buffered[0]} for index in order]


def _compact(ids: Tensor, mask: Tensor, keep: int) -> ResponseBatch:
    """Left-padded prompts with right-padded responses; neighbours' equal prompts merged."""
    prompt_ids, prompt_mask = ids[:, :-keep], mask[:, :-keep]
    response_ids, response_mask = ids[:, -keep:], mask[:, -keep:]
    width = int(response_mask.any(0).sum().clamp(min=1))
    start = prompt_ids.size(1) - int(prompt_mask.any(0).sum())
    prompt_ids, prompt_mask = prompt_ids[:, start:], prompt_mask[:, start:]
    differs = ((prompt_ids != prompt_ids.roll(1, 0)) | (prompt_mask != prompt_mask.roll(1, 0)))
    first = differs.any(1)
    first[0] = True
    return ResponseBatch(prompt_ids[first], prompt_mask[first], response_ids[:, :width],
                         response_mask[:, :width], first.long().cumsum(0) - 1)
