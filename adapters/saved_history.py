"""A file written by ``History.save``."""

from __future__ import annotations

from expert.adapters.text.opening import beginning
from expert.errors import SourceError
from expert.history import History
from expert.reading import Reader, ReadRequest

_ZIP = b"PK\x03\x04"
_HEADER = b"history.json"


def _recognizes(source: object) -> float:
    start = beginning(source)
    return 1.0 if start is not None and start.head.startswith(_ZIP) and _HEADER in start.head[:60] else 0.0


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    start = beginning(source)
    if start is None:
        raise SourceError(f"{source}: there is no file to read.")
    history = History.load(start.path)
    return (history.model_copy(update={"source": history.source or str(start.path)}),)


READER = Reader(
    id="saved-history", title="a file written by History.save", gives="run", recognizes=_recognizes, read=_read
)
