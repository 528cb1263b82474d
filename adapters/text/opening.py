"""Text files of unknown origin: where they are, how they are encoded, how they begin, and short ones as a whole."""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from expert.adapters.text.unpacking import Unpacked, head_and_size, text_of
from expert.errors import SourceError

HEAD_BYTES = 65_536
"""What a recognizer looks at."""
LARGEST_READ = 1 << 30
"""Bytes of a file that are read at most; a longer file is used up to here, with a note."""


def as_path(source: object) -> Path | None:
    """Return the path a source names, or None if it is no path (text with line breaks is none)."""
    if isinstance(source, os.PathLike):
        named = os.fspath(source)
        return Path(os.fsdecode(named))
    if isinstance(source, str) and source.strip() and len(source) < 4096 and "\n" not in source and "\0" not in source:
        return Path(source).expanduser()
    return None


def as_file(source: object, customary: tuple[str, ...] = ()) -> Path | None:
    """Return the file a source names; of a folder, the first file in it with a customary name. None without one."""
    path = as_path(source)
    try:
        if path is None or path.is_file():
            return path
        if path.is_dir():
            return next((path / name for name in customary if (path / name).is_file()), None)
    except OSError:
        return None
    return None


@dataclass(frozen=True)
class Beginning:
    """The first bytes of a file and what they tell."""

    path: Path
    head: bytes
    size: int

    @cached_property
    def encoding(self) -> str | None:
        """Name of the encoding, or None for bytes that are no text."""
        return encoding_of(self.head)

    @cached_property
    def text(self) -> str:
        """The beginning as text, ``""`` if it is none."""
        if self.encoding is None:
            return ""
        return codecs.getincrementaldecoder(self.encoding)(errors="replace").decode(self.head)

    @cached_property
    def lines(self) -> list[str]:
        """The non-empty lines of the beginning, without one that the bound has cut."""
        lines = self.text.splitlines()
        if self.size > len(self.head) and len(lines) > 1:
            lines.pop()
        return [line for line in lines if line.strip()]


def beginning(source: object, customary: tuple[str, ...] = ()) -> Beginning | None:
    """Return the beginning of the file a source names, or None if there is none to read; never raises."""
    path = as_file(source, customary)
    if path is None:
        return None
    try:
        status = path.stat()
        return _beginning(path, status.st_size, status.st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=16)
def _beginning(path: Path, size: int, _changed: int) -> Beginning:
    # Every reader looks at the same beginning; time and size in the key notice a file that grew.
    return Beginning(path, *head_and_size(path, HEAD_BYTES, size))


def encoding_of(head: bytes) -> str | None:
    """Guess from the first bytes: a byte-order mark, UTF-16 without one, UTF-8, else Windows-1252; None if binary."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name
    if b"\0" in head:
        for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
            if zeros.count(0) > 0.9 * len(zeros):
                return name
        # A machine that went down leaves zeros where the last lines of a log were to be.
        before = head[: head.index(b"\0")]
        return "utf-8" if before.count(b"\n") >= 2 and encoding_of(before) == "utf-8" else None
    try:
        # The last character may be cut by the bound of the head.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        controls = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head)
        return None if controls > len(head) // 200 else "cp1252"
    return "utf-8"


def whole_text(path: Path) -> str:
    """Return the whole file as text. Raises `SourceError` if it is no text or larger than ``LARGEST_READ``."""
    start = beginning(path)
    if start is None or start.encoding is None:
        raise SourceError(f"{path}: the file is not text.")
    if start.size > LARGEST_READ:
        raise SourceError(
            f"{path}: the file has {start.size:,} bytes, more than the {LARGEST_READ:,} that are read as one document."
        )
    stream = Unpacked(path, LARGEST_READ)
    with text_of(stream, start.encoding) as text:
        content = text.read()
    if stream.damage is not None and len(content) >= LARGEST_READ:
        raise SourceError(f"{path}: the file unpacks to more than the {LARGEST_READ:,} bytes read as one document.")
    return content
