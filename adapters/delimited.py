"""Tables in text files: CSV and its relatives, as Keras, Lightning, timm, fastai, Ultralytics and W&B write them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from expert.adapters.tables.assembling import histories
from expert.adapters.tables.numbers import NotANumber, is_missing, is_number, numbers
from expert.adapters.tables.table import Cells, Table
from expert.adapters.text.opening import Beginning, Lines, beginning
from expert.adapters.wandb_export import is_export, split_export
from expert.errors import SourceError
from expert.history import History, Ignored
from expert.history.roles import match_columns
from expert.reading import Reader, ReadRequest

CUSTOMARY = ("metrics.csv", "results.csv", "history.csv", "summary.csv", "training_log.csv", "log.csv")
"""Names under which frameworks leave their table in the folder of a run."""
SEPARATORS = (",", ";", "\t", "|")
CHUNK = 50_000
"""Rows turned into numbers at a time, so that text of a long file never stands in memory at once."""


def _recognizes(source: object) -> float:
    start = beginning(source, CUSTOMARY)
    return 0.6 if start is not None and header_of(start) is not None else 0.0


def header_of(start: Beginning) -> tuple[str, list[str]] | None:
    """Return the separator and the names of a file that begins with a header, or None."""
    lines = [line for line in start.lines if not line.startswith("#")] or start.lines
    if not lines or lines[0].lstrip()[:1] in ("{", "["):
        return None
    sample = lines[: min(len(lines), 20)]
    best = max(SEPARATORS, key=lambda separator: _agreement(sample, separator))
    separator = best if _agreement(sample, best) > 1 else " "
    names = _cells(sample[0], separator)
    if len(names) < 2 and not (len(sample) > 1 and all(is_number(line) for line in sample[1:3])):
        return None
    if not _is_header(names) or len(sample) == 1:
        return None
    rows = [_cells(line, separator) for line in sample[1:]]
    numeric = [row for row in rows if 2 * sum(is_number(cell) or is_missing(cell) for cell in row) >= len(row)]
    return (separator, names) if any(1 < len(row) <= len(names) + 1 or len(names) == 1 for row in numeric) else None


def _agreement(lines: Sequence[str], separator: str) -> int:
    counts = [len(_cells(line, separator)) for line in lines]
    # The header must have as many cells as the widest row: a separator inside cells would make some row wider.
    return counts[0] if counts[0] >= max(counts[1:], default=0) - 1 else 1


def _cells(line: str, separator: str) -> list[str]:
    line = line.rstrip("\r\n")
    if separator == " ":
        return line.split()
    row = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    return [cell.strip() for cell in row]


_DIGITS = frozenset("0123456789.-+")


def _is_header(cells: Sequence[str]) -> bool:
    if cells[0][:1] in _DIGITS:
        return False  # the usual row, told from a header at once
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and not any(is_number(cell) or is_missing(cell) for cell in filled)


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    start = beginning(source, CUSTOMARY)
    found = header_of(start) if start is not None else None
    if start is None or found is None:
        raise SourceError(f"{source}: expected a table with a line of column names at its beginning.")
    runs: list[History] = []
    for table in read_tables(start.path, found[0]):
        if is_export(list(table.columns)):
            for one in split_export(table):
                runs += histories(one, request.columns)
        else:
            runs += histories(table, request.columns)
    if not runs:
        raise SourceError(f"{start.path}: has the columns {', '.join(found[1])} but no row of numbers.")
    return tuple(runs)


@dataclass
class _Block:
    """Rows under one header."""

    names: list[str]
    chunks: list[Table] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    length: int = 0
    starts: list[int] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    percent: set[str] = field(default_factory=set)
    short: int = 0
    strange: int = 0


def read_tables(path: Path, separator: str) -> Iterator[Table]:
    """Yield one table for every header in the file that differs from the one before. Raises `SourceError`."""
    lines = Lines(path)
    block: _Block | None = None
    reader = (
        (line.split() for line in lines)
        if separator == " "
        else csv.reader(lines, delimiter=separator, skipinitialspace=True)
    )
    try:
        for row in reader:
            if not any(row) or row[0].startswith("#"):
                continue
            if block is not None and len(row) == len(block.names) and not _is_header(row):
                block.rows.append(row)
                if len(block.rows) >= CHUNK:
                    _convert(block, separator)
            elif _is_header(row) and (block is None or _renews(row, block)):
                names = _unique(row)
                if block is not None and names == block.names:
                    block.starts.append(block.length + len(block.rows))
                    continue
                if block is not None:
                    yield _finished(block, path, separator, lines.notes)
                block = _Block(names)
            elif block is not None and not lines.complete and len(row) < len(block.names):
                lines.notes.append("The last line is cut off and was left out.")
            elif block is not None:
                _take_odd_row(block, row)
    except csv.Error as error:
        lines.notes.append(f"Line {lines.number} is damaged ({error}); only the lines before it are used.")
    if block is None:
        return
    yield _finished(block, path, separator, lines.notes)


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
    measured = [name for name, match in match_columns(names).items() if match.phase == "val"]
    if measured and len(row) == len(names) - len(measured):
        # fastai and timm leave the cells of the validation out when there was none, and the rest moves to the left.
        cells = iter(row)
        block.rows.append(["" if name in measured else next(cells) for name in names])
        block.short += 1
        return
    block.strange += 1


def _convert(block: _Block, separator: str) -> None:
    """Turn the rows collected so far into numbers."""
    if not block.rows:
        return
    comma = separator != ","
    columns: dict[str, Cells] = {}
    for name, cells in zip(block.names, zip(*block.rows, strict=True), strict=True):
        if name in block.words:
            continue
        try:
            values, recorded = numbers(cells, decimal_comma=comma)
        except NotANumber as word:
            block.words[name] = str(word)
            continue
        if any(cell.rstrip().endswith("%") for cell in cells[:100]):
            block.percent.add(name)
        columns[name] = Cells(values, np.ones(len(cells), dtype=np.bool_) if recorded is None else recorded)
    block.chunks.append(Table(columns, len(block.rows)))
    block.length += len(block.rows)
    block.rows = []


def _finished(block: _Block, path: Path, separator: str, notes: list[str]) -> Table:
    _convert(block, separator)
    if block.strange > block.length:
        raise SourceError(
            f"{path}: {block.strange} of {block.length + block.strange} rows do not have the {len(block.names)} "
            f"cells of the header."
        )
    notes = list(notes)
    if block.short:
        notes.append(
            f"{block.short} rows are shorter because nothing was validated there; their cells are read without "
            f"the validation columns."
        )
    if block.strange:
        notes.append(f"{block.strange} rows do not fit the header ({len(block.names)} columns) and were left out.")
    columns = {}
    for name in block.names:
        if name not in block.words:
            parts = [chunk.columns[name] for chunk in block.chunks]
            if parts:
                columns[name] = Cells(
                    np.concatenate([part.values for part in parts]), np.concatenate([part.recorded for part in parts])
                )
    ignored = [
        Ignored(name=name, reason=f"holds {word!r:.60}, which is no number") for name, word in block.words.items()
    ]
    return Table(
        columns,
        block.length,
        str(path),
        frozenset(block.percent),
        tuple(start for start in block.starts if start),
        ignored=ignored,
        notes=notes,
    )


READER = Reader(
    id="delimited",
    title="a table in a text file with a line of column names (CSV, TSV, ;)",
    gives="run",
    recognizes=_recognizes,
    read=_read,
)
