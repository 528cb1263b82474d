"""``trainer_state.json`` of the Hugging Face trainer: the file, its checkpoint folder or the output folder."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from expert.adapters.tables.assembling import histories
from expert.adapters.tables.table import TableBuilder
from expert.adapters.text.opening import Beginning, as_path, beginning, whole_text
from expert.errors import SourceError
from expert.history import Event, History, RunConfig
from expert.reading import Reader, ReadRequest

FILE = "trainer_state.json"


def _found(source: object) -> Beginning | None:
    path = as_path(source)
    try:
        if path is None or not path.is_dir():
            return beginning(source)
        checkpoints = [
            (int(match[1]), one) for one in path.iterdir() if (match := re.fullmatch(r"checkpoint-(\d+)", one.name))
        ]
        # Each checkpoint holds the whole history up to itself, so the latest holds all of it.
        folders = [path, *(one for _, one in sorted(checkpoints, reverse=True))]
        return next((beginning(folder / FILE) for folder in folders if (folder / FILE).is_file()), None)
    except OSError:
        return None


def _recognizes(source: object) -> float:
    start = _found(source)
    if start is None or not start.text.lstrip().startswith("{"):
        return 0.0
    if '"log_history"' in start.text:
        return 0.95
    return 0.9 if start.path.name.endswith(FILE) and '"best_metric"' in start.text else 0.0


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    start = _found(source)
    if start is None:
        raise SourceError(f"{source}: there is no {FILE} to read.")
    path = start.path
    cut = ""
    text = whole_text(path)
    try:
        state: Any = json.loads(text)
    except (ValueError, RecursionError):
        state, cut = {"log_history": _prefix(text)}, "The file is cut off; only the entries before that are used."
    entries = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(entries, list) or not any(isinstance(entry, dict) for entry in entries):
        raise SourceError(f"{path}: its log_history has no entries, so the trainer logged nothing yet.")
    builder = TableBuilder(str(path))
    hidden: list[tuple[float, dict[str, Any]]] = []
    for entry in entries:
        if not isinstance(entry, dict) or "train_runtime" in entry:
            continue  # the summary at the end holds means over the whole run
        if entry.get("loss") == 0.0:
            hidden.append((float(entry.get("step", math.nan)), entry))
        builder.add({name: _spoken(value) for name, value in entry.items()}, flatten=True)
    table = builder.table()
    if cut:
        table.notes.append(cut)
    table.notes += _progress(state)
    runs = histories(table, request.columns, config=_config(state))
    return tuple(_with_zeros(_interval_means(run), hidden) for run in runs)


def _prefix(text: str) -> list[Any]:
    """The whole entries of a log_history that stops in the middle."""
    start = text.find("[", max(text.find('"log_history"'), 0))
    decoder, entries = json.JSONDecoder(), []
    place = start + 1
    while 0 < place < len(text):
        while place < len(text) and text[place] in " \r\n\t,":
            place += 1
        try:
            entry, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            break
        entries.append(entry)
    return entries


def _spoken(value: Any) -> Any:
    return None if isinstance(value, list) else value


def _progress(state: dict[str, Any]) -> list[str]:
    done, planned = state.get("global_step"), state.get("max_steps")
    if isinstance(done, int) and isinstance(planned, int) and 0 < done < planned:
        return [f"The state was written at step {done} of {planned}: the run was not finished."]
    return []


def _config(state: dict[str, Any]) -> RunConfig:
    def whole(name: str) -> int | None:
        value = state.get(name)
        return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None

    return RunConfig(framework="transformers", epochs=whole("num_train_epochs"), batch_size=whole("train_batch_size"))


def _interval_means(history: History) -> History:
    """``loss`` is the mean since the last entry; ``grad_norm`` and the rate are those of the last step."""
    reductions = {"train.loss": "interval_mean", "gradient.norm": "last_batch", "optimizer.learning_rate": "last_batch"}
    series = tuple(
        one.model_copy(update={"reduction": reductions[one.role]}) if one.role in reductions else one
        for one in history.series
    )
    return history.model_copy(update={"series": series})


def _with_zeros(history: History, hidden: list[tuple[float, dict[str, Any]]]) -> History:
    """A loss of exactly 0 is what the trainer's filter writes for an interval whose losses were all NaN."""
    loss = history.get("train.loss")
    if loss is None or not hidden:
        return history
    places = [(step, entry) for step, entry in hidden if step in loss.at]
    if not places:
        return history
    step, entry = places[0]
    norm = entry.get("grad_norm")
    sure = norm is not None and not math.isfinite(float(norm))
    note = (
        f"The loss is exactly 0 at {len(places)} entries, the first at step {step:g}"
        f"{', where the gradient norm is not finite' if sure else ''}: with logging_nan_inf_filter (the "
        f"default) the trainer writes 0 for an "
        "interval whose losses were all NaN or infinite. Set logging_nan_inf_filter=False to see them."
    )
    event = Event(
        kind="nan_filtered",
        at=step,
        clock=loss.clock,
        text="a loss of exactly 0 stands where the losses were NaN or infinite",
    )
    return history.model_copy(
        update={"notes": (*history.notes, note), "events": (*history.events, *([event] if sure else []))}
    )


READER = Reader(
    id="hf-trainer-state", title="trainer_state.json of Hugging Face", gives="run", recognizes=_recognizes, read=_read
)
