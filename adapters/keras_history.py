"""The object ``model.fit`` of Keras returns: its columns, its epochs and what its model tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from expert.errors import SourceError
from expert.history import ClockMarks, Event, History, ModelProfile, RunConfig, Series
from expert.reading import Reader, ReadRequest

RATE_COLUMNS = ("learning_rate", "lr")


def recognizes(source: object) -> float:
    """A ``keras.callbacks.History``, or an object with the same three attributes (one that was kept in a file)."""
    owners = ((kind.__module__.split(".")[0], kind.__name__) for kind in type(source).__mro__)
    if ("keras", "History") in owners:
        return 1.0
    columns = getattr(source, "history", None)
    alike = isinstance(columns, Mapping) and isinstance(getattr(source, "epoch", None), Sequence)
    return 0.9 if alike and hasattr(source, "params") else 0.0


def read(source: object, request: ReadRequest) -> tuple[History, ...]:
    """Read the columns and, if the model still hangs on the object, its structure and how it was compiled."""
    fit: Any = source
    params = dict(getattr(fit, "params", None) or {})
    table = {str(name): list(values) for name, values in fit.history.items()}
    epochs = [number + 1 for number in fit.epoch]
    if not epochs or not table:
        raise SourceError("The Keras history is empty: fit has not completed an epoch.")
    notes: list[str] = []
    for name, values in table.items():
        if len(values) > len(epochs):
            raise SourceError(
                f"The Keras history has {len(epochs)} epochs but {len(values)} values of {name!r}; "
                "expected at most one an epoch."
            )
        if len(values) < len(epochs):
            placed, note = _placed(name, values, epochs, params.get("epochs"), _ends_nonfinite(table))
            table[name] = placed
            if note and note not in notes:
                notes.append(note)
    config, model, model_notes = _of_model(fit, params, table)
    history = History.from_columns(
        table, epoch=epochs, columns=request.columns, config=config, model=model, source="the history of Keras' fit"
    )
    update = {
        "series": tuple(map(_with_reduction, history.series)),
        "marks": _marks(epochs, params.get("steps")),
        "events": _events(epochs, params.get("epochs")),
        "notes": (*history.notes, *notes, *model_notes),
    }
    return (history.model_copy(update=update),)


def _placed(
    name: str, values: list[Any], epochs: list[int], planned: int | None, ends_nonfinite: bool
) -> tuple[list[Any], str | None]:
    """Spread a shorter column over the epochs it was measured at; None stands where it was not.

    Keras writes no index: with ``validation_freq=k`` it validates after every epoch whose number k divides. A run
    stopped by a non-finite loss may lack the last validation.
    """
    if ends_nonfinite and len(values) == len(epochs) - 1:
        return [*values, None], None
    fitting = {}
    for frequency in range(2, max(epochs) + 1):
        at = [epoch % frequency == 0 for epoch in epochs]
        if sum(at) == len(values):
            fitting[frequency] = at
    if not fitting:
        note = f"{name!r} has {len(values)} values for {len(epochs)} epochs; they are placed from the first."
        return values + [None] * (len(epochs) - len(values)), note
    chosen = next((frequency for frequency in fitting if planned and planned % frequency == 0), min(fitting))
    note = f"Validation is taken to have run every {chosen} epochs; Keras does not record when it ran."
    remaining = iter(values)
    return [next(remaining) if here else None for here in fitting[chosen]], note if len(fitting) > 1 else None


def _ends_nonfinite(table: Mapping[str, list[Any]]) -> bool:
    losses = table.get("loss") or [0.0]
    return not np.isfinite(losses[-1])


def _of_model(
    fit: Any, params: Mapping[str, Any], table: Mapping[str, list[Any]]
) -> tuple[RunConfig, ModelProfile, tuple[str, ...]]:
    fixed: dict[str, Any] = {
        "framework": "keras",
        "epochs": params.get("epochs"),
        "steps_per_epoch": params.get("steps"),
        # The loops of fit see to these themselves.
        "gradients_zeroed": True,
        "training_mode_in_training": True,
        "evaluation_mode_in_validation": True,
    }
    # They know much of Keras, and recognizing a history needs none of it.
    from expert.adapters.keras.profile.compiled import read_compiled
    from expert.adapters.keras.profile.model import read_model
    from expert.adapters.keras.profile.tree import is_keras_model

    rate = next((table[name][0] for name in RATE_COLUMNS if table.get(name)), None)
    model = getattr(fit, "model", None)
    if not is_keras_model(model):
        fixed["learning_rate"] = rate
        return RunConfig(**fixed), ModelProfile(), ()
    config, notes = read_compiled(model)
    if rate is not None:
        # A callback changed the rate: the optimizer now holds the last one, the run began with the first.
        fixed["learning_rate"] = float(str(np.float32(rate)))
    try:
        profile = read_model(model)
    except Exception as problem:  # the curves are what was asked for; a model of a strange make must not cost them
        profile, notes = ModelProfile(), (*notes, f"The structure of the Keras model could not be read: {problem}")
    return config.model_copy(update=fixed), profile, notes


def _with_reduction(series: Series) -> Series:
    """Keras logs the mean over the epoch's batches, and the rate that was in force."""
    reduction = "last_batch" if series.name in RATE_COLUMNS else "epoch_mean"
    return series.model_copy(update={"reduction": reduction})


def _marks(epochs: list[int], steps: int | None) -> ClockMarks | None:
    if not steps:
        return None
    epoch = np.asarray(epochs, dtype=np.float64)
    return ClockMarks(step=epoch * steps, epoch=epoch)


def _events(epochs: list[int], planned: int | None) -> tuple[Event, ...]:
    events = []
    if epochs[0] > 1:
        text = f"fit began after epoch {epochs[0] - 1}"
        events.append(Event(kind="resume", at=float(epochs[0]), clock="epoch", text=text))
    if planned is not None and epochs[-1] < planned:
        text = f"fit ended after epoch {epochs[-1]} of {planned}"
        events.append(Event(kind="stopped", at=float(epochs[-1]), clock="epoch", text=text))
    return tuple(events)


READER = Reader(id="keras-history", title="history of Keras' fit", gives="run", recognizes=recognizes, read=read)
