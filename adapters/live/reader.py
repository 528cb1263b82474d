"""A run that is being watched, given to `advise` as it is."""

from __future__ import annotations

from typing import Any

from expert.adapters.live.watched import WatchedRun
from expert.history import History
from expert.reading import Reader, ReadRequest


def _recognizes(source: object) -> float:
    return 1.0 if isinstance(source, WatchedRun) else 0.0


def _read(source: Any, _request: ReadRequest) -> tuple[History, ...]:
    history: History = source.history()
    return (history,)


READER = Reader(id="watched-run", title="a watched run", gives="run", recognizes=_recognizes, read=_read)
