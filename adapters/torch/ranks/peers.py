"""What rank zero knows of another rank."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left

from expert.adapters.torch.ranks.reports import Look, Report, Stock

HELLO = 10.0
"""Seconds until a rank from which nothing was heard is taken to have no watcher."""
PATIENCE = 60.0
LATE = 64
"""A rank is given up when it was silent for so many seconds and rank zero is so many steps ahead of its report."""
LAG = 1024
"""A device gives losses away at most so many steps late."""
MOST_LOOKS = 512


class Peer:
    """One other rank: what it has told, as far as that is still waiting to be used."""

    def __init__(self, rank: int, began: float) -> None:
        self.rank = rank
        self.present = self.closed = self.uneven = False
        self.updates = 0
        self.epochs: list[int] = []
        self.stocks: list[Stock] = []
        self.loss_at, self.losses = array("d"), array("d")
        self.looks: dict[tuple[int, int], Look] = {}
        """By optimizer and step."""
        self._looked: dict[int, int] = {}
        self._heard_at = began

    def take(self, report: Report, now: float) -> None:
        """Take in a report."""
        self.present, self._heard_at = True, now
        self.updates, self.closed, self.uneven = report.updates, report.closed, self.uneven or report.uneven
        self.epochs += report.epochs
        self.stocks += report.stocks
        self.loss_at += report.loss_at
        self.losses += report.losses
        for look in report.looks:
            number = self.stocks[look.stock].number
            self.looks[number, look.at] = look
            self._looked[number] = look.at
        while len(self.looks) > MOST_LOOKS:
            del self.looks[next(iter(self.looks))]

    def awaited(self, updates: int, exchanged_at: float) -> bool:
        """Whether more may be expected from it, as rank zero stands at ``updates`` and last asked the store then."""
        silent = exchanged_at - self._heard_at
        if not self.present:
            return silent < HELLO
        return not self.closed and (silent < PATIENCE or updates - self.updates <= LATE)

    @property
    def losses_until(self) -> float:
        """Up to this step all losses are here."""
        if self.closed:
            return math.inf
        return max(self.loss_at[-1] if self.loss_at else 0.0, self._last_loss, self.updates - LAG)

    _last_loss = 0.0

    def looked_until(self, number: int) -> float:
        """Up to this step all looks at this optimizer are here."""
        return math.inf if self.closed else self._looked.get(number, 0)

    def forget_losses(self, until: float) -> None:
        """Let go of the losses up to this step."""
        count = bisect_left(self.loss_at, until + 0.5)
        if count:
            self._last_loss = max(self._last_loss, self.loss_at[count - 1])
            del self.loss_at[:count]
            del self.losses[:count]

    def forget_looks(self, number: int, until: int) -> None:
        """Let go of the looks at this optimizer up to this step."""
        for key in [key for key in self.looks if key[0] == number and key[1] <= until]:
            del self.looks[key]

    def stock_of(self, look: Look) -> Stock:
        """What was looked at."""
        return self.stocks[look.stock]

    def in_step(self, at: int, own_epochs: list[int]) -> bool:
        """Whether its step ``at`` is rank zero's: not where an epoch had more steps on one of them."""
        theirs, mine = ([end for end in ends if end < at] for ends in (self.epochs, own_epochs))
        if not self.epochs and mine:
            # `Run.epoch` may be called on rank zero only; two epochs without a word show it.
            return at > 2 * mine[0]
        return theirs == mine
