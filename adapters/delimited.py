"""Tables in text files: CSV and its relatives, as Keras, Lightning, timm, fastai, Ultralytics and W&B write them."""

from __future__ import annotations

from collections.abc import Sequence

from expert.adapters.hparams_file import config_in
from expert.adapters.tables.assembling import histories
from expert.adapters.tables.headers import cells_of, is_header
from expert.adapters.tables.numbers import is_missing, is_number
from expert.adapters.tables.written import read_tables
from expert.adapters.text.naming import listed
from expert.adapters.text.opening import Beginning, as_path, beginning
from expert.adapters.wandb_export import is_export, split_export
from expert.errors import SourceError
from expert.history import History
from expert.history.roles import match_columns
from expert.reading import Reader, ReadRequest

CUSTOMARY = ("metrics.csv", "results.csv", "history.csv", "summary.csv", "training_log.csv", "log.csv")
"""Names under which frameworks leave their table in the folder of a run."""
SEPARATORS = (",", ";", "\t", "|")
MOST_TITLES = 5
"""Lines that may stand before the header."""


def _recognizes(source: object) -> float:
    start = beginning(source, CUSTOMARY)
    return 0.6 if start is not None and header_of(start) is not None else 0.0


def header_of(start: Beginning) -> tuple[str, list[str]] | None:
    """Return the separator and the names of a file that begins with a header, or None.

    A line that is no row of a table, such as a title, may stand before the header where its names are known ones.
    """
    lines = [line for line in start.lines if not line.startswith(("#", "sep="))] or start.lines
    if not lines or lines[0].lstrip()[:1] in ("{", "["):
        return None
    found = _header(lines[:20])
    for first in range(1, min(MOST_TITLES + 1, len(lines))) if found is None else ():
        below = _header(lines[first : first + 20])
        if below is not None and below[0] in SEPARATORS and _known(below[1]) > 1:
            return below
    return found


def _header(sample: list[str]) -> tuple[str, list[str]] | None:
    best = max(SEPARATORS, key=lambda separator: _agreement(sample, separator))
    separator = best if _agreement(sample, best) > 1 else " "
    names = cells_of(sample[0], separator)
    if len(names) < 2 and not (len(sample) > 1 and all(is_number(line) for line in sample[1:3])):
        return None
    if not is_header(names):
        return None
    if len(sample) == 1:  # a log that has just begun
        return (separator, names) if separator != " " and _known(names) > 1 else None
    rows = [cells_of(line, separator) for line in sample[1:]]
    numeric = [row for row in rows if 2 * sum(is_number(cell) or is_missing(cell) for cell in row) >= len(row)]
    return (separator, names) if any(1 < len(row) <= len(names) + 1 or len(names) == 1 for row in numeric) else None


def _known(names: Sequence[str]) -> int:
    return sum(bool(match.role or match.clock_column) for match in match_columns(names).values())


def _agreement(lines: Sequence[str], separator: str) -> int:
    counts = [len(cells_of(line, separator)) for line in lines]
    # The header must have as many cells as the widest row: a separator inside cells would make some row wider.
    return counts[0] if counts[0] >= max(counts[1:], default=0) - 1 else 1


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    start = beginning(source, CUSTOMARY)
    found = header_of(start) if start is not None else None
    if start is None or found is None:
        raise SourceError(f"{source}: expected a table with a line of column names at its beginning.")
    folder = as_path(source)
    config, note = (None, None) if folder is None or not folder.is_dir() else config_in(folder)
    runs: list[History] = []
    for table in read_tables(start.path, found[0]):
        if table.length == 0:
            continue
        if is_export(list(table.columns)):
            for one in split_export(table):
                runs += histories(one, request.columns)
        else:
            table.notes += [note] if note else []
            runs += histories(table, request.columns, config=config)
    if not runs:
        raise SourceError(f"{start.path}: has the columns {listed(found[1])} but no row of numbers.")
    return tuple(runs)


READER = Reader(
    id="delimited",
    title="a table in a text file with a line of column names (CSV, TSV, ;)",
    gives="run",
    recognizes=_recognizes,
    read=_read,
)
