"""A JSON document: ``History.history`` of Keras (an object of lists), a list of records, or either further inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expert.adapters import columns, records
from expert.adapters.json_text.decoding import decoded
from expert.adapters.json_text.finished_runs import refuse_finished_runs
from expert.adapters.json_text.shapes import WRAPPERS, shape_of
from expert.adapters.tables.assembling import histories
from expert.adapters.text.opening import beginning, whole_text
from expert.errors import SourceError
from expert.history import History, RunConfig
from expert.history.roles import snake
from expert.reading import Reader, ReadRequest

CUSTOMARY = ("history.json", "training_history.json")
LOOKED_AT = 50
"""Records at the beginning that tell whether they are moments of one run."""


def _recognizes(source: object) -> float:
    start = beginning(source, CUSTOMARY)
    return 0.5 if start is not None and start.text.lstrip()[:1] in ("{", "[") else 0.0


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    start = beginning(source, CUSTOMARY)
    if start is None:
        raise SourceError(f"{source}: there is no file to read.")
    path = str(start.path)
    found = decoded(whole_text(start.path).strip("\0\ufeff \r\n\t"), path)
    document: Any = found.documents if len(found.documents) > 1 else found.documents[0]
    shape = shape_of(document)
    if shape is None:
        raise SourceError(_no_run(document, path))
    if shape.columns is not None:
        runs = columns.histories_of_columns(_unbroken(shape.columns, found.cut_at), request.columns, path)
        told = History(config=_planned(document), notes=tuple(found.notes))
        return tuple(told.merge(run) for run in runs)
    rows = shape.records or []
    table, named = records.table_of_records(rows, path, flatten=True)
    table.notes += [*found.notes, *shape.notes]
    if not request.columns:
        refuse_finished_runs(path, rows[:LOOKED_AT], table, "entry")
    return tuple(records.as_logged(run, named) for run in histories(table, request.columns))


def _planned(document: object) -> RunConfig:
    """What Keras' ``History.params`` says of the run, where it was dumped with the history."""
    params = document.get("params") if isinstance(document, dict) else None
    if not isinstance(params, dict) or not {"epochs", "steps"} <= params.keys():
        return RunConfig()
    planned = {name: value for name in ("epochs", "steps") if type(value := params[name]) is int and value > 0}
    return RunConfig(framework="keras", epochs=planned.get("epochs"), steps_per_epoch=planned.get("steps"))


def _unbroken(table: Mapping[str, Any], cut_at: tuple[str, ...]) -> Mapping[str, Any]:
    """Fill up the column in which the text was cut off: its values stand at the beginning of the run.

    A short column is otherwise taken for one that was measured in every k-th epoch.
    """
    name = "/".join(part for part in cut_at if snake(part) not in WRAPPERS)
    if name not in table:
        return table
    longest = max(len(column) for column in table.values())
    return {**table, name: [*table[name], *[None] * (longest - len(table[name]))]}


def _no_run(document: object, path: str) -> str:
    if isinstance(document, dict):
        names = ", ".join(repr(name) for name in list(document)[:8])
        return (
            f"{path}: this JSON object holds no lists of values over the training; it has {names or 'nothing'}. "
            "Expected an object of lists such as History.history of Keras: json.dump(history.history, file)."
        )
    if isinstance(document, list) and document and all(isinstance(one, int | float) for one in document):
        return (
            f"{path}: a list of {len(document)} numbers does not say what was measured; "
            'write it under a name: {"train.loss": [...]}.'
        )
    return f"{path}: expected an object of lists or a list of objects, found {_shown(document)}."


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
