"""JSON lines: one object per line, as Detectron2, MMEngine, LLaMA-Factory and many scripts write them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from expert.adapters.tables.assembling import histories
from expert.adapters.tables.table import TableBuilder
from expert.adapters.text.opening import Beginning, Lines, beginning
from expert.errors import SourceError
from expert.history import History
from expert.history.roles import match_columns, snake
from expert.reading import Reader, ReadRequest

CUSTOMARY = (
    "metrics.json",
    "vis_data/scalars.json",
    "scalars.json",
    "metrics.jsonl",
    "trainer_log.jsonl",
    "logging.jsonl",
)


def _recognizes(source: object) -> float:
    start = beginning(source, CUSTOMARY)
    return 0.65 if start is not None and len(first_objects(start)) > 0 else 0.0


def first_objects(start: Beginning) -> list[dict[str, Any]]:
    """Return the objects in the first lines of a file, if at least the first line is a whole object."""
    objects: list[dict[str, Any]] = []
    for line in start.lines[:50]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            break
        if not isinstance(value, dict):
            break
        objects.append(value)
    if len(start.lines) == 1 and objects and any(isinstance(value, list | dict) for value in objects[0].values()):
        return []  # one document on one line
    return objects


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    start = beginning(source, CUSTOMARY)
    if start is None:
        raise SourceError(f"{source}: there is no file to read.")
    lines = Lines(start.path)
    builder = TableBuilder(str(start.path))
    modes = _Modes()
    for record in _records(lines):
        builder.add(modes.placed(record), flatten=True)
    table = builder.table()
    table.notes += [*lines.notes, *modes.notes]
    _refuse_other_lines(start.path, first_objects(start), [*table.columns], table.length, request)
    detectron = {"eta_seconds", "iteration", "total_loss"} <= set(table.columns)
    return tuple(_as_logged(run, modes.named, smoothed=detectron) for run in histories(table, request.columns))


def _as_logged(history: History, named: Mapping[str, str], *, smoothed: bool) -> History:
    """Give the scores of validation lines their own names back; Detectron2 logs medians over a window of iterations."""
    series = []
    for one in history.series:
        update: dict[str, Any] = {}
        if one.name in named:
            name = named[one.name]
            source = one.source.model_copy(update={"column": name}) if one.source is not None else None
            update = {"name": name, "source": source}
        if smoothed and one.phase == "train":
            update["reduction"] = "moving_average"
        series.append(one.model_copy(update=update) if update else one)
    ignored = [one.model_copy(update={"name": named.get(one.name, one.name)}) for one in history.ignored]
    return history.model_copy(update={"series": tuple(series), "ignored": tuple(ignored)})


def _records(lines: Lines) -> Iterator[dict[str, Any]]:
    for line in lines:
        text = line.strip()
        if not text:
            continue
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            what = "is cut off" if not lines.complete else "is no JSON"
            rest = "it was left out" if not lines.complete else "only the lines before it are used"
            lines.notes.append(f"Line {lines.number} {what}; {rest}.")
            return
        if isinstance(record, dict):
            yield record


class _Modes:
    """Puts the validation lines of MMEngine and mmcv in their place: they name no phase, and count another clock."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.named: dict[str, str] = {}
        """Name given to a score of a validation line → name as logged."""
        self.last: dict[str, Any] = {}
        self.framework = False

    def placed(self, record: dict[str, Any]) -> Mapping[str, Any]:
        if record.get("mode") in ("val", "test"):
            return self._validation(record)
        if (
            "loss" in record
            and ("iter" in record or "step" in record)
            and ("data_time" in record or "memory" in record)
        ):
            self.framework = True
            self.last = record
            return record
        if self.framework and "loss" not in record and "epoch" not in record and "step" in record:
            return self._validation(record)
        return record

    def _validation(self, record: dict[str, Any]) -> dict[str, Any]:
        """The line stands behind the training lines it belongs to, which is more than its own count can tell."""
        if not self.notes:
            self.notes.append(
                "Validation lines count epochs where training lines count steps; they are placed where they "
                "stand in the file."
            )
        clocks = {name: self.last[name] for name in ("step", "iter", "epoch") if name in self.last}
        skipped = {"step", "iter", "epoch", "mode", "lr", "time", "data_time", "memory"}
        scores = {f"val/{name}": value for name, value in record.items() if name not in skipped}
        self.named |= {name: name.removeprefix("val/") for name in scores}
        return scores | (clocks or {name: record[name] for name in ("step", "epoch") if name in record})


def _refuse_other_lines(
    path: Path, objects: list[dict[str, Any]], names: list[str], length: int, request: ReadRequest
) -> None:
    """Say so where lines are not moments of one training run."""
    if request.columns:
        return
    matches = match_columns(names)
    if any(match.clock_column for match in matches.values()):
        return
    if length == 1:
        names_shown = ", ".join(map(repr, names[:6]))
        raise SourceError(
            f"{path}: holds one value each of {names_shown}, without a step or an epoch: a result, and no "
            f"course of a training."
        )
    keys = ", ".join(repr(key) for key in list(objects[0])[:6]) if objects else "nothing"
    settings = next(
        (
            key
            for one in objects[:3]
            for key, value in one.items()
            if snake(key) in _SETTINGS and isinstance(value, dict)
        ),
        None,
    )
    if settings is not None:
        raise SourceError(
            f"{path}: each line holds the settings ({settings!r}) and the final scores of a finished run, not "
            f"the course of one; "
            "pass the log that one run wrote while it trained."
        )
    if not any(match.role for match in matches.values()):
        raise SourceError(
            f"{path}: these JSON lines are no training log: no line has a step, an epoch or a loss; the first "
            f"has {keys}."
        )


_SETTINGS = {"config", "params", "hparams", "hyperparameters", "args", "settings", "hyperparams"}

READER = Reader(id="json-lines", title="JSON lines", gives="run", recognizes=_recognizes, read=_read)
