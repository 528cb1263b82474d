"""The looks of all ranks: added up where the model is shared out, compared where every rank holds all of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from expert.adapters.live.agreement import Disagreement, Norms, Replica, ReplicaAgreement
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.looks import Looker, Measured
from expert.adapters.torch.ranks.peers import Peer
from expert.adapters.torch.ranks.pooling import chosen_ranks, pool
from expert.adapters.torch.ranks.reports import Look, Stock
from expert.adapters.torch.recording import LookRecorder

MOST_WAITING = 256
"""So many looks wait for the other ranks at most; then the oldest goes without them."""
MOST_NUMBERS = 2**22
"""So many numbers they have together, 16 MiB."""


@dataclass(frozen=True, slots=True)
class Shard:
    """What turns a look at a part of the model into something recorded."""

    measured: Measured
    looker: Looker
    recorder: LookRecorder
    unknown: tuple[int, ...]
    """Parameters whose gradients are still to be summed over ranks."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A look of rank zero and what it was at; ``shard`` is None where every rank holds the same."""

    look: Look
    stock: Stock
    names: Sequence[str]
    shard: Shard | None


class JointLooks:
    """Holds the looks of rank zero until those of the other ranks at the same step have arrived."""

    def __init__(self, telemetry: Telemetry, size: int) -> None:
        self._telemetry, self._size = telemetry, size
        self._waiting: deque[Waiting] = deque()
        self._aside: deque[Waiting] = deque()
        self._numbers = 0
        self._agreement = ReplicaAgreement()
        self._chosen: dict[tuple[int, ...], tuple[list[Stock], NDArray[np.bool_]]] = {}
        self.joined, self.lost = 0, 0
        """So many looks were added up, and so many could not be."""
        self.is_partial = False
        """Whether what is recorded is of rank zero's part alone; that is never mixed with what was added up."""

    @property
    def is_waiting(self) -> bool:
        """Whether looks of rank zero wait for those of other ranks."""
        return bool(self._waiting)

    def add(self, waiting: Waiting) -> None:
        """Take in a look of rank zero."""
        if self.is_partial and waiting.shard is not None:
            self._record_alone(waiting)
            return
        self._waiting.append(waiting)
        self._numbers += len(waiting.look.numbers)

    def join(self, peers: Sequence[Peer], awaited: set[int], own_epochs: list[int]) -> list[Disagreement]:
        """Record or compare the looks for which nothing is awaited any more; returns where ranks disagree."""
        found: list[Disagreement] = []
        while self._waiting:
            first = self._waiting[0]
            key = first.stock.number, first.look.at
            missing = any(
                peer.rank in awaited and key not in peer.looks and peer.looked_until(key[0]) < key[1] for peer in peers
            )
            if missing and len(self._waiting) <= MOST_WAITING and self._numbers <= MOST_NUMBERS:
                break
            self._waiting.popleft()
            self._numbers -= len(first.look.numbers)
            theirs = {peer.rank: peer.looks[key] for peer in peers if key in peer.looks}
            stocks = {peer.rank: peer.stock_of(peer.looks[key]) for peer in peers if key in peer.looks}
            in_step = {peer.rank for peer in peers if peer.in_step(key[1], own_epochs)}
            for peer in peers:
                peer.forget_looks(*key)
            if first.shard is not None:
                self._record(first, theirs, stocks)
            else:
                alike = [rank for rank in theirs if rank in in_step and stocks[rank].signature == first.stock.signature]
                own = _replica(first.look) if alike else None
                for rank in alike:
                    assert own is not None
                    one = self._agreement.add(first.look.at, rank, own, _replica(theirs[rank]), first.names)
                    found += [] if one is None else [one]
        return found

    def give_up(self) -> bool:
        """Nothing will be joined any more: where nothing ever was, record what rank zero has seen of its part."""
        if self.joined or not self._aside:
            return False
        self.is_partial = True
        while self._aside:
            self._record_alone(self._aside.popleft())
        self.lost = 0
        return True

    def _record(self, waiting: Waiting, theirs: Mapping[int, Look], stocks: Mapping[int, Stock]) -> None:
        held = [waiting.stock, *stocks.values()]
        if len(held) < self._size or any(one.signature != waiting.stock.signature for one in held):
            self.lost += 1
            if not self.joined:
                self._aside.append(waiting)
                if len(self._aside) > MOST_WAITING:
                    # The first ones show what goes wrong at once.
                    del self._aside[MOST_WAITING // 2]
            return
        shard = waiting.shard
        assert shard is not None
        key = tuple(map(id, held))
        if key not in self._chosen:
            self._chosen = {key: (held, chosen_ranks(held))}
            shard.recorder.watched = [
                replace(one, optimized=any(stock.optimized[place] for stock in held))
                for place, one in enumerate(shard.recorder.watched)
            ]
        self.joined += 1
        self._aside.clear()
        chosen = self._chosen[key][1]
        parts, numbers, partial = pool([waiting.look, *theirs.values()], held, chosen, shard.unknown)
        seen = shard.looker.unpack(Measured(shard.measured.seen, parts, None), numbers)
        seen.partial = partial
        shard.recorder.record(seen)

    def _record_alone(self, waiting: Waiting) -> None:
        shard = waiting.shard
        assert shard is not None
        here = np.array([waiting.stock.sizes]) > 0
        parts, numbers, _ = pool([waiting.look], [waiting.stock], here, shard.unknown)
        shard.recorder.record(shard.looker.unpack(Measured(shard.measured.seen, parts, None), numbers))


def _replica(look: Look) -> Replica:
    found = {"gradient": Norms((), np.empty(0)), "weight": Norms((), np.empty(0))}
    mark, start = None, 0
    numbers = np.array(look.numbers, dtype=np.float64)
    for name, places, length in look.parts:
        values = numbers[start : start + length]
        start += length
        if name == "mark":
            mark = float(values[0]), float(values[1])
        else:
            found[name] = Norms(places, values)
    return Replica(found["gradient"], found["weight"], mark)
