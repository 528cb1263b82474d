"""The samples themselves: arrays, tables, lists or tensors, with labels and a validation set if there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from expert.adapters.array_checks import (
    compare_features,
    find_nonfinite,
    repeats,
    row_hashes,
    shared,
    summarize_columns,
)
from expert.adapters.array_datasets import LOOKED_AT, Gathered, gather, is_dataset
from expert.adapters.array_labels import Labels, read_labels, total_variation
from expert.adapters.array_parts import known_of_a_part, notes_on
from expert.adapters.samples import Samples, is_frame, is_loader, read_samples
from expert.errors import SourceError, nearest
from expert.history import DataProfile, History, RunConfig
from expert.reading import Reader, ReadRequest

COMPARED = 64
"""So many samples are compared with their targets."""
KEYS = ("x", "y", "x_val", "y_val")
ALIASES = {"x_train": "x", "y_train": "y"}
ARRAY_KINDS = {("numpy", "ndarray"), ("pandas", "DataFrame"), ("pandas", "Series"), ("torch", "Tensor")}
FORMS = "x, (x, y), ((x, y), (x_val, y_val)) or {'x': ..., 'y': ..., 'x_val': ..., 'y_val': ...}"


@dataclass(frozen=True, slots=True)
class _Set:
    x: Samples
    labels: Labels | None
    gathered: Gathered | None = None
    """What was read of a data set; None for arrays."""


def recognizes(source: object) -> float:
    """Arrays, tables and tensors, and the ways of giving them together; plain lists of numbers too, but less surely."""
    if _is_array(source) or is_dataset(source):
        return 0.9
    if is_loader(source):
        return 0.5  # to say in one sentence why it is not read
    if isinstance(source, Mapping):
        return 0.9 if source and set(source) <= {*KEYS, *ALIASES, "train", "val"} else 0.0
    if isinstance(source, tuple) and source:
        known = (
            _is_array(part) or is_dataset(part) or isinstance(part, tuple | list | str | Mapping) for part in source
        )
        return 0.9 if all(known) else 0.0
    return 0.3 if isinstance(source, list) and source else 0.0


def read(source: object, _request: ReadRequest) -> tuple[History, ...]:
    """Read the training samples, their labels and the validation set.

    Accepts x, (x, y), ((x, y), (x_val, y_val)) or a mapping with x, y, x_val, y_val or with train, val. Beside a
    DataFrame, y may be the name of its label column. A map-style data set of PyTorch stands for its (x, y): data,
    (train, val) or {"train": ..., "val": ...}. Rows are numbered from 0 in the order given; nothing is changed.
    """
    return (read_arrays(source),)


def read_arrays(source: object, *, samples: int | None = LOOKED_AT, validation: object = None) -> History:
    """Read what `read` accepts into a History with ``data`` and notes.

    ``samples`` is how many samples of a data set are looked at that makes them one by one, None for all; arrays and
    tensors are always read whole. ``validation`` is the validation set, where it does not stand in the source. Raises
    ``SourceError`` for anything else.
    """
    training, held_out = _split(source)
    if validation is not None:
        if held_out is not None:
            raise SourceError("validation: the data hold a validation set already; expected one of them.")
        held_out = _pair(validation, "validation")
    train = _samples(*training, "x", "y", samples)
    val = None if held_out is None else _samples(*held_out, "x_val", "y_val", samples)
    notes: list[str] = []
    sets = [(train, "")] + ([(val, "validation ")] if val is not None else [])
    found = find_nonfinite(
        [(part.x, part.labels.samples if part.labels is not None else None, prefix) for part, prefix in sets]
    )
    profile: dict[str, Any] = {"samples": train.x.rows, **found}
    columns, column_notes = summarize_columns(train.x)
    profile |= columns
    for part, prefix in sets:
        notes += notes_on(part.gathered, prefix or "training ")
        if part.x.skipped:
            shown = ", ".join(part.x.skipped[:10]) + (" ..." if len(part.x.skipped) > 10 else "")
            notes.append(f"Not numeric, so not checked in the {prefix or 'training '}data: {shown}.")
    notes += column_notes
    if train.labels is not None:
        profile |= train.labels.profile
        notes += train.labels.notes
    hashes, hash_note = row_hashes(train.x)
    notes += hash_note
    profile["duplicates"] = repeats(hashes)
    if val is not None:
        profile["validation_samples"] = val.x.rows
        if is_frame(train.x.source) == is_frame(val.x.source):  # tables and arrays are hashed in different ways
            profile["train_val_overlap"] = shared(hashes, row_hashes(val.x)[0])
        profile["feature_shift"] = compare_features(train.x, val.x)
        if train.labels is not None and val.labels is not None:
            profile["label_shift"] = total_variation(train.labels, val.labels)
    profile = known_of_a_part(profile, train.gathered, None if val is None else val.gathered)
    redrawn = train.gathered is not None and train.gathered.redrawn
    config = RunConfig(augmentation=True if redrawn else None, task=_task(train))
    return History(data=DataProfile(**profile), config=config, notes=tuple(dict.fromkeys(notes)))


def _task(train: _Set) -> Literal["language_model", "autoencoder", "regression"] | None:
    """The task where samples and targets leave no doubt: a token for each token, the inputs themselves, fractions."""
    labels = train.labels
    if labels is None or labels.classes is not None or len(train.x.blocks) != 1 or len(labels.samples.blocks) != 1:
        return None
    x, y = train.x.blocks[0].values, labels.samples.blocks[0].values
    if x.shape == y.shape and x.ndim > 1:
        if x.dtype.kind in "iu" and y.dtype.kind in "iu":
            return "language_model"
        few = slice(None, COMPARED)
        if y.dtype.kind == "f" and np.array_equal(x[few], y[few], equal_nan=True):
            return "autoencoder"
    return "regression" if labels.profile.get("labels_integer") is False else None


def _samples(x: Any, y: Any, x_name: str, y_name: str, most: int | None) -> _Set:
    if is_dataset(x):
        if y is not None:
            raise SourceError(f"{y_name}: a {type(x).__name__} brings its own labels; expected it alone.")
        return _of_dataset(gather(x, x_name, most), x_name, y_name)
    if isinstance(y, str) and is_frame(x):
        if y not in x.columns:
            raise SourceError(f"{y_name}: the table has no column {y!r}.{nearest(y, map(str, x.columns))}")
        x, y = x.drop(columns=y), x[y]
    samples = read_samples(x, x_name)
    if samples.rows == 0:
        raise SourceError(f"{x_name}: there are no samples.")
    labels = None if y is None else read_labels(y, y_name)
    if labels is not None and labels.samples.rows != samples.rows:
        raise SourceError(
            f"{y_name}: {labels.samples.rows} labels for {samples.rows} rows of {x_name}; expected one for each row."
        )
    return _Set(samples, labels)


def _of_dataset(gathered: Gathered, x_name: str, y_name: str) -> _Set:
    read = Samples((), (), gathered.total, None) if gathered.x is None else read_samples(gathered.x, x_name)
    y = gathered.y if gathered.labels is None else gathered.labels
    labels = None if y is None or isinstance(y, Mapping) else read_labels(y, y_name)
    if labels is not None and gathered.labels is None:
        labels = replace(labels, samples=replace(labels.samples, places=gathered.rows))
    return _Set(replace(read, places=gathered.rows), labels, gathered)


def _split(source: Any) -> tuple[tuple[Any, Any], tuple[Any, Any] | None]:
    """Return ((x, y), (x_val, y_val) or None); y may be None."""
    if isinstance(source, Mapping):
        return _split_mapping(source)
    if not isinstance(source, tuple):
        return (source, None), None
    if all(isinstance(part, tuple) or is_dataset(part) for part in source):
        if len(source) == 2:
            return _pair(source[0], "the first pair"), _pair(source[1], "the second pair")
    elif len(source) <= 2:
        return _pair(source, "data"), None
    elif len(source) == 4:
        raise SourceError(f"data: four arrays may stand in several orders; expected {FORMS}.")
    raise SourceError(f"data: got a tuple of {len(source)} entries; expected {FORMS}.")


def _split_mapping(source: Mapping[Any, Any]) -> tuple[tuple[Any, Any], tuple[Any, Any] | None]:
    if "train" in source:
        unknown = set(source) - {"train", "val"}
        if unknown:
            first = min(map(str, unknown))
            raise SourceError(f"data: there is no entry {first!r} beside 'train'; expected 'val'.")
        val = source.get("val")
        return _pair(source["train"], "train"), None if val is None else _pair(val, "val")
    given = {ALIASES.get(key, key): value for key, value in source.items()}
    for key in given:
        if key not in KEYS:
            raise SourceError(f"data: there is no entry {key!r}; expected {', '.join(KEYS)}.{nearest(str(key), KEYS)}")
    if "x" not in given:
        raise SourceError(f"data: 'x' is missing; expected {FORMS}.")
    val = None if given.get("x_val") is None else (given["x_val"], given.get("y_val"))
    return (given["x"], given.get("y")), val


def _pair(part: Any, where: str) -> tuple[Any, Any]:
    if not isinstance(part, tuple):
        return part, None
    if len(part) not in {1, 2}:
        raise SourceError(f"{where}: got a tuple of {len(part)} entries; expected (x, y).")
    return part[0], part[1] if len(part) == 2 else None


def _is_array(source: object) -> bool:
    owners = {(owner.__module__.split(".")[0], owner.__name__) for owner in type(source).__mro__}
    return bool(owners & ARRAY_KINDS) or hasattr(source, "__array__")


READER = Reader(id="arrays", title="arrays and tables of samples", gives="data", recognizes=recognizes, read=read)
