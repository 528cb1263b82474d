"""What an adapter offers: a `Reader` that recognizes a source and turns it into Histories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from expert.history import History


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What the caller adds to a source: ``columns`` maps a role to the column that holds it (it corrects a guess)."""

    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """One kind of source.

    ``recognizes`` answers from 0 (not mine) to 1 (certainly mine); it is cheap, reads at most the beginning of a file
    and never raises. ``read`` returns one History per run found, oldest first, or raises `expert.errors.SourceError`
    with
    one sentence. ``gives`` says what the History holds: a run's curves, or only a profile of a model or of data, which
    `History.merge` adds to a run. One that ``refuses`` reads nothing: it knows what a source is and says so.
    """

    id: str
    title: str
    gives: Literal["run", "model", "data"]
    recognizes: Callable[[object], float]
    read: Callable[[object, ReadRequest], tuple[History, ...]]
    refuses: bool = False
