"""Where a setting was given, for messages and for those who ask."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

Keys: TypeAlias = tuple[str | int, ...]
"""The way to a value: ``("limits", "small-batch")``, ``("suppress", 0, "until")``."""


class Origin:
    """Settings given in a call: the argument ``settings``."""

    def place(self, *keys: str | int) -> str:
        """Where the value stands, in a word or two."""
        return "argument"

    def said(self, *keys: str | int) -> str:
        """The beginning of a message about the value."""
        return dotted("settings", *keys)

    def within(self, key: object, *place: str | int) -> str:
        """The beginning of a message about a key that stands at a place and should not."""
        return dotted("settings", *place)

    def mention(self, *keys: str | int) -> str:
        """The value as a sentence names it."""
        return self.said(*keys)


IN_CALL = Origin()
_OPTIONS = {"limits": "limit", "fail_on": "fail-on"}
"""Options that are not called as the field they set."""


class OnCommandLine(Origin):
    """Settings given as options of a command."""

    def place(self, *keys: str | int) -> str:
        """Return ``command line``."""
        return "command line"

    def said(self, *keys: str | int) -> str:
        """Return the option, and what it is about."""
        return " ".join(
            [f"--{_OPTIONS.get(str(keys[0]), keys[0])}", *(key for key in keys[1:] if isinstance(key, str))]
        )


@dataclass(frozen=True)
class InFile(Origin):
    """Settings given in a file, under the table ``table`` of it."""

    path: str
    text: str
    table: Keys = ()

    def place(self, *keys: str | int) -> str:
        """Return file and line."""
        line = self._line(*(as_written(key) for key in keys))
        return f"{shown(self.path)}:{line}" if line else shown(self.path)

    def said(self, *keys: str | int) -> str:
        """Return file, line and key."""
        return f"{self.place(*keys)}: {dotted(*self.table, *keys)}"

    def within(self, key: object, *place: str | int) -> str:
        """Return file, the line of the key, and the table it stands in."""
        inside, line = dotted(*self.table, *place), self._line(*place, str(key))
        return ": ".join(part for part in (f"{shown(self.path)}:{line}", inside) if part)

    def mention(self, *keys: str | int) -> str:
        """Return file and line."""
        return self.place(*keys)

    def _line(self, *keys: str | int) -> int | None:
        """The line of a value; else of the first thing in it; else of what it stands in."""
        path = (*self.table, *keys)
        for length in range(len(path), 0, -1):
            start = path[:length]
            lines = [line for place, line in self._lines.items() if place[:length] == start]
            if lines:
                return min(lines)
        return None

    @cached_property
    def _lines(self) -> Mapping[Keys, int]:
        from expert.settings.toml_text import lines_of  # costs time; needed to say where something stands only

        return lines_of(self.text)


def as_written(key: str | int) -> str | int:
    """A key as files and options spell it."""
    return key.replace("_", "-") if key == "fail_on" else key


def dotted(*keys: str | int) -> str:
    """The way to a value in one word: ``suppress[0].until``."""
    said = "".join(f"[{key}]" if isinstance(key, int) else f".{as_written(key)}" for key in keys)
    return said.removeprefix(".")


def shown(path: str) -> str:
    """A path as people read it: from the current folder where it lies below, else in full."""
    try:
        near = os.path.relpath(path)
    except ValueError:  # another drive
        return path
    return path if near.startswith(os.pardir) else near
