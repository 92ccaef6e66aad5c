"""What training will need in memory, from settings and the model's shape; nothing is loaded.

An upper estimate: weights, gradients and optimiser states are exact; activations are those of the
longest text that the settings let through, and nothing is taken off for prompts that are shared.
What small models really took lay between a third of it and all
(tests/integration/test_memory_estimate.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from oorl.errors import ArtifactError
from oorl.params import Params

# Values of the hidden state's size that a decoder layer keeps for its backward pass; those of the
# MLP and of the attention come on top (see `Shape.layer_width`).
_HIDDEN_KEPT = 8
_LOGITS_AT_ONCE = 2**23  # as in oorl.trainers.head: values of a piece of logits, in float32
_LOGIT_COPIES = 3
_BUCKET = 500_000_000  # DeepSpeed's default: values of gradients exchanged at once
_ROLLOUT_ROWS = 64  # as in oorl.generation: completions that transformers decodes together


@dataclass(frozen=True)
class Shape:
    """A Qwen3 or Llama decoder."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    tied: bool
    qk_norm: bool = True

    @property
    def parameters(self) -> int:
        head = self.vocabulary * self.hidden * (1 if self.tied else 2)
        norms = 2 * self.hidden + (2 * self.head_dim if self.qk_norm else 0)
        return head + self.layers * (sum(a * b for a, b in self.matrices) + norms) + self.hidden

    @property
    def matrices(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of a layer's linear maps."""
        q, kv = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return [(self.hidden, q), (self.hidden, kv), (self.hidden, kv), (q, self.hidden),
                *[(self.hidden, self.intermediate)] * 2, (self.intermediate, self.hidden)]

    def adapters(self, rank: int) -> int:
        """Parameters of LoRA on all linear maps of all layers."""
        return self.layers * rank * sum(a + b for a, b in self.matrices)

    @property
    def layer_width(self) -> int:
        """Values a token leaves in one layer for its backward pass."""
        q, kv = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return _HIDDEN_KEPT * self.hidden + 3 * (q + 2 * kv) + 4 * self.intermediate

    @property
    def cache_width(self) -> int:
        """Values a token leaves in the key-value cache."""
        return 2 * self.layers * self.kv_heads * self.head_dim


KNOWN = {"Qwen/Qwen3-8B": Shape(4096, 36, 32, 8, 128, 12288, 151936, False)}


def shape_of(params: Params) -> Shape:
    """The shape of base.model: of the embedded one, a known one, or from its configuration.

    Raises `ArtifactError` if the configuration cannot be had.
    """
    base = params.base
    if base.model == "embedded":
        return Shape(base.hidden_size, base.layers, base.heads, max(1, base.heads // 2),
                     base.hidden_size // base.heads, 3 * base.hidden_size, base.vocab_size, True)
    if base.model in KNOWN:
        return KNOWN[base.model]
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(base.model).get_text_config()
        heads = config.num_attention_heads
        return Shape(
            config.hidden_size, config.num_hidden_layers, heads, config.num_key_value_heads,
            getattr(config, "head_dim", None) or config.hidden_size // heads,
            config.intermediate_size, config.vocab_size, bool(config.tie_word_embeddings),
            config.model_type == "qwen3")
    except Exception as error:  # each kind of file fails in its own way
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ArtifactError(
            f"{base.model}: its shape cannot be read: {first[:200]}",
            f"Give the path of a local copy, or one of {', '.join(KNOWN)}.") from None


@dataclass(frozen=True)
class Estimate:
    """Bytes on one device. The largest of the phases comes on top of what is always there."""

    model: str
    parameters: int
    trained: int
    always: dict[str, int]
    phases: dict[str, int]
    gpus: int = 1
    host: int = 0  # main memory, of all processes together

    @property
    def peak(self) -> int:
        return sum(self.always.values()) + max(self.phases.values())

    def text(self) -> str:
        """A table for people."""
        rows = [f"{self.model}: {self.parameters:,} parameters, {self.trained:,} trained; "
                + (f"on each of {self.gpus} devices (ZeRO-2, optimiser in main memory)"
                   if self.gpus > 1 else "on one device"), ""]
        rows += [f"  {name:46}{_gib(size)}" for name, size in self.always.items()]
        rows += ["  and the largest of"]
        rows += [f"    {name:44}{_gib(size)}" for name, size in self.phases.items()]
        rows.append(f"  {'at most':46}{_gib(self.peak)}")
        if self.host:
            rows.append(f"  {'main memory, all processes':46}{_gib(self.host)}")
        return "\n".join(rows)


def _gib(size: int) -> str:
    return f"{size / 2**30:9.2f} GiB"


def estimate(params: Params, gpus: int = 1) -> Estimate:
    """The larger of the rl and gepo stages, as `oorl.trainers.translation` sets them up.

    With several `gpus`: on each of them, under DeepSpeed's ZeRO-2 with the optimiser offloaded,
    as in the paper.
    """
    shape, rl, gepo = shape_of(params), params.rl, params.gepo
    embedded = params.base.model == "embedded"
    trained = shape.adapters(rl.lora_rank) if rl.lora_rank else shape.parameters
    length = params.base.max_length
    samples = -(-rl.prompts_per_step * rl.num_generations // gpus)
    rows, decoded = min(rl.batch_size, samples), min(_ROLLOUT_ROWS, samples)
    group = params.ir_groups.winners + params.ir_groups.losers
    at_once = group if gepo.mode == "single_graph" else 1
    phases = {
        f"rollout, {decoded} x {length} tokens":
            decoded * length * shape.cache_width * (4 if embedded else 2),
        f"on-policy step, {rows} x {length} tokens": _step(shape, rows * length, embedded),
        f"GEPO, {gepo.mode}, {at_once} x {length} tokens":
            _step(shape, at_once * length, embedded)
            + (3 * 4 * trained if gepo.mode == "streaming" else 0)}
    return Estimate(params.base.model, shape.parameters, trained,
                    _always(shape, trained, embedded, gpus), phases, gpus,
                    16 * trained if gpus > 1 else 0)


def _always(shape: Shape, trained: int, embedded: bool, gpus: int) -> dict[str, int]:
    """What is there at all times; AdamW in float32."""
    if gpus > 1:
        return {"weights (bf16)": 2 * max(shape.parameters, trained),
                "two buckets of gradients (bf16)": 2 * 2 * min(_BUCKET, trained)}
    frozen = 0 if trained == shape.parameters else shape.parameters * (4 if embedded else 2)
    found = {"weights": frozen + 4 * trained, "gradients": 4 * trained,
             "AdamW's two states": 8 * trained}
    if not embedded:
        found["trained weights as autocast keeps them (bf16)"] = 2 * trained
    return found


def _step(shape: Shape, tokens: int, embedded: bool) -> int:
    """Forward and backward; models other than the embedded one checkpoint their layers."""
    logits = _LOGIT_COPIES * 4 * _LOGITS_AT_ONCE
    if embedded:
        return logits + 4 * tokens * shape.layers * shape.layer_width
    return logits + 2 * tokens * (shape.layers * shape.hidden + shape.layer_width)
