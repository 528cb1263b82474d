"""Whether the processes of one distributed run agree: on being finite, on the loss, on weights and gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WINDOW = 256
"""So many steps, or an epoch, are one comparison of the mean losses: no sample counts twice in it."""
FEWEST = 8
IN_A_ROW = 3
"""So many comparisons in a row must find the same rank apart, on the same side."""
ERRORS, SHARE = 4.0, 0.1
"""By so many standard errors, and by this share of the loss, is a rank's mean loss apart from that of the others. Ranks
that meet the same samples in every epoch repeat a chance difference, so that each comparison must be sure by itself."""
TOLERANCE = 1e-3
"""By this share do norms differ that should be equal: replicas that agree differ by rounding, if at all."""
NOTHING = 1e-6
"""A tensor whose norm is a smaller share of the whole is no evidence."""
SHOWN = 3


class Disagreement(NamedTuple):
    """``text`` is a clause that says what differs; ``ranks`` are those that stand apart, the lowest ones."""

    at: int
    text: str
    ranks: tuple[int, ...]


class LossAgreement:
    """Compares the losses of the ranks, each of which sees batches of its own.

    Equal data in other order give differences that even out. A rank is apart when its mean is by more than four
    standard errors and ten per cent away from that of the others, three epochs (or windows of steps) in a row.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._at: list[Floats] = []
        self._losses: list[Floats] = []
        self._ends: list[float] = []
        self._sides = np.zeros(size)
        self._began = np.zeros(size)
        self._told: set[str] = set()

    def add(self, at: Floats, losses: Floats, arrived: NDArray[np.bool_]) -> list[Disagreement]:
        """Take in losses, ranks x steps, of which ``arrived`` tells which are known."""
        found = self._finite(at, losses, arrived)
        together = arrived.all(axis=0) & np.isfinite(losses).all(axis=0)
        if together.any():
            self._at.append(at[together])
            self._losses.append(losses[:, together])
        until = float(at[-1]) if len(at) else -math.inf
        while (count := self._next_window(until)) is not None:
            found += self._compare(count)
        return found

    def epoch(self, end: float) -> None:
        """An epoch has ended after this step, the losses of which may still be on their way."""
        self._ends.append(end)

    def _next_window(self, until: float) -> int | None:
        """How many steps there are to compare now that all up to ``until`` are known; None where there are not."""
        while self._ends:
            count = self._count(self._ends[0])
            if count >= WINDOW:
                return WINDOW
            if self._ends[0] > until:
                return None
            del self._ends[0]
            if count >= FEWEST:
                return count
        return WINDOW if self._count(until) >= WINDOW else None

    def _count(self, until: float) -> int:
        return sum(int(np.searchsorted(at, until, side="right")) for at in self._at)

    def _finite(self, at: Floats, losses: Floats, arrived: NDArray[np.bool_]) -> list[Disagreement]:
        finite = np.isfinite(losses)
        mixed = (arrived & finite).any(axis=0) & (arrived & ~finite).any(axis=0)
        if not mixed.any() or "finite" in self._told:
            return []
        self._told.add("finite")
        step = int(np.argmax(mixed))
        ranks = np.flatnonzero(arrived[:, step] & ~finite[:, step])
        text = f"the loss is {losses[ranks[0], step]:g} on {ranks_named(ranks)} and finite on the others"
        return [Disagreement(int(at[step]), text, tuple(ranks.tolist()[:SHOWN]))]

    def _compare(self, count: int) -> list[Disagreement]:
        at, losses = np.concatenate(self._at), np.concatenate(self._losses, axis=1)
        self._at, self._losses = [at[count:]], [losses[:, count:]]
        at, losses = at[:count], losses[:, :count]
        others = (losses.sum(axis=0) - losses) / (self._size - 1)
        apart = (losses - others).mean(axis=1)
        spread = (losses - others).std(axis=1, ddof=1)
        # A rank that happened to have no large losses knows less of their spread than the others do.
        error = np.maximum(spread, np.median(spread)) / math.sqrt(count)
        # Of many ranks one is apart by chance; few steps know their own spread badly, as Student's distribution has it.
        errors = math.sqrt(ERRORS**2 + 2.0 * math.log(self._size / 2)) * (1.0 + 7.0 / (count - 1))
        surely = np.abs(apart) > errors * error
        largely = np.abs(apart) > SHARE * np.abs(others).mean(axis=1)
        side = np.where(surely & largely, np.sign(apart), 0.0)
        goes_on = (side != 0.0) & (side == np.sign(self._sides))
        self._began = np.where(goes_on, self._began, at[0])
        self._sides = np.where(goes_on, self._sides + side, side)
        ranks = np.flatnonzero(np.abs(self._sides) >= IN_A_ROW)
        if not len(ranks) or "loss" in self._told:
            return []
        self._told.add("loss")
        # Of two, each of which is apart from the other, the one with the larger loss.
        worst = max(ranks, key=lambda rank: (abs(apart[rank]), apart[rank]))
        text = (
            f"the mean loss of rank {worst} stays {'above' if apart[worst] > 0 else 'below'} that of the others "
            f"({losses[worst].mean():.4g} against {others[worst].mean():.4g} over the last {count} steps)"
        )
        told = (int(worst), *(int(rank) for rank in ranks if rank != worst))
        return [Disagreement(int(self._began[worst]), text, told[:SHOWN])]


class Norms(NamedTuple):
    """Norms of some parameters, which are given by their numbers in rising order."""

    places: tuple[int, ...]
    values: Floats


class Replica(NamedTuple):
    """What one look found on one rank: norms by parameter, and one number that depends on all weights and signs."""

    gradients: Norms
    weights: Norms
    mark: tuple[float, float] | None = None
    """The sum of sampled weights, and their norm."""


class ReplicaAgreement:
    """Compares ranks that hold the same: their weights, and the gradients each is about to apply."""

    def __init__(self) -> None:
        self._suspected: dict[int, Disagreement] = {}
        self._looked: set[int] = set()
        self._told = False

    def add(self, at: int, rank: int, own: Replica, other: Replica, names: Sequence[str]) -> Disagreement | None:
        """Compare rank zero with another one at one step; a disagreement once two looks in a row show it."""
        first = rank not in self._looked
        self._looked.add(rank)
        text = _difference(rank, own, other, names, first=first)
        found = None if text is None else Disagreement(at, text, (0, rank))
        suspected = self._suspected.pop(rank, None)
        if found is None or self._told:
            return None
        self._suspected[rank] = suspected or found
        if suspected is None:
            return None
        self._told = True
        return suspected


def _difference(rank: int, own: Replica, other: Replica, names: Sequence[str], *, first: bool) -> str | None:
    """In what a rank differs from rank zero; None where in nothing."""
    weights, gradients = _worst(own.weights, other.weights), _worst(own.gradients, other.gradients)
    other_weights = weights[1] > TOLERANCE or _marked_apart(own.mark, other.mark)
    if not other_weights and gradients[1] <= TOLERANCE:
        return None
    if not other_weights:
        return f"rank {rank} applies other gradients than rank 0 ({_said(*gradients, names)}): they are not averaged"
    how = _said(*weights, names) if weights[1] > TOLERANCE else "of the same norms"
    text = f"rank {rank} holds other weights than rank 0 ({how})"
    if gradients[1] > TOLERANCE:
        text += " and applies other gradients"
    elif first:
        text += ", which differed when they were first looked at"
    return f"{text}, so that each trains a model of its own"


def _said(place: int, share: float, names: Sequence[str]) -> str:
    apart = f"by {share:.2g} of the norm" if math.isfinite(share) else "not finite on one of them"
    return f"most in {names[place]}, {apart}"


def _marked_apart(own: tuple[float, float] | None, other: tuple[float, float] | None) -> bool:
    """Whether the sums of many signed numbers show that they are others, even where the norms are the same."""
    return own is not None and other is not None and abs(own[0] - other[0]) > TOLERANCE * own[1]


def _worst(own: Norms, other: Norms) -> tuple[int, float]:
    """Which of the norms both know differs most, and by what share; -1 and 0 where none does."""
    places = np.array(own.places, dtype=np.intp)
    mine, theirs = own.values, other.values
    if own.places != other.places:
        places, here, there = np.intersect1d(places, other.places, assume_unique=True, return_indices=True)
        mine, theirs = mine[here], theirs[there]
    if not len(places):
        return -1, 0.0
    finite, theirs_finite = np.isfinite(mine), np.isfinite(theirs)
    largest = np.maximum(np.abs(mine), np.abs(theirs))
    whole = float(np.linalg.norm(mine[finite]))
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.where(largest > NOTHING * whole, np.abs(mine - theirs) / largest, 0.0)
    apart = np.where(finite & theirs_finite, apart, np.where(finite == theirs_finite, 0.0, np.inf))
    worst = int(np.argmax(apart))
    return (int(places[worst]), float(apart[worst])) if apart[worst] > 0.0 else (-1, 0.0)


def ranks_named(ranks: Sequence[int] | NDArray[np.intp]) -> str:
    """``rank 1``, ``ranks 1, 2 and 3``, ``ranks 1, 2, 3 and 60 more``."""
    names = [str(rank) for rank in ranks]
    if len(names) == 1:
        return f"rank {names[0]}"
    if len(names) > SHOWN + 1:
        names = [*names[:SHOWN], f"{len(names) - SHOWN} more"]
    return f"ranks {', '.join(names[:-1])} and {names[-1]}"
