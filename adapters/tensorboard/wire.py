"""Messages of protocol buffers: the fields of one, whatever it means."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""The kinds of field that are still written."""


class Malformed(ValueError):
    """Bytes that are no message."""


def fields(data: bytes) -> list[tuple[int, int | bytes]]:
    """Return the number and the value of every field: an integer, or the bytes of anything else. Raises `Malformed`."""
    found: list[tuple[int, int | bytes]] = []
    place, size = 0, len(data)
    while place < size:
        key = data[place]
        place += 1
        if key & 0x80:
            key, place = varint(data, place - 1)
        kind = key & 7
        if kind == VARINT:
            value, place = varint(data, place)
            found.append((key >> 3, value))
            continue
        if kind == BYTES:
            length, place = varint(data, place)
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
        else:
            raise Malformed(f"a field of kind {kind}")
        if place + length > size:
            raise Malformed("a field longer than its message")
        found.append((key >> 3, data[place : place + length]))
        place += length
    return found


def varint(data: bytes, place: int) -> tuple[int, int]:
    """Return the integer at a place and the place behind it. Raises `Malformed`."""
    value = shift = 0
    while True:
        if place >= len(data) or shift > 63:
            raise Malformed("an integer that does not end")
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, place
        shift += 7


class Place(NamedTuple):
    """A field that was left in the file: its number, its kind and where its bytes are."""

    number: int
    kind: int
    start: int
    stop: int


def places(stream: BinaryIO, start: int, stop: int) -> Iterator[Place]:
    """Yield the fields of a message in a file without reading what they hold. Raises `Malformed`."""
    while start < stop:
        stream.seek(start)
        # A key and a length have ten bytes each at most.
        head = stream.read(min(20, stop - start))
        key, behind = varint(head, 0)
        kind = key & 7
        if kind == BYTES:
            length, behind = varint(head, behind)
        elif kind == VARINT:
            length = varint(head, behind)[1] - behind
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
        else:
            raise Malformed(f"a field of kind {kind}")
        if start + behind + length > stop:
            raise Malformed("a field longer than its message")
        yield Place(key >> 3, kind, start + behind, start + behind + length)
        start += behind + length


def written(value: int) -> bytes:
    """Return a whole number of at least 0 as it is written."""
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def signed(value: int) -> int:
    """Return an integer of 64 bits as the signed one it stands for."""
    return value - (1 << 64) if value >= 1 << 63 else value


def integers(data: bytes) -> list[int]:
    """Return packed integers. Raises `Malformed`."""
    found, place = [], 0
    while place < len(data):
        value, place = varint(data, place)
        found.append(value)
    return found


def float32(data: bytes) -> float:
    """Return the number in four bytes."""
    return float(struct.unpack("<f", data)[0])


def float64(data: bytes) -> float:
    """Return the number in eight bytes."""
    return float(struct.unpack("<d", data)[0])
