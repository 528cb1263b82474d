"""``trainer_state.json`` of the Hugging Face trainer: the file, its checkpoint folder or the output folder."""

from __future__ import annotations

import math
from typing import Any

from expert.adapters.hf_checkpoints import FILE, chosen_state, newest_file, read_state
from expert.adapters.hf_hidden_zeros import with_hidden_zeros
from expert.adapters.json_lines import first_objects
from expert.adapters.tables.assembling import histories
from expert.adapters.tables.table import TableBuilder
from expert.adapters.text.opening import Beginning, as_path, beginning
from expert.errors import SourceError
from expert.history import History, RunConfig
from expert.reading import Reader, ReadRequest


def _found(source: object) -> Beginning | None:
    path = as_path(source)
    try:
        if path is None or not path.is_dir():
            return beginning(source)
        file = newest_file(path)
    except OSError:
        return None
    return None if file is None else beginning(file)


def _recognizes(source: object) -> float:
    start = _found(source)
    if start is None or not start.text.lstrip().startswith("{") or len(first_objects(start)) > 1:
        return 0.0  # no JSON document: ms-swift's lines hold a log_history, too
    if '"log_history"' in start.text:
        return 0.95
    return 0.9 if start.path.name.endswith(FILE) and '"best_metric"' in start.text else 0.0


def _read(source: object, request: ReadRequest) -> tuple[History, ...]:
    path = as_path(source)
    if path is None:
        raise SourceError(f"{source}: there is no {FILE} to read.")
    state = chosen_state(path) if path.is_dir() else read_state(path)
    builder = TableBuilder(str(state.path))
    for entry in state.entries:
        if "train_runtime" not in entry:  # the summary at the end holds means over the whole run
            builder.add(
                {name: None if isinstance(value, list) else value for name, value in entry.items()}, flatten=True
            )
    table = builder.table()
    table.notes += [*state.notes, *_progress(state.fields)]
    runs = histories(table, request.columns, config=_config(state.fields))
    return tuple(with_hidden_zeros(_interval_means(run), rounded=False) for run in runs)


def _progress(fields: dict[str, Any]) -> list[str]:
    done, planned = fields.get("global_step"), fields.get("max_steps")
    if isinstance(done, int) and isinstance(planned, int) and 0 < done < planned:
        return [f"The state was written at step {done} of {planned}: the run was not finished."]
    return []


def _config(fields: dict[str, Any]) -> RunConfig:
    def whole(name: str) -> int | None:
        value = fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
            return None
        return int(value)

    return RunConfig(framework="transformers", epochs=whole("num_train_epochs"), batch_size=whole("train_batch_size"))


def _interval_means(history: History) -> History:
    """``loss`` is the mean since the last entry; ``grad_norm`` and the rate are those of the last step."""
    reductions = {"train.loss": "interval_mean", "gradient.norm": "last_batch", "optimizer.learning_rate": "last_batch"}
    series = tuple(
        one.model_copy(update={"reduction": reductions[one.role]}) if one.role in reductions else one
        for one in history.series
    )
    return history.model_copy(update={"series": series})


READER = Reader(
    id="hf-trainer-state", title="trainer_state.json of Hugging Face", gives="run", recognizes=_recognizes, read=_read
)
