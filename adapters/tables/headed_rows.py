"""Rows under one header, on their way to columns of numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from expert.adapters.tables.growing import GrowingColumn, Parsed
from expert.adapters.tables.numbers import NotANumber, decimal_comma_in, numbers, without_points
from expert.adapters.tables.odd_rows import fitted
from expert.adapters.tables.plain_blocks import Column
from expert.adapters.tables.table import Table
from expert.adapters.tables.words import Words, coded, holds_words, numbered
from expert.errors import SourceError
from expert.history import Ignored


@dataclass
class HeadedRows:
    """Rows under one header."""

    names: list[str]
    separator: str
    columns: dict[str, GrowingColumn] = field(default_factory=dict)
    rows: list[list[str]] = field(default_factory=list)
    """Rows that are not yet turned into numbers."""
    length: int = 0
    """Rows that are."""
    starts: list[int] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    """Column that holds no numbers → an entry of it."""
    codes: dict[str, dict[str, int]] = field(default_factory=dict)
    """Column of words that say what the others hold → number of each word."""
    percent: set[str] = field(default_factory=set)
    decimal_comma: bool | None = None
    """Whether numbers have one; None where that is not certain yet."""
    doubtful: bool = False
    """Whether a comma in the rows may be that or group thousands, which the rows after it may tell."""
    last_cells: deque[int] = field(default_factory=partial(deque, maxlen=20))
    """Characters in the last cell of the rows just read."""
    short: int = 0
    strange: int = 0

    def take_odd(self, row: list[str]) -> None:
        """Take a row with another number of cells than the header, or count it where it cannot be understood."""
        found = fitted(row, self.names, self.separator)
        if found is None:
            self.strange += 1
            return
        self.rows.append(found.cells)
        self.short += found.short

    def ends_in_a_cut(self, row: Sequence[str]) -> bool:
        """Whether the last line of a file, which has no line end, stops in the middle of its last number."""
        before = [length for length in self.last_cells if length]
        return len(before) > 1 and len(row[-1]) < min(before)

    def takes_on(self, names: list[str]) -> bool:
        """Whether another header only adds columns to this one, or leaves some out; from here on it holds."""
        if not (set(names) >= set(self.names) or set(names) <= set(self.names)) or len(names) < 2:
            return False
        self.convert()
        self.names = names
        return True

    def take(self, columns: Mapping[int, Column], length: int, share: float) -> bool:
        """Take rows given as columns, unless there are words among the numbers: text from here on, or another header.

        With them, ``share`` of the file is read.
        """
        found: dict[str, Parsed] = {}
        percent = set()
        known = {name: dict(codes) for name, codes in self.codes.items()}
        for place, column in columns.items():
            name = self.names[place]
            if isinstance(column, tuple) and not isinstance(column, Words):
                found[name] = column
                continue
            try:
                found[name] = self._piece(name, column)
            except NotANumber:
                self.codes = known  # what stands in these rows may be no word but the header again
                return False
            if _in_percent(column.different if isinstance(column, Words) else column):
                percent.add(name)
        self._append(found, length, share)
        self.percent |= percent
        return True

    def convert(self, share: float = 1.0) -> None:
        """Turn the rows collected so far into numbers; with them, ``share`` of the file is read."""
        found: dict[str, Parsed] = {}
        if self.separator == ",":
            self.decimal_comma = False
        elif self.decimal_comma is None:
            self.decimal_comma = decimal_comma_in(self.rows)
        for name, written in zip(self.names, zip(*self.rows, strict=True), strict=bool(self.rows)):
            if name in self.words:
                continue
            cells = without_points(written) if self.decimal_comma else written
            try:
                found[name] = self._piece(name, cells)
            except NotANumber as word:
                self.words[name] = str(word)
                self.columns.pop(name, None)
                self.codes.pop(name, None)
                self.percent.discard(name)
                continue
            if _in_percent(cells):
                self.percent.add(name)
        self._append(found, len(self.rows), share)
        self.rows = []
        self.doubtful = False

    def finished(self, path: Path, notes: Sequence[str]) -> Table:
        """The table of all rows. Raises `SourceError` where most of them do not fit the header."""
        self.convert()
        if self.strange > self.length:
            raise SourceError(
                f"{path}: {self.strange} of {self.length + self.strange} rows do not have the {len(self.names)} "
                f"cells of the header."
            )
        notes = list(notes)
        if self.short:
            rows = "1 row is" if self.short == 1 else f"{self.short} rows are"
            notes.append(
                f"{rows} shorter because nothing was validated there; the cells are read without the validation "
                f"columns."
            )
        if self.strange:
            rows, were = ("1 row does", "was") if self.strange == 1 else (f"{self.strange} rows do", "were")
            notes.append(f"{rows} not fit the header ({len(self.names)} columns) and {were} left out.")
        for column in self.columns.values():
            column.pad(self.length)
        ignored = [
            Ignored(name=name, reason=f"holds {word!r:.60}, which is no number") for name, word in self.words.items()
        ]
        return Table(
            {name: column.cells() for name, column in self.columns.items()},
            self.length,
            str(path),
            frozenset(self.percent),
            tuple(start for start in self.starts if start),
            words={name: list(codes) for name, codes in self.codes.items()},
            ignored=ignored,
            notes=notes,
        )

    def _append(self, columns: Mapping[str, Parsed], length: int, share: float) -> None:
        """Add rows as numbers; with them, ``share`` of the file is read."""
        before, self.length = self.length, self.length + length
        for name, piece in columns.items():
            column = self.columns.setdefault(name, GrowingColumn())
            column.pad(before)
            column.append(piece, int(self.length / share * 1.05))

    def _piece(self, name: str, cells: Sequence[str] | Words) -> Parsed:
        """The cells of one column as numbers, or as numbers of words. Raises `NotANumber`."""
        if not isinstance(cells, Words) and name not in self.codes:
            try:
                return numbers(cells, decimal_comma=self.decimal_comma is not False)
            except NotANumber:
                if not holds_words(name) or (name in self.columns and self.columns[name].count):
                    raise
        codes = self.codes.setdefault(name, {})
        found = numbered(cells, codes) if isinstance(cells, Words) else coded(cells, codes)
        if found is None:
            raise NotANumber(next(iter(codes)))
        return found


def _in_percent(cells: Sequence[str]) -> bool:
    return any(cell.rstrip().endswith("%") for cell in cells)
