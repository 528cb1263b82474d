"""JSON lines: one object per line, as Detectron2, MMEngine, LLaMA-Factory, ms-swift and many scripts write them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from expert.adapters.json_text.finished_runs import refuse_finished_runs
from expert.adapters.json_text.modes import Modes
from expert.adapters.records import as_logged
from expert.adapters.tables.assembling import histories
from expert.adapters.tables.spoken import Spoken
from expert.adapters.tables.table import TableBuilder
from expert.adapters.text.lines import Lines
from expert.adapters.text.opening import Beginning, beginning
from expert.adapters.wandb_export import notes_on_history
from expert.errors import SourceError
from expert.history import History
from expert.reading import Reader, ReadRequest

CUSTOMARY = (
    "metrics.json",
    "vis_data/scalars.json",
    "scalars.json",
    "metrics.jsonl",
    "trainer_log.jsonl",
    "logging.jsonl",
    "wandb-history.jsonl",
    "files/wandb-history.jsonl",
)
LOOKED_AT = 50
"""Lines at the beginning that tell whether a file is of this kind."""
FILLING = "\0 \r\n\t,"
"""Round an object: blanks, zeros that a crash of the machine leaves, commas of a list that was never closed."""


def _recognizes(source: object) -> float:
    start = beginning(source, CUSTOMARY)
    return 0.65 if start is not None and len(first_objects(start)) > 0 else 0.0


def first_objects(start: Beginning) -> list[dict[str, Any]]:
    """Return the objects in the first lines of a file, if most of these lines are whole objects."""
    objects: list[dict[str, Any]] = []
    lines = start.lines[:LOOKED_AT]
    first = lines[0].strip(FILLING)[:1] if lines else ""
    for number, line in enumerate(lines):
        value = _object(line)
        if value is not None:
            objects.append(value)
        elif number == 0 and first in ("{", "["):
            return []  # a document over several lines, which may hold objects that fill a line
    if 2 * len(objects) < len(lines):
        return []
    if len(lines) == 1 and objects and (not objects[0] or any(isinstance(v, list | dict) for v in objects[0].values())):
        return []  # one document on one line
    return objects


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line.strip(FILLING))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    start = beginning(source, CUSTOMARY)
    if start is None:
        raise SourceError(f"{source}: there is no file to read.")
    builder, modes, spoken = TableBuilder(str(start.path)), Modes(), Spoken()
    lines = _Objects(Lines(start.path))
    for record in lines:
        builder.add(spoken.record(modes.placed(record)), flatten=True)
    table = builder.table()
    table.notes += [*lines.notes(), *modes.notes, *notes_on_history(table)]
    if not request.columns:
        refuse_finished_runs(start.path, first_objects(start), table, "line")
    detectron = {"eta_seconds", "iteration", "total_loss"} <= set(table.columns)
    named = {**spoken.named, **modes.named}
    runs = (as_logged(run, named) for run in histories(table, request.columns))
    return tuple(_smoothed(run) if detectron else run for run in runs)


def _smoothed(history: History) -> History:
    """Detectron2 logs medians over a window of iterations."""
    series = (
        one.model_copy(update={"reduction": "moving_average"}) if one.phase == "train" else one
        for one in history.series
    )
    return history.model_copy(update={"series": tuple(series)})


class _Objects:
    """The objects in lines, and what is to be said of the other lines."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._damaged: list[int] = []
        self._other = 0
        self._cut: int | None = None

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for line in self._lines:
            text = line.strip(FILLING)
            if not text:
                continue
            record = _object(text)
            if record is not None:
                yield record
            elif not self._lines.complete:
                self._cut = self._lines.number
            elif "{" in text:
                self._damaged.append(self._lines.number)
            else:
                self._other += 1

    def notes(self) -> list[str]:
        """What was left out; to be asked when all lines were given."""
        notes = list(self._lines.notes)
        if self._damaged:
            first, count = self._damaged[0], len(self._damaged)
            what = f"Line {first} is" if count == 1 else f"{count} lines, the first of them line {first}, are"
            notes.append(f"{what} no JSON and {'was' if count == 1 else 'were'} left out.")
        if self._other:
            notes.append(f"{self._other} line{'s' * (self._other > 1)} between the JSON hold other text.")
        if self._cut is not None:
            notes.append(f"Line {self._cut} is cut off; it was left out.")
        return notes


READER = Reader(id="json-lines", title="JSON lines", gives="run", recognizes=_recognizes, read=_read)
