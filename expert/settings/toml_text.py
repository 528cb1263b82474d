"""TOML with its places: syntax errors by line and column, keys by the line that sets them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from expert.errors import SettingsError
from expert.settings.origin import Keys

_AT = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END = " (at end of document)"


def parsed(text: str, place: str) -> dict[str, Any]:
    """The document; raises `SettingsError` that begins with ``place:line:column``."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, lines = str(error), text.split("\n")
        line, column = len(lines), len(lines[-1]) + 1
        if at := _AT.search(message):
            line, column = int(at[1]), int(at[2])
        message = _AT.sub("", message).removesuffix(_AT_END).rstrip(".")
        raise SettingsError(f"{place}:{line}:{column}: this is no TOML: {message}.") from None
    except RecursionError:
        raise SettingsError(f"{place}: this TOML is nested too deeply to be read.") from None


def lines_of(text: str) -> Mapping[Keys, int]:
    """The line on which each key of a sound document is set, by the way to it; of a table the line of its header.

    The document is read statement by statement: a statement is the fewest lines that are TOML by themselves.
    """
    found = _Lines()
    pending, start = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        if not pending:
            start = number
        pending += line + "\n"
        if start != number and not re.search(r"[\]}]|\"\"\"|'''", line):
            continue  # what spans lines ends with one of these
        try:
            statement = tomllib.loads(pending)
        except tomllib.TOMLDecodeError:
            continue
        found.add(statement, start, is_header=pending.lstrip().startswith("["))
        pending = ""
    return found.lines


class _Lines:
    def __init__(self) -> None:
        self.lines: dict[Keys, int] = {}
        self.table: Keys = ()
        self.sizes: dict[Keys, int] = {}

    def add(self, statement: Mapping[str, Any], line: int, *, is_header: bool) -> None:
        if is_header:
            self._enter(statement, line)
        else:
            self._note(self.table, statement, line)

    def _enter(self, statement: Mapping[str, Any], line: int) -> None:
        self.table = ()
        inner: Any = statement
        while isinstance(inner, Mapping) and inner:
            (key, inner) = next(iter(inner.items()))
            self.table += (key,)
            if isinstance(inner, list):
                self.sizes[self.table] = self.sizes.get(self.table, 0) + 1
            if self.table in self.sizes:
                self.lines.setdefault(self.table, line)
                self.table += (self.sizes[self.table] - 1,)
        self.lines.setdefault(self.table, line)

    def _note(self, place: Keys, value: object, line: int) -> None:
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in pairs:
            self.lines.setdefault((*place, key), line)
            self._note((*place, key), inner, line)
