"""Whether the processes of a ``DataLoader`` draw the same random numbers: from copies of one generator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from expert.adapters.torch.profile.unwrapping import attribute

GENERATORS = {
    ("numpy.random._generator", "Generator"),
    ("numpy.random.mtrand", "RandomState"),
    ("random", "Random"),
}
HOLDERS = ("dataset", "transform", "transforms", "target_transform")
"""Attributes behind which a data set keeps what changes its samples."""
DEEPEST = 4


def workers_share_randomness(loader: Any) -> bool | None:
    """Return True where several workers each get a copy of a generator that the data set keeps for itself.

    PyTorch seeds its own generator and the global ones of NumPy and Python apart in each worker; a generator that is an
    attribute is copied with the data set, anew at the start of each epoch unless workers persist. None for what cannot
    be told: a ``worker_init_fn`` may seed it, and code may make its own.
    """
    workers = attribute(loader, "num_workers")
    if not isinstance(workers, int) or workers < 2 or attribute(loader, "worker_init_fn") is not None:
        return None
    return True if any(_is_generator(one) for one in _kept(attribute(loader, "dataset"), DEEPEST)) else None


def _kept(holder: Any, depth: int) -> Iterator[object]:
    """What a data set and its transforms hold as attributes."""
    attributes = getattr(holder, "__dict__", None)
    if not depth or not isinstance(attributes, dict):
        return
    yield from attributes.values()
    for name in HOLDERS:
        inner = attributes.get(name)
        for one in inner if isinstance(inner, list | tuple) else [inner]:
            yield from _kept(one, depth - 1)


def _is_generator(thing: object) -> bool:
    return (type(thing).__module__, type(thing).__name__) in GENERATORS
