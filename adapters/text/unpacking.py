"""Files compressed with gzip, read as what is inside them; a few bytes may unpack to very many, so within bounds."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import IO

MARK = b"\x1f\x8b"


class Unpacked(io.RawIOBase):
    """The bytes of a file, unpacked if it is compressed. ``damage`` says why they ended too early.

    What is cut off or damaged gives its beginning. Of a compressed file no more than ``largest`` bytes are given.
    """

    def __init__(self, path: Path, largest: int) -> None:
        super().__init__()
        self._file = path.open("rb")
        self.compressed = self._file.read(len(MARK)) == MARK
        self._file.seek(0)
        self._bytes: IO[bytes] = gzip.GzipFile(fileobj=self._file) if self.compressed else self._file
        self._left = largest
        self.damage: str | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object, /) -> int:
        """Fill a buffer, as `io.RawIOBase` says."""
        view = memoryview(buffer)  # type: ignore[arg-type]  # whatever the caller writes bytes to
        if not self.compressed:
            return self._bytes.readinto(view)  # type: ignore[attr-defined,no-any-return]
        try:
            data = self._bytes.read(min(len(view), self._left))
        except EOFError:
            data, self.damage = b"", "The compressed file is cut off; what stands before the cut is used."
        except (zlib.error, gzip.BadGzipFile) as error:
            data, self.damage = b"", f"The compressed file is damaged ({error}); what stands before that is used."
        if self._left == 0:
            self.damage = "The compressed file unpacks to very much; only its beginning is used."
        self._left -= len(data)
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def head_and_size(path: Path, count: int, size: int) -> tuple[bytes, int]:
    """The first bytes of what a file holds, and how much it holds; of a compressed file, one more if it is longer."""
    with Unpacked(path, count + 1) as stream:
        buffered = io.BufferedReader(stream)
        head = buffered.read(count)
        if not stream.compressed:
            return head, size
        return head, len(head) + len(buffered.read(1))


def text_of(stream: Unpacked, encoding: str) -> io.TextIOWrapper:
    """The same as text; line ends are left as they are."""
    return io.TextIOWrapper(io.BufferedReader(stream, 1 << 16), encoding, errors="replace", newline="")
