"""The ranks of a distributed run: each keeps what it sees, and rank zero makes one record of it.

Nothing here is a collective, so no rank ever waits in one for another: ranks post their records to rank zero's mailbox
in the process group's store, when `Run.epoch` is called, every second or so, and on closing. Rank zero takes what has
arrived. What is looked at depends on the number of the step alone, so that the records fit together however fast each
rank is.
"""

from __future__ import annotations

import math
import zlib
from abc import ABC, abstractmethod
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import torch
from torch import nn

from expert.adapters.live.telemetry import Column, Telemetry
from expert.adapters.torch.looks import Looker, Measured
from expert.adapters.torch.parameters import Watched
from expert.adapters.torch.profile.unwrapping import inner_module
from expert.adapters.torch.ranks.mailbox import Mailbox, default_store
from expert.adapters.torch.ranks.reports import Look, Part, Stock, take_stock
from expert.adapters.torch.ranks.sharding import flat_layouts, layout
from expert.adapters.torch.recording import LookRecorder
from expert.history import History

Spread = Literal["replicas", "shards"]
"""Whether every rank holds all parameters, or parts of them."""

LOSS: dict[str, Any] = {"reduction": "last_batch", "phase": "train", "direction": "lower"}
CHECKED = 3
COMPARED = ("gradient", "weight", "mark")
LOCAL_STEPS = {"PostLocalSGDOptimizer"}
"""Optimizers whose replicas are meant to differ for a while."""
PARTITIONED = {"ZeroRedundancyOptimizer"}
"""Optimizers of which each rank moves other parameters."""

_watched: Counter[int] = Counter()


class Ranks(ABC):
    """What one rank does with what it measures. ``losses`` is the column its own losses go to."""

    losses: Column

    def __init__(self, telemetry: Telemetry, mailbox: Mailbox, model: nn.Module, wrappers: set[str]) -> None:
        self.telemetry, self.mailbox = telemetry, mailbox
        self.rank, self.size = mailbox.rank, mailbox.size
        self.compares = not wrappers & LOCAL_STEPS
        self.is_partitioned = bool(wrappers & PARTITIONED)
        self._model = model
        self._flat = flat_layouts(model)
        self.stocks: list[Stock] = []
        self.watched: list[Sequence[Watched]] = []
        self.updates = 0
        self.uneven = False
        self.epochs: list[int] = []
        self.unsummed: dict[int, set[int]] = {}
        """By stock, the parameters whose gradients do not lie on the ranks as they do themselves."""
        self._checks: dict[int, int] = {}

    def stock(self, number: int, watched: Sequence[Watched]) -> int:
        """Note what the watch of optimizer ``number`` holds; returns the number of the stock."""
        layouts = [self._flat.get(id(one.parameter), layout(one.parameter)) for one in watched]
        self.stocks.append(take_stock(number, watched, layouts))
        self.watched.append(watched)
        return len(self.stocks) - 1

    def spread(self, stock: int) -> Spread:
        """How the parameters of a stock lie on the ranks."""
        return "shards" if self.is_partitioned or self.stocks[stock].is_shared_out else "replicas"

    def check_gradients(self, stock: int) -> None:
        """See, at the first looks, how gradients lie on the ranks."""
        self._checks[stock] = self._checks.get(stock, 0) + 1
        if self._checks[stock] > CHECKED or self.spread(stock) == "replicas":
            return
        for place, one in enumerate(self.watched[stock]):
            gradient, known = one.parameter.grad, self.stocks[stock].layouts[place]
            if gradient is not None and id(one.parameter) not in self._flat and layout(gradient) != known:
                self.unsummed.setdefault(stock, set()).add(place)

    def looked(
        self, stock: int, measured: Measured, numbers: Sequence[float], looker: Looker, recorder: LookRecorder
    ) -> None:
        """Take in what a look has measured, in the order of the looks."""
        config = getattr(self._model, "_join_config", None)
        self.uneven |= bool(getattr(config, "enable", False))
        own = Look(stock, measured.seen.at, tuple(measured.parts), array("f", map(_single, numbers)))
        if self.spread(stock) == "replicas":
            recorder.record(looker.unpack(measured, list(numbers)))
            if self.compares and any(name == "weight" for name, _, _ in own.parts):
                self._compared(_only(own, COMPARED))
        else:
            self._shared_out(own, measured, looker, recorder)

    def epoch(self, updates: int) -> None:
        """An epoch has ended after so many steps."""
        self.epochs.append(updates)
        self.tick(updates, wait=0.1)

    @abstractmethod
    def tick(self, updates: int, *, wait: float = 0.0) -> None:
        """Exchange what there is to be exchanged, waiting for the store so many seconds at most."""

    @abstractmethod
    def catch_up(self, updates: int) -> None:
        """Exchange all there is up to this step, for a record that is to be kept; takes a few seconds at most."""

    @abstractmethod
    def close(self, updates: int, *, in_haste: bool) -> None:
        """Exchange the rest and let go of the store; takes a few seconds at most, and less in haste."""

    @abstractmethod
    def complete(self, history: History) -> History:
        """The history with what belongs to it but is not recorded for good."""

    def resume_at(self, updates: int) -> None:
        """Go on after this step."""
        self.updates = updates

    @abstractmethod
    def _compared(self, look: Look) -> None:
        """Take in a look at a model that should be the same on every rank."""

    @abstractmethod
    def _shared_out(self, look: Look, measured: Measured, looker: Looker, recorder: LookRecorder) -> None:
        """Take in a look at a part of a model."""


def rank_here() -> int:
    """This process's number in a distributed run; 0 where it is alone."""
    return torch.distributed.get_rank() if _size() > 1 else 0


def ranks_of(telemetry: Telemetry, model: nn.Module, optimizers: Any) -> Ranks | None:
    """The part this process has in a distributed run, None where it is alone. ``model``, ``optimizers``: as given."""
    from expert.adapters.torch.ranks.joining import Joining
    from expert.adapters.torch.ranks.telling import Telling

    size = _size()
    if size == 1:
        return None
    # The ranks watch models of the same names in the same order, even if one of them watches further models.
    names = zlib.crc32("\n".join(name for name, _ in inner_module(model).named_parameters()).encode())
    _watched[names] += 1
    mailbox = Mailbox(f"training-expert/{names}/{_watched[names]}", rank_here(), size, default_store)
    several = list(optimizers) if isinstance(optimizers, Iterable) else [optimizers]
    kind = Joining if mailbox.rank == 0 else Telling
    return kind(telemetry, mailbox, model, {type(one).__name__ for one in several})


def _size() -> int:
    there = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if there else 1


def _only(look: Look, names: Sequence[str]) -> Look:
    parts: list[Part] = []
    numbers = array("f")
    start = 0
    for part in look.parts:
        if part[0] in names:
            parts.append(part)
            numbers.extend(look.numbers[start : start + part[2]])
        start += part[2]
    return look._replace(parts=tuple(parts), numbers=numbers)


def _single(value: float) -> float:
    if abs(value) > 3.4e38:
        return math.copysign(math.inf, value)
    return value
