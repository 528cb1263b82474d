"""Tables written as text: rows of cells under headers become columns of numbers, a bounded piece of text at a time."""

from __future__ import annotations

import csv
import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

from expert.adapters.tables.headed_rows import HeadedRows
from expert.adapters.tables.headers import is_header, renews, unique
from expert.adapters.tables.numbers import decimal_comma_in
from expert.adapters.tables.plain_blocks import Column, Layout, columns_of
from expert.adapters.tables.table import Table
from expert.adapters.text.lines import Lines, occurrences

CHUNK = 50_000
"""Rows turned into numbers at a time, so that text of a long file never stands in memory at once."""
LARGE = 1 << 22
"""Bytes from which on a file is worth the time to load pandas, whose parser takes well-formed blocks at once."""
TAIL = 4096
CUT_OFF = "The last line is cut off and was left out."
AT_ONCE = max(1, min(4, os.cpu_count() or 1))
"""Blocks parsed at the same time; the parser of pandas lets other threads run."""


def read_tables(path: Path, separator: str) -> Iterator[Table]:
    """Yield one table for every header in the file that differs from the one before. Raises `SourceError`."""
    lines = Lines(path)
    headed: HeadedRows | None = None
    reader = (
        (line.split() for line in lines)
        if separator == " "
        else csv.reader(lines, delimiter=separator, skipinitialspace=True)
    )
    in_blocks = separator != " " and path.stat().st_size >= LARGE
    pool = ThreadPoolExecutor(AT_ONCE) if in_blocks else None
    try:
        for row in reader:
            if not any(row) or row[0].startswith("#") or (headed is None and row[0].startswith("sep=")):
                continue
            if headed is not None and len(row) == len(headed.names) and not is_header(row):
                if not lines.complete and headed.ends_in_a_cut(row):
                    lines.notes.append(CUT_OFF)
                    break
                headed.last_cells.append(len(row[-1]))
                headed.rows.append(row)
                if len(headed.rows) >= CHUNK:
                    headed.convert(lines.share)
            elif is_header(row) and (headed is None or renews(row, headed.names)):
                names = unique(row)
                if headed is not None and headed.takes_on(names):
                    headed.starts.append(headed.length)
                    continue
                if headed is not None:
                    yield headed.finished(path, lines.notes)
                headed = HeadedRows(names, separator)
            elif headed is not None and not lines.complete and len(row) < len(headed.names):
                lines.notes.append(CUT_OFF)
            elif headed is not None:
                headed.take_odd(row)
            if pool is not None and headed is not None:
                _take_plain_blocks(headed, lines, pool)
    except csv.Error as error:
        lines.notes.append(f"Line {lines.number} is damaged ({error}); only the lines before it are used.")
    finally:
        if pool is not None:
            pool.shutdown()
    if headed is None:
        return
    yield headed.finished(path, lines.notes)


def _take_plain_blocks(headed: HeadedRows, lines: Lines, pool: Executor) -> None:
    """Take many lines at once, as far as they hold nothing but well-formed rows."""
    if not headed.rows and not headed.length:
        return  # the first row tells which columns hold words
    if headed.decimal_comma is None and headed.separator != "," and headed.rows:
        row = headed.rows[-1:]
        headed.doubtful |= decimal_comma_in(row) is None and any("," in cell for cell in row[0])
    if headed.doubtful:
        return
    ahead: deque[tuple[bytes, float, Future[Mapping[int, Column] | None]]] = deque()
    layout = Layout(headed.separator, len(headed.names))
    while True:
        while len(ahead) <= AT_ONCE and (text := lines.block()) is not None:
            if not ahead:
                headed.convert(lines.share)
                layout = layout._replace(
                    skipped=[place for place, name in enumerate(headed.names) if name in headed.words],
                    spoken=[place for place, name in enumerate(headed.names) if name in headed.codes],
                    decimal_comma=headed.decimal_comma,
                )
            ahead.append((text, lines.share, pool.submit(columns_of, text, layout)))
        if not ahead:
            return
        text, share, parsed = ahead.popleft()
        columns = parsed.result()
        if columns is None or not headed.take(columns, occurrences(text, b"\n"), share):
            for later in (*(one for one, *_ in reversed(ahead)), text):
                lines.give_back(later)
            return
        tail = text[-TAIL:].decode(errors="replace").rstrip("\n").split("\n")
        headed.last_cells += (
            len(line.rstrip("\r").rpartition(headed.separator)[2].lstrip(" ")) for line in tail[len(text) > TAIL :]
        )
