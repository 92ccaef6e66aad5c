"""The weights of a Qwen3 or Llama module, laid out for the fast decoding loop.

Query, key and value projections become one matrix, as do gate and up; the attention scale is
folded into what makes the queries, so that no step multiplies by it. Everything is read at
the time of the call: a model that trains on between two calls needs no notification.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

# Rotary tables that do not depend on the length of the text.
STATIC_ROPES = ("default", "linear", "llama3", "yarn")


@dataclass
class Layer:
    """One decoder layer. Shapes: H hidden, Q and K query and key-value heads, D head size."""

    input_norm: torch.Tensor            # (H,)
    qkv: torch.Tensor                   # ((Q + 2 K) D, H); query rows scaled if there is no norm
    qkv_bias: torch.Tensor | None       # ((Q + 2 K) D,)
    qk_norm: torch.Tensor | None        # (Q + K, D); query rows scaled
    output: torch.Tensor                # (H, Q D)
    output_bias: torch.Tensor | None
    post_norm: torch.Tensor             # (H,)
    gate_up: torch.Tensor               # (2 I, H)
    gate_up_bias: torch.Tensor | None
    down: torch.Tensor                  # (H, I)
    down_bias: torch.Tensor | None


@dataclass
class Weights:
    """A whole decoder."""

    embedding: torch.Tensor             # (V, H)
    layers: list[Layer]
    norm: torch.Tensor                  # (H,)
    head: torch.Tensor                  # (V, H)
    rotary: Any                         # the module's own rotary embedding
    activation: Any                     # the module's own activation
    eps: float
    heads: int
    kv_heads: int
    head_dim: int

    def rope(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """cos and signed sin for positions 0..length-1, each (length, D).

        rope(x) = x * cos + roll(x, D / 2) * sin: the sign of transformers' rotate_half is in sin.
        """
        cos, sin = self.rotary(self.embedding, torch.arange(length)[None])
        half = self.head_dim // 2
        return cos[0], torch.cat([-sin[0, :, :half], sin[0, :, half:]], dim=-1)


def is_supported(model: Any) -> bool:
    """Whether the fast loop computes exactly what this model computes."""
    config = getattr(model, "config", None)
    if getattr(config, "model_type", None) not in ("qwen3", "llama"):
        return False
    if type(model).__name__ not in ("Qwen3ForCausalLM", "LlamaForCausalLM"):
        return False  # wrapped, e.g. by adapters
    rope = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    plain = all(type(m) is torch.nn.Linear for layer in model.model.layers
                for m in (layer.self_attn.q_proj, layer.self_attn.o_proj, layer.mlp.down_proj))
    return (plain and rope in STATIC_ROPES and kinds == {"full_attention"}
            and model.lm_head.weight.device.type == "cpu" and _pretraining_tp(config) == 1)


def _pretraining_tp(config: Any) -> int:
    return getattr(config, "pretraining_tp", 1)


def read_weights(model: Any) -> Weights:
    """Read a model for which `is_supported` holds. Tensors may share memory with the model."""
    config, decoder = model.config, model.model
    heads, kv_heads = config.num_attention_heads, config.num_key_value_heads
    head_dim = decoder.layers[0].self_attn.head_dim
    return Weights(
        embedding=decoder.embed_tokens.weight.detach(),
        layers=[_read_layer(layer, heads, kv_heads) for layer in decoder.layers],
        norm=decoder.norm.weight.detach(),
        head=model.lm_head.weight.detach(),
        rotary=decoder.rotary_emb,
        activation=decoder.layers[0].mlp.act_fn,
        eps=config.rms_norm_eps,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
    )


def _read_layer(layer: Any, heads: int, kv_heads: int) -> Layer:
    attention, mlp = layer.self_attn, layer.mlp
    projections = (attention.q_proj, attention.k_proj, attention.v_proj)
    qkv = torch.cat([p.weight.detach() for p in projections])
    qkv_bias = _cat_bias(*projections)
    norm = None
    if hasattr(attention, "q_norm"):
        norm = torch.cat([
            (attention.q_norm.weight.detach() * attention.scaling).expand(heads, -1),
            attention.k_norm.weight.detach().expand(kv_heads, -1)])
    else:
        rows = heads * attention.head_dim
        qkv[:rows] *= attention.scaling
        if qkv_bias is not None:
            qkv_bias[:rows] *= attention.scaling
    return Layer(
        input_norm=layer.input_layernorm.weight.detach(),
        qkv=qkv, qkv_bias=qkv_bias, qk_norm=norm,
        output=attention.o_proj.weight.detach(), output_bias=_cat_bias(attention.o_proj),
        post_norm=layer.post_attention_layernorm.weight.detach(),
        gate_up=torch.cat([mlp.gate_proj.weight.detach(), mlp.up_proj.weight.detach()]),
        gate_up_bias=_cat_bias(mlp.gate_proj, mlp.up_proj),
        down=mlp.down_proj.weight.detach(), down_bias=_cat_bias(mlp.down_proj),
    )


def _cat_bias(*linears: Any) -> torch.Tensor | None:
    """The biases of fused projections, or None where they have none."""
    if linears[0].bias is None:
        return None
    return torch.cat([linear.bias.detach() for linear in linears])
