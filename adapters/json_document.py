"""A JSON document: ``History.history`` of Keras (an object of lists), or a list of records."""

from __future__ import annotations

import json
from typing import Any

from expert.adapters import columns, records
from expert.adapters.text.opening import beginning, whole_text
from expert.errors import SourceError
from expert.history import History
from expert.reading import Reader, ReadRequest

CUSTOMARY = ("history.json", "training_history.json")


def _recognizes(source: object) -> float:
    start = beginning(source, CUSTOMARY)
    return 0.5 if start is not None and start.text.lstrip()[:1] in ("{", "[") else 0.0


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    start = beginning(source, CUSTOMARY)
    if start is None:
        raise SourceError(f"{source}: there is no file to read.")
    path = str(start.path)
    try:
        document: Any = json.loads(whole_text(start.path))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path}: begins like JSON but is none ({error}).") from None
    if isinstance(document, dict):
        document = _innermost(document)
    if isinstance(document, dict) and columns.is_table(document):
        return columns.histories_of_columns(document, request.columns, path)
    if isinstance(document, list) and records.is_records(document):
        return records.histories_of_records(document, request.columns, path, flatten=True)
    if isinstance(document, dict):
        names = ", ".join(repr(name) for name in list(document)[:8])
        raise SourceError(
            f"{path}: this JSON object holds no lists of values over the training; it has {names or 'nothing'}. "
            "Expected an object of lists such as History.history of Keras: json.dump(history.history, file)."
        )
    raise SourceError(f"{path}: expected an object of lists or a list of objects, found {_shown(document)}.")


def _innermost(document: dict[str, Any]) -> dict[str, Any]:
    """Return the table in ``{"history": {...}, "epoch": [...]}``; otherwise the document as it is."""
    for name in ("history", "logs", "metrics"):
        inner = document.get(name)
        if isinstance(inner, dict) and columns.is_table(inner):
            epoch = document.get("epoch")
            return {**inner, **({"epoch": epoch} if isinstance(epoch, list) and "epoch" not in inner else {})}
    return document


def _shown(document: object) -> str:
    if isinstance(document, list):
        return f"a list of {len(document)} entries" + (f", the first {document[0]!r:.40}" if document else "")
    return f"{document!r:.40}"


READER = Reader(
    id="json-document",
    title="a JSON file with an object of lists or a list of objects",
    gives="run",
    recognizes=_recognizes,
    read=_read,
)
