"""The losses of all ranks made one series: their mean, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert.adapters.live.agreement import Disagreement, LossAgreement
from expert.adapters.live.telemetry import Column, Telemetry
from expert.adapters.torch.ranks.peers import Peer
from expert.history import History

Floats = NDArray[np.float64]

RECENT = 4096
"""So many losses of each rank are kept, to be shown should the ranks disagree."""
MOST_SHOWN = 8


class JointLosses:
    """``train.loss`` is the mean over ranks at steps whose losses have arrived from all, else rank zero's own.

    What has been joined is final, so that a journal can be written; ``own`` holds what rank zero has seen since.
    """

    def __init__(self, telemetry: Telemetry, size: int, about: dict[str, Any]) -> None:
        self._telemetry, self._about = telemetry, about
        self._joined = telemetry.column("train.loss", **about)
        self.own = Column("train.loss", "train.loss", **about)
        self._agreement = LossAgreement(size)
        self._recent = [Column("", "") for _ in range(size)]
        self._shown: dict[int, Column] = {}
        self.alone, self.total = 0, 0
        """At so many steps it is rank zero's own, of so many."""

    def join(self, peers: Sequence[Peer], until: float) -> list[Disagreement]:
        """Make the losses up to this step final; returns where the ranks disagree."""
        at, own = np.array(self.own.at), np.array(self.own.values)
        count = int(np.searchsorted(at, until, side="right"))
        if not count:
            return []
        at = at[:count]
        losses = np.full((len(peers) + 1, count), np.nan)
        arrived = np.zeros(losses.shape, dtype=bool)
        losses[0], arrived[0] = own[:count], True
        for row, peer in enumerate(peers, 1):
            theirs = np.array(peer.loss_at)
            places = np.searchsorted(theirs, at)
            found = places < len(theirs)
            found[found] = theirs[places[found]] == at[found]
            losses[row, found], arrived[row] = np.array(peer.losses)[places[found]], found
            peer.forget_losses(at[-1])
        # Taken from the arrays in place: their methods are at hand elsewhere.
        del self.own.at[:count]
        del self.own.values[:count]
        everywhere = arrived.all(axis=0)
        _extend(self._joined, at, np.where(everywhere, losses.mean(axis=0), losses[0]))
        self.alone += count - int(everywhere.sum())
        self.total += count
        self._keep(at, losses, arrived)
        return self._agreement.add(at, losses, arrived)

    def epoch(self, updates: int) -> None:
        """An epoch has ended after so many steps."""
        self._agreement.epoch(updates)

    def show(self, ranks: Sequence[int]) -> None:
        """Record the losses of these ranks by themselves, too, from the recent ones on."""
        for rank in sorted({0, *ranks}):
            if rank in self._shown or len(self._shown) >= MOST_SHOWN:
                continue
            column = self._telemetry.column("train.loss", labels=(("rank", str(rank)),), **self._about)
            self._shown[rank] = column
            _extend(column, np.array(self._recent[rank].at), np.array(self._recent[rank].values))

    def completed(self, history: History) -> History:
        """The history with rank zero's own losses behind what is final."""
        if not self.own.at:
            return history
        whole = _like(self._joined, [*self._joined.at, *self.own.at], [*self._joined.values, *self.own.values])
        others = tuple(one for one in history.series if one.role != "train.loss" or one.labels or one.clock != "step")
        return history.model_copy(update={"series": (whole.series(), *others)})

    def _keep(self, at: Floats, losses: Floats, arrived: NDArray[np.bool_]) -> None:
        for rank, recent in enumerate(self._recent):
            there = arrived[rank]
            shown = self._shown.get(rank)
            _extend(recent, at[there], losses[rank, there])
            if shown is not None:
                _extend(shown, at[there], losses[rank, there])
            if len(recent.at) > 2 * RECENT:
                del recent.at[:-RECENT]
                del recent.values[:-RECENT]


def _extend(column: Column, at: Floats, values: Floats) -> None:
    """Add points to a column; its last point gives way to one at the same position."""
    if len(at) and column.at and at[0] <= column.at[-1]:
        for step, value in zip(at, values, strict=True):
            column.append(step, value)
        return
    column.at.frombytes(at.tobytes())
    column.values.frombytes(values.tobytes())


def _like(column: Column, at: Sequence[float], values: Sequence[float]) -> Column:
    """A column like this one with other points."""
    new = Column(
        column.name, column.role, column.clock, column.phase, column.reduction, column.direction, column.labels
    )
    new.at.extend(at)
    new.values.extend(values)
    return new
