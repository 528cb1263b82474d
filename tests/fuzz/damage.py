"""Ways in which a log is damaged: each takes its bytes and gives others, drawn from a generator with a seed."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Sequence
from random import Random

Damage = Callable[[bytes, Random], bytes]

LARGEST = 2 << 20
"""Bytes that damage makes of a log at most; what repeats stops there."""
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
EXTREMES: tuple[bytes, ...] = (
    b"nan", b"NaN", b"-inf", b"Infinity", b"1e400", b"-1e308", b"5e-324", b"1e-400", b"0", b"-0", b"", b"-", b"1e",
    b"0x1p3", b"1_000", b"1,234,567.8", b"1.234.567,8", b"99999999999999999999", b"-9223372036854775809",
    b"18446744073709551616", b"9" * 5000, b"1." + b"3" * 5000, b"true", b"None", b'"', b"[1, 2]", b"{}",
    "٣".encode(), "1–2".encode(), b"tensor(2.5)",
)  # fmt: skip
PIECES: tuple[bytes, ...] = (
    b"\0", b"\0" * 512, b"\r", b"\n\n", b"\r\n", b"\t", b",", b";", b'"', b"'", b"{", b"}", b"[", b"]", b"|",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80\x04.", b"\x1b[31m", b"\x1b",
    b"<<<<<<< HEAD\n", b"=======\n", b"nan", b"Epoch 1/3\n", b"epoch,loss\n", b"step: 1 loss: 2\n",
    b'{"loss": 1}\n', b"Traceback (most recent call last):\n", b"loss", b"val_loss", b"epoch",
)  # fmt: skip


def _span(data: bytes, draw: Random, longest: int = 4096) -> tuple[int, int]:
    first = draw.randrange(len(data) + 1)
    return first, min(len(data), first + draw.randint(0, longest))


def flip(data: bytes, draw: Random) -> bytes:
    """Bits of some bytes."""
    content = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 8, 64)) if content else 0):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    return bytes(content)


def scramble(data: bytes, draw: Random) -> bytes:
    """A stretch of bytes that are anything."""
    first, last = _span(data, draw, 200)
    return data[:first] + draw.randbytes(last - first) + data[last:]


def cut(data: bytes, draw: Random) -> bytes:
    """The end, or the beginning."""
    place = draw.randrange(len(data) + 1)
    return data[:place] if draw.random() < 0.7 else data[place:]


def leave_out(data: bytes, draw: Random) -> bytes:
    """A stretch of it."""
    first, last = _span(data, draw)
    return data[:first] + data[last:]


def insert(data: bytes, draw: Random) -> bytes:
    """Something short, at some places."""
    for _ in range(draw.choice((1, 1, 3, 20))):
        place = draw.randrange(len(data) + 1)
        data = data[:place] + draw.choice(PIECES) + data[place:]
    return data


def numbers(data: bytes, draw: Random) -> bytes:
    """Others in place of some numbers."""
    share = draw.choice((0.002, 0.02, 0.3, 1.0))
    said = draw.sample(EXTREMES, draw.choice((1, 4)))
    changed = _NUMBER.sub(lambda found: draw.choice(said) if draw.random() < share else found[0], data)
    return changed[:LARGEST]


def swap_lines(data: bytes, draw: Random) -> bytes:
    """Lines change places; all of them, or two."""
    lines = data.splitlines(keepends=True)
    if draw.random() < 0.3:
        draw.shuffle(lines)
    elif lines:
        one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def repeat(data: bytes, draw: Random) -> bytes:
    """A stretch many times over: a line, a block, or a few bytes."""
    first, last = _span(data, draw, draw.choice((3, 80, 4096)))
    times = draw.choice((2, 5, 100, 3000))
    return (data[:first] + data[first:last] * times + data[last:])[:LARGEST]


def one_line(data: bytes, draw: Random) -> bytes:
    """No line breaks from somewhere on."""
    place = draw.randrange(len(data) + 1)
    return data[:place] + data[place:].replace(b"\n", draw.choice((b"", b" ", b"\r", b",")))


def line_ends(data: bytes, draw: Random) -> bytes:
    """Those of another system."""
    return data.replace(b"\n", draw.choice((b"\r\n", b"\r", b"\n\n", b"\n\r", b"\x0b", b"\xe2\x80\xa8")))


def separators(data: bytes, draw: Random) -> bytes:
    """One character becomes another everywhere."""
    one, other = draw.sample((b",", b";", b"\t", b" ", b"|", b":", b"=", b".", b'"', b"'", b"-", b"/", b"_"), 2)
    return data.replace(one, other)


def encode(data: bytes, draw: Random) -> bytes:
    """Another encoding, or a mark of one that it is not in."""
    text = data.decode("utf-8", "replace")
    mark = draw.choice((b"", b"", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"))
    encoding = draw.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "shift_jis", "utf-7", "utf-8"))
    return mark + text.encode(encoding, "replace")


def words(data: bytes, draw: Random) -> bytes:
    """A word from it in place of another, everywhere."""
    found = re.findall(rb"[A-Za-z_]{2,}", data[:4096])
    return data.replace(draw.choice(found), draw.choice((*found, b"", b"nan", b"loss", b"epoch"))) if found else data


def nest(data: bytes, draw: Random) -> bytes:
    """Brackets that open very often."""
    place = draw.randrange(len(data) + 1)
    return (
        data[:place] + draw.choice((b"[", b"{", b'{"a":', b"(", b"((")) * draw.choice((3, 500, 50_000)) + data[place:]
    )


def compress(data: bytes, draw: Random) -> bytes:
    """Compressed, and now and then cut or changed after that."""
    packed = gzip.compress(data, mtime=0)
    return draw.choice((flip, cut, _unchanged))(packed, draw)


def _unchanged(data: bytes, _draw: Random) -> bytes:
    return data


def splice(data: bytes, other: bytes, draw: Random) -> bytes:
    """The beginning of one log, then the rest of another."""
    return data[: draw.randrange(len(data) + 1)] + other[draw.randrange(len(other) + 1) :]


DAMAGES: Sequence[Damage] = (
    flip, scramble, cut, leave_out, insert, numbers, swap_lines, repeat, one_line, line_ends, separators, encode, words,
    nest, compress,
)  # fmt: skip
