"""What the event files of one folder hold: the points of every tag, in the order in which they were written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from expert.adapters.tables.points import MOST_POINTS, Points
from expert.adapters.tensorboard.framing import Records
from expert.adapters.tensorboard.values import Moment, Moments
from expert.adapters.tensorboard.wire import Malformed

MOST_TAGS = 10_000
"""Tags that are read; more are no names of measurements."""
LONGEST_TAG = 1_000
"""Characters in a tag; more are no name."""


@dataclass
class Events:
    """Everything that one folder's event files hold, or one of them."""

    folder: Path
    points: dict[str, Points] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    """Tag of what is no scalar → what it is."""
    notes: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    """Of every file that is no event file, a sentence."""
    graph: bool = False
    began: float = math.inf
    """Seconds since 1970 at which the first scalar was written."""
    count: int = 0
    """Scalars read."""
    full: bool = False
    """Whether tags were left out because they were too many or too long."""


def read_events(paths: Sequence[Path], room: int = MOST_POINTS) -> Events:
    """Read event files of one folder as those of one writer, oldest first; at most ``room`` scalars are taken."""
    found, moments = Events(paths[0].parent), Moments()
    for path in sorted(paths, key=_age):
        records = Records(path)
        malformed = 0
        for payload in records:
            if found.count >= room:
                found.notes.append(f"Only the first {found.count:,} scalars are used.")
                return found
            try:
                _take(found, moments.moment(payload))
            except Malformed:
                malformed += 1
        if records.count == malformed and (records.count or records.notes):
            found.unreadable.append(f"{path}: is named like a TensorBoard event file, but no record in it can be read.")
            continue
        found.notes += records.notes
        if malformed:
            found.notes.append(f"{malformed:,} records of the event file hold no event and are left out.")
    if found.full:
        found.notes.append(f"The event files have more than {MOST_TAGS:,} tags, or very long ones; not all are used.")
    return found


def _age(path: Path) -> tuple[float, str]:
    """Sorts files of one folder in the order in which they were begun: every file opens with an event of its own."""
    for payload in Records(path):
        try:
            return Moments().moment(payload).time, path.name
        except Malformed:
            break
    return math.inf, path.name


def _take(found: Events, event: Moment) -> None:
    found.graph |= event.graph
    if event.starts and event.step > 0:
        dropped = sum(points.drop_from(event.step) for points in found.points.values())
        if dropped:
            found.notes.append(
                f"The run was taken up at step {event.step:,}; {dropped:,} older scalars from there on are void."
            )
    for tag, number, what in event.values:
        if len(tag) > LONGEST_TAG:
            found.full = True
        elif number is None:
            if len(found.others) < MOST_TAGS:
                found.others.setdefault(tag, what)
        elif tag in found.points or len(found.points) < MOST_TAGS:
            found.began = min(found.began, event.time)
            if tag not in found.points:
                found.points[tag] = Points()
            found.points[tag].add(event.step, event.time, number, found.count)
            found.count += 1
        else:
            found.full = True
