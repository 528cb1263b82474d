"""A file written by ``History.save``, or the journal that a live run appends to."""

from __future__ import annotations

from expert.adapters.text.opening import beginning
from expert.errors import SourceError
from expert.history import History
from expert.history.journal import is_journal
from expert.reading import Reader, ReadRequest

_ZIP = b"PK\x03\x04"
_HEADER = b"history.json"


def _recognizes(source: object) -> float:
    start = beginning(source)
    if start is None:
        return 0.0
    saved = start.head.startswith(_ZIP) and _HEADER in start.head[:60]
    return 1.0 if saved or is_journal(start.head) else 0.0


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    start = beginning(source)
    if start is None:
        raise SourceError(f"{source}: there is no file to read.")
    history = History.load(start.path)
    return (history.model_copy(update={"source": history.source or str(start.path)}),)


READER = Reader(
    id="saved-history",
    title="a file written by History.save or by a live run",
    gives="run",
    recognizes=_recognizes,
    read=_read,
)
