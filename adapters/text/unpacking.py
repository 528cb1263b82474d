"""Files compressed with gzip, read as what is inside them; a few bytes may unpack to very many, so within bounds."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MARK = b"\x1f\x8b"
CHUNK = 1 << 14
"""Compressed bytes that are taken at a time."""
_GZIP = 16 + zlib.MAX_WBITS


class Unpacked(io.RawIOBase):
    """The bytes of a file, unpacked if it is compressed. ``damage`` says why they ended too early.

    What is cut off or damaged gives everything before that. Of a compressed file no more than ``largest`` bytes are
    given.
    """

    def __init__(self, path: Path, largest: int) -> None:
        super().__init__()
        self._file = path.open("rb", buffering=0)
        self.compressed = self._file.read(len(MARK)) == MARK
        self._file.seek(0)
        self._unpacker = zlib.decompressobj(_GZIP)
        self._packed = b""
        self._left = largest
        self._begun = self._ended = False
        """Whether a stream was begun, and whether there is nothing more."""
        self.damage: str | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Fill a buffer, as `io.RawIOBase` says."""
        if not self.compressed:
            return self._file.readinto(buffer)
        view = memoryview(buffer)
        data = b"" if self.damage is not None else self._more(min(len(view), self._left))
        self._left -= len(data)
        view[: len(data)] = data
        return len(data)

    def _more(self, most: int) -> bytes:
        """Up to so many unpacked bytes, at least one unless the end is reached."""
        if most == 0:
            self.damage = "The compressed file unpacks to very much; only its beginning is used."
            return b""
        while not self._ended:
            if self._unpacker.eof:  # one stream may follow on another, and zeros on the last
                self._packed, self._unpacker = self._unpacker.unused_data, zlib.decompressobj(_GZIP)
                self._begun = False
            elif self._begun and not self._packed and (data := self._unpacker.decompress(b"", most)):
                return data  # what was taken in, and not yet given
            self._packed = self._packed or self._file.read(CHUNK)
            if not self._begun:
                self._packed = self._packed.lstrip(b"\0") or self._file.read(CHUNK).lstrip(b"\0")
            if not self._packed:
                self._ended = True
                if self._begun:
                    self.damage = "The compressed file is cut off; what stands before the cut is used."
                return b""
            self._begun = True
            data = self._unpacked(most)
            if data or self.damage is not None:
                return data
        return b""

    def _unpacked(self, most: int) -> bytes:
        before = self._unpacker.copy()
        try:
            data = self._unpacker.decompress(self._packed, most)
            self._packed = self._unpacker.unconsumed_tail
            return data
        except zlib.error as error:
            self.damage = f"The compressed file is damaged ({error}); what stands before that is used."
        data = b""
        for place in range(len(self._packed)):  # up to the byte that is wrong
            try:
                data += before.decompress(self._packed[place : place + 1], most - len(data))
            except zlib.error:
                break
            if len(data) == most:
                break
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def head_and_size(path: Path, count: int, size: int) -> tuple[bytes, int]:
    """The first bytes of what a file holds, and how many it holds; of a compressed file, one more if it is longer.

    A file that has the mark of a compressed one, and is none, is taken as it is.
    """
    with Unpacked(path, count + 1) as stream:
        buffered = io.BufferedReader(stream)
        head = buffered.read(count)
        if not stream.compressed:
            return head, size
        if head or stream.damage is None:
            return head, len(head) + len(buffered.read(1))
    with path.open("rb") as file:
        return file.read(count), size


def text_of(stream: Unpacked, encoding: str) -> io.TextIOWrapper:
    """The same as text; line ends are left as they are."""
    return io.TextIOWrapper(io.BufferedReader(stream, 1 << 16), encoding, errors="replace", newline="")
