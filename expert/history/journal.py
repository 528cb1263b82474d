"""A file that a live run appends to: a header, then one fragment of a history a line, readable whenever it breaks off.

The first line is ``{"format": "training-expert journal", "version": 1}``. Every other line is the JSON of a `History`
that holds what was recorded since the line before; `expert.history.joining.join` folds them into one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

from pydantic import ValidationError

from expert.errors import SourceError
from expert.history.history import History
from expert.history.joining import join

Loaded = TypeVar("Loaded", bound=History)

FORMAT = "training-expert journal"
VERSION = 1
HEADER = json.dumps({"format": FORMAT, "version": VERSION}).encode() + b"\n"
MARK = HEADER[: HEADER.index(b",")]
LEAST_MARK = len(b'{"format": "training-expert')
"""A header cut off behind this many bytes is still known as ours."""
LONGEST_RECORD = 2**30


def is_journal(head: bytes) -> bool:
    """Whether a file that begins so is a journal; a file that is shorter than the mark may be one cut off in it."""
    return head.startswith(MARK) or (len(head) >= LEAST_MARK and MARK.startswith(head))


class Journal:
    """A journal that is open for writing, by one process at a time.

    Every record is with the operating system when ``append`` returns, so that it outlives the process however that
    ends; against a failure of the machine there is no guarantee but that what reached the disk can be read.
    """

    def __init__(self, path: str | os.PathLike[str], *, resume: bool = False) -> None:
        """Begin a journal at ``path``, in place of a journal that stands there, or go on with that one (``resume``).

        Going on never takes anything away: behind a record that was cut off the next one starts on a line of its own.
        A run that goes back says so by an event ``resume`` before or in the first fragment recorded anew.

        Raises `SourceError` when the file holds anything but a journal of this version, ``OSError`` when it cannot be
        written.
        """
        self.path = Path(path)
        head, ends_torn = _ends(self.path)
        if head and not is_journal(head):
            raise SourceError(
                f"{self.path}: expected a journal or no file to write to, but it holds {_seen(head)}; "
                f"choose another path or remove that file."
            )
        if head and resume and not HEADER.startswith(head):
            raise SourceError(
                f"{self.path}: expected a journal of version {VERSION} to go on with, but it begins with "
                f"{head.decode(errors='replace')!r}."
            )
        # Appending puts each write at the end of the file; without a buffer none waits in this process.
        self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115
        try:
            if head and not resume:
                self._file.truncate(0)
                head = b""
            self._torn = len(head) == len(HEADER) and ends_torn
            if len(head) < len(HEADER):
                self._write(HEADER[len(head) :])
        except BaseException:
            self._file.close()
            raise

    def append(self, fragment: History) -> None:
        """Write what was recorded since the last fragment as one record, in one call of the system.

        Raises ``OSError`` when the disk fails; the journal stays readable, and a later record starts on a new line.
        Raises ``ValueError`` when the fragment is longer than 1 GiB of JSON or the journal is closed.
        """
        known = {
            name
            for name in History.model_fields
            if (value := getattr(fragment, name)) not in (None, ()) and getattr(value, "model_fields_set", True)
        }
        record = fragment.model_dump_json(include=known, exclude_none=True).encode() + b"\n"
        if len(record) > LONGEST_RECORD:
            raise ValueError(f"{self.path}: a fragment has {len(record):,} bytes, expected at most {LONGEST_RECORD:,}.")
        self._write(record)

    def close(self) -> None:
        """Close the file; closing again does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, record: bytes) -> None:
        rest = memoryview(b"\n" + record if self._torn else record)
        # Whatever breaks off the writing, an exception or a signal, leaves this set.
        self._torn = True
        while rest:
            rest = rest[self._file.write(rest) :]
        self._torn = False


def load(into: type[Loaded], path: str | os.PathLike[str]) -> Loaded:
    """Read a journal, or as much of one as there is; what was cut off or damaged is left out, with a note.

    Raises `SourceError` when the first line is not the header of a journal of this version or a line is too long, and
    ``OSError`` when the file cannot be read.
    """
    notes: list[str] = []
    with open(path, "rb") as stream:
        _check_header(stream.readline(1024), path)
        history = join(_fragments(stream, path, notes), into)
    return history.model_copy(update={"notes": (*history.notes, *notes)})


def _fragments(stream: BinaryIO, path: str | os.PathLike[str], notes: list[str]) -> Iterator[History]:
    number, read = 1, 0
    damaged: list[int] = []
    while line := stream.readline(LONGEST_RECORD + 1):
        number += 1
        if len(line) > LONGEST_RECORD:
            raise SourceError(f"{path}: line {number} is longer than {LONGEST_RECORD:,} bytes.")
        if line.isspace():
            continue
        try:
            fragment = History.model_validate_json(line)
        except (ValidationError, OverflowError):  # the latter for whole numbers no float can hold
            if line.endswith(b"\n"):
                damaged.append(number)
            else:
                notes.append(f"The last record of the journal (line {number}) was cut off and is left out.")
            continue
        read += 1
        yield fragment
    if damaged:
        shown = ", ".join(map(str, damaged[:5])) + (f" and {len(damaged) - 5:,} more" if len(damaged) > 5 else "")
        what = f"Lines {shown} of the journal are" if len(damaged) > 1 else f"Line {shown} of the journal is"
        notes.insert(0, f"{what} cut off or damaged and left out.")
    if not read:
        notes.append("Nothing was recorded in this journal.")


def _check_header(line: bytes, path: str | os.PathLike[str]) -> None:
    if line and HEADER.startswith(line):
        return
    try:
        header = json.loads(line)
        if header["format"] != FORMAT:
            raise ValueError
        version = header["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        seen = repr(line[:60].decode(errors="replace"))
        raise SourceError(f"{path}: the first line is {seen}, expected the header of a journal.") from None
    if version != VERSION:
        raise SourceError(f"{path}: has version {version!r} of the journal, but this release reads version {VERSION}.")


def _ends(path: Path) -> tuple[bytes, bool]:
    """Return how the file begins (nothing where there is none) and whether its last line lacks its end."""
    try:
        with path.open("rb") as stream:
            head = stream.read(len(HEADER))
            if len(head) < len(HEADER):
                return head, False
            stream.seek(-1, os.SEEK_END)
            return head, stream.read(1) != b"\n"
    except FileNotFoundError:
        return b"", False


def _seen(head: bytes) -> str:
    if head.startswith(b"PK"):
        return "a zip archive such as History.save writes"
    try:
        return f"something that begins with {head.splitlines()[0][:40].decode()!r}"
    except UnicodeDecodeError:
        return f"something that begins with the bytes {head[:8].hex(' ')}"
