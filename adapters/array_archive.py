"""An ``.npz`` archive of NumPy with an array for each measurement."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from expert.adapters.columns import histories_of_columns
from expert.adapters.text.opening import as_path, beginning
from expert.errors import SourceError
from expert.history import History
from expert.reading import Reader, ReadRequest

SURE = 0.98
LARGEST = 1 << 28
"""Bytes of all arrays together, unpacked: what is larger holds weights or samples."""
MOST_ARRAYS = 1_000


def _recognizes(source: object) -> float:
    start = beginning(source)
    if start is None or not start.head.startswith(b"PK\x03\x04"):
        return 0.0
    # The name of the first member stands at its place in the first header.
    length = int.from_bytes(start.head[26:28], "little")
    return SURE if start.head[30 : 30 + length].endswith(b".npy") else 0.0


DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, EOFError, OSError, NotImplementedError, RuntimeError,
    SyntaxError, TokenError, MemoryError,
)  # fmt: skip
"""How reading a damaged archive fails inside zipfile and NumPy: wrong places, headers, sizes."""


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    path = as_path(source)
    if path is None:
        raise SourceError(f"{source}: there is no file to read.")
    try:
        arrays, others = _arrays(path)
    except SourceError:
        raise
    except DAMAGE as error:
        raise SourceError(f"{path}: the .npz archive is damaged ({error}).") from None
    if not arrays:
        held = ", ".join(f"{name!r} ({what})" for name, what in list(others.items())[:6]) or "nothing"
        raise SourceError(f"{path}: this .npz archive holds no list of numbers over a training; it has {held}.")
    return histories_of_columns(arrays, request.columns, str(path))


def _arrays(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The arrays that may be the values of one measurement, and what the others are."""
    arrays: dict[str, Any] = {}
    others: dict[str, str] = {}
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > MOST_ARRAYS or sum(member.file_size for member in members) > LARGEST:
            raise SourceError(
                f"{path}: this .npz archive holds {len(members):,} arrays of "
                f"{sum(member.file_size for member in members):,} bytes, which are no curves of a training."
            )
        for member in members:
            name = member.filename.removesuffix(".npy")
            with archive.open(member) as stream:
                try:
                    array = np.lib.format.read_array(stream, allow_pickle=False)
                except ValueError as error:
                    if "allow_pickle" not in str(error):
                        raise
                    others[name] = "objects of Python"
                    continue
            if array.ndim == 1 and array.dtype.kind in "biuf":
                arrays[name] = array.astype(np.float64)
            else:
                others[name] = " × ".join(map(str, array.shape)) or "a single value"
    return arrays, others


READER = Reader(id="array-archive", title="an .npz archive of NumPy", gives="run", recognizes=_recognizes, read=_read)
