"""One file for one history: a zip of a JSON header and raw arrays, nothing in it executable or compressed.

`load` also reads the file a live run appends to, see `expert.history.journal`.
"""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from expert.errors import SourceError, sentence
from expert.history import journal
from expert.history.arrays import ArrayStore

if TYPE_CHECKING:
    from expert.history.history import History

Loaded = TypeVar("Loaded", bound="History")

FORMAT = "training-expert history"
VERSION = 1
HEADER = "history.json"
LARGEST_HEADER = 64 * 2**20
LARGEST_FILE = 16 * 2**30


def save(history: History, path: str | os.PathLike[str]) -> None:
    """See ``History.save``. A file already there is replaced only once the new one is complete."""
    store = ArrayStore()
    document = history.model_dump_json(exclude_none=True, context=store)
    shapes = [array.shape for array in store.arrays]
    header = json.dumps({"format": FORMAT, "version": VERSION, "shapes": shapes})[:-1] + f', "history": {document}}}'
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(HEADER), header)
            for index, array in enumerate(store.arrays):
                archive.writestr(zipfile.ZipInfo(_member(index)), np.asarray(array, dtype="<f8").tobytes())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def load(cls: type[Loaded], path: str | os.PathLike[str]) -> Loaded:
    """See ``History.load``."""
    try:
        if os.path.getsize(path) > LARGEST_FILE:
            raise SourceError(f"{path}: the file is larger than {LARGEST_FILE / 2**30:g} GiB and is not read.")
        with open(path, "rb") as stream:
            if journal.is_journal(stream.read(len(journal.MARK))):
                return journal.load(cls, path)
        with zipfile.ZipFile(path) as archive:
            header = _header(archive, path)
            arrays = [_array(archive, index, shape) for index, shape in enumerate(header["shapes"])]
        return cls.model_validate(header["history"], context=ArrayStore(arrays))
    except SourceError:
        raise
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error}).") from None
    except ValidationError as error:
        raise SourceError(f"{path}: {sentence(error)}") from None
    # A damaged archive fails in many ways inside zipfile; each means the same to the reader of the message.
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, RuntimeError, NotImplementedError) as error:
        raise SourceError(
            f"{path}: expected a file written by History.save or a journal; it is cut off, damaged or something else "
            f"({str(error).strip(chr(39)).rstrip('.')})."
        ) from None


def _header(archive: zipfile.ZipFile, path: str | os.PathLike[str]) -> dict[str, Any]:
    header: Any = json.loads(_stored(archive, HEADER, LARGEST_HEADER))
    if not isinstance(header, dict) or header.get("format") != FORMAT or not isinstance(header.get("shapes"), list):
        raise ValueError(f"{HEADER} is not its header")
    if header.get("version") != VERSION:
        seen = header.get("version")
        raise SourceError(f"{path}: has version {seen!r} of the file format, but this release reads version {VERSION}.")
    return header


def _array(archive: zipfile.ZipFile, index: int, shape: list[int]) -> NDArray[np.float64]:
    flat = np.frombuffer(_stored(archive, _member(index), LARGEST_FILE), dtype="<f8")
    return flat.reshape([int(length) for length in shape])


def _stored(archive: zipfile.ZipFile, name: str, largest: int) -> bytes:
    """Read a member that is not compressed, so that it cannot be larger than the file that holds it."""
    member = archive.getinfo(name)
    if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
        raise ValueError(f"{name} is compressed")
    if member.file_size > largest:
        raise ValueError(f"{name} is larger than {largest} bytes")
    return archive.read(member)


def _member(index: int) -> str:
    return f"arrays/{index}"
