"""One value of a summary: a scalar in either of its two forms, or something else and what that is."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from expert.adapters.tensorboard.framing import WHOLE, Large
from expert.adapters.tensorboard.wire import (
    Malformed,
    Place,
    fields,
    float32,
    float64,
    integers,
    places,
    signed,
    varint,
    written,
)

# The numbers of the fields we look at, as TensorFlow's event.proto, summary.proto and tensor.proto give them.
TIME, STEP, GRAPH, SUMMARY, SESSION, META_GRAPH = 1, 2, 4, 5, 7, 9
TAG, SIMPLE_VALUE, TENSOR, METADATA = 1, 2, 8, 9
KINDS = {3: "a histogram", 4: "a picture", 5: "a histogram", 6: "sound"}
PLUGINS = {
    "images": "a picture",
    "histograms": "a histogram",
    "audio": "sound",
    "text": "text",
    "hparams": "hyperparameters",
    "pr_curves": "a precision-recall curve",
    "graph_keras_model": "the structure of the model",
}
SCALARS = "scalars"
SESSION_STARTS = 1
MOST_FRAMES = 10_000
LONGEST_FRAME = 1_000

TYPES = {
    1: "f", 2: "d", 3: "i", 4: "B", 5: "h", 6: "b", 9: "q", 10: "?", 17: "H", 19: "e", 22: "I", 23: "Q",
}  # fmt: skip
"""Numeric types of a tensor, and the letter `struct` has for each."""
BFLOAT16 = 14
CONTENT, FLOATS, DOUBLES, HALVES = 4, 5, 6, 13
INTEGERS = (7, 10, 11, 16, 17)


class Logged(NamedTuple):
    """What one value of a summary is: a ``number``, or else ``what`` (``a picture``)."""

    tag: str
    number: float | None
    what: str = ""


class Moment(NamedTuple):
    """One event: seconds since 1970, the step, its values, and what it holds besides."""

    time: float
    step: int
    values: tuple[Logged, ...] = ()
    starts: bool = False
    """The writer says that what was logged at this step and behind it no longer counts."""
    graph: bool = False


class Moments:
    """Reads events one by one; those that differ from an earlier one only in their numbers at once."""

    def __init__(self) -> None:
        self._usual: dict[bytes, str] = {}

    def moment(self, payload: bytes | Large) -> Moment:
        """Read an event. Raises `Malformed`."""
        if not isinstance(payload, bytes):
            return _left_in_the_file(payload)
        if payload[:1] == b"\x09" and payload[9:10] == b"\x10":
            step, place = varint(payload, 10)
            frame = payload[place:-4]
            tag = self._usual.get(frame)
            if tag is not None:
                return Moment(float64(payload[1:9]), signed(step), (Logged(tag, float32(payload[-4:])),))
            found = _whole(payload)
            room = len(self._usual) < MOST_FRAMES and len(frame) < LONGEST_FRAME
            if room and len(found.values) == 1 and _ends_in_its_value(frame, found.values[0]):
                self._usual[frame] = found.values[0].tag
            return found
        return _whole(payload)


def _ends_in_its_value(frame: bytes, value: Logged) -> bool:
    """Whether this stands between the step and the last four bytes of an event that holds one simple value."""
    tag = value.tag.encode()
    name = b"\x0a" + written(len(tag)) + tag + b"\x15"
    summary = b"\x0a" + written(len(name) + 4) + name
    return frame == b"\x2a" + written(len(summary) + 4) + summary


def _whole(payload: bytes) -> Moment:
    time, step, starts, graph = 0.0, 0, False, False
    values: list[Logged] = []
    for number, field in fields(payload):
        if number == TIME:
            time = float64(_bytes(field, 8))
        elif number == STEP:
            step = signed(_integer(field))
        elif number == SUMMARY:
            values += [logged(_bytes(value)) for inner, value in fields(_bytes(field)) if inner == 1]
        elif number == SESSION:
            starts = (1, SESSION_STARTS) in fields(_bytes(field))
        elif number in (GRAPH, META_GRAPH):
            graph = True
    return Moment(time, step, tuple(values), starts, graph)


def _left_in_the_file(large: Large) -> Moment:
    """A graph, pictures, histograms: only what is small is taken into memory."""
    time, step, graph = 0.0, 0, False
    values: list[Logged] = []
    for place in places(large.stream, large.start, large.stop):
        if place.number == TIME:
            time = float64(_bytes(_taken(large, place), 8))
        elif place.number == STEP:
            step = signed(integers(_taken(large, place))[0])
        elif place.number == SUMMARY:
            values += _values(large, place)
        elif place.number in (GRAPH, META_GRAPH):
            graph = True
    return Moment(time, step, tuple(values), graph=graph)


def _values(large: Large, summary: Place) -> Iterator[Logged]:
    for value in places(large.stream, summary.start, summary.stop):
        if value.number != 1:
            continue
        if value.stop - value.start <= WHOLE:
            yield logged(_taken(large, value))
            continue
        tag, what = "", "a tensor"
        for place in places(large.stream, value.start, value.stop):
            if place.number == TAG:
                tag = _text(_taken(large, place))
            elif place.number == METADATA:
                what = PLUGINS.get(_plugin(_taken(large, place)), what)
            what = KINDS.get(place.number, what)
        yield Logged(tag, None, what)


def _taken(large: Large, place: Place) -> bytes:
    if place.stop - place.start > WHOLE:
        raise Malformed("a short field of great length")
    large.stream.seek(place.start)
    return large.stream.read(place.stop - place.start)


def logged(value: bytes) -> Logged:
    """Read one value of a summary. Raises `Malformed`."""
    tag, plugin, what = "", "", "nothing"
    number: float | None = None
    tensor: bytes | None = None
    for field_number, field in fields(value):
        if field_number == TAG:
            tag = _text(_bytes(field))
        elif field_number == SIMPLE_VALUE:
            number = float32(_bytes(field, 4))
        elif field_number == TENSOR:
            tensor = _bytes(field)
        elif field_number == METADATA:
            plugin = _plugin(_bytes(field))
        what = KINDS.get(field_number, what)
    if plugin not in ("", SCALARS):
        return Logged(tag, None, PLUGINS.get(plugin, f"data of the plugin {plugin!r:.40}"))
    if tensor is not None:
        number, what = scalar(tensor), "a tensor"
    return Logged(tag, number, "" if number is not None else what)


def scalar(tensor: bytes) -> float | None:
    """Return the number in a tensor of a single one, or None for text and for a tensor of several numbers."""
    kind, elements, content = 0, 1, b""
    numbers: list[float] = []
    for number, field in fields(tensor):
        if number == 1:
            kind = _integer(field)
        elif number == 2:
            elements = _elements(_bytes(field))
        elif number == CONTENT:
            content = _bytes(field)
        elif number == FLOATS:
            numbers += [float32(part) for part in _parts(_bytes(field), 4)]
        elif number == DOUBLES:
            numbers += [float64(part) for part in _parts(_bytes(field), 8)]
        elif number == HALVES:
            packed = integers(field) if isinstance(field, bytes) else [field]
            numbers += [_half(bits & 0xFFFF, kind) for bits in packed]
        elif number in INTEGERS:
            packed = integers(field) if isinstance(field, bytes) else [field]
            numbers += [float(entry if kind in (22, 23) else signed(entry)) for entry in packed]
    if elements != 1 or (kind not in TYPES and kind != BFLOAT16):
        return None
    if content:
        return _of_content(content, kind)
    if len(numbers) > 1:
        return None
    return numbers[0] if numbers else 0.0  # a zero need not be written


def _of_content(content: bytes, kind: int) -> float | None:
    if kind == BFLOAT16:
        return _half(int.from_bytes(content, "little"), kind) if len(content) == 2 else None
    letter = TYPES[kind]
    return float(struct.unpack(f"<{letter}", content)[0]) if len(content) == struct.calcsize(f"<{letter}") else None


def _half(bits: int, kind: int) -> float:
    if kind == BFLOAT16:
        return float32(struct.pack("<I", bits << 16))
    return float(struct.unpack("<e", struct.pack("<H", bits))[0])


def _elements(shape: bytes) -> int:
    elements = 1
    for number, dimension in fields(shape):
        if number == 2:
            elements *= next((signed(_integer(size)) for key, size in fields(_bytes(dimension)) if key == 1), 0)
    return elements


def _plugin(metadata: bytes) -> str:
    """The name of the plugin that wrote a value, ``""`` where none is given."""
    data = next((_bytes(field) for number, field in fields(metadata) if number == 1), b"")
    return next((_text(_bytes(field)) for number, field in fields(data) if number == 1), "")


def _parts(packed: bytes, size: int) -> list[bytes]:
    if len(packed) % size:
        raise Malformed("numbers of odd length")
    return [packed[place : place + size] for place in range(0, len(packed), size)]


def _bytes(field: int | bytes, length: int | None = None) -> bytes:
    if isinstance(field, int) or (length is not None and len(field) != length):
        raise Malformed("a field of another kind than expected")
    return field


def _integer(field: int | bytes) -> int:
    if isinstance(field, bytes):
        raise Malformed("a field of another kind than expected")
    return field


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")
