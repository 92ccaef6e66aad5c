"""FSDP2 and DeepSpeed on CPUs, for two_processes.py.

torch and DeepSpeed shard over CPUs too, accelerate offers it over accelerators only. So it is told
that these processes are such; everything after that is what runs on GPUs.
"""

from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import DistributedType
from torch.distributed.tensor import DTensor

FSDP = {"fsdp": True, "fsdp_config": {
    "version": 2, "auto_wrap_policy": "TRANSFORMER_BASED_WRAP", "reshard_after_forward": True,
    "transformer_layer_cls_to_wrap": ["Qwen3DecoderLayer"]}}


def zero(stage):
    return {"use_cpu": False, "deepspeed": {
        "train_micro_batch_size_per_gpu": "auto", "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto", "zero_optimization": {"stage": stage},
        "zero_allow_untested_optimizer": True, "zero_force_ds_cpu_optimizer": False}}


SETTINGS = {"fsdp2": FSDP, "zero2": zero(2), "zero3": zero(3)}


def prepare(kind):
    """To be called before a trainer's settings are made."""
    if kind == "fsdp2":
        _fsdp_on_cpus()
    else:
        _deepspeed_on_cpus()


def _fsdp_on_cpus():
    whole = AcceleratorState.__init__

    def init(self, *args, fsdp_plugin=None, **kwargs):
        whole(self, *args, fsdp_plugin=fsdp_plugin, **kwargs)
        self.fsdp_plugin = fsdp_plugin or self.__dict__.get("fsdp_plugin")
        self.distributed_type = DistributedType.FSDP

    AcceleratorState.__init__ = init


def _deepspeed_on_cpus():
    import deepspeed.comm.torch

    PartialState._prepare_backend = lambda *_, **__: ("gloo", DistributedType.MULTI_CPU)
    deepspeed.comm.torch.build_shm_op = lambda: None  # faster, but to be compiled first


def is_sharded(parameter):
    return isinstance(parameter, DTensor) or hasattr(parameter, "ds_tensor")


def whole(parameter):
    """The parameter, put together from all processes' pieces."""
    if isinstance(parameter, DTensor):
        return parameter.detach().full_tensor()
    if hasattr(parameter, "ds_tensor"):
        import deepspeed

        with deepspeed.zero.GatheredParameters([parameter]):
            return parameter.detach().clone()
    return parameter.detach()
