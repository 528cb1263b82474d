"""Whether a PyTorch module was trained before this run: its normalization layers tell. They are read, not changed."""

from __future__ import annotations

from typing import Any

from expert.adapters.torch.profile.model_parts import shape_of
from expert.adapters.torch.profile.model_tree import Module, all_modules, own_parameters
from expert.adapters.torch.profile.unwrapping import attribute, inner_module


def trained_before(module: Module) -> bool | None:
    """True where a normalization layer has shifts that differ from channel to channel; None where none tells.

    Fresh shifts are all alike, whatever the initialization, and the first update of a training sets them apart. Scales
    count where there is no shift; beside one they are drawn at random by some, as for a GAN. Never raises.
    """
    try:
        return True if any(_tells(one) for one in all_modules(inner_module(module))) else None
    except Exception:  # modules of all kinds
        return None


def _tells(module: Module) -> bool:
    if "Norm" not in type(module).__name__:
        return False
    held = {name: one for name, one in own_parameters(module).items() if len(shape_of(one)) == 1}
    shift = held.get("bias", held.get("weight"))
    return shift is not None and _differs(shift)


def _differs(parameter: Any) -> bool:
    values = parameter.detach()
    shard = attribute(values, "_local_tensor")
    values = values if shard is None else shard
    if values.device.type == "meta" or values.numel() < 2:
        return False
    return bool((values != values[0]).any())
