"""What a ``DataLoader`` tells without being iterated: batch size, order, steps and samples of an epoch.

Nothing is drawn and nothing is changed: neither the loader, its samplers nor its data set are iterated and no item is
read. Of somebody else's code only the length of the data set is asked for, never that of a sampler, which may have to
draw an epoch to know it.
"""

from __future__ import annotations

from typing import Any

from expert.adapters.torch.profile.unwrapping import attribute
from expert.adapters.torch.profile.workers import workers_share_randomness
from expert.history import DataProfile, History, RunConfig

SAMPLING = "torch.utils.data.sampler"
DISTRIBUTED = "torch.utils.data.distributed"
LOADER_WRAPPERS = {
    "DataLoaderShard": "base_dataloader",  # accelerate
    "DataLoaderDispatcher": "base_dataloader",
    "SkipDataLoader": "base_dataloader",
    "MpDeviceLoaderWrapper": "dataloader",
    "_FabricDataLoader": "_dataloader",
    "PrefetchLoader": "loader",  # timm
}
TELLS_EPOCHS = {"DataLoaderShard", "DataLoaderDispatcher", "_FabricDataLoader"}
"""Wrappers that tell a sampler the epoch each time they are iterated."""
ALWAYS_FIRST = (
    "The DistributedSampler was not told of any epoch, so each epoch has the same order: call sampler.set_epoch(epoch) "
    "before each epoch."
)
SHARED_BY = 2
"""Weights that at least so many samples share on average are those of classes."""
REPEATING = 2
"""With so many epochs begun, a sampler still in epoch 0 was told of none."""


def is_loader(source: object) -> bool:
    """Whether the object is a ``torch.utils.data.DataLoader`` or one of the known wrappers of one."""
    return _is_a(inner_loader(source), "torch.utils.data.dataloader", "DataLoader")


def inner_loader(loader: Any) -> Any:
    """Return the ``DataLoader`` that accelerate, Fabric, Lightning's combined loader or timm wraps, else the object."""
    for _ in range(8):
        place = next(
            (LOADER_WRAPPERS[kind.__name__] for kind in _mro(loader) if kind.__name__ in LOADER_WRAPPERS), None
        )
        inner = None if place is None else attribute(loader, place)
        if inner is None and any(kind.__name__ == "CombinedLoader" for kind in _mro(loader)):
            parts = attribute(loader, "flattened")
            inner = parts[0] if isinstance(parts, list) and len(parts) == 1 else None
        if inner is None or inner is loader:
            return loader
        loader = inner
    return loader


def read_loader(loader: object, *, epochs: int | None = None) -> History:
    """Return what a training loader tells, as a History with ``config``, ``data.samples`` and notes.

    ``epochs`` is how many epochs have been begun with it, if that is known: it shows whether a ``DistributedSampler``
    was ever told of an epoch. ``class_weights`` is True where a ``WeightedRandomSampler`` balances classes; that says
    more than a loss without weights and should be merged after it. What a sampler, batch sampler or data set of
    somebody else's decides stays unknown, and for an object that is no loader everything does. Never raises.
    """
    inner = inner_loader(loader)
    if not is_loader(inner):
        return History()
    tells_epochs = any(kind.__name__ in TELLS_EPOCHS for kind in _mro(loader))
    try:
        return _read(inner, None if tells_epochs else epochs, tells_epochs)
    except Exception:  # whatever a stranger's attributes do, the training goes on
        return History()


def count_samples(source: object) -> int | None:
    """Return the number of samples of a loader or a data set by its length; None where it has none. Never raises."""
    inner = inner_loader(source)
    if is_loader(inner):
        return _samples(inner, _sampler(inner))
    return _length(source)


def _read(loader: Any, epochs: int | None, tells_epochs: bool) -> History:
    batches, sampler = attribute(loader, "batch_sampler"), _sampler(loader)
    if not _streams(loader) and _is_exactly(sampler, SAMPLING, "BatchSampler"):
        batches, sampler = sampler, attribute(sampler, "sampler")  # the documented use of batch_size=None
    batches, sharded = _unsharded(batches)
    notes: list[str] = []
    update: dict[str, Any] = {
        "loader_workers": _count(attribute(loader, "num_workers"), 0),
        "workers_share_randomness": workers_share_randomness(loader),
    }
    drawn: int | None = None
    if _streams(loader):
        drawn = _length(attribute(loader, "dataset")) if update["loader_workers"] == 0 else None
    elif _is_exactly(batches, SAMPLING, "BatchSampler") or batches is None:
        sampler = sampler if batches is None else attribute(batches, "sampler")
        update["shuffle"], update["order_redrawn"] = _order(sampler, epochs, tells_epochs)
        drawn = None if sharded else _drawn(sampler)
        update["class_weights"] = _weighs_classes(sampler)
        if update["order_redrawn"] is False and update["shuffle"]:
            notes.append(ALWAYS_FIRST)
    elif isinstance(batches, list | tuple):
        update |= {"order_redrawn": False, "steps_per_epoch": len(batches)}
    update |= _batches(batches, drawn)
    known = {key: value for key, value in update.items() if value is not None}
    return History(
        config=RunConfig(framework="torch", **known),
        data=DataProfile(samples=_samples(loader, sampler)),
        notes=tuple(notes),
    )


def _batches(batches: Any, drawn: int | None) -> dict[str, Any]:
    """Size and number of batches when ``drawn`` samples are drawn in an epoch."""
    size = _count(attribute(batches, "batch_size"), 1)
    if not _is_exactly(batches, SAMPLING, "BatchSampler"):
        # By convention batch samplers keep their size under this name; what they make of it is their own business.
        return {"batch_size": size} if batches is not None else {}
    found: dict[str, Any] = {"batch_size": size}
    drops = attribute(batches, "drop_last")
    if size is None or drawn is None or not isinstance(drops, bool):
        return found
    full, rest = divmod(drawn, size)
    steps = full if drops or not rest else full + 1
    return found | {
        "steps_per_epoch": steps,
        "last_batch_size": (size if drops or not rest else rest) if steps else None,
    }


def _order(sampler: Any, epochs: int | None, tells_epochs: bool) -> tuple[bool | None, bool | None]:
    """(shuffle, order_redrawn) of a sampler; None for what is not known."""
    if isinstance(sampler, list | tuple | range):
        return None, False  # perhaps shuffled once by whoever made it
    if _iterates_as(sampler, SAMPLING, "SequentialSampler"):
        return False, False
    if any(
        _iterates_as(sampler, SAMPLING, name)
        for name in ("RandomSampler", "SubsetRandomSampler", "WeightedRandomSampler")
    ):
        return True, True
    if _iterates_as(sampler, "accelerate.data_loader", "SeedableRandomSampler"):
        return True, True  # it counts its epochs itself
    if _is_a(sampler, DISTRIBUTED, "DistributedSampler"):
        shuffles = attribute(sampler, "shuffle")
        if not _iterates_as(sampler, DISTRIBUTED, "DistributedSampler") or not isinstance(shuffles, bool):
            return None, None
        if not shuffles:
            return False, False
        # It shuffles by its seed and the epoch it was told; until set_epoch is called each epoch has the same order.
        if tells_epochs or _count(attribute(sampler, "epoch"), 1) is not None:
            return True, True
        return True, False if (epochs or 0) >= REPEATING and attribute(sampler, "epoch") == 0 else None
    return None, None


def _drawn(sampler: Any) -> int | None:
    """How many samples are drawn in an epoch, by one process; None where only code of a stranger knows."""
    if isinstance(sampler, list | tuple | range):
        return len(sampler)
    if _is_exactly(sampler, SAMPLING, "SequentialSampler"):
        return _length(attribute(sampler, "data_source"))
    if _is_exactly(sampler, SAMPLING, "RandomSampler") or _counts_as_random(sampler):
        return _count(attribute(sampler, "num_samples"), 0)
    if _is_exactly(sampler, SAMPLING, "SubsetRandomSampler"):
        return _length(attribute(sampler, "indices"))
    if _is_exactly(sampler, SAMPLING, "WeightedRandomSampler") or _is_exactly(
        sampler, DISTRIBUTED, "DistributedSampler"
    ):
        return _count(attribute(sampler, "num_samples"), 0)
    return None


def _samples(loader: Any, sampler: Any) -> int | None:
    """The number of samples that training draws from."""
    if _is_exactly(sampler, SAMPLING, "SubsetRandomSampler"):
        return _length(attribute(sampler, "indices"))
    if isinstance(sampler, list | tuple | range):
        return len(sampler)
    return _length(attribute(loader, "dataset"))


def _weighs_classes(sampler: Any) -> bool | None:
    """True where samples are drawn with weights that many of them share, as those of one class do; never False."""
    if not _is_exactly(sampler, SAMPLING, "WeightedRandomSampler"):
        return None
    weights = attribute(sampler, "weights")
    different = len(weights.unique())
    return True if 1 < different <= len(weights) // SHARED_BY else None


def _sampler(loader: Any) -> Any:
    """The sampler of single samples: the batch sampler's own, where that is torch's, else the loader's."""
    batches, _ = _unsharded(attribute(loader, "batch_sampler"))
    inner = attribute(batches, "sampler") if _is_exactly(batches, SAMPLING, "BatchSampler") else None
    return attribute(loader, "sampler") if inner is None else inner


def _unsharded(batches: Any) -> tuple[Any, bool]:
    """The batch sampler that accelerate shares out or skips part of, and whether only a part of it is used here."""
    shared = False
    for _ in range(4):
        kinds = {kind.__name__ for kind in _mro(batches)}
        inner = attribute(batches, "batch_sampler") if kinds & {"BatchSamplerShard", "SkipBatchSampler"} else None
        if inner is None:
            break
        if attribute(batches, "split_batches"):
            return batches, True
        shared |= attribute(batches, "num_processes") not in {None, 1} or bool(attribute(batches, "skip_batches"))
        batches = inner
    return batches, shared


def _streams(loader: Any) -> bool:
    return _is_a(attribute(loader, "dataset"), "torch.utils.data.dataset", "IterableDataset")


def _counts_as_random(sampler: Any) -> bool:
    return _is_exactly(sampler, "accelerate.data_loader", "SeedableRandomSampler")


def _mro(thing: object) -> tuple[type, ...]:
    return type(thing).__mro__


def _is_exactly(thing: object, place: str, name: str) -> bool:
    return (type(thing).__module__, type(thing).__name__) == (place, name)


def _is_a(thing: object, place: str, name: str) -> bool:
    return any((kind.__module__, kind.__name__) == (place, name) for kind in _mro(thing))


def _iterates_as(thing: object, place: str, name: str) -> bool:
    """Whether iterating the object runs the code of this class, whatever was derived from it."""
    owner = next((kind for kind in _mro(thing) if "__iter__" in vars(kind)), None)
    return owner is not None and (owner.__module__, owner.__name__) == (place, name)


def _length(thing: object) -> int | None:
    if thing is None or not hasattr(type(thing), "__len__"):
        return None
    try:
        return len(thing)  # type: ignore[arg-type]
    except Exception:  # torch's own base classes have a length that raises
        return None


def _count(value: object, least: int) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= least else None
