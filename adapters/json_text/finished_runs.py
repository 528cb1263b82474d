"""Records that are not moments of one training run: results, sweeps with a line for each run, service logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from expert.adapters.tables.table import Table
from expert.errors import SourceError
from expert.history.roles import match_columns, snake

SETTINGS = frozenset({"config", "params", "hparams", "hyperparameters", "args", "settings", "hyperparams"})
RUN_WORDS = frozenset({"trial", "run", "experiment", "exp", "job", "model", "seed", "fold", "candidate"})
"""Words for what has one line each in a table of finished runs."""
CHOICES = frozenset({
    "hidden", "hidden_size", "hidden_dim", "n_layers", "num_layers", "layers", "dropout", "batch_size", "optimizer",
    "weight_decay", "n_estimators", "max_depth", "embedding_dim", "activation", "units",
})  # fmt: skip
"""What is chosen for a run and does not change while it goes on."""
RESULTS = frozenset({"final"})
FEW = 3
"""Records of which a clock may stand still: two of one epoch are a training and its validation."""


def refuse_finished_runs(path: Path | str, objects: Sequence[Mapping[str, Any]], table: Table, each: str) -> None:
    """Raise `SourceError` where records are something else than moments of one training, by what no clock tells.

    ``objects`` are the first of them as written, ``each`` says what one is called (``line``).
    """
    names = list(table.columns)
    matches = match_columns(names)
    clocks = [table.columns[name].known for name, match in matches.items() if match.clock_column]
    if any(len(clock) < FEW or (clock != clock[0]).any() for clock in clocks):
        return
    if table.length == 1:
        shown = ", ".join(map(repr, names[:6]))
        raise SourceError(
            f"{path}: holds one value each of {shown}, without a step or an epoch: a result, and no "
            f"course of a training."
        )
    if not clocks and not any(match.role for match in matches.values()):
        keys = ", ".join(repr(key) for key in list(objects[0])[:6]) if objects else "nothing"
        raise SourceError(
            f"{path}: this is no training log: no {each} has a step, an epoch or a loss; the first has {keys}."
        )
    settings = _settings(objects)
    if settings is not None:
        raise SourceError(
            f"{path}: each {each} holds the settings or the final scores ({settings}) of a finished run, not the "
            "course of one; pass the log that one run wrote while it trained."
        )


def _settings(objects: Sequence[Mapping[str, Any]]) -> str | None:
    """The key that tells a table of finished runs, as it is to be shown."""
    for one in objects[:3]:
        for key, value in one.items():
            name = snake(key)
            if name in SETTINGS and isinstance(value, Mapping):
                return repr(key)
            values = [str(other.get(key)) for other in objects]
            if set(name.split("_")) & RESULTS or (name in CHOICES and len(set(values)) > 1):
                return repr(key)
            one_each = len(set(values)) == len(values) > 1
            if name.removesuffix("_id").removesuffix("_name") in RUN_WORDS and one_each:
                return repr(key)
    return None
