"""The loss of each batch, from the running mean of the epoch that Keras hands to its callbacks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from threading import Lock

from expert.adapters.live.telemetry import Telemetry

ROUNDING = 2.4e-7
"""A mean kept in float32 is right to this share; so is the sum it comes from, however many batches it spans."""
PRECISE = 0.01
"""A loss is recorded where rounding changes it by no larger share."""
IMPRECISE = (
    "The loss of single batches is known for the beginning of some epochs only: Keras tells the mean since the epoch "
    "began, and many batches, or a large loss among the first, hide single ones in its rounding."
)
UNEQUAL = (
    "The loss of single batches is not recorded: the batches are not of one known size, and Keras tells only means."
)


HELD_BACK = 64
"""So many of the latest batches are not recorded in the middle of an epoch: others that came before may follow."""


class BatchLosses:
    """Keeps what was told of the batches of one epoch, which may come in any order and from other threads."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self.is_mean: bool | None = None
        """Whether the mean since the epoch began is told, not the loss of the batch; None while that is not known."""
        self._told: dict[int, float] = {}
        self._lock = Lock()
        self._size: int | None = None
        self._unequal, self._broke = False, False
        self._begin()

    def _begin(self) -> None:
        self.latest = 0
        self._before, self._mean_before = 0, 0.0
        self._over = False
        """Nothing more can be told of this epoch."""

    def take(self, batches: int, loss: float | None) -> None:
        """``loss`` was told when so many batches of this epoch were done; None where no loss is told."""
        with self._lock:
            if loss is not None:
                self._told[batches] = loss
            self.latest = max(self.latest, batches)

    @property
    def batch_size(self) -> int | None:
        """The size of all batches but the last of an epoch; None where it is not known or not one."""
        return None if self._unequal else self._size

    def sizes(self, seen: Sequence[tuple[int, float]], batches: int | None, total: float | None = None) -> None:
        """Learn how large batches are: ``seen`` are (batch, samples up to it) of an epoch of ``batches``.

        ``total``: the samples of the whole epoch. The last batch may be smaller.
        """
        whole = [samples / batch for batch, samples in seen if batch != batches or batch == 1]
        if whole and self._size is None:
            self._size = int(whole[0])
        if self._size is None:
            return
        self._unequal |= any(one != self._size for one in whole)
        if total is not None and batches:
            self._unequal |= not 0 < total - (batches - 1) * self._size <= self._size

    def record(self, after: int, batches: int | None, total: float | None = None) -> None:
        """Record what was told of the epoch that began after step ``after``.

        ``batches``: the epoch is over and had so many, of ``total`` samples; None in the middle of an epoch.
        """
        if batches is None and self.is_mean is None:
            return
        with self._lock:
            told = sorted(self._told.items())
            if batches is None:
                told = told[:-HELD_BACK]
            for batch, _ in told:
                del self._told[batch]
        if told and not self._over:
            self._append(after, told, batches, total)
        if batches is not None:
            self._begin()

    def _append(self, after: int, told: list[tuple[int, float]], batches: int | None, total: float | None) -> None:
        places = [self._before, *(batch for batch, _ in told)]
        wide = any(later - before != 1 for before, later in pairwise(places))
        points = self._single(told, batches, total) if self.is_mean else told
        if not points:
            return
        column = self._telemetry.column(
            "train.loss",
            name="loss",
            phase="train",
            direction="lower",
            reduction="interval_mean" if wide and self.is_mean else "last_batch",
        )
        for batch, loss in points:
            column.append(after + batch, loss)
            if not math.isfinite(loss):
                # A mean stays broken until the epoch ends.
                self._over = bool(self.is_mean)
                self._breaks(after + batch, loss)
                break

    def _breaks(self, at: int, loss: float) -> None:
        """The loss is not finite at this step; told once, for later epochs can only repeat it."""
        if not self._broke:
            self._broke = True
            self._telemetry.event("nonfinite_loss", at, f"the loss is {loss}")
            self._telemetry.note(f"At step {at} the loss is {loss}.")

    def _single(
        self, told: list[tuple[int, float]], batches: int | None, total: float | None
    ) -> list[tuple[int, float]]:
        size = self.batch_size
        # The mean of one batch is its loss, whatever its size.
        if size is None and told[-1][0] > 1:
            return self._given_up(told, UNEQUAL)
        points: list[tuple[int, float]] = []
        for batch, mean in told:
            if not math.isfinite(mean):
                return [*points, (batch, mean)]
            begun = self._before * (size or 1)
            samples = float(batch * (size or 1))
            if batch == batches and batch > 1:
                if total is None:
                    break
                samples = total
            loss = (samples * mean - begun * self._mean_before) / (samples - begun)
            error = ROUNDING * (abs(samples * mean) + abs(begun * self._mean_before)) / (samples - begun)
            if begun and error > PRECISE * abs(loss):
                # To leave out single ones would leave out small ones: those up to here are all there are.
                return [*points, *self._given_up(told, IMPRECISE)]
            points.append((batch, loss))
            self._before, self._mean_before = batch, mean
        return points

    def _given_up(self, told: list[tuple[int, float]], why: str) -> list[tuple[int, float]]:
        """Nothing more of this epoch, but for the first loss that is not finite."""
        self._telemetry.note(why)
        self._over = True
        return [(batch, mean) for batch, mean in told if not math.isfinite(mean)][:1]
