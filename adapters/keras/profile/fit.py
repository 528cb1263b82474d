"""What a call of ``fit`` fixes: its arguments, and the other callbacks it was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from expert.adapters.keras.profile.tree import attribute

SCHEDULES = {"LearningRateScheduler", "ReduceLROnPlateau"}
"""Callbacks that change the rate."""
AVERAGES = {"SwapEMAWeights", "ModelAveraging", "AverageModelCheckpoint"}


def read_fit(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `RunConfig` that are fixed by ``fit``; what is not known is left out.

    ``parameters`` are arguments of ``fit`` by their names, as far as they are known, and what callbacks are told in
    ``params`` (``steps``). A name that is not there is unknown; ``class_weight`` and ``callbacks`` that are there as
    None were not given. ``shuffle`` counts only where ``x`` is known to be arrays: fit ignores it for pipelines and
    generators. ``x`` is what training draws from, without the share that is held out.
    """
    found: dict[str, Any] = {
        "epochs": _count(parameters.get("epochs")),
        "steps_per_epoch": _count(parameters.get("steps")) or _count(parameters.get("steps_per_epoch")),
        "batch_size": _count(parameters.get("batch_size")),
        "validation_split": _share(parameters.get("validation_split")),
    }
    rows = count_rows(parameters.get("x"))
    if rows is not None or found["validation_split"]:  # only arrays can be split
        found["shuffle"] = _flag(parameters.get("shuffle"))
    if rows and found["batch_size"]:
        found["last_batch_size"] = rows % found["batch_size"] or found["batch_size"]
    if found.get("shuffle") is not None:
        # Arrays are drawn anew in each epoch, or never. Of a run with a seed nothing is claimed: that its order repeats
        # is the price of running the same again, and no fault unless the loss shows it.
        repeats = found["shuffle"] and _repeats_its_shuffle()
        found["order_redrawn"] = None if repeats else found["shuffle"]
    if "class_weight" in parameters:
        found["class_weights"] = bool(parameters["class_weight"])
    if found["validation_split"] is None and parameters.get("validation_data") is not None:
        found["validation_split"] = 0.0  # Keras takes the data that are given and cuts nothing off
    if "callbacks" in parameters:
        found |= read_callbacks(_callbacks(parameters["callbacks"]))
    return {name: value for name, value in found.items() if value is not None}


def _repeats_its_shuffle() -> bool:
    """Whether TensorFlow draws from a seed for everything, as after ``keras.utils.set_random_seed``.

    Each epoch makes a new iterator over arrays, and the operation in it that shuffles begins with that seed again.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return False
    try:
        from tensorflow.python.eager import context

        return context.global_seed() is not None
    except Exception:  # a private part of another release
        return False


def count_rows(x: Any) -> int | None:
    """Return the number of samples of arrays, tables or tensors, also of several inputs; None for anything else."""
    if isinstance(x, Mapping):
        return count_rows(next(iter(x.values()), None))
    if isinstance(x, list | tuple):
        return count_rows(x[0]) if x else None
    shape = attribute(x, "shape")
    try:
        return int(shape[0]) if shape is not None and len(shape) else None
    except Exception:  # a shape that is not known
        return None


def read_callbacks(callbacks: Iterable[Any]) -> dict[str, Any]:
    """Return the fields of `RunConfig` that the callbacks of a run fix, given all of them.

    ``schedule`` is that of a callback that changes the rate; it is left out where there is none, for the optimizer may
    have one of its own.
    """
    given = list(callbacks)
    names = [{kind.__name__ for kind in type(one).__mro__} for one in given]
    plain = {name for kinds in names for name in kinds}
    found: dict[str, Any] = {
        "early_stopping": "EarlyStopping" in plain,
        "checkpoint_best": any(map(_keeps_the_best, given, names)),
    }
    changing = [one for one, kinds in zip(given, names, strict=True) if kinds & SCHEDULES]
    if changing:
        found["schedule"] = " and ".join(dict.fromkeys(map(_schedule_name, changing)))
        found["warm_restarts"] = False if all(type(one).__name__ == "ReduceLROnPlateau" for one in changing) else None
    if plain & AVERAGES:
        found["weight_averaging"] = True
    return {name: value for name, value in found.items() if value is not None}


def _keeps_the_best(callback: Any, kinds: set[str]) -> bool:
    if "ModelCheckpoint" in kinds:
        return bool(attribute(callback, "save_best_only"))
    return "EarlyStopping" in kinds and bool(attribute(callback, "restore_best_weights"))


def _schedule_name(callback: Any) -> str:
    kinds = [kind.__name__ for kind in type(callback).__mro__ if kind.__name__ in SCHEDULES]
    return {"LearningRateScheduler": "learning_rate_scheduler"}.get(kinds[0], "reduce_lr_on_plateau")


def _callbacks(given: Any) -> list[Any]:
    """The callbacks of a list, a single one, a ``CallbackList`` or None."""
    held = attribute(given, "callbacks")
    if isinstance(held, list):
        return held
    return [] if given is None else list(given) if isinstance(given, list | tuple) else [given]


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _share(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value < 1.0
    return float(value) if known else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
