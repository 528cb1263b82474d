"""How tensors lie on several processes, told without communicating."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from torch import nn

from expert.adapters.torch.parameters import local
from expert.adapters.torch.profile.unwrapping import attribute


class Layout(NamedTuple):
    """Which of how many parts of a tensor lies in this process. Processes with the same ``place`` hold the same."""

    place: tuple[int, ...]
    """Coordinates along those axes of the mesh that divide the tensor; empty where all of it is here."""
    parts: int


SPREAD = "The {what} given is spread over the processes and was left out; pass its full_tensor()."

WHOLE = Layout((), 1)


def layout(tensor: Any) -> Layout | None:
    """The layout of a tensor; None where it is a sum that is still to be made, or lies in other processes."""
    placements = getattr(tensor, "placements", None)
    if placements is None:
        return WHOLE
    mesh = tensor.device_mesh
    where = mesh.get_coordinate()
    if where is None or any(placement.is_partial() for placement in placements):
        return None
    axes = [axis for axis, placement in enumerate(placements) if not placement.is_replicate() and mesh.size(axis) > 1]
    return Layout(tuple(where[axis] for axis in axes), math.prod(mesh.size(axis) for axis in axes))


def flat_layouts(model: nn.Module) -> dict[int, Layout]:
    """The layouts of the parameters that the older ``FullyShardedDataParallel`` holds as flat pieces, by their ids."""
    found: dict[int, Layout] = {}
    for module in model.modules():
        if type(module).__name__ != "FullyShardedDataParallel":
            continue
        strategy, size, rank = (attribute(module, name) for name in ("sharding_strategy", "world_size", "rank"))
        if getattr(strategy, "name", "") == "NO_SHARD" or not isinstance(size, int) or not isinstance(rank, int):
            continue
        # Modules come from the outside in: the innermost wrapper holds the parameter.
        found |= {id(parameter): Layout((rank,), size) for parameter in module.parameters()}
    return found


def whole(value: Any) -> Any:
    """A number given by the user without what spreads it over processes; None where it is spread over them.

    To ask a distributed tensor for its value can make all processes wait for each other; only the user knows whether
    they all ask.
    """
    placements = getattr(value, "placements", None)
    if placements is None:
        return value
    return local(value) if all(placement.is_replicate() for placement in placements) else None
