"""Tables written as text: rows of cells under headers become columns of numbers, a bounded piece of text at a time."""

from __future__ import annotations

import csv
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from expert.adapters.tables.growing import GrowingColumn, Parsed
from expert.adapters.tables.numbers import (
    NotANumber,
    decimal_comma_in,
    is_missing,
    is_number,
    numbers,
    without_points,
)
from expert.adapters.tables.plain_blocks import Column, Layout, columns_of
from expert.adapters.tables.table import Table
from expert.adapters.tables.words import Words, coded, holds_words, numbered
from expert.adapters.text.opening import Lines, occurrences
from expert.errors import SourceError
from expert.history import Ignored
from expert.history.roles import match_columns

CHUNK = 50_000
"""Rows turned into numbers at a time, so that text of a long file never stands in memory at once."""
LARGE = 1 << 22
"""Bytes from which on a file is worth the time to load pandas, whose parser takes well-formed blocks at once."""
TAIL = 4096
CUT_OFF = "The last line is cut off and was left out."
AT_ONCE = max(1, min(4, os.cpu_count() or 1))
"""Blocks parsed at the same time; the parser of pandas lets other threads run."""

_DIGITS = frozenset("0123456789.-+")


def cells_of(line: str, separator: str) -> list[str]:
    """The cells of one line."""
    line = line.rstrip("\r\n")
    if separator == " ":
        return line.split()
    row = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    return [cell.strip() for cell in row]


def is_header(cells: Sequence[str]) -> bool:
    """Whether cells can be the names of columns: none of them is a number or says that something is missing."""
    if cells[0][:1] in _DIGITS:
        return False  # the usual row, told from a header at once
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and not any(is_number(cell) or is_missing(cell) for cell in filled)


@dataclass
class _Block:
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

    def append(self, columns: Mapping[str, Parsed], length: int, share: float) -> None:
        """Add rows as numbers; with them, ``share`` of the file is read."""
        before, self.length = self.length, self.length + length
        for name, piece in columns.items():
            column = self.columns.setdefault(name, GrowingColumn())
            column.pad(before)
            column.append(piece, int(self.length / share * 1.05))

    def takes_on(self, names: list[str]) -> bool:
        """Whether another header only adds columns to this one, or leaves some out; from here on it holds."""
        if not (set(names) >= set(self.names) or set(names) <= set(self.names)) or len(names) < 2:
            return False
        _convert(self)
        self.names = names
        return True


def read_tables(path: Path, separator: str) -> Iterator[Table]:
    """Yield one table for every header in the file that differs from the one before. Raises `SourceError`."""
    lines = Lines(path)
    block: _Block | None = None
    reader = (
        (line.split() for line in lines)
        if separator == " "
        else csv.reader(lines, delimiter=separator, skipinitialspace=True)
    )
    in_blocks = separator != " " and path.stat().st_size >= LARGE
    pool = ThreadPoolExecutor(AT_ONCE) if in_blocks else None
    try:
        for row in reader:
            if not any(row) or row[0].startswith("#") or (block is None and row[0].startswith("sep=")):
                continue
            if block is not None and len(row) == len(block.names) and not is_header(row):
                if not lines.complete and _is_cut(row, block):
                    lines.notes.append(CUT_OFF)
                    break
                block.last_cells.append(len(row[-1]))
                block.rows.append(row)
                if len(block.rows) >= CHUNK:
                    _convert(block, lines.share)
            elif is_header(row) and (block is None or _renews(row, block)):
                names = _unique(row)
                if block is not None and block.takes_on(names):
                    block.starts.append(block.length)
                    continue
                if block is not None:
                    yield _finished(block, path, lines.notes)
                block = _Block(names, separator)
            elif block is not None and not lines.complete and len(row) < len(block.names):
                lines.notes.append(CUT_OFF)
            elif block is not None:
                _take_odd_row(block, row)
            if pool is not None and block is not None:
                _take_plain_blocks(block, lines, pool)
    except csv.Error as error:
        lines.notes.append(f"Line {lines.number} is damaged ({error}); only the lines before it are used.")
    finally:
        if pool is not None:
            pool.shutdown()
    if block is None:
        return
    yield _finished(block, path, lines.notes)


def _renews(row: Sequence[str], block: _Block) -> bool:
    """Whether a row of words is a header and no row of text cells."""
    return bool(set(row) & set(block.names)) or any(
        match.role or match.clock_column for match in match_columns(_unique(row)).values()
    )


def _unique(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    result = []
    for place, given in enumerate(names):
        name = given.strip() or f"Unnamed: {place}"
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def _take_odd_row(block: _Block, row: list[str]) -> None:
    """Take a row with another number of cells than the header, where it is clear which cells they are."""
    names = block.names
    if len(row) > len(names) and not any(row[len(names) :]):
        block.rows.append(row[: len(names)])
        return
    joined = _joined_in_brackets(row, block.separator) if len(row) > len(names) else row
    if len(joined) == len(names) < len(row):
        block.rows.append(joined)
        return
    measured = [name for name, match in match_columns(names).items() if match.phase == "val"]
    if measured and len(row) == len(names) - len(measured):
        # fastai and timm leave the cells of the validation out when there was none, and the rest moves to the left.
        cells = iter(row)
        block.rows.append(["" if name in measured else next(cells) for name in names])
        block.short += 1
        return
    block.strange += 1


def _joined_in_brackets(row: Sequence[str], separator: str) -> list[str]:
    """Put together what a separator inside brackets took apart: ``tensor(0.5, device='cuda:0')``."""
    cells: list[str] = []
    for cell in row:
        if cells and sum(map(cells[-1].count, "([")) > sum(map(cells[-1].count, ")]")):
            cells[-1] += separator + cell
        else:
            cells.append(cell)
    return cells


def _is_cut(row: Sequence[str], block: _Block) -> bool:
    """Whether the last line of a file, which has no line end, stops in the middle of its last number."""
    before = [length for length in block.last_cells if length]
    return len(before) > 1 and len(row[-1]) < min(before)


def _take_plain_blocks(block: _Block, lines: Lines, pool: Executor) -> None:
    """Take many lines at once, as far as they hold nothing but well-formed rows."""
    if not block.rows and not block.length:
        return  # the first row tells which columns hold words
    if block.decimal_comma is None and block.separator != "," and block.rows:
        row = block.rows[-1:]
        block.doubtful |= decimal_comma_in(row) is None and any("," in cell for cell in row[0])
    if block.doubtful:
        return
    ahead: deque[tuple[bytes, float, Future[Mapping[int, Column] | None]]] = deque()
    layout = Layout(block.separator, len(block.names))
    while True:
        while len(ahead) <= AT_ONCE and (text := lines.block()) is not None:
            if not ahead:
                _convert(block, lines.share)
                layout = layout._replace(
                    skipped=[place for place, name in enumerate(block.names) if name in block.words],
                    spoken=[place for place, name in enumerate(block.names) if name in block.codes],
                    decimal_comma=block.decimal_comma,
                )
            ahead.append((text, lines.share, pool.submit(columns_of, text, layout)))
        if not ahead:
            return
        text, share, parsed = ahead.popleft()
        columns = parsed.result()
        if columns is None or not _take(block, columns, occurrences(text, b"\n"), share):
            for later in (*(one for one, *_ in reversed(ahead)), text):
                lines.give_back(later)
            return
        tail = text[-TAIL:].decode(errors="replace").rstrip("\n").split("\n")
        block.last_cells += (
            len(line.rstrip("\r").rpartition(block.separator)[2].lstrip(" ")) for line in tail[len(text) > TAIL :]
        )


def _take(block: _Block, columns: Mapping[int, Column], length: int, share: float) -> bool:
    """Append rows given as columns, unless there are words among the numbers: text from here on, or another header."""
    found: dict[str, Parsed] = {}
    percent = set()
    known = {name: dict(codes) for name, codes in block.codes.items()}
    for place, column in columns.items():
        name = block.names[place]
        if isinstance(column, tuple) and not isinstance(column, Words):
            found[name] = column
            continue
        try:
            found[name] = _piece(block, name, column)
        except NotANumber:
            block.codes = known  # what stands in these rows may be no word but the header again
            return False
        if _in_percent(column.different if isinstance(column, Words) else column):
            percent.add(name)
    block.append(found, length, share)
    block.percent |= percent
    return True


def _convert(block: _Block, share: float = 1.0) -> None:
    """Turn the rows collected so far into numbers; with them, ``share`` of the file is read."""
    found: dict[str, Parsed] = {}
    if block.separator == ",":
        block.decimal_comma = False
    elif block.decimal_comma is None:
        block.decimal_comma = decimal_comma_in(block.rows)
    for name, written in zip(block.names, zip(*block.rows, strict=True), strict=bool(block.rows)):
        if name in block.words:
            continue
        cells = without_points(written) if block.decimal_comma else written
        try:
            found[name] = _piece(block, name, cells)
        except NotANumber as word:
            block.words[name] = str(word)
            block.columns.pop(name, None)
            block.codes.pop(name, None)
            block.percent.discard(name)
            continue
        if _in_percent(cells):
            block.percent.add(name)
    block.append(found, len(block.rows), share)
    block.rows = []
    block.doubtful = False


def _piece(block: _Block, name: str, cells: Sequence[str] | Words) -> Parsed:
    """The cells of one column as numbers, or as numbers of words. Raises `NotANumber`."""
    if not isinstance(cells, Words) and name not in block.codes:
        try:
            return numbers(cells, decimal_comma=block.decimal_comma is not False)
        except NotANumber:
            if not holds_words(name) or (name in block.columns and block.columns[name].count):
                raise
    codes = block.codes.setdefault(name, {})
    found = numbered(cells, codes) if isinstance(cells, Words) else coded(cells, codes)
    if found is None:
        raise NotANumber(next(iter(codes)))
    return found


def _in_percent(cells: Sequence[str]) -> bool:
    return any(cell.rstrip().endswith("%") for cell in cells)


def _finished(block: _Block, path: Path, notes: list[str]) -> Table:
    _convert(block)
    if block.strange > block.length:
        raise SourceError(
            f"{path}: {block.strange} of {block.length + block.strange} rows do not have the {len(block.names)} "
            f"cells of the header."
        )
    notes = list(notes)
    if block.short:
        rows = "1 row is" if block.short == 1 else f"{block.short} rows are"
        notes.append(
            f"{rows} shorter because nothing was validated there; the cells are read without the validation columns."
        )
    if block.strange:
        rows, were = ("1 row does", "was") if block.strange == 1 else (f"{block.strange} rows do", "were")
        notes.append(f"{rows} not fit the header ({len(block.names)} columns) and {were} left out.")
    for column in block.columns.values():
        column.pad(block.length)
    ignored = [
        Ignored(name=name, reason=f"holds {word!r:.60}, which is no number") for name, word in block.words.items()
    ]
    return Table(
        {name: column.cells() for name, column in block.columns.items()},
        block.length,
        str(path),
        frozenset(block.percent),
        tuple(start for start in block.starts if start),
        words={name: list(codes) for name, codes in block.codes.items()},
        ignored=ignored,
        notes=notes,
    )
