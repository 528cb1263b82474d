"""On which parameters the weight decay of PyTorch optimizers acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from expert.adapters.torch.profile.unwrapping import attribute, inner_optimizer


def decays_norm_and_bias(module: Any, optimizers: Iterable[object]) -> bool | None:
    """Return whether a weight decay acts on biases or on the parameters of normalization layers; None where there is no
    decay, or the model has no such parameter.
    """
    decayed = {id(one) for optimizer in optimizers for one in _decayed(inner_optimizer(optimizer))}
    try:
        levels = set(_levels(module))
    except Exception:  # classes of all kinds
        return None
    return bool(decayed & levels) if decayed and levels else None


def _decayed(optimizer: object) -> Iterator[object]:
    groups = attribute(optimizer, "param_groups")
    for group in groups if isinstance(groups, list | tuple) else ():
        decay = group.get("weight_decay") if isinstance(group, Mapping) else None
        if isinstance(decay, int | float) and decay > 0:
            yield from group.get("params", ())


def _levels(module: Any) -> Iterator[int]:
    """The ids of the parameters that hold a level or a gain, and no weights between units."""
    for part in module.modules():
        normalizes = "norm" in type(part).__name__.lower()
        for name, parameter in part.named_parameters(recurse=False):
            if normalizes or name.endswith("bias") or name.startswith("bias_"):
                yield id(parameter)
