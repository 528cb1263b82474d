"""The lines of a text file within bounds, one by one or many at once."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np

from expert.adapters.text import opening
from expert.adapters.text.unpacking import Unpacked, text_of
from expert.errors import SourceError

LONGEST_LINE = 1 << 22
"""Characters in one line; more is no log."""
BLOCK = 1 << 22
"""Characters of whole lines that are given at once to who can use them so."""
CONFLICT_MARKS = ("<<<<<<< ", "=======", ">>>>>>> ")


class _Recoded:
    """A text file in some other encoding, read as if it were written in UTF-8."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def read(self, most: int) -> bytes:
        """About as many bytes."""
        return self.stream.read(most).encode()

    def readline(self, most: int) -> bytes:
        """A line, or its beginning."""
        return self.stream.readline(most).encode()


@dataclass
class Lines:
    """The lines of a text file, one after the other, with their line ends; ``notes`` says what was left out and why.

    Reading stops at the mark of an unresolved merge and at ``LARGEST_READ`` bytes. Raises `SourceError` for a file that
    is no text and for a line that is too long. Between two lines, many that follow can be taken at once with `block`.
    """

    path: Path
    notes: list[str] = field(default_factory=list)
    number: int = 0
    """Line number of the line last given, from 1."""
    complete: bool = True
    """Whether the line last given ended with a line break."""
    _read: int = 0
    """Bytes given so far."""
    _stream: BinaryIO | _Recoded | None = None
    _returned: TextIO | None = None
    """Lines that were taken from the stream but not given, with ``_left`` characters still to give."""
    _left: int = 0
    _damaged: list[int] = field(default_factory=list)

    @property
    def share(self) -> float:
        """How much of what will be read of the file is given, from 0 to 1; of other encodings than UTF-8 about."""
        start = opening.beginning(self.path)
        whole = min(start.size, opening.LARGEST_READ) if start is not None else 0
        return min(1.0, self._read / whole) if whole else 1.0

    def __iter__(self) -> Iterator[str]:
        start = opening.beginning(self.path)
        if start is None or start.encoding is None:
            raise SourceError(f"{self.path}: the file is not text.")
        with self._opened(start.encoding):
            while line := self._next():
                self.number += 1
                if len(line) >= LONGEST_LINE and not line.endswith("\n"):
                    too_long = f"line {self.number} is longer than {LONGEST_LINE:,} characters"
                    if self.number == 1:
                        raise SourceError(f"{self.path}: {too_long}.")
                    self.notes.append(f"{too_long.capitalize()}; only the lines before it are used.")
                    return
                if line.startswith(CONFLICT_MARKS):
                    self.notes.append(
                        f"Line {self.number} is the mark of an unresolved merge; only the {self.number - 1} "
                        f"lines before it are used."
                    )
                    return
                if "\0" in line:
                    self._leave_out()
                    continue
                self._read += len(line)
                if self._read > opening.LARGEST_READ:
                    self.notes.append(f"The file is very large; only the first {self.number - 1:,} lines are used.")
                    return
                self.complete = line.endswith(("\n", "\r"))
                yield line

    @contextmanager
    def _opened(self, encoding: str) -> Iterator[None]:
        unpacked = Unpacked(self.path, opening.LARGEST_READ)
        if encoding in ("utf-8", "utf-8-sig"):
            with io.BufferedReader(unpacked) as raw:
                if encoding == "utf-8-sig":
                    raw.read(len(codecs.BOM_UTF8))
                self._stream = raw
                yield
        else:
            with text_of(unpacked, encoding) as text:
                self._stream = _Recoded(text)
                yield
        if unpacked.damage is not None:
            self.notes.append(unpacked.damage)

    def block(self) -> bytes | None:
        """Return the next lines at once, in UTF-8: whole ones, of about ``BLOCK`` bytes.

        None where they are to be looked at one by one. They are not given again, unless they come back (`give_back`).
        """
        if self._stream is None or self._left:
            return None
        data = self._stream.read(BLOCK)
        if not data.endswith(b"\n"):
            data += self._stream.readline(LONGEST_LINE)
        # Single characters are found many times faster than words, and in a table of numbers there are none of these.
        special = b"\0" in data or any(mark[0].encode() in data for mark in CONFLICT_MARKS)
        if special or not data.endswith(b"\n") or self._read + len(data) > opening.LARGEST_READ:
            self._line_by_line(data)
            return None
        self._read += len(data)
        self.number += occurrences(data, b"\n")
        self.complete = True
        return data

    def give_back(self, block: bytes) -> None:
        """Have the lines of a block given one by one; of several blocks the last one taken must come back first."""
        self._read -= len(block)
        self.number -= occurrences(block, b"\n")
        self._line_by_line(block)

    def _line_by_line(self, data: bytes) -> None:
        text = data.decode(errors="replace")
        if self._left and self._returned is not None:
            text += self._returned.read()
        self._returned, self._left = io.StringIO(text, newline=""), len(text)

    def _leave_out(self) -> None:
        """Note a line that holds zeros: a machine that goes down leaves them in place of what it had still to write."""
        if self._damaged:
            self.notes.remove(_left_out(self._damaged))
        self._damaged.append(self.number)
        self.notes.append(_left_out(self._damaged))

    def _next(self) -> str:
        """The next line; a carriage return alone ends one, too, as that of a progress bar."""
        if not self._left and self._stream is not None:
            line = self._stream.readline(LONGEST_LINE)
            if b"\r" not in line or line.find(b"\r") >= len(line) - 2:
                return line.decode(errors="replace")
            if len(line) == LONGEST_LINE and not line.endswith(b"\n") and not isinstance(self._stream, _Recoded):
                whole = line.rfind(b"\r") + 1
                self._stream.seek(whole - len(line), os.SEEK_CUR)
                line = line[:whole]
            self._line_by_line(line)
        if self._returned is None:
            return ""
        text = self._returned.readline(LONGEST_LINE)
        self._left -= len(text)
        return text


def _left_out(lines: list[int]) -> str:
    if len(lines) == 1:
        return f"Line {lines[0]} holds NUL bytes, as an interrupted write leaves them, and was left out."
    return (
        f"{len(lines)} lines from line {lines[0]} on hold NUL bytes, as an interrupted write leaves them, and were "
        f"left out."
    )


def occurrences(data: bytes, character: bytes) -> int:
    """How often one byte occurs; of a common one many times faster than ``bytes.count``."""
    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == character[0]))
