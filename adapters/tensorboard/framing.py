"""The records of an event file: a length, a checksum of it, the payload, a checksum of that."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np

WHOLE = 1 << 16
"""A payload up to this size is handed over as bytes, with its checksum tried; a larger one is left in the file."""
SEARCHED = 1 << 20
"""Bytes behind a damaged place in which the next record is looked for."""

_HEADER = struct.Struct("<QI")
_POLYNOMIAL = 0x82F63B78


@cache
def _table() -> list[int]:
    """Checksums of all pairs of bytes: pairs take half the time that single bytes do."""
    crc = np.arange(1 << 16, dtype=np.uint32)
    for _ in range(16):
        crc = np.where(crc & 1, (crc >> 1) ^ np.uint32(_POLYNOMIAL), crc >> 1)
    return [int(entry) for entry in crc]


def masked_crc(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli) of the bytes, rotated and shifted as records store it."""
    table, crc, even = _table(), 0xFFFFFFFF, len(data) & ~1
    for pair in struct.unpack(f"<{even >> 1}H", data[:even]):
        crc = table[(crc ^ pair) & 0xFFFF] ^ (crc >> 16)
    if even < len(data):
        # Eight of the sixteen shifts of a pair only bring an upper byte down, so that one is a single byte's entry.
        crc = table[((crc ^ data[-1]) & 0xFF) << 8] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Large:
    """A payload that was left in the file: read it by seeking, before the next record is asked for."""

    stream: BinaryIO
    start: int
    stop: int


@dataclass
class Records:
    """The payloads of an event file, one after the other; ``notes`` says afterwards what was damaged.

    A payload whose checksum is wrong is left out. Where a length is damaged, the next record is looked for behind it.
    """

    path: Path
    count: int = 0
    """Sound records so far."""
    damaged: int = 0
    """Records whose payload is not what was written."""
    gaps: int = 0
    first_gap: int = 0
    """Where the first of the damaged lengths stands, in bytes."""
    lost: int = 0
    """Bytes left out because of damaged lengths."""
    cut: bool = False

    @property
    def notes(self) -> list[str]:
        """What could not be read, in sentences."""
        found = []
        if self.damaged:
            which = "1 record" if self.damaged == 1 else f"{self.damaged:,} records"
            found.append(f"The event file is damaged: {which} with a wrong checksum left out.")
        if self.gaps:
            more = f" and at {self.gaps - 1:,} other places" if self.gaps > 1 else ""
            found.append(
                f"The event file is damaged at byte {self.first_gap:,}{more}; {self.lost:,} bytes are left out."
            )
        if self.cut:
            found.append(f"The last record of the event file is cut off; the {self.count:,} before it are used.")
        return found

    def __iter__(self) -> Iterator[bytes | Large]:
        size = self.path.stat().st_size
        with self.path.open("rb", buffering=1 << 18) as stream:
            place = 0
            while place < size:
                header = stream.read(_HEADER.size)
                if len(header) < _HEADER.size:
                    self.cut = True
                    return
                length, checksum = _HEADER.unpack(header)
                if _crc_of_length(length) != checksum:
                    found = _next_header(stream, place + 1, size)
                    following = size if found is None else found
                    self.first_gap = place if not self.gaps else self.first_gap
                    self.gaps, self.lost, place = self.gaps + 1, self.lost + following - place, following
                    stream.seek(place)
                    continue
                start, place = place + _HEADER.size, place + _HEADER.size + length + 4
                if place > size:
                    self.cut = True
                    return
                if length > WHOLE:
                    self.count += 1
                    yield Large(stream, start, start + length)
                    stream.seek(place)
                    continue
                payload = stream.read(length)
                if masked_crc(payload) != int.from_bytes(stream.read(4), "little"):
                    self.damaged += 1
                    continue
                self.count += 1
                yield payload


@lru_cache(maxsize=1024)  # most records are as long as many others
def _crc_of_length(length: int) -> int:
    return masked_crc(length.to_bytes(8, "little"))


def _next_header(stream: BinaryIO, start: int, size: int) -> int | None:
    """The first place from ``start`` at which a length with its own checksum stands, or None."""
    stream.seek(start)
    window = stream.read(SEARCHED)
    # Lengths are small, so the upper half of one is four zeros; that rules out nearly every place.
    place = window.find(b"\0\0\0\0", 4)
    while 0 <= place <= len(window) - 8:
        length, checksum = _HEADER.unpack_from(window, place - 4)
        if 0 < length <= size and masked_crc(window[place - 4 : place + 4]) == checksum:
            return start + place - 4
        place = window.find(b"\0\0\0\0", place + 1)
    return None
