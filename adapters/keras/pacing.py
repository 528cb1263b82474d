"""Which updates are looked at: a handful of whole numbers and the arithmetic on them, inside a compiled step or not.

Looks come in pairs, at an update and the one after it, so that the direction of successive gradients is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from expert.adapters.live.sampling import AFTER_ANOMALY, FIRST

ROWS = 160
"""So many looks fit into an epoch; an epoch of unknown length and a million steps has about as many."""
GROWTH = 30
"""The distance of looks is at most this share of the updates so far, in per cent: a young run shows something, too."""
UNBOUNDED = 2**30
AFTER_ALARM = 10
"""So many steps are looked at closely at the beginning of an epoch that follows on trouble."""
PAIR = 4.0
"""A pair of looks is counted as so many steps. Where steps are smallest it takes three of them, and counting all the
others takes the rest; where there is more to compute it takes less than one. Time itself is not asked, so that the same
steps are looked at on every machine, however busy it is."""


class Pace(NamedTuple):
    """The state of the pacing; each a number or an integer tensor."""

    calls: Any = 0
    """Calls of the optimizer in this epoch."""
    updates: Any = 0
    """Updates of the weights since watching began: where gradients are accumulated, fewer than calls."""
    next_look: Any = 0
    """No look before so many updates are made."""
    dense_until: Any = FIRST
    used: Any = 0
    """Rows that are filled in this epoch."""
    shortest: Any = 1
    longest: Any = UNBOUNDED
    """Bounds of the distance between looks."""
    last_look: Any = -2


class Arithmetic(NamedTuple):
    """The functions that are spelled otherwise for tensors."""

    where: Callable[[Any, Any, Any], Any]
    least: Callable[[Any, Any], Any]
    most: Callable[[Any, Any], Any]


PLAIN = Arithmetic(lambda condition, yes, no: yes if condition else no, min, max)


def is_due(pace: Pace) -> Any:
    """Whether to look at the update that is about to be made."""
    return pace.updates >= pace.next_look


def looked(pace: Pace, broken: Any, by: Arithmetic) -> Pace:
    """The pace after a look; ``broken``: what was seen was not finite, so that what follows is looked at closely."""
    dense = by.where(broken, by.most(pace.dense_until, pace.updates + 1 + AFTER_ANOMALY), pace.dense_until)
    distance = by.most(pace.shortest, by.least(pace.longest, pace.updates * GROWTH // 100))
    following = pace.updates + 1
    is_second = pace.last_look == pace.updates - 1
    later = by.where((following >= dense) & is_second, pace.updates + distance, following)
    # Where there is no room for another row, the epoch ends first.
    later = by.where(pace.used + 1 >= ROWS, later * 0 + UNBOUNDED, later)
    return pace._replace(next_look=later, dense_until=dense, used=pace.used + 1, last_look=pace.updates)


def called(pace: Pace, is_update: Any) -> Pace:
    """The pace after a call of the optimizer; ``is_update`` is 1 or 0."""
    return pace._replace(calls=pace.calls + 1, updates=pace.updates + is_update)


def next_epoch(pace: Pace, shortest: int, longest: int, *, alarm: bool) -> Pace:
    """The pace of the next epoch, with these bounds; ``alarm``: its first steps are looked at closely."""
    later = pace._replace(calls=0, used=0, shortest=shortest, longest=longest)
    # What was planned with other bounds may be far too late now.
    following = later.updates if pace.used >= ROWS else min(later.next_look, later.updates + longest)
    later = later._replace(next_look=following)
    if alarm:
        later = later._replace(next_look=later.updates, dense_until=later.updates + AFTER_ALARM)
    return later


def distances(*, every: int | None, steps: int | None, budget: float) -> tuple[int, int]:
    """The bounds of the distance between pairs of looks in an epoch of ``steps``, None where that is not known.

    ``every`` fixes it. Otherwise pairs of looks take ``budget`` (a share, 0 to 1) of the time of the steps.
    """
    # However long the epoch is, its looks find room.
    room = max(1, math.ceil(2 * (steps or 0) / (ROWS - 2 * FIRST - AFTER_ANOMALY)))
    if every is not None:
        return max(every, room), max(every, room)
    return room, max(room, math.ceil(PAIR / budget)) if steps else UNBOUNDED
