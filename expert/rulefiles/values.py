"""What a file holds, each value with its place, and the complaints about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_CHARACTERS, MOST_VALUES, MOST_LEVELS = 1_000_000, 50_000, 32
"""A file beyond these is refused unread: our own rules, all 86, fill a third of it and five levels of conditions."""

MOST_TOLD = 100


class Place(NamedTuple):
    """A line and a column, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it stands in a file; ``keys`` tells where the keys of a mapping stand."""

    data: bool | int | float | str | list[Value] | dict[str, Value] | None
    place: Place
    keys: Mapping[str, Place] = field(default_factory=dict)

    def plain(self) -> object:
        """The value without places."""
        if isinstance(self.data, list):
            return [item.plain() for item in self.data]
        if isinstance(self.data, dict):
            return {key: item.plain() for key, item in self.data.items()}
        return self.data

    def place_of(self, path: Sequence[int | str]) -> Place:
        """Where the value at a path stands, or the nearest one round it that there is."""
        value = self
        for step in path:
            if isinstance(value.data, dict) and str(step) in value.data:
                value = value.data[str(step)]
            elif isinstance(value.data, list) and isinstance(step, int) and step < len(value.data):
                value = value.data[step]
            else:
                break
        return value.place

    def words(self) -> Iterator[tuple[str, Place]]:
        """Every text in it, keys too, in the order of the file."""
        if isinstance(self.data, str):
            yield self.data, self.place
        elif isinstance(self.data, list):
            for item in self.data:
                yield from item.words()
        elif isinstance(self.data, dict):
            for key, item in self.data.items():
                yield key, self.keys[key]
                yield from item.words()

    def __str__(self) -> str:
        """What was seen, as a complaint names it."""
        if isinstance(self.data, str):
            return f"the text {self.data!r}" if len(self.data) <= 40 else f"the text {self.data[:37] + '...'!r}"
        if self.data is None:
            return "nothing"
        if isinstance(self.data, bool):
            return str(self.data).lower()
        if isinstance(self.data, int | float):
            return f"the number {self.data:.6g}"
        return "a list" if isinstance(self.data, list) else "a mapping"


class Complaints:
    """What is wrong with a file, gathered so that all of it is told at once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: list[tuple[Place, str]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, at: Value | Place, what: str) -> None:
        """Complain about a value or a place."""
        self._found.append((at.place if isinstance(at, Value) else at, what))

    def told(self) -> tuple[str, ...]:
        """``file:line:column: what``, in the order of the file, each once, and how many more there are."""
        ordered = sorted(dict.fromkeys(self._found), key=lambda pair: pair[0])
        told = [f"{self.file}:{place.line}:{place.column}: {what}" for place, what in ordered[:MOST_TOLD]]
        return (
            (*told, f"{self.file}: and {len(ordered) - MOST_TOLD} more.") if len(ordered) > MOST_TOLD else tuple(told)
        )


class Refused(Exception):
    """A file that cannot be read any further; the complaint is made."""
