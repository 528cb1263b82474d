"""A log that comes through a pipe: it is kept in a file while it is read, so that every reader can look at it."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from expert.errors import ExpertError, SourceError

if TYPE_CHECKING:
    from expert.history import History
    from expert.settings import Settings

SIGN = "-"
"""What is written in place of a path."""
NAME = "standard input"
LARGEST = 1 << 30
"""Bytes that are taken; what follows is left unread, with a note."""
BLOCK = 1 << 20


def runs_of_standard_input(columns: Mapping[str, str], settings: Settings) -> tuple[History, ...]:
    """The runs in what comes through the pipe, oldest first. Raises `SourceError` where none can be read."""
    from expert.advising import read_runs

    if sys.stdin is None or sys.stdin.closed:
        raise ExpertError("There is no standard input to read.")
    if sys.stdin.isatty():
        print("expert: reading standard input; end it with Ctrl-D.", file=sys.stderr)
    folder = Path(tempfile.mkdtemp(prefix="expert-"))
    try:
        file = folder / NAME
        with file.open("wb") as copy:
            complete = _copied(sys.stdin.buffer, copy)
        try:
            runs = read_runs(file, columns=columns, plugins=settings.plugins)
        except SourceError as error:
            raise SourceError(str(error).replace(str(file), NAME)) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tuple(_without_file(run, str(file), complete) for run in runs)


def _copied(source: IO[bytes], copy: IO[bytes]) -> bool:
    """Take what comes, up to the bound; whether that was all."""
    left = LARGEST
    while left:
        block = source.read(min(BLOCK, left))
        if not block:
            return True
        copy.write(block)
        left -= len(block)
    return not source.read(1)


def _without_file(run: History, file: str, complete: bool) -> History:
    """The run without any trace of the file it was kept in."""
    series = []
    for one in run.series:
        if one.source is not None and one.source.path is not None:
            path = one.source.path.replace(file, NAME)
            series.append(one.model_copy(update={"source": one.source.model_copy(update={"path": path})}))
        else:
            series.append(one)
    notes = [note.replace(file, NAME) for note in run.notes]
    if not complete:
        notes.append(f"Standard input went on; only its first {LARGEST:,} bytes are used.")
    source = (run.source or NAME).replace(file, NAME)
    return run.model_copy(update={"series": tuple(series), "notes": tuple(notes), "source": source})
