"""What stands between the caller's object and the one that is meant: compiled, distributed and wrapped modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MODULE_WRAPPERS = {
    "OptimizedModule": "_orig_mod",  # torch.compile
    "DataParallel": "module",
    "DistributedDataParallel": "module",
    "FullyShardedDataParallel": "module",
    "AveragedModel": "module",
    "DeepSpeedEngine": "module",
    "_FabricModule": "_original_module",
}
"""Class -> where it keeps the module it wraps."""
OPTIMIZER_WRAPPERS = {
    "AcceleratedOptimizer": "optimizer",
    "LightningOptimizer": "_optimizer",
    "_FabricOptimizer": "_optimizer",
    "ZeroRedundancyOptimizer": "optim",
    "PostLocalSGDOptimizer": "optim",
}
SCHEDULER_WRAPPERS = {"AcceleratedScheduler": "scheduler", "LRSchedulerConfig": "scheduler"}
COMPILED = "_orig_mod."


def attribute(owner: object, name: str) -> Any:
    """Return an attribute, None where there is none or where asking for it fails in any way."""
    try:
        return getattr(owner, name, None)
    except Exception:  # a property of somebody else's class
        return None


def stored(owner: object, name: str) -> Any:
    """Return what an object itself holds under a name; no property and no ``__getattr__`` is run."""
    try:
        return vars(owner).get(name)
    except TypeError:
        return None


def inner_module(module: Any) -> Any:
    """Return the module that ``torch.compile``, DataParallel, DDP, FSDP, Fabric or an average of weights wraps.

    Any other object comes back as it is. Its parameters bear the names that profiles use (see `plain_name`).
    """
    return _inner(module, MODULE_WRAPPERS)


def inner_optimizer(optimizer: Any) -> Any:
    """Return the optimizer that accelerate, Lightning, Fabric or ZeRO wraps; any other object as it is."""
    return _inner(optimizer, OPTIMIZER_WRAPPERS)


def inner_scheduler(scheduler: Any) -> Any:
    """Return the scheduler that accelerate or Lightning wraps, or that of a Lightning mapping of settings."""
    if isinstance(scheduler, Mapping):
        return inner_scheduler(scheduler.get("scheduler"))
    return _inner(scheduler, SCHEDULER_WRAPPERS)


def plain_name(name: str) -> str:
    """Return the name of a parameter or layer as profiles say it: without what compiling pieces of a model puts in."""
    return name.replace(COMPILED, "")


def _inner(wrapped: Any, wrappers: Mapping[str, str]) -> Any:
    for _ in range(8):  # wrappers of wrappers, but no circle
        names = (owner.__name__ for owner in type(wrapped).__mro__)
        place = next((wrappers[name] for name in names if name in wrappers), None)
        inner = None if place is None else attribute(wrapped, place)
        if inner is None or inner is wrapped:
            return wrapped
        wrapped = inner
    return wrapped
