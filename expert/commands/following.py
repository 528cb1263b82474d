"""A log that grows: whether it has changed, and when it may be read again without costing more than it should."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

SHARE = 0.05
"""Of the time that passes, so much is spent on reading at most."""
START = 1.5
"""Seconds that the first reading may take for nothing."""
MOST_FILES = 20_000
"""Files of a folder that are looked at."""

Stamp = tuple[tuple[str, int, int, int], ...]
"""Of each file its path, its identity on the disk, its size in bytes and when it was changed (ns)."""


def stamp(path: Path) -> Stamp | None:
    """What tells one state of a log from the next; None while there is nothing."""
    try:
        if not path.is_dir():
            return (_of_file(path),)
    except OSError:
        return None
    found = []
    for number, file in enumerate(_files(path)):
        if number >= MOST_FILES:
            break
        try:
            found.append(_of_file(file))
        except OSError:
            continue  # gone since its folder was looked at
    return tuple(found)


def _of_file(path: Path) -> tuple[str, int, int, int]:
    status = path.stat()
    return str(path), status.st_ino, status.st_size, status.st_mtime_ns


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(files))


class Pace:
    """Leaves so much time between two readings that they cost no more than ``SHARE`` of it.

    What counts is the time of the processor, which the training needs, too; a busy machine makes nothing dearer.
    Of the first reading ``START`` seconds do not count: it loads the knowledge and what reads the log.
    """

    def __init__(self) -> None:
        self._free = START
        self._began = 0.0
        self._next = 0.0

    def may_read(self) -> bool:
        """Whether it is time again."""
        return time.monotonic() >= self._next

    def __enter__(self) -> None:
        self._began = time.process_time()

    def __exit__(self, *_: object) -> None:
        cost = max(0.0, time.process_time() - self._began - self._free)
        self._free = 0.0
        self._next = time.monotonic() + cost * (1 / SHARE - 1)
