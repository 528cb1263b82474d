"""A profile of the data ``fit`` is given: arrays, tables, tensors, pipelines that hold their samples in memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from expert.adapters.arrays import read_arrays, recognizes
from expert.adapters.keras.profile.pipeline import is_pipeline, read_pipeline, source_tensors
from expert.errors import SourceError
from expert.history import DataProfile, History, RunConfig


def profile_data(data: object, *, validation: object = None, validation_split: float | None = None) -> DataProfile:
    """Return what the training data (and the validation data, where they are given) look like.

    ``data`` is x, (x, y), ((x, y), (x_val, y_val)) or a mapping with x, y, x_val, y_val; x may be a list of the inputs
    of a model that has several. A ``tf.data`` pipeline is read where it holds its samples in memory and does not change
    them; it is never iterated. ``validation_split`` cuts the last share of the rows off, as ``fit`` does.

    Raises ``SourceError`` in one sentence for what cannot be read.
    """
    return read_data(data, validation=validation, validation_split=validation_split).data


def read_data(data: object, *, validation: object = None, validation_split: float | None = None) -> History:
    """As `profile_data`, but a History: with notes, and with what a pipeline and the split fix of the run."""
    told = read_pipeline(data)
    opened, held_out = _opened(data, "data"), None if validation is None else _opened(validation, "validation")
    config: dict[str, Any] = {name: value for name, value in told.config if value is not None}
    if validation_split:
        if held_out is not None:
            raise SourceError("validation_split: there are validation data, too; expected one of them.")
        opened, held_out = _split(opened, validation_split)
        config["validation_split"] = float(validation_split)
    history = read_arrays(opened, validation=held_out)
    return history.model_copy(
        update={"config": RunConfig(**config), "notes": (*dict.fromkeys((*history.notes, *told.notes)),)}
    )


def can_be_shown(data: object) -> bool:
    """Whether `profile_data` takes such an object, or it is a profile."""
    return isinstance(data, DataProfile) or is_pipeline(data) or recognizes(data) > 0.0


def read_fit_data(arguments: Mapping[str, Any]) -> History:
    """Look into what ``fit`` trains on, given its ``x``, ``y`` and ``validation_data``, the held out share cut off."""
    x, y = arguments.get("x"), arguments.get("y")
    if x is None:
        raise SourceError("data: what fit was given is not seen; give the arrays as data=(x, y).")
    return read_data(x if y is None else (x, y), validation=_pair(arguments.get("validation_data")))


def read_shown_data(data: Any, arguments: Mapping[str, Any]) -> History:
    """Look into the arrays that stand for what ``fit`` is given; it holds out what its arguments say."""
    if isinstance(data, DataProfile):
        return History(data=data)
    if _has_validation(data):
        return read_data(data)
    validation, share = _pair(arguments.get("validation_data")), arguments.get("validation_split")
    if share:
        # The validation data of such a call are cut off from what is trained on.
        return read_data(data, validation_split=share)
    return read_data(data, validation=validation)


def _pair(validation: Any) -> Any:
    """Validation data without the weights of samples; None for what cannot be looked at, as a generator."""
    if isinstance(validation, tuple):
        return validation[:2] if len(validation) > 1 else validation[0]
    return validation if validation is not None and can_be_shown(validation) else None


def _has_validation(data: Any) -> bool:
    if isinstance(data, Mapping):
        return bool({"x_val", "val"} & set(data))
    return isinstance(data, tuple) and any(isinstance(part, tuple) for part in data)


def _opened(source: Any, where: str) -> Any:
    """Arrays in place of a pipeline and of a list of inputs."""
    if is_pipeline(source):
        tensors = source_tensors(source)
        if tensors is None:
            raise SourceError(
                f"{where}: a tf.data pipeline that maps, filters or reads files cannot be looked at without iterating "
                "it, which would disturb the run; give the arrays behind it."
            )
        return tensors[:2] if isinstance(tensors, tuple) else tensors
    if isinstance(source, tuple):
        return tuple(_opened(part, where) for part in source)
    if isinstance(source, Mapping):
        return {key: _opened(part, where) for key, part in source.items()}
    if isinstance(source, list) and source and all(hasattr(part, "shape") for part in source):
        return {f"input {number}": part for number, part in enumerate(source)}
    return source


def _split(data: Any, share: float) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The first rows and the last, as ``fit`` cuts them: before anything is shuffled."""
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0.0 < share < 1.0:
        raise SourceError(f"validation_split: got {share!r}; expected a share of the rows between 0 and 1.")
    if isinstance(data, Mapping) and "x" in data:
        data = (data["x"], data.get("y"))
    pair = data if isinstance(data, tuple) else (data,)
    if len(pair) > 2 or any(isinstance(part, tuple) for part in pair):
        raise SourceError("validation_split: the data hold a validation set already; expected x or (x, y) beside it.")
    rows = _rows(pair[0])
    kept = math.floor(rows * (1.0 - share))
    if not 0 < kept < rows:
        raise SourceError(f"validation_split: {share:g} of {rows} rows leaves one of the parts empty.")
    first = tuple(_cut(part, slice(0, kept)) for part in pair)
    return first, tuple(_cut(part, slice(kept, rows)) for part in pair)


def _rows(part: Any) -> int:
    if isinstance(part, Mapping):
        return _rows(next(iter(part.values())))
    try:
        return len(part)
    except TypeError:
        raise SourceError(f"data: expected an array of samples, got {type(part).__name__}.") from None


def _cut(part: Any, rows: slice) -> Any:
    if isinstance(part, Mapping):
        return {key: _cut(value, rows) for key, value in part.items()}
    if isinstance(part, str) or part is None:
        return part  # the name of the label column of a table
    return part.iloc[rows] if hasattr(part, "iloc") else part[rows]
