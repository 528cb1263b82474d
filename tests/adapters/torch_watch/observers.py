"""One training, watched or not: the same code runs with a collector and with nobody in its place."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from expert.adapters.torch import Run, watch

FAILED = "the watcher failed"


class Nobody:
    """Stands where a run would stand when nobody watches."""

    def step(self, loss: Any = None, **more: Any) -> None:
        pass

    def epoch(self, **metrics: Any) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass
class Observer:
    """Watches with these arguments; None for an observer that is not there. ``batches``: hands over batches, too."""

    arguments: dict[str, Any] | None = None
    batches: bool = False
    run: Run | None = None

    def watch(self, model: nn.Module, optimizer: Any, **handed: Any) -> Run | Nobody:
        if self.arguments is None:
            return Nobody()
        self.run = watch(model, optimizer, **(handed | self.arguments))
        return self.run

    def batch(self, *parts: Any) -> Any:
        return parts if self.batches else None


@dataclass
class Outcome:
    """What a training leaves: everything that may not depend on whether it was watched."""

    losses: list[float]
    models: list[nn.Module]
    optimizers: list[Optimizer]
    more: list[Any] = field(default_factory=list)
    """Objects with a ``state_dict``: schedulers, scalers."""

    def state(self) -> dict[str, Any]:
        return {
            "losses": self.losses,
            "weights": [model.state_dict() for model in self.models],
            "gradients": [[parameter.grad for parameter in model.parameters()] for model in self.models],
            "modes": [[module.training for module in model.modules()] for model in self.models],
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "more": [one.state_dict() for one in self.more],
            "generators": (torch.get_rng_state(), np.random.get_state(), random.getstate()),
        }


Setup = Callable[[Observer], Outcome]


def trained(setup: Setup, observer: Observer, seed: int = 0) -> dict[str, Any]:
    """Train from this seed of all three generators and return the state it ends in."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
    return setup(observer).state()


def differences(one: Any, other: Any, place: str = "") -> Iterator[str]:
    """The places at which two states are not the same to the last bit, NaN being the same as NaN."""
    if type(one) is not type(other):
        yield f"{place}: {type(one).__name__} and {type(other).__name__}"
    elif isinstance(one, Mapping):
        if list(one) != list(other):
            yield f"{place}: keys {list(one)} and {list(other)}"
        for key in one.keys() & other.keys():
            yield from differences(one[key], other[key], f"{place}.{key}")
    elif isinstance(one, list | tuple):
        if len(one) != len(other):
            yield f"{place}: {len(one)} and {len(other)} entries"
        for index, (first, second) in enumerate(zip(one, other, strict=False)):
            yield from differences(first, second, f"{place}[{index}]")
    elif isinstance(one, Tensor):
        yield from _tensor_differences(one, other, place)
    elif isinstance(one, np.ndarray):
        if one.dtype != other.dtype or one.tobytes() != other.tobytes():
            yield f"{place}: arrays differ"
    elif isinstance(one, float):
        if struct.pack("d", one) != struct.pack("d", other):
            yield f"{place}: {one!r} and {other!r}"
    elif not callable(one) and one != other:
        yield f"{place}: {one!r} and {other!r}"


def _tensor_differences(one: Tensor, other: Tensor, place: str) -> Iterator[str]:
    if one.is_sparse and other.is_sparse:
        # Uncoalesced ones, too, must hold the same entries in the same order.
        yield from differences(one._indices(), other._indices(), f"{place} indices")
        yield from differences(one._values(), other._values(), f"{place} values")
        return
    kinds = [(each.dtype, each.shape, each.stride(), each.requires_grad) for each in (one, other)]
    if kinds[0] != kinds[1]:
        yield f"{place}: {kinds[0]} and {kinds[1]}"
    elif _bits(one) != _bits(other):
        yield f"{place}: numbers differ"


def _bits(tensor: Tensor) -> bytes:
    return bytes(tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())


def failures(run: Run) -> list[str]:
    """The notes in which the collector says that something of its own went wrong."""
    return [note for note in run.history().notes if FAILED in note]


def batches(count: int, size: int, *shape: int, classes: int = 0) -> Iterable[tuple[Tensor, Tensor]]:
    """Random inputs (size, \\*shape) with labels, or with one target each, drawn when they are asked for."""
    for _ in range(count):
        x = torch.randn(size, *shape)
        y = torch.randint(0, classes, (size,)) if classes else x.flatten(1).sum(1, keepdim=True)
        yield x, y
