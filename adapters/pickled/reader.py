"""A pickled ``History.history`` of Keras, or ``numpy.save`` of one: dicts of lists of numbers, and nothing else."""

from __future__ import annotations

import re
import warnings
from io import BytesIO
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from expert.adapters.columns import histories_of_columns
from expert.adapters.json_text.shapes import shape_of
from expert.adapters.pickled.opcodes import Unfit, UnknownName
from expert.adapters.pickled.stand_ins import Array, unpickled
from expert.adapters.records import histories_of_records
from expert.adapters.text.opening import as_path, beginning
from expert.errors import SourceError
from expert.history import History
from expert.reading import Reader, ReadRequest

SURE = 0.98
LARGEST = 1 << 26
"""Bytes of a pickle that is read: a history has a few thousand."""
MOST_PARTS = 20_000_000
"""Numbers, lists and names in what a pickle holds, counted wherever they are referred to."""
MOST_PICKLES = 10_000
PADDING = 64
DEEPEST = 6

PICKLE = re.compile(
    rb"\x80[\x02-\x05]|\([dl]p?\d*\n|\(lp?\d|[}\]]q\x00\(|c(?:collections|copy_reg|__builtin__|numpy[\w.]*)\n\w+\n"
)
NUMPY = b"\x93NUMPY"
TORCH = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
"""The number at the beginning of a checkpoint of early versions of PyTorch."""
CONVERT = "json.dump(pickle.load(open(path, 'rb')), open('history.json', 'w'), default=float)"


def _recognizes(source: object) -> float:
    start = beginning(source)
    if start is None:
        return 0.0
    pickled = PICKLE.match(start.head) is not None
    return SURE if pickled or (start.head.startswith(NUMPY) and b"'descr': '|O'" in start.head[:128]) else 0.0


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    start, path = beginning(source), as_path(source)
    if start is None or path is None:
        raise SourceError(f"{source}: there is no file to read.")
    if TORCH in start.head[:32]:
        raise SourceError(
            f"{path} is a PyTorch checkpoint; it holds weights, and it is not opened because it is a pickle."
        )
    if start.size > LARGEST:
        raise SourceError(f"{path} is a pickle of {start.size:,} bytes; a history has far fewer than {LARGEST:,}.")
    try:
        documents, notes = _documents(path)
        *others, last = _histories(documents, request, path)
    except UnknownName as error:
        raise SourceError(_refused(path, error.name)) from None
    except Unfit as error:
        raise SourceError(
            f"{path} is a pickle that is not read, because it has {error}. If it is your own, convert it: {CONVERT}."
        ) from None
    return (*others, last.model_copy(update={"notes": (*last.notes, *notes)}))


def _refused(path: Path, name: str) -> str:
    convert = CONVERT
    if name.endswith(".History"):
        convert = CONVERT.replace("'rb'))", "'rb')).history")
    if name.startswith("joblib."):
        convert = CONVERT.replace("pickle.load(open(path, 'rb'))", "joblib.load(path)")
    return (
        f"{path} is a pickle that refers to {name}: loading it could run any code, so only numbers, lists, dicts and "
        f"NumPy arrays are taken from pickles. If it is your own, convert it: {convert}."
    )


def _documents(path: Path) -> tuple[list[Any], list[str]]:
    """What every pickle in the file holds: ``pickle.dump`` may have been called more than once. With notes."""
    data = path.read_bytes()
    place = _behind_header(data) if data.startswith(NUMPY) else 0
    found: list[Any] = []
    plain = _Plain()
    while len(found) < MOST_PICKLES:
        try:
            document, place = unpickled(data, place)
        except UnknownName:
            raise
        except Unfit as error:
            if not found:
                raise
            return found, [f"Of the pickles in the file only the first {len(found):,} are used; the next has {error}."]
        found.append(plain.of(document))
        if not data[place : place + PADDING].strip(b"\0"):
            return found, []
    return found, [f"Only the first {MOST_PICKLES:,} pickles in the file are used."]


def _behind_header(data: bytes) -> int:
    """Where the pickle of an array of objects begins in a file of ``numpy.save``."""
    stream = BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a header of Python 2 is as good
            read(stream)
    except (ValueError, SyntaxError, TokenError) as error:  # NumPy takes the header for a literal of Python
        raise Unfit(f"a damaged header ({str(error).splitlines()[0]:.80})") from None
    return stream.tell()


class _Plain:
    """Turns what was unpickled into lists, dicts and numbers of Python, and counts."""

    def __init__(self) -> None:
        self.parts = 0

    def of(self, found: object, depth: int = 0) -> Any:
        """Return a copy. Raises `Unfit` where it is too deep or, with all that is referred to again, too large."""
        self.parts += found.size if isinstance(found, np.ndarray) else 1
        if self.parts > MOST_PARTS or depth > DEEPEST:
            raise Unfit("lists within lists that no history has")
        if isinstance(found, Array):
            return self.of(found.content, depth + 1)
        if isinstance(found, dict):
            return {_name(name): self.of(value, depth + 1) for name, value in found.items()}
        if isinstance(found, list | tuple):
            return [self.of(one, depth + 1) for one in found]
        if isinstance(found, np.ndarray):
            return found.tolist() if found.ndim < 2 else f"an array of {' × '.join(map(str, found.shape))}"
        if isinstance(found, np.generic):
            return found.item()
        if found is None or isinstance(found, bool | int | float | str):
            return found
        raise Unfit(f"a {type(found).__name__} where a number was expected")


def _name(name: object) -> str:
    if not isinstance(name, str | int):
        raise Unfit(f"a {type(name).__name__} in place of a name")
    return str(name)


def _histories(documents: list[Any], request: ReadRequest, path: Path) -> tuple[History, ...]:
    """The run in what one call of ``pickle.dump`` wrote, or in the records of several; several runs otherwise."""
    joined = shape_of(documents)
    if len(documents) > 1 and joined is not None and not any(map(shape_of, documents)):
        return histories_of_records(joined.records or [], request.columns, str(path), flatten=True)
    runs: list[History] = []
    for number, document in enumerate(documents, 1):
        called = str(path) if len(documents) == 1 else f"{path}, pickle {number}"
        shape = shape_of(document)
        if shape is None:
            raise SourceError(
                f"{called} is a pickle of {_shown(document)}; expected a dict of lists such as History.history."
            )
        if shape.columns is not None:
            runs += histories_of_columns(shape.columns, request.columns, called)
        else:
            runs += histories_of_records(shape.records or [], request.columns, called, flatten=True)
    return tuple(runs)


def _shown(document: object) -> str:
    if isinstance(document, dict):
        return (
            f"a dict with {', '.join(map(repr, list(document)[:6])) or 'nothing in it'}, none of it a list of numbers"
        )
    if isinstance(document, list):
        return f"a list of {len(document)} entries"
    return f"{document!r:.40}"


READER = Reader(
    id="pickled",
    title="a pickled dict of lists such as History.history of Keras",
    gives="run",
    recognizes=_recognizes,
    read=_read,
)
