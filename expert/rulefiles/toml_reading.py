"""TOML in. ``tomllib`` reads it and tells no places, so the text is walked once more to find them.

The walk comes first: it also bounds what ``tomllib`` is given. It stops where the text is no TOML, and there
``tomllib`` stops too and says why.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress

from expert.rulefiles.values import MOST_LEVELS, MOST_VALUES, Complaints, Place, Refused, Value

Path = tuple[int | str, ...]
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'", re.S
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_OTHER = re.compile(r"[^,\]}#\n]+")


def read_toml(text: str, complaints: Complaints) -> Value:
    """The document in the text; raises `Refused` where it cannot be read to its end."""
    walk = _Walk(text, complaints)
    with suppress(_NoToml):
        walk.document()
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = re.search(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error), re.S)
        what = (found[1] if found else str(error)).rstrip(".")
        end = walk.place(len(text))
        complaints.add(Place(int(found[2]), int(found[3])) if found and found[2] else end, f"this is not TOML: {what}.")
        raise Refused from None
    return walk.placed(data, (), Place(1, 1))


class _NoToml(Exception):
    """The walk met something that is no TOML; `tomllib` will say what."""


class _Walk:
    """Where each key and value stands, by its path."""

    def __init__(self, text: str, complaints: Complaints) -> None:
        self.text, self.complaints, self.at, self.count = text, complaints, 0, 0
        self.values: dict[Path, Place] = {}
        self.keys: dict[Path, Place] = {}
        self.lengths: dict[Path, int] = {}
        self.lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def place(self, at: int) -> Place:
        line = bisect_right(self.lines, at)
        return Place(line, at - self.lines[line - 1] + 1)

    def placed(self, data: object, path: Path, above: Place) -> Value:
        """What `tomllib` read, with its places."""
        place = self.values.get(path, above)
        if isinstance(data, dict):
            items = {key: self.placed(item, (*path, key), place) for key, item in data.items()}
            return Value(items, place, {key: self.keys.get((*path, key), place) for key in data})
        if isinstance(data, list):
            return Value([self.placed(item, (*path, index), place) for index, item in enumerate(data)], place)
        if not isinstance(data, bool | int | float | str):
            self.complaints.add(place, "a rule file holds no dates.")
            return Value(str(data), place)
        return Value(data, place)

    def document(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            start = self.at
            if self.text.startswith("[", start):
                several = self.text.startswith("[[", start)
                self.at += 2 if several else 1
                table = self._header(start, several=several)
                self._expect("]]" if several else "]")
            else:
                self._pair(table, 0)
            self._skip(_BLANK)

    def _header(self, start: int, *, several: bool) -> Path:
        path: Path = ()
        parts = self._key()
        for number, (part, place) in enumerate(parts):
            path = (*path, part)
            self.keys.setdefault(path, place)
            self.values.setdefault(path, place)
            if several and number == len(parts) - 1:
                self.lengths[path] = self.lengths.get(path, 0) + 1
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
                self.values.setdefault(path, self.place(start))
        return path

    def _pair(self, table: Path, level: int) -> None:
        path = table
        for part, place in self._key():
            path = (*path, part)
            self.keys.setdefault(path, place)
            self.values.setdefault(path, place)
        self._expect("=")
        self._skip(_SPACE)
        self._value(path, level)

    def _key(self) -> Sequence[tuple[str, Place]]:
        parts: list[tuple[str, Place]] = []
        while not parts or self._taken("."):
            self._skip(_SPACE)
            start = self.at
            word = self._match(_BARE) or self._match(_STRING)
            if not word:
                raise _NoToml
            parts.append((_text_of(word), self.place(start)))
            self._bound(start, len(parts))
            self._skip(_SPACE)
        return parts

    def _value(self, path: Path, level: int) -> None:
        self.values[path] = self.place(self.at)
        self._bound(self.at, level)
        if self._taken("["):
            self._inside(path, level, "]")
        elif self._taken("{"):
            self._inside(path, level, "}")
        elif not (self._match(_STRING) or self._match(_OTHER)):
            raise _NoToml

    def _inside(self, path: Path, level: int, end: str) -> None:
        """The items of an array, or the pairs of an inline table."""
        number = 0
        self._skip(_BLANK)
        while not self._taken(end):
            if end == "]":
                self._value((*path, number), level + 1)
            else:
                self._pair(path, level + 1)
            number += 1
            self._skip(_BLANK)
            if not self._taken(","):
                self._expect(end)
                return
            self._skip(_BLANK)

    def _bound(self, at: int, level: int) -> None:
        self.count += 1
        if self.count > 2 * MOST_VALUES or level > MOST_LEVELS:
            what = f"more than {MOST_LEVELS} levels" if level > MOST_LEVELS else f"more than {MOST_VALUES} values"
            self.complaints.add(self.place(at), f"the file holds {what}, which no rule needs.")
            raise Refused

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found[0] if found else ""

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._match(pattern)

    def _taken(self, sign: str) -> bool:
        there = self.text.startswith(sign, self.at)
        self.at += len(sign) if there else 0
        return there

    def _expect(self, sign: str) -> None:
        if not self._taken(sign):
            raise _NoToml


def _text_of(word: str) -> str:
    """A key as it is meant: without quotes, and without escapes."""
    if not word.startswith(('"', "'")):
        return word
    try:
        return str(tomllib.loads(f"key = {word}")["key"])
    except ValueError:
        raise _NoToml from None
